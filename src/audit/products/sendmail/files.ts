/**
 * The files that a configuration names: the sources of its maps and the lists of its classes. Only the snapshot is read;
 * of everything else it is said that it was not given.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Source, type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import type { Entry } from "./machine.ts";

const home = "/etc/mail";

export type FileText =
  | { readonly kind: "text"; readonly source: Source }
  /** The whole folder was given, and it is not in it. */
  | { readonly kind: "absent" }
  | { readonly kind: "unread"; readonly because: Unknown };

export interface MailFiles {
  readonly text: (path: string, where: Span | null) => FileText;
  /** The source of a compiled map: the file without `.db`. */
  readonly table: (path: string, where: Span | null) => TableText;
}

export type TableText =
  | { readonly kind: "entries"; readonly entries: readonly Entry[]; readonly byKey: ReadonlyMap<string, Entry> }
  | { readonly kind: "absent" }
  | { readonly kind: "unread"; readonly because: Unknown };

export function mailFiles(tree: ConfigTree): MailFiles {
  const tables = new Map<string, TableText>();
  /** Whether the folder that would hold the path was given with all that is in it. */
  const wouldBeThere = (path: string): boolean => {
    if (tree.incomplete) return false;
    const folder = posix.dirname(path);
    const inside = posix.relative(home, folder);
    const here = inside.startsWith("..") ? posix.join(tree.root, folder) : posix.join(tree.root, inside);
    // A single file that was named stands for nothing around it.
    const whole = [...tree.files.keys()].some((one) => one.startsWith(`${tree.root}/`));
    return whole && [folder, here].some((one) => one === tree.root || one.startsWith(`${tree.root}/`));
  };
  const text = (path: string, where: Span | null): FileText => {
    const at = fileAt(tree, path, home);
    if (at === null)
      return wouldBeThere(path)
        ? { kind: "absent" }
        : { kind: "unread", because: { unknown: `the file ${path}, which was not given`, where } };
    if (at.file.kind !== "text")
      return { kind: "unread", because: { unknown: `the file ${path}, which cannot be read`, where } };
    return { kind: "text", source: sourceOf(at.path, at.file.text) };
  };
  const table = (path: string, where: Span | null): TableText => {
    const known = tables.get(path);
    if (known !== undefined) return known;
    const plain = path.replace(/\.(?:db|cdb|dbm|pag|mdb)$/, "");
    const found = text(plain, where);
    const compiled = fileAt(tree, `${plain}.db`, home);
    const made: TableText =
      found.kind === "text"
        ? tableOf(found.source)
        : compiled !== null
          ? { kind: "unread", because: { unknown: `${plain}.db, whose source was not given`, where } }
          : found;
    tables.set(path, made);
    return made;
  };
  return { text, table };
}

/** As makemap(8) reads it: a key in lower case, white space, and the rest of the line; the first of equals counts. */
function tableOf(source: Source): TableText {
  const entries: Entry[] = [];
  const byKey = new Map<string, Entry>();
  let offset = 0;
  for (const raw of source.text.split("\n")) {
    const line = raw.replace(/\r$/, "");
    const read = /^([^\s#]\S*)[ \t]+(\S.*)$/.exec(line);
    if (read !== null) {
      const [, key = "", value = ""] = read;
      const from = offset;
      const entry: Entry = {
        key: key.toLowerCase(),
        value,
        // Placed only when somebody asks: a table may have a hundred thousand lines.
        get where() {
          return source.span(from, from + line.length);
        },
      };
      if (!byKey.has(entry.key)) {
        byKey.set(entry.key, entry);
        entries.push(entry);
      }
    }
    offset += raw.length + 1;
  }
  return { kind: "entries", entries, byKey };
}
