/**
 * Text into the tokens that rewriting rules work on (Sendmail Installation and Operation Guide §5.1: "tokens"), and
 * back. What the rule language itself means by `$*`, `$|`, `$#` is a token of its own, which no address can contain.
 */

/** The first character of every token that is no text: strangers cannot send it. */
const mark = "\u0001";

/** Tokens of the rule language that can stand in a workspace. */
export const sign = {
  /** `$|` */
  or: `${mark}|`,
  /** `$#` */
  mailer: `${mark}#`,
  /** `$@` */
  host: `${mark}@`,
  /** `$:` */
  user: `${mark}:`,
} as const;

export type Tokens = readonly string[];

/** Characters that are tokens of their own besides those of the option `OperatorChars`. */
const always = "()<>,;\r\n";

export type Operators = ReadonlySet<string>;

/** The default is what a binary has built in; every generated file sets it. */
export function operatorsOf(option: string | null): Operators {
  return new Set([...(option ?? ".:%@!^/[]+"), ...always]);
}

/** Longer input is no address, and a bound on what rules can cost. */
const maxText = 4000;
const maxTokens = 800;

/** Splits text; `null`: quotes or brackets do not balance, or it is beyond all bounds, and sendmail refuses it. */
export function tokensOf(text: string, operators: Operators): Tokens | null {
  if (text.length > maxText) return null;
  const tokens: string[] = [];
  let word = "";
  const end = (): void => {
    if (word !== "") tokens.push(word);
    word = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at] as string; // the index is in bounds
    if (c === mark) {
      end();
      tokens.push(text.slice(at, at + 2));
      at += 1;
    } else if (c === '"') {
      end();
      const close = closingQuote(text, at + 1);
      if (close < 0) return null;
      tokens.push(text.slice(at, close + 1));
      at = close;
    } else if (c === "\\") {
      const next = text[at + 1];
      if (next === undefined) return null;
      // A kludge of its own: \! is a plain !, for those who quote it for their shell.
      if (next === "!") {
        end();
        tokens.push("!");
      } else word += c + next;
      at += 1;
    } else if (c === " " || c === "\t") end();
    else if (operators.has(c)) {
      end();
      tokens.push(c);
    } else word += c;
    if (tokens.length > maxTokens) return null;
  }
  end();
  return tokens;
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

/** An address as a client typed it: comments taken out, and balanced, or `null`. */
export function addressTokens(text: string, operators: Operators): Tokens | null {
  const plain = withoutComments(text);
  if (plain === null || /[\u0000-\u001f\u007f]/.test(plain)) return null;
  const tokens = tokensOf(plain, operators);
  if (tokens === null) return null;
  let depth = 0;
  for (const token of tokens) {
    depth += token === "<" ? 1 : token === ">" ? -1 : 0;
    if (depth < 0) return null;
  }
  return depth === 0 ? tokens : null;
}

function withoutComments(text: string): string | null {
  if (!/[()]/.test(text)) return text;
  let kept = "";
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at] as string; // the index is in bounds
    if (c === "\\") {
      if (depth === 0) kept += text.slice(at, at + 2);
      at += 1;
    } else if (c === '"' && depth === 0) {
      const close = closingQuote(text, at + 1);
      if (close < 0) return null;
      kept += text.slice(at, close + 1);
      at = close;
    } else if (c === "(") depth += 1;
    else if (c === ")") {
      depth -= 1;
      if (depth < 0) return null;
    } else if (depth === 0) kept += c;
  }
  return depth === 0 ? kept : null;
}

const isWord = (token: string | undefined, operators: Operators): boolean =>
  token !== undefined && !token.startsWith(mark) && !operators.has(token);

/** Tokens as one text; two words side by side are parted by `space` (the option `BlankSub` for keys of maps). */
export function textOf(tokens: Tokens, operators: Operators, space: string): string {
  let text = "";
  let word = false;
  for (const token of tokens) {
    const isOne = isWord(token, operators);
    text += word && isOne ? space + token : token;
    word = isOne;
  }
  return text;
}

/** For a person. */
export function shown(tokens: Tokens): string {
  return tokens.join("").replaceAll(mark, "$");
}
