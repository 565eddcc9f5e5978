/** Past runs, and the course of one target, as documents. Pure. */
import { type Verdict, verdicts } from "../../check/result.ts";
import { ageWords } from "../age.ts";
import { type Block, code, counted, type Document, type Text, toned } from "../document.ts";
import type { HistoryResult, PastResult, PastRun } from "../results/history.ts";
import { verdictWords } from "../verdict.ts";
import { whenWords } from "./check.ts";

export function historyDocument(result: HistoryResult): Document {
  return result.target === undefined
    ? runsDocument(result.runs ?? [])
    : courseDocument(result.target, result.course ?? []);
}

function runsDocument(runs: readonly PastRun[]): Document {
  if (runs.length === 0)
    return {
      title: "History",
      blocks: [{ kind: "paragraph", text: ["No run is on record. ", code("fencepost check"), " makes one."] }],
    };
  const blocks: Block[] = [
    {
      kind: "table",
      head: ["when (UTC)", "age", "profile", "targets", "verdict", "run", ""],
      rows: runs.map((run): readonly Text[] => [
        run.startedAt.slice(0, 16).replace("T", " "),
        ageWords(run.age),
        run.profile,
        String(run.targets),
        run.state === "killed" || run.state === "running" ? toned("-", "faint") : verdictText(run.verdict),
        shortName(run.run),
        noteOf(run),
      ]),
    },
    {
      kind: "paragraph",
      text: [
        "Show one: ",
        code("fencepost history RUN"),
        "  (or ",
        code("latest"),
        "). A target's course: ",
        code("fencepost history --target ADDR:PORT"),
      ],
    },
  ];
  if (runs.some(({ newerProbes }) => newerProbes > 0))
    blocks.push({ kind: "paragraph", text: "Stale: the catalogue has tests that the run did not know. Test again." });
  return { title: "History", blocks };
}

/** The end of a run's id: enough to name it. */
const shortName = (id: string): string => id.split("-").at(-1) ?? id;

function noteOf({ state, newerProbes }: PastRun): Text {
  const words = [
    state === "finished" ? "" : state === "running" ? "running, or killed just now" : state,
    newerProbes > 0 ? "stale" : "",
  ].filter((word) => word !== "");
  return words.length === 0 ? "" : toned(words.join(", "), "doubtful");
}

function verdictText(verdict: string): Text {
  const known = verdicts.find((one): one is Verdict => one === verdict);
  return known === undefined ? verdict : toned(verdict, verdictWords[known].tone);
}

function courseDocument(target: string, course: readonly PastResult[]): Document {
  if (course.length === 0)
    return {
      title: target,
      blocks: [
        {
          kind: "paragraph",
          text: [
            code(target),
            " is in no run on record. Name it as it stands in the reports, such as 192.0.2.25:25 or [2001:db8::25]:25.",
          ],
        },
      ],
    };
  const [newest] = course;
  return {
    title: target,
    blocks: [
      { kind: "heading", level: 1, text: `The course of ${target}, newest first` },
      {
        kind: "table",
        head: ["when (UTC)", "age", "verdict", "tests", "run", "what was found"],
        rows: course.map((one, index): readonly Text[] => {
          const before = course[index + 1];
          const changed = before !== undefined && before.verdict !== one.verdict;
          return [
            one.at.slice(0, 16).replace("T", " "),
            ageWords(one.age),
            verdictText(one.verdict),
            `${one.answered}/${one.applicable} ${one.profile}`,
            shortName(one.run),
            [
              changed ? toned(`was ${before.verdict}. `, "strong") : "",
              one.verdict === "closed" ? "" : `${one.because}. `,
              one.findings.join(", "),
            ],
          ];
        }),
      },
      ...(newest === undefined ? [] : [{ kind: "paragraph", text: ageNote(newest) } as const]),
    ],
  };
}

/** How old the evidence is, and whether the catalogue has grown since. */
export function ageNote({
  age,
  newerProbes,
  at,
}: {
  readonly age: number;
  readonly newerProbes: number;
  readonly at: string;
}): Text {
  const since =
    newerProbes === 0
      ? "The catalogue has no newer tests."
      : `The catalogue has ${counted(newerProbes, "test")} that this run did not know: test again.`;
  return [
    `This evidence is ${ageWords(age)} old (${whenWords(at)}). `,
    newerProbes > 0 ? toned(since, "doubtful") : since,
  ];
}
