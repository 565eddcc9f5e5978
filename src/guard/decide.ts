/**
 * The one decision behind every door of the guard: may this client send to this recipient? The rule itself is in
 * `relaying/`; here it is asked in the words of SMTP and answered with a reply that tells the refused what to do. Pure.
 */
import { formatIp, type IpAddress } from "../net/ip.ts";
import { type RefuseReason, replyFor } from "../relaying/reasons.ts";
import { type Decision, type RuleOptions, relayRule } from "../relaying/relaying.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { formatMailbox, readForwardPath, readReversePath } from "../smtp/path.ts";

/** One recipient of one transaction, as a door learns of it. */
export interface Asked {
  /** Null: there is none, or it cannot be read. Such a client is a stranger. */
  readonly client: IpAddress | null;
  readonly authenticated: boolean;
  /** With its brackets, as in MAIL FROM. */
  readonly reversePath: string;
  /** With its brackets, as in RCPT TO. */
  readonly forwardPath: string;
  readonly recipient: "valid" | "invalid" | "unknown";
}

export type Ruling =
  /** Nothing speaks against it here: the mailer behind still has its own say. */
  | { readonly action: "pass"; readonly decision: Decision }
  | {
      readonly action: "refuse";
      readonly decision: Decision & { readonly action: "refuse" };
      readonly code: 550 | 553;
      readonly enhanced: string;
      /** One line of printable ASCII. */
      readonly text: string;
    };

export type GuardRule = (asked: Asked) => Ruling;

/** Compiles the rule of a site; one decision costs the same for ten networks and for 100,000. */
export function guardRule(site: Site, options?: RuleOptions): GuardRule {
  const rule = relayRule(site, options);
  const lookup = siteLookup(site);
  const contact = contactOf(site);
  return ({ client, authenticated, reversePath, forwardPath, recipient }) => {
    const decision = rule({
      client: {
        address: client,
        authenticated: authenticated ? "yes" : "no",
        managed: client !== null && lookup.mailerAt(client) !== null,
      },
      reversePath: readReversePath(reversePath),
      forwardPath: readForwardPath(forwardPath),
      recipient,
    });
    if (decision.action === "permit") return { action: "pass", decision };
    const { code, enhanced, text } = replyOf(decision.reason);
    const who = client === null ? "" : ` [${formatIp(client)}]`;
    return { action: "refuse", decision, code, enhanced, text: `${text}${who}${contact}` };
  };
}

function replyOf(reason: RefuseReason) {
  const reply = replyFor(reason);
  if (reply === null) throw new Error(`no reply for ${reason}`); // every refusal has one
  return reply;
}

/** Whoever is refused by mistake must be able to say so (RFC 5321 §4.5.1: postmaster is never refused). */
function contactOf({ contacts }: Site): string {
  const { postmaster } = contacts;
  if (postmaster === null) return "";
  const address = formatMailbox(postmaster);
  return /^[\x21-\x7e]{1,120}$/.test(address) ? `; if this is wrong, tell ${address}` : "";
}
