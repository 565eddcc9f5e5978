/** The extensions a server offers in its reply to EHLO (RFC 5321 §4.1.1.1). Pure. */
import type { Reply } from "./reply.ts";

/** Keyword in upper case → its parameters in upper case. */
export type Extensions = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the EHLO reply. The first line is the greeting; each other line is a keyword with parameters. `AUTH=LOGIN` with
 * an equals sign is the form before RFC 2554, which servers still send beside the proper one.
 */
export function parseExtensions(reply: Reply): Extensions {
  const extensions = new Map<string, readonly string[]>();
  for (const line of reply.text.split("\n").slice(1)) {
    const [keyword, ...parameters] = line
      .trim()
      .toUpperCase()
      .split(/[\s=]+/);
    if (keyword === undefined || !/^[A-Z0-9][A-Z0-9-]*$/.test(keyword)) continue;
    extensions.set(keyword, [...new Set([...(extensions.get(keyword) ?? []), ...parameters.filter((p) => p !== "")])]);
  }
  return extensions;
}

/** The domain a server names itself by in its greeting (RFC 5321 §4.3.1), or null if that word is no host name. */
export function greetedName(greeting: Reply): string | null {
  const word = /^[^\s]+/.exec(greeting.text)?.[0]?.toLowerCase() ?? "";
  return /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$/.test(word) &&
    !/^[0-9.]+$/.test(word)
    ? word
    : null;
}
