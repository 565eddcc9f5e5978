/**
 * Both sides of a rewriting rule (`R` line), read into what `rewrite.ts` compares and builds. Macros are put in as the
 * file is read, `$&x` when the rule is used (Installation and Operation Guide §5.1.1, §5.1.2).
 */
import type { Span } from "../../../text/source.ts";
import { type Operators, sign, type Tokens, tokensOf } from "./tokens.ts";

export type Part =
  | { readonly kind: "text"; readonly token: string }
  /** `$*`, `$+`, `$-`, and `$@`, which matches nothing at all. */
  | { readonly kind: "any" | "some" | "one" | "zero" }
  | { readonly kind: "class"; readonly name: string; readonly negated: boolean }
  /** `$&x` */
  | { readonly kind: "now"; readonly name: string }
  /** `$1` */
  | { readonly kind: "ref"; readonly number: number }
  /** `$(`, `$)`, `$[`, `$]`, `$>` */
  | { readonly kind: "map" | "end-map" | "canonical" | "end-canonical" | "call" };

export interface RewriteRule {
  readonly left: readonly Part[];
  readonly right: readonly Part[];
  /** Once, and on to the next (`$:`); once, and back (`$@`); as long as it matches. */
  readonly repeat: "once" | "return" | "while";
  /** Both sides as they are written, without the comment. */
  readonly says: string;
  readonly where: Span | null;
  /** It holds something that this reading does not understand. */
  readonly strange: boolean;
}

type Macro = (name: string) => string;

/** Reads the text behind `R`: sides and comment are parted by tabs. `null`: it has no right side. */
export function readRule(text: string, macro: Macro, operators: Operators, where: Span | null): RewriteRule | null {
  const sides = /^([^\t]*)\t+([^\t]*)/.exec(text);
  if (sides === null) return null;
  const [, leftText = "", rightText = ""] = sides;
  const left = readParts(leftText, "left", macro, operators);
  const right = readParts(rightText, "right", macro, operators);
  const first = right?.[0];
  const head = first?.kind === "text" ? first.token : "";
  const repeat = head === sign.user ? "once" : head === sign.host ? "return" : "while";
  return {
    left: left ?? [],
    right: (repeat === "while" ? right : right?.slice(1)) ?? [],
    repeat,
    says: `${leftText.trim()} → ${rightText.trim()}`,
    where,
    strange: left === null || right === null,
  };
}

/** Signs that are tokens in a workspace. */
const literal: Readonly<Record<string, string>> = { "|": sign.or, "#": sign.mailer, "@": sign.host, ":": sign.user };
const structural: Readonly<Record<string, Part>> = {
  "(": { kind: "map" },
  ")": { kind: "end-map" },
  "[": { kind: "canonical" },
  "]": { kind: "end-canonical" },
  ">": { kind: "call" },
};
const wild: Readonly<Record<string, Part>> = {
  "*": { kind: "any" },
  "+": { kind: "some" },
  "-": { kind: "one" },
  "@": { kind: "zero" },
};

function readParts(text: string, side: "left" | "right", macro: Macro, operators: Operators): readonly Part[] | null {
  const parts: Part[] = [];
  let plain = "";
  let fits = true;
  const flush = (): void => {
    const tokens: Tokens | null = tokensOf(plain, operators);
    plain = "";
    if (tokens === null) fits = false;
    else parts.push(...tokens.map((token): Part => ({ kind: "text", token })));
  };
  const put = (part: Part): void => {
    flush();
    parts.push(part);
  };
  let at = 0;
  /** A name at `at`: one character, or `{name}`. */
  const name = (): string => {
    const braced = /^\{([^}]*)\}/.exec(text.slice(at, at + 80));
    const found = braced?.[1] ?? text[at] ?? "";
    at += braced === null ? 1 : braced[0].length;
    return found;
  };
  while (at < text.length && parts.length < 400) {
    const c = text[at] as string; // the index is in bounds
    at += 1;
    if (c !== "$") {
      plain += c;
      continue;
    }
    const next = text[at] ?? "";
    if (next === "$") {
      plain += "$";
      at += 1;
    } else if (next === "=" || next === "~") {
      at += 1;
      const known = name();
      if (side === "right") fits = false;
      put({ kind: "class", name: known, negated: next === "~" });
    } else if (next === "&") {
      at += 1;
      put({ kind: "now", name: name() });
    } else if (/\d/.test(next)) {
      at += 1;
      put({ kind: "ref", number: Number(next) });
    } else if (side === "left" && wild[next] !== undefined) {
      at += 1;
      put(wild[next]);
    } else if (side === "right" && structural[next] !== undefined) {
      at += 1;
      put(structural[next]);
    } else if (literal[next] !== undefined) {
      at += 1;
      put({ kind: "text", token: literal[next] });
    } else if (/[A-Za-z_{]/.test(next)) plain += macro(name());
    else fits = false; // a conditional, or nothing that is known
  }
  flush();
  return fits && at >= text.length ? parts : null;
}
