/** The text face: for a terminal of 80 columns at two in the morning. Colour only where it was asked for. */
import { styleText } from "node:util";
import {
  type Block,
  type Document,
  type Event,
  type Span,
  spansOf,
  type Text,
  type Tone,
  wordsOf,
} from "../document.ts";
import { shown, shownLines } from "../shown.ts";

export interface TextOptions {
  readonly colour: boolean;
  /** Columns to fill. */
  readonly width: number;
}

const styles = {
  bad: ["red", "bold"],
  doubtful: ["yellow", "bold"],
  good: ["green", "bold"],
  strong: ["bold"],
  faint: ["dim"],
} as const satisfies Record<Tone, readonly string[]>;

/** Wider lines are hard to read, narrower ones cannot hold a table. */
const widths = { least: 40, most: 100 } as const;

export function renderText(document: Document, options: TextOptions): string {
  const width = Math.min(widths.most, Math.max(widths.least, options.width));
  const lines: string[] = [];
  for (const block of document.blocks) {
    const shownBlock = linesOf(block, { ...options, width });
    if (shownBlock.length === 0) continue;
    // A heading belongs to what follows it.
    if (lines.length > 0 && !(lines.at(-1) === "")) lines.push("");
    lines.push(...shownBlock);
    if (block.kind !== "heading") lines.push("");
  }
  while (lines.at(-1) === "") lines.pop();
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** One line: a subject, a word, and what there is to say, cut to the width. */
export function textLine(columns: readonly Text[], options: TextOptions): string {
  const width = Math.max(widths.least, options.width);
  const spans = columns.flatMap((column, index): Span[] =>
    index === 0 ? [...spansOf(column)] : [{ text: "  " }, ...spansOf(column)],
  );
  return `${cut(spans, width)
    .map((span) => paint(span, options))
    .join("")}\n`;
}

function linesOf(block: Block, options: TextOptions): readonly string[] {
  switch (block.kind) {
    case "heading":
      return wrapped(
        spansOf(block.text).map((span) => ({ ...span, tone: span.tone ?? "strong" })),
        "",
        "",
        options,
      );
    case "banner":
      return bannerLines(block, options);
    case "paragraph":
      return wrapped(spansOf(block.text), "", "", options);
    case "list":
      return block.items.flatMap((item) => wrapped(spansOf(item), "  - ", "    ", options));
    case "facts":
      return factLines(block.rows, options);
    case "table":
      return tableLines(block.head, block.rows, options);
    case "events":
      return eventLines(block.events, options);
    case "matrix":
      return tableLines(
        ["client", "to internal addresses", "to external addresses"],
        (["internal", "external"] as const).map((side) => [
          side,
          ...(["internal", "external"] as const).map((recipient): Text => {
            const cell = block.cells[`${side}-to-${recipient}`];
            return [`${cell.rule}: `, { text: cell.seen, tone: cell.tone }];
          }),
        ]),
        options,
      );
    case "finding": {
      const { severity, tone, says, why, remedy } = block.finding;
      return [
        ...wrapped([{ text: severity.toUpperCase(), tone }, { text: `: ${says}` }], "  ", "    ", options),
        ...wrapped([{ text: why, tone: "faint" }], "    ", "    ", options),
        ...(remedy === ""
          ? []
          : wrapped([{ text: "Do: ", tone: "strong" }, { text: remedy }], "    ", "        ", options)),
      ];
    }
    case "map":
      return mapLines(block, options);
    case "transcript":
    case "code":
      return shownLines(block.text).map((line) => `    ${line}`);
    case "details":
      return [];
  }
}

/** So many cells fit beside a label. */
const cellsInLine = 64;

/** So many lines of a map are drawn; of a larger one those that are not all quiet. */
const maxMapLines = 64;

function mapLines({ title, legend, rows }: Extract<Block, { kind: "map" }>, options: TextOptions): readonly string[] {
  const lines = rows.flatMap(({ label, runs }) => {
    const signs: number[] = runs.flatMap(([kind, count]) => new Array<number>(count).fill(kind));
    const parts: { readonly label: string; readonly cells: readonly number[] }[] = [];
    for (let at = 0; at < signs.length; at += cellsInLine)
      parts.push({ label: at === 0 ? label : "", cells: signs.slice(at, at + cellsInLine) });
    return parts;
  });
  const loud = (cells: readonly number[]): boolean => cells.some((kind) => legend[kind]?.quiet !== true);
  const drawn = (lines.length <= maxMapLines ? lines : lines.filter(({ cells }) => loud(cells))).slice(0, maxMapLines);
  const width = Math.max(...drawn.map(({ label }) => label.length), 0);
  const used = new Set(drawn.flatMap(({ cells }) => cells));
  return [
    ...wrapped(spansOf(title), "", "", options),
    ...drawn.map(
      ({ label, cells }) =>
        `  ${label.padEnd(width)}  ${cells.map((kind) => paint({ text: legend[kind]?.sign ?? "?", tone: legend[kind]?.tone ?? "faint" }, options)).join("")}`,
    ),
    ...(drawn.length < lines.length ? [`  ${lines.length - drawn.length} lines without a listener are left out`] : []),
    `  ${legend
      .filter((_, kind) => used.has(kind))
      .map(({ name, sign }) => `${sign} ${name}`)
      .join("   ")}`,
  ];
}

function bannerLines(block: Extract<Block, { kind: "banner" }>, options: TextOptions): readonly string[] {
  const word = shown(block.word);
  const room = options.width - word.length - 2;
  const title = shown(block.title);
  const one = title.length <= room;
  const head = one
    ? `${paint({ text: title, tone: "strong" }, options)}${" ".repeat(options.width - title.length - word.length)}${paint({ text: word, tone: block.tone }, options)}`
    : paint({ text: word, tone: block.tone }, options);
  return [
    ...(one ? [head] : [...wrapped([{ text: block.title, tone: "strong" }], "", "  ", options), head]),
    "-".repeat(options.width),
    ...wrapped(spansOf(block.says), "", "", options),
  ];
}

function factLines(rows: readonly (readonly [string, Text])[], options: TextOptions): readonly string[] {
  const label = Math.min(20, Math.max(...rows.map(([name]) => name.length)));
  return rows.flatMap(([name, value]) =>
    wrapped(spansOf(value), `  ${name.padEnd(label)}  `, " ".repeat(label + 4), options),
  );
}

/** The words of all events make a column, so that a list of them can be read down its left side. */
function eventLines(events: readonly Event[], options: TextOptions): readonly string[] {
  const column = Math.max(...events.map(({ word }) => word.length));
  const indent = " ".repeat(4);
  return events.flatMap(({ word, tone, title, lines }) => {
    const room = " ".repeat(column + 4);
    const [first = "", ...rest] = wrapped(spansOf(title), room, indent, options);
    const head = `  ${paint({ text: word.toUpperCase(), tone }, options)}${" ".repeat(column - word.length + 2)}`;
    return [
      head + first.slice(room.length),
      ...rest,
      ...lines.flatMap((line) => wrapped(spansOf(line), indent, `${indent}  `, options)),
    ];
  });
}

/** Numbers to the right, the last column as wide as what is left. */
function tableLines(
  head: readonly string[],
  rows: readonly (readonly Text[])[],
  options: TextOptions,
): readonly string[] {
  // Many columns stand closer, rather than wider than the terminal.
  const gap = head.length > 8 ? 1 : 2;
  const margin = 2;
  const count = head.length;
  const numeric = head.map(
    (_, at) => rows.length > 0 && rows.every((row) => /^(\d+|[.-]?)$/.test(wordsOf(row[at] ?? ""))),
  );
  const natural = head.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => shown(wordsOf(row[at] ?? "")).length)),
  );
  const columns = fitted(natural, options.width - margin - gap * (count - 1));
  const line = (cells: readonly (readonly Span[])[]): readonly string[] => {
    const folded = cells.map((cell, at) => fold(cell, columns[at] ?? 1));
    const height = Math.max(1, ...folded.map((cell) => cell.length));
    return Array.from({ length: height }, (_, row) =>
      folded
        .map((cell, at) => {
          const spans = cell[row] ?? [];
          const free = " ".repeat(Math.max(0, (columns[at] ?? 0) - lengthOf(spans)));
          const painted = spans.map((span) => paint(span, options)).join("");
          return numeric[at] === true ? free + painted : painted + free;
        })
        .join(" ".repeat(gap))
        .trimEnd(),
    ).map((text) => " ".repeat(margin) + text);
  };
  return [
    ...line(head.map((name) => [{ text: name, tone: "faint" }])),
    ...rows.flatMap((row) => line(head.map((_, at) => spansOf(row[at] ?? "")))),
  ];
}

/** Takes from the widest columns until all fit. */
function fitted(natural: readonly number[], room: number): readonly number[] {
  const columns = [...natural];
  let over = columns.reduce((sum, one) => sum + one, 0) - room;
  while (over > 0) {
    const widest = Math.max(...columns);
    if (widest <= 4) break;
    columns[columns.lastIndexOf(widest)] = widest - 1;
    over -= 1;
  }
  return columns;
}

function wrapped(spans: readonly Span[], first: string, rest: string, options: TextOptions): readonly string[] {
  return fold(spans, options.width - Math.max(first.length, rest.length)).map(
    (line, index) => (index === 0 ? first : rest) + line.map((span) => paint(span, options)).join(""),
  );
}

/** Breaks at spaces, and within a word only if it is longer than a line. */
function fold(spans: readonly Span[], width: number): readonly (readonly Span[])[] {
  // Two units at least: every character finds room.
  const room = Math.max(2, width);
  const lines: Span[][] = [[]];
  let used = 0;
  for (const word of wordsIn(spans, room)) {
    const length = lengthOf(word.parts);
    if (used > 0 && used + 1 + length > room) {
      lines.push([]);
      used = 0;
    } else if (used > 0) {
      lines.at(-1)!.push(word.space);
      used += 1;
    }
    for (const part of word.parts) {
      for (let left = part.text; left !== ""; ) {
        if (used >= room) {
          lines.push([]);
          used = 0;
        }
        const piece = left.slice(0, cutAt(left, room - used));
        // A character of two units that one unit of room cannot hold.
        if (piece === "" && used > 0) used = room;
        if (piece === "") continue;
        lines.at(-1)!.push({ ...part, text: piece });
        used += piece.length;
        left = left.slice(piece.length);
      }
    }
  }
  return lines;
}

/** Where to cut so that no character of two UTF-16 units is cut in half. */
function cutAt(text: string, length: number): number {
  return length > 0 && length < text.length && /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
}

interface Word {
  /** The space before it. */
  readonly space: Span;
  /** A word may change its tone half way. */
  readonly parts: Span[];
}

/** What is to be typed stays on one line if a line can hold it. */
function wordsIn(spans: readonly Span[], room: number): readonly Word[] {
  const words: Word[] = [];
  let space: Span | null = { text: " " };
  for (const span of spans) {
    const whole = shown(span.text.replaceAll("\n", " "));
    for (const text of span.code === true && whole.length <= room ? [whole] : whole.split(/( +)/)) {
      if (text === "") continue;
      if (text.startsWith(" ")) space = { ...span, text: " " };
      else if (space === null) words.at(-1)!.parts.push({ ...span, text });
      else {
        words.push({ space, parts: [{ ...span, text }] });
        space = null;
      }
    }
  }
  return words;
}

const lengthOf = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + span.text.length, 0);

function cut(spans: readonly Span[], width: number): readonly Span[] {
  const kept: Span[] = [];
  let left = width;
  for (const span of spans) {
    const text = shown(span.text.replaceAll("\n", " "));
    if (text.length > left) {
      kept.push({ ...span, text: `${text.slice(0, cutAt(text, Math.max(0, left - 1)))}…` });
      break;
    }
    kept.push({ ...span, text });
    left -= text.length;
  }
  return kept;
}

/** Only here do escape sequences come from, and only around text that has none. */
function paint({ text, tone }: Span, { colour }: TextOptions): string {
  const safe = shown(text);
  if (!colour || tone === undefined || safe.trim() === "") return safe;
  return styleText([...styles[tone]], safe, { validateStream: false });
}
