/**
 * The words of nft(8): names and numbers, quoted strings, signs, ends of lines. Comments and joined lines are gone, and a
 * colon stands alone unless it belongs to an address.
 */
import { parseIp } from "../../../net/ip.ts";

export interface Token {
  readonly text: string;
  readonly line: number;
  /** A string in quotes is never a keyword. */
  readonly quoted?: true;
}

/** Every file's end. */
export const atEnd: Token = { text: "", line: 0 };

const word =
  /(\\\r?\n)|[^\S\n]+|#[^\n]*|"([^"\n]*)"?|(\n)|(==|!=|<=|>=|<<|>>|[{}();,=<>!&|^])|([^\s{}();,=<>!&|^"#]+)/gy;

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  word.lastIndex = 0;
  for (let found = word.exec(text); found !== null; found = word.exec(text)) {
    const [, joined, quoted, end, sign, name] = found;
    if (joined !== undefined) line += 1;
    else if (quoted !== undefined) tokens.push({ text: quoted, line, quoted: true });
    else if (end !== undefined) {
      tokens.push({ text: "\n", line });
      line += 1;
    } else if (sign !== undefined) tokens.push({ text: sign, line });
    else if (name !== undefined) {
      if (!special.test(name)) tokens.push({ text: name, line });
      else for (const part of parts(name)) tokens.push({ text: part, line });
    }
  }
  return tokens;
}

const special = /[:'\\]/;

/** Quotes and backslashes of a shell around nft's words are not nft's. */
function parts(name: string): readonly string[] {
  const bare = name.replace(/['\\]/g, "");
  if (bare === "") return [];
  if (!bare.includes(":") || isAddress(bare)) return [bare];
  if (bare.endsWith(":") && isAddress(bare.slice(0, -1))) return [bare.slice(0, -1), ":"];
  return bare.split(/(:)/).filter((part) => part !== "");
}

/** An IPv6 address, with a length, as a range, or an Ethernet address. */
function isAddress(text: string): boolean {
  if (/^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text)) return true;
  return text.split("-").every((end) => {
    const slash = end.indexOf("/");
    return parseIp(slash < 0 ? end : end.slice(0, slash)).ok;
  });
}

/** Reads tokens one after the other. */
export class Cursor {
  readonly tokens: readonly Token[];
  at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  get here(): Token {
    return this.tokens[this.at] ?? atEnd;
  }

  get text(): string {
    return this.here.text;
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  peek(ahead: number): string {
    return this.tokens[this.at + ahead]?.text ?? "";
  }

  take(): Token {
    const token = this.here;
    this.at += 1;
    return token;
  }

  /** Takes the word if it stands here. */
  accept(...words: readonly string[]): boolean {
    if (this.done || this.here.quoted === true || !words.includes(this.text)) return false;
    this.at += 1;
    return true;
  }

  skipLines(): void {
    while (this.text === "\n" && !this.done) this.at += 1;
  }

  /** From an opening brace to behind the closing one: what stands between; null: it is not closed. */
  block(): readonly Token[] | null {
    const from = this.at + 1;
    let depth = 0;
    for (; !this.done; this.at += 1) {
      if (this.here.quoted === true) continue;
      if (this.text === "{") depth += 1;
      else if (this.text === "}") {
        depth -= 1;
        if (depth === 0) {
          this.at += 1;
          return this.tokens.slice(from, this.at - 1);
        }
      }
    }
    return null;
  }

  /** To the end of the statement: a line end or semicolon outside braces. Null: braces are left open. */
  statement(): readonly Token[] | null {
    const from = this.at;
    let depth = 0;
    for (; !this.done; this.at += 1) {
      if (this.here.quoted === true) continue;
      if (this.text === "{") depth += 1;
      else if (this.text === "}") {
        if (depth === 0) break;
        depth -= 1;
      } else if (depth === 0 && (this.text === "\n" || this.text === ";")) break;
    }
    return depth > 0 ? null : this.tokens.slice(from, this.at);
  }
}
