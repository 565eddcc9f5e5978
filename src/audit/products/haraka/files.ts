/** Haraka's config folder: lists (one entry a line) and ini files, as haraka-config reads them. */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";

export interface Line {
  readonly text: string;
  readonly where: Span;
}

export interface Setting {
  readonly value: string;
  readonly where: Span;
}

export interface Ini {
  /** `section.key`; what stands before the first section is in `main`. */
  readonly get: (section: string, key: string) => Setting | null;
  /** All values of `key[]`, and of `key`. */
  readonly all: (section: string, key: string) => readonly Setting[];
  readonly keys: (section: string) => readonly string[];
  readonly sections: readonly { readonly name: string; readonly where: Span }[];
}

export interface ConfigFolder {
  /** The folder above `config`, in which a site's own plugins lie. */
  readonly home: string;
  readonly has: (name: string) => boolean;
  readonly list: (name: string) => readonly Line[];
  readonly ini: (name: string) => Ini;
  /** The source of a plugin of the site's own; `null`: it has none of this name. */
  readonly plugin: (name: string) => Line | null;
  readonly unreadable: readonly Unknown[];
}

const maxLines = 500_000;

/** The folder whose `plugins` file lists what Haraka runs; `null`: there is none. */
export function configFolderOf(tree: ConfigTree): ConfigFolder | null {
  const beside = ["smtp.ini", "host_list", "connection.ini", "relay.ini", "relay_acl_allow", "host_list_regex"];
  for (const [path, file] of tree.files) {
    if (posix.basename(path) !== "plugins" || file.kind !== "text") continue;
    const folder = posix.dirname(path);
    if (beside.some((name) => tree.files.has(posix.join(folder, name)))) return folderAt(folder, tree);
  }
  return null;
}

function folderAt(folder: string, tree: ConfigTree): ConfigFolder {
  const home = posix.dirname(folder);
  const unreadable: Unknown[] = [];
  for (const [path, file] of tree.files)
    if (
      posix.dirname(path) === folder &&
      file.kind !== "text" &&
      unreadable.length < 50 &&
      !/\.(?:pem|crt|key)$/.test(path)
    )
      unreadable.push({ unknown: `${path}, which cannot be read`, where: null });
  const textOf = (path: string): string | null => {
    const file = tree.files.get(path);
    return file?.kind === "text" ? file.text : null;
  };
  return {
    home,
    unreadable,
    has: (name) => tree.files.has(posix.join(folder, name)),
    list: (name) => {
      const path = posix.join(folder, name);
      return linesOf(path, textOf(path) ?? "").flatMap(({ text, where }) =>
        isComment(text) ? [] : [{ text: text.trim(), where }],
      );
    },
    ini: (name) => {
      const path = posix.join(folder, name);
      return iniOf(linesOf(path, textOf(path) ?? ""));
    },
    plugin: (name) => {
      const places = [`plugins/${name}.js`, `plugins/${name}/index.js`, `node_modules/haraka-plugin-${name}/index.js`];
      for (const place of places) {
        const path = posix.join(home, place);
        const file = tree.files.get(path);
        if (file === undefined) continue;
        const text = file.kind === "text" ? file.text : "";
        return { text, where: { file: path, start: { line: 1, column: 1 }, end: { line: 1, column: 1 }, text: name } };
      }
      return null;
    },
  };
}

const isComment = (line: string): boolean => /^\s*(?:[;#].*)?$/.test(line);

function linesOf(file: string, text: string): readonly Line[] {
  const source = sourceOf(file, text);
  const lines: Line[] = [];
  for (let number = 1; number <= source.lineCount && number <= maxLines; number += 1) {
    const line = source.line(number);
    const end = { line: number, column: line.length + 1 };
    lines.push({ text: line, where: { file, start: { line: number, column: 1 }, end, text: line.trim() } });
  }
  return lines;
}

function iniOf(lines: readonly Line[]): Ini {
  const settings = new Map<string, Map<string, Setting[]>>([["main", new Map()]]);
  const sections: { name: string; where: Span }[] = [];
  let current = "main";
  let before = "";
  for (const { text, where } of lines) {
    if (isComment(text)) continue;
    const section = /^\s*\[([^\]]*)\]\s*$/.exec(text)?.[1];
    if (section !== undefined) {
      current = section.trim();
      sections.push({ name: current, where });
      continue;
    }
    if (/\\[ \t]*$/.test(text)) {
      before += text.replace(/\\[ \t]*$/, "");
      continue;
    }
    const parts = /^\s*([\w@:._+\-/[\]]+)\s*(?:=\s*(.*?)\s*)?$/.exec(before + text);
    before = "";
    if (parts === null) continue;
    const key = parts[1] ?? "";
    const own = settings.get(current) ?? new Map<string, Setting[]>();
    settings.set(current, own);
    const list = own.get(key) ?? [];
    // A key that is written twice has its last value; only `key[]` gathers them.
    const setting = { value: parts[2] ?? "", where };
    if (key.endsWith("[]")) list.push(setting);
    own.set(key, key.endsWith("[]") ? list : [setting]);
  }
  return {
    sections,
    keys: (section) => [...(settings.get(section)?.keys() ?? [])],
    get: (section, key) => settings.get(section)?.get(key)?.at(-1) ?? null,
    all: (section, key) => [
      ...(settings.get(section)?.get(key) ?? []),
      ...(settings.get(section)?.get(`${key}[]`) ?? []),
    ],
  };
}

export const isTrue = (value: string): boolean => /^(?:true|yes|ok|enabled|on|1)$/i.test(value);
