/**
 * What a practice mailer makes of one recipient. Where nothing misbehaves this is the rule of the house: the table in
 * `relaying/`, read with the client as a stranger. Behaviours bend who counts as a stranger and where a path leads. Pure.
 */
import { type Reason, replyFor } from "../relaying/reasons.ts";
import { cellOf, relaying } from "../relaying/table.ts";
import {
  type ForwardPath,
  formatMailbox,
  formatMailDomain,
  type MailDomain,
  parseMailbox,
  parseMailDomain,
  readForwardPath,
} from "../smtp/path.ts";
import { type Reply, reply } from "../smtp/reply.ts";
import { destination } from "../smtp/routing.ts";
import { partsOf } from "./rewriting.ts";
import type { Claims, House, Traits } from "./traits.ts";

/** What becomes of mail for a recipient that was taken. */
export type Fate =
  | { readonly kind: "mailbox" }
  /** On to another host, by a route. */
  | { readonly kind: "onward"; readonly address: string; readonly domain: MailDomain }
  /** For nobody that this mailer knows. */
  | { readonly kind: "nowhere"; readonly address: string };

export type Judged =
  /** `doubtful`: only DATA or the dot will tell. */
  | { readonly kind: "taken"; readonly fate: Fate; readonly doubtful: boolean }
  /** `fate` is what would become of it if it were kept all the same. */
  | { readonly kind: "refused"; readonly reply: Reply; readonly fate: Fate };

/** Local-parts with a mailbox in each domain. RFC 5321 §4.5.1 and RFC 2142 want the first two. */
const users: ReadonlySet<string> = new Set(["postmaster", "abuse", "info"]);

/** @param path the path of RCPT TO as it was written, brackets included, without parameters */
export function judgeRecipient(path: string, claims: Claims, house: House, traits: Traits): Judged {
  const address = path.replace(/^<|>$/g, "");
  const isOwnText = (domain: string): boolean => {
    const parsed = parseMailDomain(domain);
    return parsed.ok && house.isOwn(parsed.value);
  };
  for (const rewrite of traits.rewrites ?? []) {
    const onward = onwardTo(rewrite(address, isOwnText), isOwnText);
    if (onward !== null) return taken(onward);
  }
  const forward = readForwardPath(path);
  const { local, domain } = partsOf(address);
  if (traits.anyRecipient === true)
    return taken(isUser(forward, house) ? { kind: "mailbox" } : { kind: "nowhere", address });
  if (traits.anyUser === true && (domain === null || isOwnText(domain)) && local !== "" && !local.startsWith("@"))
    return taken(isUser(forward, house) ? { kind: "mailbox" } : { kind: "nowhere", address });
  if (traits.mistakes?.some((mistakes) => domain !== null && mistakes(domain, house)) === true) {
    const onward = onwardTo(address, isOwnText);
    if (onward !== null) return taken(onward);
  }

  if (forward.kind === "malformed")
    return refused(reply(501, "5.1.3", "Bad recipient address syntax"), { kind: "nowhere", address });
  const way = destination(forward, house.isOwn);
  const side = way.end === "ours" ? "internal" : "external";
  const client = traits.trusts?.some((trusts) => trusts(claims, house)) === true ? "internal" : "external";
  if (side === "internal") {
    return isUser(forward, house)
      ? taken({ kind: "mailbox" })
      : refused(denialOf("unknown-recipient"), { kind: "nowhere", address });
  }
  const plain = forward.kind === "mailbox" ? onwardTo(formatMailbox(forward.mailbox), isOwnText) : null;
  const fate: Fate = plain ?? { kind: "nowhere", address };
  if (relaying[cellOf(client, side)] === "permit") {
    // Even who may relay does not get a strange local-part of ours read as a route.
    return plain === null && (domain === null || isOwnText(domain))
      ? refused(denialOf("unknown-recipient"), fate)
      : taken(fate);
  }
  const later = traits.refusesAt !== undefined || traits.judgesByHeader === true;
  if (later && way.end === "external" && way.reason === "outside-domain" && plain !== null)
    return { kind: "taken", fate, doubtful: true };
  return refused(traits.denial ?? denialOf("relaying-denied"), fate);
}

function taken(fate: Fate): Judged {
  return { kind: "taken", fate, doubtful: false };
}

function refused(because: Reply, fate: Fate): Judged {
  return { kind: "refused", reply: because, fate };
}

export function denialOf(reason: Reason): Reply {
  const words = replyFor(reason);
  return words === null ? reply(550, "5.7.1", "Refused") : reply(words.code, words.enhanced, words.text);
}

/** The address as one that mail can go on to: readable, and at a domain or address that is not ours. */
function onwardTo(
  address: string | null,
  isOwn: (domain: string) => boolean,
): Extract<Fate, { kind: "onward" }> | null {
  const mailbox = address === null ? null : parseMailbox(address);
  if (mailbox?.ok !== true || isOwn(formatMailDomain(mailbox.value.domain))) return null;
  return { kind: "onward", address: formatMailbox(mailbox.value), domain: mailbox.value.domain };
}

/** Recipients that a message itself names. */
export function recipientIn(address: string, house: House): Extract<Fate, { kind: "onward" }> | null {
  return onwardTo(address, (domain) => {
    const parsed = parseMailDomain(domain);
    return parsed.ok && house.isOwn(parsed.value);
  });
}

function isUser(path: ForwardPath, house: House): boolean {
  if (path.kind === "postmaster") return true;
  if (path.kind === "local") return users.has(path.localPart.toLowerCase());
  return (
    path.kind === "mailbox" &&
    path.route.length === 0 &&
    house.isOwn(path.mailbox.domain) &&
    users.has(path.mailbox.localPart.toLowerCase())
  );
}
