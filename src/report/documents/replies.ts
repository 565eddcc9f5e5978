/** Answers to reports as documents: the list of them, and one as a reviewer sees it. Pure. */
import type { RepliesDocument, Reply, ReplyState } from "../../complaints/reply/result.ts";
import { type Block, code, type Document, type Text, type Tone, toned } from "../document.ts";

const verdictWords = {
  done: { word: "NOTHING WAITS", tone: "good" },
  waiting: { word: "WAITING", tone: "strong" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
} as const satisfies Record<RepliesDocument["verdict"], { readonly word: string; readonly tone: Tone }>;

const stateTones = {
  drafted: "strong",
  approved: "good",
  sending: "doubtful",
  sent: "faint",
  unknown: "bad",
  refused: "bad",
  skipped: "faint",
} as const satisfies Record<ReplyState, Tone>;

export function repliesListDocument({ verdict, because, replies, counts }: RepliesDocument): Document {
  const title = "Answers to reports";
  const { word, tone } = verdictWords[verdict];
  const told = [
    [counts.drafted, "drafted now"],
    [counts.covered, "answered or drafted before"],
    [counts.sent, "sent now"],
    [counts.refused, "refused now"],
    [counts.held, "held back"],
  ] as const;
  const now = told.filter(([count]) => count > 0).map(([count, says]) => `${count} ${says}`);
  return {
    title,
    blocks: [
      { kind: "banner", title, word, tone, says: because },
      ...(now.length === 0 ? [] : [{ kind: "paragraph", text: `${now.join(", ")}.` } as const]),
      { kind: "events", events: replies.map(replyEvent) },
    ],
  };
}

function replyEvent({ id, state, reporter, incident, route, draft, outcome }: Reply) {
  const lines: readonly (Text | null)[] = [
    [`${draft.wording}, `, draft.language, ", by ", route, ", about ", code(incident)],
    draft.review === null ? null : [toned("To decide: ", "strong"), draft.review],
    draft.notOver === null ? null : draft.notOver,
    ...draft.refusedBy,
    outcome,
  ];
  return {
    word: state,
    tone: stateTones[state],
    title: [code(id), " to ", reporter, ": ", draft.subject],
    lines: lines.filter((line) => line !== null),
  };
}

/** One answer on one screen. `message`: as it would be sent. */
export function replyScreenDocument(
  reply: Reply,
  place: { readonly at: number; readonly of: number },
  message: string,
): Document {
  const { draft, state, reporter, outcome, id } = reply;
  const title = `Answer ${place.at} of ${place.of} (${id})`;
  const facts: readonly (readonly [string, Text] | null)[] = [
    ["For", reporter],
    draft.review === null ? null : ["To decide", toned(draft.review, "doubtful")],
    outcome === null ? null : ["Last", toned(outcome, "doubtful")],
    draft.notOver === null ? null : ["Not offered", draft.notOver],
    ...draft.refusedBy.map((sign): readonly [string, Text] => ["Beware", toned(sign, "bad")]),
  ];
  return {
    title,
    blocks: [
      {
        kind: "banner",
        title,
        word: state.toUpperCase(),
        tone: stateTones[state],
        says: `${draft.wording}, ${draft.language}${draft.edited ? ", edited" : ""}`,
      },
      { kind: "facts", rows: facts.filter((row) => row !== null) },
      { kind: "heading", level: 2, text: "What the report says" },
      { kind: "list", items: draft.evidence },
      { kind: "heading", level: 2, text: "The answer" },
      { kind: "code", text: message },
    ] satisfies readonly Block[],
  };
}
