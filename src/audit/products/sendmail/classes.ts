/** Classes of words (`C`, `F` lines; Installation and Operation Guide §5.3): collected in order, files read in. */
import type { Source, Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import type { MailFiles } from "./files.ts";
import type { Member, WordClass } from "./machine.ts";

export interface WordReader {
  readonly add: (name: string, word: string, where: Span | null) => void;
  /** All words of another class (`C{x}$={y}`). */
  readonly copy: (name: string, other: string) => void;
  /** What stands behind the name of the class in an `F` line. */
  readonly file: (name: string, spec: string, where: Span | null) => void;
  readonly done: () => ReadonlyMap<string, WordClass>;
}

const maxWords = 200_000;

interface Growing {
  readonly members: Map<string, Member>;
  unread: Unknown | null;
}

export function readWords(files: MailFiles): WordReader {
  const classes = new Map<string, Growing>();
  const growing = (name: string): Growing => {
    const known = classes.get(name) ?? { members: new Map(), unread: null };
    classes.set(name, known);
    return known;
  };
  const add = (name: string, text: string, where: Span | null): void => {
    const { members } = growing(name);
    const word = text.toLowerCase();
    if (word !== "" && !members.has(word) && members.size < maxWords) members.set(word, { word: text, where });
  };
  return {
    add,
    copy: (name, other) => {
      const from = growing(other);
      const into = growing(name);
      for (const { word, where } of from.members.values()) add(name, word, where);
      into.unread ??= from.unread;
    },
    file: (name, spec, where) => {
      const into = growing(name);
      const read = /^\s*(-o\s+)?(\S+)(?:\s+(\S.*))?\s*$/.exec(spec);
      const path = read?.[2] ?? "";
      if (read === null || !path.startsWith("/")) {
        into.unread ??= { unknown: `the class ${name}, which comes from ${spec.trim()}`, where };
        return;
      }
      const file = files.text(path, where);
      if (file.kind === "absent" && read[1] !== undefined) return;
      if (file.kind === "text") for (const one of wordsOf(file.source, read[3])) add(name, one.word, one.where);
      else
        into.unread ??=
          file.kind === "unread" ? file.because : { unknown: `the file ${path}, which is missing`, where };
    },
    done: () =>
      new Map(
        [...classes].map(([name, { members, unread }]): [string, WordClass] => [name, { name, members, unread }]),
      ),
  };
}

/** The words of a file by a scanf(3) format: the first of a line, or with `%[^\#]` all up to a comment. */
function* wordsOf(source: Source, format: string | undefined): Generator<Member> {
  const toComment = format?.startsWith("%[^") === true;
  for (let number = 1; number <= source.lineCount; number += 1) {
    const line = source.line(number);
    if (line.startsWith("#")) continue;
    const part = toComment ? (/^[^#]*/.exec(line)?.[0] ?? "") : (/^\s*(\S+)/.exec(line)?.[1] ?? "");
    for (const word of part.split(/\s+/)) {
      if (word === "") continue;
      const start = { line: number, column: 1 };
      const where: Span = { file: source.file, start, end: { line: number, column: line.length + 1 }, text: line };
      yield { word, where };
    }
  }
}
