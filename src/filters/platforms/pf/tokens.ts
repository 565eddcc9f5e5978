/**
 * The words of pf.conf(5): strings, numbers, signs and line ends. A macro is put in its place where it is used, and read
 * as if it stood there.
 */

export interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted?: true;
}

/** Macros in macros must not fill the memory. */
const mostTokens = 3_000_000;

const word = /(\\\r?\n)|[^\S\n]+|#[^\n]*|"([^"]*)"?|(\n)|(!=|<=|>=|<>|><|->|[{}(),=!<>])|([^\s{}(),=!<>"#\\]+|\\)/gy;

function split(text: string, line: number): { readonly tokens: readonly Token[]; readonly line: number } {
  const tokens: Token[] = [];
  let at = line;
  word.lastIndex = 0;
  for (let found = word.exec(text); found !== null; found = word.exec(text)) {
    const [, joined, quoted, end, sign, name] = found;
    if (joined !== undefined) at += 1;
    else if (quoted !== undefined) {
      tokens.push({ text: quoted, line: at, quoted: true });
      at += quoted.split("\n").length - 1;
    } else if (end !== undefined) {
      tokens.push({ text: "\n", line: at });
      at += 1;
    } else if (sign !== undefined) tokens.push({ text: sign, line: at });
    else if (name !== undefined) tokens.push({ text: name, line: at });
  }
  return { tokens, line: at };
}

/** The statements of a text: what stands between line ends, where no brace is open. */
export interface Statement {
  readonly tokens: readonly Token[];
  readonly line: number;
  /** A brace is left open at the end of the text. */
  readonly open: boolean;
}

export function statementsOf(text: string): readonly Statement[] {
  const macros = new Map<string, readonly Token[]>();
  let made = 0;
  const expanded = (tokens: readonly Token[]): readonly Token[] => {
    const all: Token[] = [];
    for (const token of tokens) {
      const value = token.text.startsWith("$") && token.quoted !== true ? macros.get(token.text.slice(1)) : undefined;
      if (value === undefined) all.push(token);
      else for (const one of value) all.push({ ...one, line: token.line });
      made += value?.length ?? 1;
      if (made > mostTokens) return all;
    }
    return all;
  };
  const statements: Statement[] = [];
  const { tokens } = split(text, 1);
  for (let at = 0; at < tokens.length; ) {
    const from = at;
    let depth = 0;
    for (; at < tokens.length; at += 1) {
      const { text: sign, quoted } = tokens[at]!;
      if (quoted === true) continue;
      if (sign === "{") depth += 1;
      else if (sign === "}") depth -= 1;
      else if (sign === "\n" && depth <= 0) break;
    }
    const statement = tokens.slice(from, at);
    at += 1;
    const [first, second] = statement;
    if (first === undefined) continue;
    if (second?.text === "=" && second.quoted !== true && /^[A-Za-z_][\w-]*$/.test(first.text)) {
      // Quotes only keep the value together: it is read where it is used.
      const value = statement.slice(2).flatMap((token) => split(token.text, token.line).tokens);
      macros.set(first.text, expanded(value.filter(({ text: one }) => one !== "\n")));
    } else statements.push({ tokens: expanded(statement), line: first.line, open: depth > 0 });
  }
  return statements;
}

/** Macros by their names, as their values' words: what an interface is called may say what it is for. */
export function macrosOf(text: string): readonly { readonly name: string; readonly value: string }[] {
  return [...text.matchAll(/^[^\S\n]*([A-Za-z_][\w-]*)[^\S\n]*=[^\S\n]*"?([\w.-]+)"?[^\S\n]*(?:#.*)?$/gm)].map(
    ([, name = "", value = ""]) => ({ name, value }),
  );
}

/** Reads tokens one after the other. */
export class Cursor {
  readonly tokens: readonly Token[];
  at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  get text(): string {
    return this.tokens[this.at]?.text ?? "";
  }

  get quoted(): boolean {
    return this.tokens[this.at]?.quoted === true;
  }

  peek(ahead: number): string {
    return this.tokens[this.at + ahead]?.text ?? "";
  }

  take(): string {
    const { text } = this;
    this.at += 1;
    return text;
  }

  accept(...words: readonly string[]): boolean {
    if (this.done || this.quoted || !words.includes(this.text)) return false;
    this.at += 1;
    return true;
  }

  /** From an opening sign to behind the one that closes it; what is between. */
  group(opening: "(" | "{", closing: ")" | "}"): readonly Token[] | null {
    const from = this.at + 1;
    let depth = 0;
    for (; !this.done; this.at += 1) {
      if (this.quoted) continue;
      if (this.text === opening) depth += 1;
      else if (this.text === closing) {
        depth -= 1;
        if (depth === 0) {
          this.at += 1;
          return this.tokens.slice(from, this.at - 1);
        }
      }
    }
    return null;
  }
}
