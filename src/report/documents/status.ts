/** Where the mailers stand, as a document: what to type next comes before what is behind it. Pure. */
import {
  type Action,
  type Evidence,
  type MailerStatus,
  type StatusDocument,
  type StatusVerdict,
  type StepName,
  type StepResult,
  type StepState,
  stepStates,
} from "../../repair/result.ts";
import { ageWords } from "../age.ts";
import { type Block, code, counted, type Document, type Event, type Text, type Tone, toned } from "../document.ts";

const verdictWords = {
  open: { word: "OPEN NOW", tone: "bad" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
  "under-way": { word: "UNDER WAY", tone: "strong" },
  done: { word: "DONE", tone: "good" },
} as const satisfies Record<StatusVerdict, { readonly word: string; readonly tone: Tone }>;

const stateTones = {
  done: "good",
  "not-applicable": "faint",
  waived: "faint",
  open: "bad",
  blocked: "faint",
  unknown: "doubtful",
} as const satisfies Record<StepState, Tone>;

const stateWords = {
  done: "done",
  "not-applicable": "n/a",
  waived: "waived",
  open: "TO DO",
  blocked: "waits",
  unknown: "UNKNOWN",
} as const satisfies Record<StepState, string>;

const stepTitles = {
  contain: "Contain",
  test: "Test",
  configure: "Configure",
  block: "Block port 25",
  lists: "Off the lists",
  mend: "Mend fences",
  watch: "Watch",
} as const satisfies Record<StepName, string>;

/** More mailers than these are a table. */
const inFull = 4;

export function statusPage(status: StatusDocument): Document {
  const { verdict, because, mailers, next } = status;
  const { word, tone } = verdictWords[verdict];
  const [only] = mailers;
  const title =
    mailers.length === 1 ? `Status of ${only?.mailer ?? ""}` : `Status of ${counted(mailers.length, "mailer")}`;
  const many = mailers.length > inFull;
  return {
    title,
    blocks: [
      { kind: "banner", title, word, tone, says: because },
      ...(next.length === 0 ? [] : nextBlocks(next, mailers.length > 1)),
      ...(many ? [overview(mailers)] : mailers.flatMap((one) => mailerBlocks(one, mailers.length > 1))),
      ...(many
        ? [
            {
              kind: "paragraph",
              text: ["One of them in full: ", code("fencepost status --mailer NAME")],
            } as const,
          ]
        : []),
    ],
  };
}

function nextBlocks(next: StatusDocument["next"], several: boolean): readonly Block[] {
  return [
    { kind: "heading", level: 2, text: "Next, type" },
    {
      kind: "events",
      events: next.map(
        (action, at): Event => ({
          word: String(at + 1),
          tone: "strong",
          title: code(action.run ?? ""),
          lines: [
            [
              toned(`${action.on === "mailer" || several ? `${placeOf(action, action.mailer)}: ` : ""}`, "faint"),
              action.says,
            ],
          ],
        }),
      ),
    },
  ];
}

const placeOf = ({ on }: Action, mailer: string): string => (on === "mailer" ? `on ${mailer}` : `for ${mailer}`);

function overview(mailers: readonly MailerStatus[]): Block {
  return {
    kind: "table",
    head: ["mailer", "stands", "at", "why"],
    rows: mailers.map(({ mailer, verdict, at, because }): readonly Text[] => [
      mailer,
      toned(verdictWords[verdict].word.toLowerCase(), verdictWords[verdict].tone),
      at ?? "-",
      because,
    ]),
  };
}

function mailerBlocks(status: MailerStatus, several: boolean): readonly Block[] {
  const { mailer, listeners, product, practice, verdict, because, stands, steps, notARelay } = status;
  const { word, tone } = verdictWords[verdict];
  return [
    ...(several ? [{ kind: "banner", title: mailer, word, tone, says: because, anchor: mailer } as const] : []),
    {
      kind: "facts",
      rows: [
        ["Listens at", listeners.length === 0 ? "no address known" : listeners.join(", ")],
        ["Product", product ?? "not known"],
        ["It stands", `${stands.is}${stands.at === null ? "" : `, as of ${minute(stands.at)}`}: ${stands.because}`],
        ...(practice
          ? [["Practice", "It listens on loopback alone: all of this says nothing of the Internet."] as const]
          : []),
      ],
    },
    { kind: "events", events: steps.map(stepEvent) },
    ...(notARelay === null ? [] : branchBlocks(notARelay)),
    ...steps.flatMap((step) => stepDetails(step, mailer)),
  ];
}

const minute = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;

function stepEvent({ step, state, because, evidence, actions, waiver }: StepResult): Event {
  const newest = [...evidence].sort((a, b) => a.age - b.age)[0];
  const stale = evidence.filter((one) => one.stale !== null).length;
  return {
    word: stateWords[state],
    tone: stateTones[state],
    title: [toned(stepTitles[step], "strong"), `: ${because}`],
    lines: [
      ...(waiver === null ? [] : [`Waived by ${waiver.by} until ${waiver.until}: ${waiver.because}`]),
      ...(newest === undefined || state === "blocked"
        ? []
        : [
            toned(
              `${counted(evidence.length, "piece")} of evidence, the newest ${ageWords(newest.age)} old${stale === 0 ? "" : `; ${stale} stale`}`,
              stale === 0 ? "faint" : "doubtful",
            ),
          ]),
      ...(state === "open" || state === "unknown" ? actions.map(actionLine) : []),
    ],
  };
}

function actionLine({ on, run, says }: Action): Text {
  const where = on === "mailer" ? "on the mailer: " : "";
  return run === null ? [where, says] : [where, `${says}: `, code(run)];
}

function branchBlocks({ because, causes, named }: NonNullable<MailerStatus["notARelay"]>): readonly Block[] {
  return [
    { kind: "heading", level: 2, text: "Not a relay: what else it can be" },
    {
      kind: "paragraph",
      text: [
        because,
        named === null
          ? " Look for these in its own log, the likeliest first."
          : ` The cause was named ${minute(named.at)}: ${named.says}`,
      ],
    },
    ...(named === null
      ? [
          {
            kind: "events",
            events: causes.map(
              ({ cause, says, hint, actions }): Event => ({
                word: cause.replaceAll("-", " "),
                tone: hint === null ? "faint" : "doubtful",
                title: says,
                lines: [...(hint === null ? [] : [toned(hint, "doubtful")]), ...actions.map(actionLine)],
              }),
            ),
          } as const,
        ]
      : []),
  ];
}

/** The evidence behind a step, folded away. */
function stepDetails({ step, state, evidence }: StepResult, mailer: string): readonly Block[] {
  if (evidence.length === 0) return [];
  return [
    {
      kind: "details",
      summary: `${stepTitles[step]}: ${counted(evidence.length, "piece")} of evidence`,
      word: stateWords[state],
      tone: stateTones[state],
      anchor: `${mailer} ${step}`,
      blocks: [
        {
          kind: "table",
          head: ["what", "of", "says", "when", "age", "shown by"],
          rows: evidence.map((one): readonly Text[] => [
            one.kind,
            code(one.subject),
            one.says,
            minute(one.at),
            ageText(one),
            one.show === null ? "" : code(one.show),
          ]),
        },
      ],
    },
  ];
}

const ageText = ({ age, stale }: Evidence): Text =>
  stale === null ? ageWords(age) : toned(`${ageWords(age)}: stale, ${stale}`, "doubtful");

/** How many steps of all mailers are in each state, for monitoring. */
export function stepCounts({ mailers }: StatusDocument): Readonly<Record<StepState, number>> {
  const steps = mailers.flatMap((one) => one.steps);
  return Object.fromEntries(
    stepStates.map((state) => [state, steps.filter((one) => one.state === state).length]),
  ) as Record<StepState, number>; // one count a state
}
