/** Who refuses our mail, as a document. Pure. */
import type { ReadFile, Refusal, RefusalsDocument } from "../../lists/refusals/result.ts";
import { type Block, code, counted, type Document, type Text, type Tone, toned } from "../document.ts";

const words = {
  refused: { word: "REFUSED", tone: "bad" },
  accepted: { word: "ACCEPTED", tone: "good" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
} as const satisfies Record<RefusalsDocument["verdict"], { readonly word: string; readonly tone: Tone }>;

/** So many refusals are told one by one. */
const maxTold = 40;

export function refusalsDocument(result: RefusalsDocument): Document {
  const { refusals, others, files } = result;
  const title = "Who refuses our mail";
  const { word, tone } = words[result.verdict];
  return {
    title,
    blocks: [
      { kind: "banner", title, word, tone, says: result.because },
      {
        kind: "facts",
        rows: [
          ...files.map((file): [string, Text] => ["Read", fileWords(file)]),
          ["Delivered", counted(result.sent, "recipient")],
          [
            "Waiting",
            `counted ${result.waitingFrom === "queue" ? "in the queue listing" : "in the logs: deferred, and neither delivered nor returned since"}${result.waitingUnexplained === 0 ? "" : `; ${counted(result.waitingUnexplained, "message")} without a reason that is told`}`,
          ],
          ...(result.atLeast ? [["Bounds", "more than is kept: counts are at least these"] as const] : []),
        ],
      },
      ...refusals.slice(0, maxTold).flatMap(refusalBlocks),
      ...(refusals.length > maxTold
        ? [{ kind: "paragraph", text: `and ${refusals.length - maxTold} more (--json shows all)` } as const]
        : []),
      ...(others.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "Not about our reputation" } as const,
            {
              kind: "table",
              head: ["attempts", "waiting", "why", "for example"],
              rows: others.map((one): readonly Text[] => [
                String(one.attempts),
                String(one.waiting),
                one.words,
                one.example.slice(0, 200),
              ]),
            } as const,
          ]),
    ],
  };
}

function fileWords({ name, kind, lines, told, tooLong, from, to, guessedYear, trouble }: ReadFile): Text {
  const span = from === null || to === null ? "" : `, ${when(from)} to ${when(to)}`;
  const year = guessedYear ? " (years are not in it: the last possible ones are meant)" : "";
  const parts = [
    kind === null ? `${counted(lines, "line")}, none understood` : `${counted(lines, "line")}, ${told} of deliveries`,
    span,
    year,
    tooLong === 0 ? "" : `; ${counted(tooLong, "line")} too long`,
    trouble === null ? "" : `; ${trouble}`,
  ].join("");
  return [code(name), `: ${parts}`];
}

const causeWords: Record<Refusal["cause"], (refusal: Refusal) => string> = {
  list: ({ list }) => `they name ${list?.name ?? "a public list"}`,
  private: () => "private list",
  unclear: () => "private list or policy: they do not say",
};

const when = (iso: string): string => iso.slice(0, 16).replace("T", " ");

function refusalBlocks(refusal: Refusal): readonly Block[] {
  const { receiver, state, since, last, ours, ask, removal, acceptedSince } = refusal;
  const several = (all: readonly string[]): string =>
    all.length > 6 ? `${all.slice(0, 6).join(", ")} and ${all.length - 6} more` : all.join(", ");
  const row = (label: string, text: Text | null): readonly (readonly [string, Text])[] =>
    text === null || text === "" ? [] : [[label, text]];
  return [
    { kind: "heading", level: 2, text: receiver.name },
    {
      kind: "facts",
      rows: [
        [
          "State",
          state === "refusing"
            ? toned("refuses us", "bad")
            : toned(`takes mail again${acceptedSince === null ? "" : ` since ${when(acceptedSince)}`}`, "good"),
        ],
        ["They say", code(refusal.text === "" ? "(not told)" : refusal.text)],
        ["Cause", causeWords[refusal.cause](refusal)],
        ...row("Since", since === null ? null : `${when(since)} UTC${last === null ? "" : `, last ${when(last)}`}`),
        [
          "Messages",
          `${refusal.waiting} waiting, ${refusal.bounced} returned, ${counted(refusal.attempts, "attempt")}`,
        ],
        ...row("Recipients at", several(receiver.domains)),
        ...row("Hosts", several(receiver.hosts)),
        ...row("Our addresses", several(ours)),
        ...row("Ask", ask.map(({ at, from }) => `${at}${from === "refusal" ? " (they say so)" : ""}`).join(", ")),
        ...row("How", removal),
        ...row("Takes", refusal.time),
        ...row("Confidence", refusal.confidence),
      ],
    },
  ];
}
