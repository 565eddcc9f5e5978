import { expect, test } from "vitest";
import { formatReply, reply } from "./reply.ts";
import { newSession, type SessionOptions, type SessionState, step } from "./session.ts";

const options: SessionOptions = {
  hostName: "mx.example",
  greeting: "ESMTP",
  startTls: false,
  mechanisms: [],
  keywords: [],
  maxBytes: 1_000_000,
  maxRecipients: 10,
  maxErrors: 5,
  extraVerbs: [],
  chunking: true,
};

/** Plays lines; every question is answered with `answers`, 250 by default. Gives what was said and done. */
function play(lines: readonly string[], answers: Readonly<Record<string, number>> = {}) {
  let state: SessionState = { ...newSession(options, false), phase: "open" };
  const done: string[] = [];
  for (const text of lines) {
    const events = [{ kind: "line", text, tooLong: false } as Parameters<typeof step>[1]];
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      const result = step(state, event);
      state = result.state;
      for (const effect of result.effects) {
        if (effect.kind === "reply") done.push(formatReply(effect.reply).slice(0, 9));
        if (effect.kind === "ask")
          events.push({ kind: "answered", reply: reply(answers[effect.question.kind] ?? 250, null, "") });
        if (effect.kind === "collect") events.push({ kind: "dataEnd", bytes: 1 });
        if (effect.kind === "collectChunk") {
          done.push(`${effect.wanted ? "takes" : "drops"} ${effect.bytes}`);
          if (effect.wanted) events.push({ kind: "chunkEnd", last: effect.last });
        }
      }
    }
  }
  return { done: done.slice(3), state };
}

const begun = ["EHLO a.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"];

for (const [name, lines, answers, want] of [
  ["two chunks", ["BDAT 10", "BDAT 5 LAST"], {}, ["takes 10", "250", "takes 5", "250"]],
  ["an empty last chunk", ["BDAT 10", "bdat 0 last"], {}, ["takes 10", "250", "takes 0", "250"]],
  // RFC 3030 §2: what was refused is refused until RSET; its bytes are read all the same.
  [
    "a refused chunk",
    ["BDAT 10", "BDAT 5 LAST", "RSET"],
    { chunk: 552 },
    ["takes 10", "552", "drops 5", "503 5.5.1", "250 2.0.0"],
  ],
  ["after the last one all is over", ["BDAT 1 LAST", "BDAT 1 LAST"], {}, ["takes 1", "250", "drops 1", "503 5.5.1"]],
  ["a refused last one ends it too", ["BDAT 1 LAST", "MAIL FROM:<>"], { chunk: 550 }, ["takes 1", "550", "250"]],
  ["DATA in between", ["BDAT 1", "DATA"], {}, ["takes 1", "250", "503 5.5.1"]],
  ["a recipient in between", ["BDAT 1", "RCPT TO:<e@d.example>"], {}, ["takes 1", "250", "503 5.5.1"]],
  ["no number", ["BDAT LAST"], {}, ["501 5.5.4"]],
  ["a number beyond counting", ["BDAT 9999999999999999"], {}, ["501 5.5.4"]],
] as const)
  test(`BDAT: ${name}`, () => expect(play([...begun, ...lines], answers).done).toEqual(want));

test("BDAT without recipients is read and refused", () => {
  expect(play([...begun.slice(0, 2), "NOOP", "BDAT 7 LAST"]).done).toEqual(["drops 7", "554 5.5.1"]);
});

test("after a BDAT that cannot be read nobody knows where commands begin", () => {
  expect(play([...begun, "BDAT x"]).state.phase).toBe("ended");
});
