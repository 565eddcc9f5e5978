/** Addresses as rulesets hand them to one another, `user < @ domain . >`, for what is built in. */
import { sign, type Tokens } from "./tokens.ts";

export interface Focused {
  readonly user: Tokens;
  /** Between `< @` and `>`; `null`: there is no such part. */
  readonly host: Tokens | null;
}

export function focusOf(tokens: Tokens): Focused {
  const open = tokens.findIndex((token, index) => token === "<" && tokens[index + 1] === "@");
  const close = open < 0 ? -1 : tokens.indexOf(">", open);
  if (close < 0) return { user: tokens, host: null };
  return { user: [...tokens.slice(0, open), ...tokens.slice(close + 1)], host: tokens.slice(open + 2, close) };
}

export function unfocused({ user, host }: Focused): Tokens {
  return host === null ? user : [...user, "<", "@", ...host, ">"];
}

/** Without the dot that says that the name is canonical. */
export function undotted(host: Tokens): Tokens {
  let end = host.length;
  while (end > 0 && host[end - 1] === ".") end -= 1;
  return host.slice(0, end);
}

export const same = (tokens: Tokens, text: string): boolean => tokens.join("").toLowerCase() === text.toLowerCase();

/** `$#error $@ 5.7.1 $: "550 …"` */
export const failure = (status: string, reply: string): Tokens => [
  sign.mailer,
  "error",
  sign.host,
  status,
  sign.user,
  `"${reply.replaceAll('"', "")}"`,
];

export const isFailure = (tokens: Tokens): boolean => tokens[0] === sign.mailer && tokens[1]?.toLowerCase() === "error";
export const isFinal = (tokens: Tokens): boolean => tokens[0] === sign.mailer;
