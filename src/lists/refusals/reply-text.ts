/** Finds reply code and enhanced status at the start of a reply as logs write it: lines joined, codes repeated. */

export interface ReplyCodes {
  readonly code: number | null;
  readonly enhanced: string | null;
}

const start = /^[\s"]{0,8}([245][0-9]{2})(?:[- ]{1,3}#?([245]\.[0-9]{1,3}\.[0-9]{1,3})\b)?/;
const named = /\b#?([45]\.[0-9]\.[0-9]{1,3})\b/;

/** The codes of a reply; null: it has none. Class and code agree (RFC 2034 §4), else the status is text that looks like one. */
export function codesIn(text: string): ReplyCodes {
  const match = start.exec(text);
  if (match?.[1] === undefined) return { code: null, enhanced: null };
  const enhanced = match[2] ?? named.exec(text.slice(0, 200))?.[1] ?? null;
  return { code: Number(match[1]), enhanced: enhanced?.[0] === match[1][0] ? enhanced : null };
}

/** One line for people: the codes that a mailer repeats where it joined lines are taken out, but the first. */
export function joinedReply(text: string): string {
  const match = start.exec(text);
  if (match === null) return text;
  const [code = "", status] = [match[1], match[2]];
  const again = status === undefined ? ` ${code}-` : ` ${code}-${status} `;
  const last = status === undefined ? null : ` ${code} ${status} `;
  const head = match[0].length;
  const rest = text.slice(head).replaceAll(again, " ");
  return `${code}${status === undefined ? "" : ` ${status}`}${(last === null ? rest : rest.replaceAll(last, " ")).replace(/^-/, " ")}`;
}
