/**
 * A report as one neutral document: what is said, in which order, never how it looks. Tools' results are turned into it
 * (`documents/`), faces show it (`faces/`). Strings may hold anything a stranger sent: only faces make them harmless.
 */

export type Tone = "bad" | "doubtful" | "good" | "strong" | "faint";

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
  /** Commands, addresses, protocol text: shown as it is typed. */
  readonly code?: true;
  /** The anchor of another block of this document. */
  readonly to?: string;
}

export type Text = string | Span | readonly (string | Span)[];

export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2; readonly text: Text; readonly anchor?: string }
  /** The answer, before everything else: a word and a sentence. */
  | {
      readonly kind: "banner";
      readonly title: string;
      readonly word: string;
      readonly tone: Tone;
      readonly says: Text;
      readonly anchor?: string;
    }
  | { readonly kind: "paragraph"; readonly text: Text }
  | { readonly kind: "list"; readonly items: readonly Text[] }
  /** Label and value, one a line. */
  | { readonly kind: "facts"; readonly rows: readonly (readonly [string, Text])[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly Text[])[] }
  /** Things that happened: a word each, what, and the details below. */
  | { readonly kind: "events"; readonly events: readonly Event[] }
  /** The rule of the house beside what this run saw of it. */
  | { readonly kind: "matrix"; readonly cells: Readonly<Record<MatrixCell, CellSeen>> }
  /** An address space, row by row, each cell as the worst address in it. */
  | {
      readonly kind: "map";
      readonly title: Text;
      readonly legend: readonly MapKind[];
      readonly rows: readonly MapRow[];
      /** The names of the cells of each row, where they have any. */
      readonly columns?: readonly string[];
    }
  | { readonly kind: "finding"; readonly finding: ShownFinding; readonly anchor?: string }
  /** A dialogue, one line each (`smtp/transcript.ts`). */
  | { readonly kind: "transcript"; readonly text: string }
  /** To be typed or copied as it stands. */
  | { readonly kind: "code"; readonly text: string }
  /** Evidence that is folded away; a face that cannot unfold leaves it out. */
  | {
      readonly kind: "details";
      readonly summary: Text;
      readonly word: string;
      readonly tone: Tone;
      readonly anchor: string;
      readonly blocks: readonly Block[];
    };

export interface Event {
  readonly word: string;
  readonly tone: Tone;
  readonly title: Text;
  readonly lines: readonly Text[];
}

/** What a cell can be; what is quiet need not be looked at. */
export interface MapKind {
  readonly name: string;
  readonly sign: string;
  readonly tone: Tone;
  readonly quiet: boolean;
}

/** Cells of the same kind that follow one another: the number of the kind in the legend, and how many. */
export interface MapRow {
  readonly label: string;
  readonly runs: readonly (readonly [number, number])[];
}

export type MatrixCell = `${"internal" | "external"}-to-${"internal" | "external"}`;

export interface CellSeen {
  readonly rule: "permit" | "forbid";
  readonly seen: string;
  readonly tone: Tone;
  /** The anchor of what was seen. */
  readonly to?: string;
}

export interface ShownFinding {
  readonly severity: string;
  readonly tone: Tone;
  readonly says: string;
  readonly why: string;
  readonly remedy: string;
  readonly evidence: readonly Span[];
}

export interface Document {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** The spans of a text. */
export function spansOf(text: Text): readonly Span[] {
  const parts =
    typeof text === "string" || !Array.isArray(text) ? [text as string | Span] : (text as readonly (string | Span)[]);
  return parts.map((part) => (typeof part === "string" ? { text: part } : part));
}

/** The words alone. */
export function wordsOf(text: Text): string {
  return spansOf(text)
    .map((span) => span.text)
    .join("");
}

export const code = (text: string): Span => ({ text, code: true });
export const toned = (text: string, tone: Tone): Span => ({ text, tone });

/** "1 probe", "12 probes". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
