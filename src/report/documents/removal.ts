/** A plan of removal as a document: what first, then list by list in the right order. Pure. */
import type { RemovalDocument, RemovalStep } from "../../lists/removal-result.ts";
import { type Block, code, type Document, type Event, type Text, type Tone, toned } from "../document.ts";

const verdictWords = {
  nothing: { word: "NOTHING TO DO", tone: "good" },
  free: { word: "GO AHEAD", tone: "strong" },
  held: { word: "NOT YET", tone: "bad" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
} as const satisfies Record<RemovalDocument["verdict"], { readonly word: string; readonly tone: Tone }>;

const actionWords = {
  wait: "wait",
  press: "use its page",
  write: "write",
  look: "look",
  ignore: "ignore",
} as const satisfies Record<RemovalStep["action"], string>;

export function removalPlanDocument(plan: RemovalDocument): Document {
  const { subject, mailer, verdict, because, standing, first, steps, unknown, testers, said } = plan;
  const { word, tone } = verdictWords[verdict];
  const title = `Off the lists: ${subject}${mailer === null ? "" : ` (${mailer})`}`;
  const blocks: Block[] = [
    { kind: "banner", title, word, tone, says: because },
    {
      kind: "facts",
      rows: [
        [
          "It stands",
          `${standing.is}${standing.at === null ? "" : `, as of ${minute(standing.at)}`}: ${standing.because}`,
        ],
        ...said.map(({ kind, object, says, at }): readonly [string, Text] => [
          kind,
          `${says} (said ${minute(at)}${object === "" ? "" : `, of ${object}`})`,
        ]),
      ],
    },
  ];
  if (first.length > 0) {
    blocks.push({ kind: "heading", level: 2, text: "First" });
    for (const { says, command } of first) {
      blocks.push({ kind: "paragraph", text: says });
      if (command !== null) blocks.push({ kind: "code", text: command });
    }
  }
  if (steps.length > 0) {
    blocks.push({ kind: "heading", level: 2, text: "Then, in this order" });
    blocks.push({ kind: "events", events: steps.map(stepEvent) });
    for (const { name, letter } of steps)
      if (letter !== null)
        blocks.push(
          { kind: "heading", level: 2, text: `Letter to ${name}` },
          { kind: "code", text: `To: ${letter.to}\nSubject: ${letter.subject}\n\n${letter.body}` },
        );
  }
  if (testers.length > 0) {
    blocks.push({ kind: "heading", level: 2, text: "Lists that test, and list whoever fails" });
    blocks.push({ kind: "list", items: testers.map(({ name, says }) => [toned(name, "strong"), `: ${says}`]) });
  }
  if (unknown.length > 0)
    blocks.push({
      kind: "paragraph",
      text: `${unknown.length} lists could not be asked now (fencepost lists check ${subject} says why): what is known of them is what they said before.`,
    });
  return { title, blocks };
}

const minute = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;

function stepEvent(step: RemovalStep): Event {
  const {
    name,
    weight,
    code: answer,
    meaning,
    firstSeen,
    action,
    state,
    because,
    how,
    where,
    wants,
    time,
    fee,
    tester,
  } = step;
  const held = state === "held";
  return {
    word: held ? "not yet" : actionWords[action],
    tone: held ? "bad" : action === "ignore" ? "faint" : "strong",
    title: [toned(name, "strong"), `: ${meaning} (${answer}; weight ${weight}; seen since ${minute(firstSeen)})`],
    lines: [
      ...(action === "ignore" ? [because] : []),
      ...(held ? [[toned("Held back: ", "strong"), because]] : []),
      ...(state === "overridden" ? [[toned("Because you say so: ", "strong"), because]] : []),
      ...(action === "ignore"
        ? []
        : [
            [
              toned(held ? "Later: " : "Do: ", "strong"),
              how,
              ...(where === null ? [] : [" ", code(where)]),
              ` (${time})`,
            ],
          ]),
      ...(wants.length === 0 || action === "ignore" ? [] : [[toned("They want: ", "strong"), wants.join("; ")]]),
      ...(fee === null ? [] : [[toned("Money: ", "strong"), fee]]),
      ...(tester === null ? [] : [tester]),
    ],
  };
}
