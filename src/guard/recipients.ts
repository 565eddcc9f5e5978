/**
 * The list of valid recipients: one address a line, `@domain` for all of a domain, `#` begins a comment. Domains of which
 * the list says nothing are not judged by it: a list that is behind must not refuse a domain that was added. Pure.
 */
import type { Mailbox } from "../smtp/path.ts";
import { formatMailDomain, parseMailbox, parseMailDomain } from "../smtp/path.ts";

export type Recipients = (mailbox: Mailbox) => "valid" | "invalid" | "unknown";

export interface ReadRecipients {
  readonly recipients: Recipients;
  readonly count: number;
  /** Lines that are no addresses, counted from 1, at most a hundred. */
  readonly problems: readonly { readonly line: number; readonly text: string }[];
}

/** Where there is no list. */
export const anybody: Recipients = () => "unknown";

const maxProblems = 100;

export function readRecipients(text: string): ReadRecipients {
  const listed = new Map<string, Set<string> | "all">();
  const problems: { line: number; text: string }[] = [];
  let count = 0;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/#.*$/, "").trim();
    if (line === "") continue;
    if (line.startsWith("@")) {
      const domain = parseMailDomain(line.slice(1));
      if (domain.ok) listed.set(formatMailDomain(domain.value), "all");
      else if (problems.length < maxProblems) problems.push({ line: index + 1, text: line });
      continue;
    }
    const mailbox = parseMailbox(line);
    if (!mailbox.ok) {
      if (problems.length < maxProblems) problems.push({ line: index + 1, text: line });
      continue;
    }
    const domain = formatMailDomain(mailbox.value.domain);
    const users = listed.get(domain) ?? new Set<string>();
    if (users === "all") continue;
    users.add(mailbox.value.localPart.toLowerCase());
    listed.set(domain, users);
    count += 1;
  }
  return {
    count,
    problems,
    recipients: ({ localPart, domain }) => {
      const users = listed.get(formatMailDomain(domain));
      if (users === undefined) return "unknown";
      if (users === "all") return "valid";
      const name = localPart.toLowerCase();
      // RFC 5233: what stands behind a + is the user's own business.
      return users.has(name) || users.has(name.replace(/\+.*$/, "")) ? "valid" : "invalid";
    },
  };
}
