/**
 * Tables of smtpd.conf(5) and table(5): lists and maps written in braces, read from files, or made from a file's source
 * (`db:`). What other programs answer (SQL, LDAP, …) is unknown.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import type { Cursor } from "./syntax.ts";

export interface Entry {
  /** In lower case. */
  readonly key: string;
  readonly value: string | null;
  readonly where: Span;
}

export interface Table {
  readonly name: string;
  readonly entries: readonly Entry[];
  /** Its content is not in the files. */
  readonly because: Unknown | null;
  readonly where: Span | null;
}

const maxEntries = 500_000;

/** A list or map in braces, behind its opening brace. */
export function inlineTable(name: string, cursor: Cursor, where: Span): Table | null {
  const entries: Entry[] = [];
  for (;;) {
    const token = cursor.take();
    if (token === undefined) return null;
    if (token.kind === "sign") {
      if (token.text === "}") return { name, entries, because: null, where };
      if (token.text === ",") continue;
      return null;
    }
    const value = cursor.sign("=") || cursor.sign("=>") ? cursor.take() : null;
    if (value === undefined || value?.kind === "sign") return null;
    entries.push({ key: token.text.toLowerCase(), value: value?.text ?? null, where: token.where });
  }
}

/** A table by its backend: `file:/path`, `/path`, `db:/path.db`, or a program's name. */
export function backedTable(name: string, backend: string, where: Span, tree: ConfigTree): Table {
  const [kind = "", path = ""] = backend.startsWith("/") ? ["file", backend] : splitOnce(backend);
  const unclear = (words: string): Table => ({ name, entries: [], because: { unknown: words, where }, where });
  if (kind === "file" || kind === "static") {
    const at = fileAt(tree, path, "/etc/mail") ?? fileAt(tree, path, "/etc");
    if (at === null) return unclear(`the table <${name}> (${path}), which is not among the files`);
    if (at.file.kind !== "text") return unclear(`the table <${name}> (${path}), which cannot be read`);
    return fileTable(name, at.path, at.file.text, where);
  }
  if (kind === "db") {
    // The compiled file is not text; what it was made from stands beside it without the ending.
    const source = path.replace(/\.db$/, "");
    const at = fileAt(tree, source, "/etc/mail") ?? fileAt(tree, source, "/etc");
    if (at?.file.kind === "text") return fileTable(name, at.path, at.file.text, where);
    return unclear(`the table <${name}> (${path}), whose source is not among the files`);
  }
  return unclear(`the table <${name}> (${posix.basename(kind)}), which another program answers`);
}

function splitOnce(text: string): readonly string[] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** One entry a line. The first says whether it is a map: a list has no blanks and no colons, unless `# @list` says so. */
function fileTable(name: string, file: string, text: string, where: Span): Table {
  const source = sourceOf(file, text);
  const entries: Entry[] = [];
  let kind: "list" | "map" | null = null;
  for (let number = 1; number <= source.lineCount; number += 1) {
    const line = source.line(number);
    const content = line.trim();
    if (content === "") continue;
    if (content.startsWith("#")) {
      if (kind === null && content.slice(1).trim() === "@list") kind = "list";
      continue;
    }
    const place: Span = {
      file,
      start: { line: number, column: 1 },
      end: { line: number, column: line.length + 1 },
      text: content,
    };
    const parts = /^(\[[^\]]*\]|[^\s:]*)(?:[\s:]\s*(?::\s+)?(.*))?$/.exec(content);
    kind ??= parts?.[2] === undefined ? "list" : "map";
    if (kind === "map" && !parts?.[2]) {
      const because: Unknown = { unknown: `line ${number} of ${file}, which is no entry of a map`, where: place };
      return { name, entries: [], because, where };
    }
    const [key, value] = kind === "list" ? [content, null] : [parts?.[1] ?? "", parts?.[2] ?? ""];
    entries.push({ key: key.toLowerCase(), value, where: place });
    if (entries.length > maxEntries) {
      const because: Unknown = { unknown: `the table <${name}>, which is longer than an audit reads`, where };
      return { name, entries: [], because, where };
    }
  }
  return { name, entries, because: null, where };
}
