/**
 * The other side of the rule: valid mail that a configuration refuses, and mail for nobody that it takes. Of low
 * severity, because no stranger sends through it.
 */
import type { Severity } from "../finding/finding.ts";
import type { DerivedListener } from "./derive.ts";
import type { Decision } from "./evaluate.ts";
import type { Session } from "./rules.ts";

export interface WrongedMail {
  readonly tag: "AUDIT_LOCAL_REFUSED" | "AUDIT_ABUSE_REFUSED" | "AUDIT_NOBODY_ACCEPTED" | "AUDIT_INSIDE_REFUSED";
  readonly severity: Severity;
  readonly says: string;
  readonly why: string;
  readonly remedy: string;
  readonly session: Session;
  readonly decision: Decision;
}

/** What a listener for mail from the world refuses or takes although it should not. */
export function wrongedMail({ result, plain }: DerivedListener): readonly WrongedMail[] {
  if (result.role !== "mx") return [];
  const refused: WrongedMail[] = [];
  const { local, abuse, nobody, insiders } = plain;
  const inside = insiders.find(({ decision: { outcome } }) => outcome === "refuse" || outcome === "defer");
  if (local.decision.outcome === "refuse" || local.decision.outcome === "defer")
    refused.push({
      tag: "AUDIT_LOCAL_REFUSED",
      severity: "medium",
      says: `${result.name} (port ${result.port}): mail from strangers to ${local.session.forwardPath} is refused${byRule(local.decision)}.`,
      why: "Every mailer must take mail for postmaster at its domains (RFC 5321 §4.5.1); whoever cannot write to you cannot warn you either.",
      remedy: "Let strangers through to recipients of your own: refuse only recipients outside.",
      ...local,
    });
  else if (abuse?.decision.outcome === "refuse")
    refused.push({
      tag: "AUDIT_ABUSE_REFUSED",
      severity: "low",
      says: `${result.name} (port ${result.port}): mail from strangers to ${abuse.session.forwardPath} is refused${byRule(abuse.decision)}.`,
      why: "Reports of abuse go to abuse at the domain (RFC 2142 §4): refused ones end in a blacklist instead.",
      remedy: "Let somebody read abuse at your domains; an alias will do.",
      ...abuse,
    });
  if (nobody?.decision.outcome === "permit" && existsNot(nobody.decision))
    refused.push({
      tag: "AUDIT_NOBODY_ACCEPTED",
      severity: "low",
      says: `${result.name} (port ${result.port}): mail for a user that does not exist is taken, and bounced later.`,
      why: "The bounce goes to a sender who mostly is forged: strangers get it (RFC 5321 §6.2).",
      remedy: "Refuse unknown users at RCPT.",
      ...nobody,
    });
  if (inside !== undefined)
    refused.push({
      tag: "AUDIT_INSIDE_REFUSED",
      severity: "low",
      says: `${result.name} (port ${result.port}): clients in the site's networks may not send outside.`,
      why: "site.yaml names these networks as yours. If their mail goes another way, nothing is wrong.",
      remedy: "Trust the networks of your own clients, or have them log in.",
      ...inside,
    });
  return refused;
}

function existsNot({ recipient }: Decision): boolean {
  return recipient.kind === "address" && recipient.end === "local" && recipient.exists === "no";
}

/** The rule that settled it, in the words of the product. */
function byRule({ trace }: Decision): string {
  const last = trace.at(-1);
  return last === undefined ? "" : ` (${last.rule})`;
}
