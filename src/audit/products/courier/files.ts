/** Courier's folder: settings that a shell reads, lists of domains, and the sources of its databases (makedat). */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";

export interface Line {
  readonly text: string;
  readonly where: Span;
}

export interface CourierFolder {
  /** Where it lies in the snapshot. */
  readonly path: string;
  readonly tree: ConfigTree;
  readonly trouble: (unknown: Unknown) => void;
  readonly troubles: readonly Unknown[];
}

const maxLines = 500_000;

/** The folder that holds the access list or the domains to accept; `null`: there is none of Courier. */
export function courierFolderOf(tree: ConfigTree): CourierFolder | null {
  for (const [path, file] of tree.files) {
    const folder = posix.dirname(path);
    const name = posix.basename(path);
    const parent = posix.basename(folder);
    if (parent === "smtpaccess" || parent === "esmtpacceptmailfor.dir") return folderAt(posix.dirname(folder), tree);
    if (name === "esmtpacceptmailfor") return folderAt(folder, tree);
    const settings = /^\s*(?:ACCESSFILE|TCPDOPTS|BOFHCHECKDNS|ESMTPAUTH)=/m;
    if (name === "esmtpd" && file.kind === "text" && settings.test(file.text)) return folderAt(folder, tree);
  }
  return null;
}

function folderAt(path: string, tree: ConfigTree): CourierFolder {
  const found = new Map<string, Unknown>();
  return {
    path,
    tree,
    trouble: (unknown) => {
      if (found.size < 200) found.set(`${unknown.unknown}|${unknown.where?.start.line}`, unknown);
    },
    get troubles() {
      return [...found.values()];
    },
  };
}

/** The lines of a file; `null`: there is none, or it cannot be read, which is trouble. */
export function linesOf(name: string, folder: CourierFolder): readonly Line[] | null {
  const path = posix.join(folder.path, name);
  const file = folder.tree.files.get(path);
  if (file === undefined) return null;
  if (file.kind !== "text") {
    folder.trouble({ unknown: `${path}, which cannot be read`, where: null });
    return null;
  }
  const source = sourceOf(path, file.text);
  const lines: Line[] = [];
  for (let number = 1; number <= source.lineCount && number <= maxLines; number += 1) {
    const text = source.line(number);
    const end = { line: number, column: text.length + 1 };
    lines.push({ text, where: { file: path, start: { line: number, column: 1 }, end, text } });
  }
  return lines;
}

export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly where: Span;
}

/**
 * What makedat makes of a file, or of all files in a folder: a key, a tab, a value. Backups (`~`, `.dist`) are passed
 * over. A key that comes twice makes it fail, and the old database stays.
 */
export function databaseOf(name: string, folder: CourierFolder): readonly Entry[] {
  const base = posix.join(folder.path, name);
  const inside = [...folder.tree.files.keys()].filter(
    (path) => posix.dirname(path) === base && !/~$|\.dist$/.test(path),
  );
  const names = inside.length > 0 ? inside.map((path) => posix.join(name, posix.basename(path))) : [name];
  const entries = new Map<string, Entry>();
  for (const { text, where } of names.flatMap((one) => linesOf(one, folder) ?? [])) {
    if (text === "" || text.startsWith("#")) continue;
    const tab = text.indexOf("\t");
    const key = tab < 0 ? text : text.slice(0, tab);
    const value = tab < 0 || tab === text.length - 1 ? "1" : text.slice(tab + 1);
    if (entries.has(key))
      folder.trouble({
        unknown: `the entry "${key.slice(0, 60)}", which comes twice: the database is not made`,
        where,
      });
    else if (key !== "") entries.set(key, { key, value, where });
  }
  return [...entries.values()];
}

export interface Settings {
  readonly get: (name: string) => { readonly value: string; readonly where: Span } | null;
  /** What is more than settings, and may set any of them. */
  readonly gaps: readonly Unknown[];
}

/** Files that a shell reads one after the other: assignments count, the last of each. */
export function settingsOf(names: readonly string[], folder: CourierFolder): Settings {
  const values = new Map<string, { value: string; where: Span }>([]);
  const gaps: Unknown[] = [];
  const known = (name: string): string =>
    values.get(name)?.value ?? (name === "sysconfdir" ? "/etc/courier" : name === "prefix" ? "/usr" : "");
  for (const { text, where } of names.flatMap((name) => linesOf(name, folder) ?? [])) {
    const line = text.trim();
    if (line === "" || line.startsWith("#")) continue;
    const parts = /^(?:export\s+)?([A-Za-z_]\w*)=("(?:[^"\\`]|\\.)*"|'[^']*'|[^\s;&|<>()`"'#]*)\s*(?:#.*)?$/.exec(line);
    if (parts === null || parts[2]?.includes("$(") === true) {
      if (gaps.length < 50)
        gaps.push({ unknown: `the line "${line.slice(0, 60)}", which is more than a setting`, where });
      continue;
    }
    const raw = parts[2] ?? "";
    const bare = raw.replace(/^(["'])(.*)\1$/, "$2");
    const value = raw.startsWith("'")
      ? bare
      : bare.replace(/\$\{?(\w+)\}?/g, (_, name: string) => known(name)).replace(/\\(.)/g, "$1");
    values.set(parts[1] ?? "", { value, where });
  }
  return { gaps, get: (name) => values.get(name) ?? null };
}
