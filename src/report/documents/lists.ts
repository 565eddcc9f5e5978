/** What the lists say, as a document. Pure. */
import { reasonWords, type UnknownReason } from "../../lists/reasons.ts";
import type { ListHealth, Listing, ListsDocument, ListsVerdict, SubjectResult } from "../../lists/result.ts";
import {
  type Block,
  code,
  counted,
  type Document,
  type Event,
  type MapKind,
  type Text,
  type Tone,
  toned,
} from "../document.ts";

const listsWords = {
  clean: { word: "CLEAN", tone: "good" },
  listed: { word: "LISTED", tone: "bad" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
} as const satisfies Record<ListsVerdict, { readonly word: string; readonly tone: Tone }>;

const weightTones: Readonly<Record<string, Tone>> = {
  highest: "bad",
  high: "bad",
  medium: "doubtful",
  low: "strong",
  none: "faint",
};

const cells = {
  other: { name: "not a list of these", sign: " ", tone: "faint", quiet: true },
  clean: { name: "not listed", sign: "·", tone: "good", quiet: true },
  unknown: { name: "not known", sign: "?", tone: "doubtful", quiet: true },
  ignorable: { name: "listed, of no matter", sign: "o", tone: "strong", quiet: false },
  listed: { name: "listed", sign: "#", tone: "bad", quiet: false },
} as const satisfies Record<string, MapKind>;
type Cell = keyof typeof cells;
const cellKinds = Object.keys(cells) as readonly Cell[]; // the keys of the table above

/** So many listings are told one by one in the text. */
const maxListings = 200;

const weights = ["highest", "high", "medium", "low", "none"];

export function listsDocument(result: ListsDocument): Document {
  const { verdict, because, subjects, lists, resolver, questions, changes = [] } = result;
  const { word, tone } = listsWords[verdict];
  const title = `DNS lists: ${subjects.length === 1 ? (subjects[0]?.subject ?? "") : counted(subjects.length, "subject")}`;
  const listings = subjects
    .flatMap((subject) => subject.listings.map((listing) => ({ subject, listing })))
    .sort((a, b) => rank(a.listing) - rank(b.listing));
  const believed = lists.filter((one) => one.verdict === "healthy" || one.verdict === "no-test-entry");
  const notes = subjects.flatMap(({ subject, notes: all }) => all.map((note) => ({ subject, ...note })));
  return {
    title,
    blocks: [
      { kind: "banner", title, word, tone, says: because },
      {
        kind: "facts",
        rows: [
          ["Resolver", resolver.verdict === "sound" ? resolver.says : toned(resolver.says, "doubtful")],
          [
            "Lists",
            `${countOf(believed)} asked; ${countOf(lists.filter((one) => !believed.includes(one)))} not, or not about everything`,
          ],

          ["Questions", String(questions)],
        ],
      },
      ...(changes.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "Since the last time" } as const,
            { kind: "list", items: changes.map(({ subject, text }) => [code(subject), ` ${text}`]) } as const,
          ]),
      ...(listings.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "Listed" } as const,
            {
              kind: "events",
              events: listings.slice(0, maxListings).map(({ subject, listing }) => listingEvent(subject, listing)),
            } as const,
            ...(listings.length > maxListings
              ? [{ kind: "paragraph", text: `and ${listings.length - maxListings} more` } as const]
              : []),
          ]),
      ...(notes.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "Good to know, and no listing" } as const,
            {
              kind: "table",
              head: ["subject", "list", "answer", "means"],
              rows: notes.map(({ subject, list, code: answer, meaning }) => [code(subject), list, answer, meaning]),
            } as const,
          ]),
      ...mapBlocks(subjects, lists),
      ...unaskedBlocks(lists),
      ...nextBlocks(subjects),
    ],
  };
}

const rank = ({ ignore, weight }: Listing): number => (ignore === null ? weights.indexOf(weight) : weights.length);

const countOf = (lists: readonly ListHealth[]): number => new Set(lists.map(({ list }) => list)).size;

function listingEvent({ subject, mailer }: SubjectResult, listing: Listing): Event {
  const { name, code: answer, meaning, text, weight, ignore, removal, look, firstSeen } = listing;
  const { kind, how, where, wants, time, fee } = removal;
  return {
    word: ignore !== null ? "ignore" : weight === "none" ? "minor" : weight,
    tone: ignore === null ? (weightTones[weight] ?? "strong") : "faint",
    title: [code(subject), mailer === null ? "" : ` (${mailer})`, " at ", toned(name, "strong"), ": ", meaning],
    lines: [
      ...(text === undefined ? [] : [[toned("It says: ", "strong"), text]]),
      ...(ignore === null
        ? [
            [
              toned("To get off: ", "strong"),
              sentence(how),
              where === null ? "" : [" ", where].join(""),
              ` (${kind}; ${time})`,
            ],
            ...(wants.length === 0 ? [] : [[toned("They want: ", "strong"), wants.join("; ")]]),
            ...(fee === null ? [] : [[toned("Money: ", "strong"), `${fee}. Never pay.`]]),
          ]
        : [ignore]),
      toned(
        `Answer ${answer}${firstSeen === undefined ? "" : `, first seen ${firstSeen.slice(0, 16).replace("T", " ")} UTC`}${look === null ? "" : `. Look: ${look}`}`,
        "faint",
      ),
    ],
  };
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Subjects by lists: what a table of a hundred columns would show. */
function mapBlocks(subjects: readonly SubjectResult[], lists: readonly ListHealth[]): readonly Block[] {
  if (subjects.length < 2) return [];
  const order = [...new Map(lists.map((one) => [one.list, one])).values()].sort(
    (a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight),
  );
  return [
    {
      kind: "map",
      title: `Each row a subject, each column a list (${order.length}), those that matter most first`,
      columns: order.map(({ name }) => name),
      legend: cellKinds.map((kind) => cells[kind]),
      rows: subjects.map((subject) => ({
        label: subject.subject,
        runs: runsOf(order.map(({ list }) => cellKinds.indexOf(cellOf(subject, list)))),
      })),
    },
  ];
}

function cellOf({ listings, clean, unknown }: SubjectResult, list: string): Cell {
  const mine = listings.filter((one) => one.list === list);
  if (mine.length > 0) return mine.some(({ ignore }) => ignore === null) ? "listed" : "ignorable";
  if (clean.includes(list)) return "clean";
  return unknown.some((one) => one.list === list) ? "unknown" : "other";
}

function runsOf(kinds: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const kind of kinds) {
    const last = runs.at(-1);
    if (last?.[0] === kind) last[1] += 1;
    else runs.push([kind, 1]);
  }
  return runs;
}

const kindWords = { ip4: "IPv4", ip6: "IPv6", domain: "domains" } as const;

/** By reason, and in it by list, those that matter most first. */
function unaskedBlocks(lists: readonly ListHealth[]): readonly Block[] {
  const reasons = new Map<UnknownReason, Map<string, readonly ListHealth[]>>();
  for (const health of lists) {
    if (health.reason === null) continue;
    const group = reasons.get(health.reason) ?? new Map<string, readonly ListHealth[]>();
    reasons.set(health.reason, group.set(health.list, [...(group.get(health.list) ?? []), health]));
  }
  if (reasons.size === 0) return [];
  const byWeight = (all: readonly ListHealth[]): number => weights.indexOf(all[0]?.weight ?? "none");
  const groups = [...reasons]
    .map(([reason, group]) => ({ reason, rows: [...group.values()].sort((a, b) => byWeight(a) - byWeight(b)) }))
    .sort((a, b) => byWeight(a.rows[0] ?? []) - byWeight(b.rows[0] ?? []));
  return [
    { kind: "heading", level: 2, text: "What could not be asked, or not be believed" },
    ...groups.flatMap(({ reason, rows }): readonly Block[] => [
      { kind: "paragraph", text: toned(`The list ${reasonWords[reason]}.`, "strong") },
      { kind: "list", items: rows.map(unaskedItem) },
    ]),
  ];
}

function unaskedItem(all: readonly ListHealth[]): Text {
  const kinds = [...new Set(all.map(({ kind }) => kindWords[kind]))].join(", ");
  const [first] = all;
  const says = first === undefined || first.says === "" ? "" : `: ${first.says}`;
  const look = first?.look == null ? "" : `. Look by hand: ${first.look}`;
  return `${first?.name ?? ""} (${kinds})${says}${look}`;
}

function nextBlocks(subjects: readonly SubjectResult[]): readonly Block[] {
  const listed = subjects.filter(({ verdict, kind }) => verdict === "listed" && kind !== "domain");
  const [first] = listed;
  if (first === undefined) return [];
  return [
    { kind: "paragraph", text: "Before asking for removal, find and end the cause. Is it a relay?" },
    { kind: "code", text: `fencepost check ${first.subject} --profile full` },
  ];
}
