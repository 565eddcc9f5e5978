/**
 * smtpd.conf as statements: one to a line, or to a pair of braces; macros are set and files included on the way. What
 * cannot be read keeps its place among the statements, because it may have held any of them.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { lexerOf, type Token } from "./lexer.ts";

export type Statement =
  | { readonly kind: "statement"; readonly tokens: readonly Token[]; readonly where: Span }
  /** A stretch of the configuration that is not known. */
  | { readonly kind: "gap"; readonly because: Unknown };

const maxTokens = 400_000;
const maxDepth = 16;

/** Reads the main file and what it includes, in order. `home` is where the configuration lives on its machine. */
export function readStatements(tree: ConfigTree, path: string, text: string): readonly Statement[] {
  const statements: Statement[] = [];
  const macros = new Map<string, string>();
  let budget = maxTokens;
  const gap = (unknown: string, where: Span | null): void => {
    statements.push({ kind: "gap", because: { unknown, where } });
  };

  const readFile = (file: string, content: string, depth: number): void => {
    const source = sourceOf(file, content);
    const lexer = lexerOf(source, (name) => macros.get(name) ?? null);
    let tokens: Token[] = [];
    let braces = 0;
    const flush = (): void => {
      const first = tokens[0];
      const last = tokens.at(-1);
      if (first !== undefined && last !== undefined) {
        const { end } = last.where;
        const lines: string[] = [];
        for (let line = first.where.start.line; line <= end.line && lines.length < 50; line += 1)
          lines.push(source.line(line));
        const where: Span = { file, start: first.where.start, end, text: lines.join("\n").trim() };
        statement(tokens, where, depth);
      }
      tokens = [];
      braces = 0;
    };
    for (;;) {
      const token = lexer.next();
      if (token === null) break;
      budget -= 1;
      if (budget <= 0) {
        gap(`the rest of ${posix.basename(file)}, which is longer than an audit reads`, tokens[0]?.where ?? null);
        return;
      }
      if ("wrong" in token) {
        gap(token.wrong, token.where);
        tokens = [];
        braces = 0;
        continue;
      }
      if (token.kind === "end-of-line") {
        if (braces === 0 || token.text === "") {
          if (braces > 0) gap("a list without its closing brace", tokens[0]?.where ?? token.where);
          else flush();
          tokens = [];
          braces = 0;
        }
        continue;
      }
      if (token.kind === "sign" && token.text === "{") braces += 1;
      if (token.kind === "sign" && token.text === "}") braces = Math.max(0, braces - 1);
      tokens.push(token);
    }
  };

  const statement = (tokens: readonly Token[], where: Span, depth: number): void => {
    const [first, second, third] = tokens;
    if (first?.text === "include" && first.kind === "word" && second?.kind === "string") {
      const included = fileAt(tree, second.text, "/etc/mail") ?? fileAt(tree, second.text, "/etc");
      if (included === null) gap(`the included file ${second.text}, which is not among the files`, where);
      else if (included.file.kind !== "text") gap(`the included file ${second.text}, which cannot be read`, where);
      else if (depth >= maxDepth) gap(`the included file ${second.text}, which includes itself`, where);
      else readFile(included.path, included.file.text, depth + 1);
      return;
    }
    if (second?.kind === "sign" && second.text === "=" && tokens.length === 3 && third !== undefined) {
      macros.set(first?.text ?? "", third.text);
      return;
    }
    statements.push({ kind: "statement", tokens, where });
  };

  readFile(path, text, 0);
  return statements;
}

/** Walks over the tokens of one statement. */
export interface Cursor {
  readonly peek: () => Token | undefined;
  readonly take: () => Token | undefined;
  /** Takes the next token if it is this keyword. */
  readonly accept: (keyword: string) => boolean;
  readonly sign: (sign: string) => boolean;
}

export function cursorOver(tokens: readonly Token[]): Cursor {
  let at = 0;
  const accepts = (kind: Token["kind"], text: string): boolean => {
    const token = tokens[at];
    if (token?.kind !== kind || token.text !== text) return false;
    at += 1;
    return true;
  };
  return {
    peek: () => tokens[at],
    take: () => tokens[at++],
    accept: (keyword) => accepts("word", keyword),
    sign: (sign) => accepts("sign", sign),
  };
}
