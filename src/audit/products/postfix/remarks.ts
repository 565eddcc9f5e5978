/** What relays nothing and should be otherwise all the same: smuggling, and mail that is taken only to be bounced. */
import type { ConfigTree } from "../../../ports.ts";
import type { Explained } from "../../product.ts";
import { compareLevels } from "./expand.ts";
import { parametersOf } from "./parameters.ts";
import { postfixFiles } from "./postfix.ts";

export function remarksOf(tree: ConfigTree, version: string | null): readonly Explained[] {
  const files = postfixFiles(tree);
  if (files === null) return [];
  const told = version ?? files.main.settings.get("mail_version")?.value ?? null;
  const parameters = parametersOf(files.main, null, told ?? "3.10", "mail.this-machine.invalid");
  const remarks: Explained[] = [];
  const set = (name: string): string | null => (parameters.isSet(name) ? parameters.value(name).toLowerCase() : null);

  const newline = set("smtpd_forbid_bare_newline");
  // Before 3.9 nobody forbids it unasked; where the version is not known the default is not known either.
  const open = newline === "no" || (newline === null && told !== null && compareLevels(told, "3.9") < 0);
  if (open)
    remarks.push({
      tag: "PFX_SMUGGLING",
      severity: "medium",
      says: "A bare line feed ends a line, so that a second message can be hidden in the text of a first (SMTP smuggling).",
      why: "What is smuggled in gets the trust of the session it came in: the checks of your own clients, and your SPF (CVE-2023-51764).",
      remedy:
        "smtpd_forbid_bare_newline = normalize (from 3.5.23, 3.6.13, 3.7.9, 3.8.4 on; the default since 3.9), and smtpd_forbid_bare_newline_exclusions = $mynetworks only if a client needs it.",
      where: parameters.where("smtpd_forbid_bare_newline"),
    });

  const bounce = (says: string, remedy: string, name: string): void => {
    remarks.push({
      tag: "PFX_ACCEPT_BOUNCE",
      severity: "low",
      says,
      why: "What is refused later than at RCPT goes back to a sender who mostly is forged: you send spam's bounces to strangers (RFC 5321 §6.2).",
      remedy,
      where: parameters.where(name),
    });
  };
  if (set("local_recipient_maps") === "")
    bounce(
      "local_recipient_maps is empty: every user of your own domains is taken, and bounced if there is none.",
      "Take the line out: the default knows the accounts and aliases of the machine.",
      "local_recipient_maps",
    );
  if (set("smtpd_reject_unlisted_recipient") === "no")
    bounce(
      "smtpd_reject_unlisted_recipient = no: unknown users are taken, and bounced.",
      "Take the line out: the default is yes.",
      "smtpd_reject_unlisted_recipient",
    );
  if (
    parameters.isSet("relay_domains") &&
    parameters.value("relay_domains") !== "" &&
    set("relay_recipient_maps") === null
  )
    bounce(
      "relay_domains without relay_recipient_maps: every user of these domains is taken, whether the mailer behind knows him or not.",
      "Give relay_recipient_maps, or verify them with reject_unverified_recipient.",
      "relay_domains",
    );
  return remarks;
}
