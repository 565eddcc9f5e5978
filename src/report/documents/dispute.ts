/** What came of a dispute, as a document. Pure. */
import type { DisputeDocument } from "../../lists/dispute-result.ts";
import { type Block, code, type Document, type Tone } from "../document.ts";

const words = {
  reproduced: { word: "THEY ARE RIGHT", tone: "bad" },
  "not-reproduced": { word: "NOT REPRODUCED", tone: "doubtful" },
  "could-not-replay": { word: "NOT REPLAYED", tone: "doubtful" },
  "nothing-to-replay": { word: "NO SESSION", tone: "doubtful" },
} as const satisfies Record<DisputeDocument["verdict"], { readonly word: string; readonly tone: Tone }>;

export function disputeDocument({
  subject,
  name,
  verdict,
  because,
  witnesses,
  replayed,
  letter,
}: DisputeDocument): Document {
  const title = `${name} says that ${subject} is still open`;
  const { word, tone } = words[verdict];
  const blocks: Block[] = [
    { kind: "banner", title, word, tone, says: because },
    {
      kind: "paragraph",
      text:
        verdict === "reproduced"
          ? "Mend it as for any open relay: fencepost check names the remedy."
          : "What was closed counts as disputed until a newer full test from outside, and removal is held back.",
    },
  ];
  if (witnesses.length > 0)
    blocks.push(
      { kind: "heading", level: 2, text: "What they did, as far as their evidence tells" },
      {
        kind: "list",
        items: witnesses.map(({ helo, reversePath, forwardPath }) => [
          code(`HELO ${helo}`),
          " ",
          code(`MAIL FROM:${reversePath}`),
          " ",
          code(`RCPT TO:${forwardPath}`),
        ]),
      },
    );
  if (replayed.length > 0)
    blocks.push({
      kind: "table",
      head: ["where", "verdict", "why"],
      rows: replayed.map((one) => [code(one.subject), one.verdict, one.because]),
    });
  if (letter !== null)
    blocks.push(
      { kind: "heading", level: 2, text: "For whoever keeps the tester" },
      { kind: "code", text: `To: ${letter.to}\nSubject: ${letter.subject}\n\n${letter.body}` },
    );
  return { title, blocks };
}
