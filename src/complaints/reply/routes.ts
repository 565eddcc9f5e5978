/**
 * By which ways an answer can go. The one through the site's own mailer is taken unless a person chooses another: addresses
 * are never changed to slip past a block. Pure.
 */
import type { Site } from "../../site/model.ts";
import { formatMailbox, type Mailbox } from "../../smtp/path.ts";
import { addressable } from "./draft.ts";
import type { ReplyRoute } from "./result.ts";

export interface Way {
  readonly route: ReplyRoute;
  /** Header From: and envelope alike. */
  readonly from: Mailbox;
  /** Null: From: is the role address itself. */
  readonly replyTo: Mailbox | null;
  /** Null: whom the answer is for. */
  readonly to: Mailbox | null;
}

export interface Ways {
  readonly role: Mailbox;
  readonly ways: readonly Way[];
  /** Why the others are not there. */
  readonly missing: readonly string[];
}

/** Null: the site has no address to answer from. */
export function waysOf({ contacts, domains, mail }: Site): Ways | null {
  const role =
    contacts.abuse ?? contacts.postmaster ?? abuseAt(domains.find(({ covers }) => covers === "exactly")?.name);
  if (role === null || addressable(formatMailbox(role)) === null) return null;
  // Without mail.submit an answer can still be written, and sent by a mail program.
  const ways: Way[] = [{ route: "submit", from: role, replyTo: null, to: null }];
  const missing: string[] = [];
  // DMARC: an account elsewhere may send in its own name only (RFC 7489 §3.1).
  const account = mail.alternative?.user == null ? null : addressable(mail.alternative.user);
  if (mail.alternative === null) missing.push("mail.alternative is not set");
  else if (account === null) missing.push("mail.alternative names no account that is a mail address");
  else ways.push({ route: "alternative", from: account, replyTo: role, to: null });
  if (contacts.csirt === null) missing.push("contacts.csirt is not set");
  else ways.push({ route: "csirt", from: role, replyTo: null, to: contacts.csirt });
  return { role, ways, missing };
}

function abuseAt(domain: string | undefined): Mailbox | null {
  return domain === undefined ? null : addressable(`abuse@${domain}`);
}
