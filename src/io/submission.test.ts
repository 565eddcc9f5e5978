import { expect, test } from "vitest";
import { type Conduct, startSubmissionServer } from "../../test/fakes/submission-server.ts";
import { submissionServer } from "./submission.ts";

const message = { from: "abuse@ourcollege.ac.uk", to: "bob@victim.example", content: "Subject: x\r\n\r\n.dot\r\n" };

async function submitted(conduct: Conduct, begin = async () => true, signal = new AbortController().signal) {
  await using server = await startSubmissionServer(() => conduct);
  const submitter = submissionServer({ host: "127.0.0.1", port: server.port, implicitTls: false, login: null });
  const end = await submitter.submit(message, begin, signal);
  return { end, taken: [...server.taken] };
}

for (const [name, conduct, want, taken] of [
  ["taken", {}, { kind: "taken" }, 1],
  ["no such user", { rcpt: "550 5.1.1 no" }, { kind: "refused", permanent: true }, 0],
  ["come back later", { rcpt: "451 4.7.1 greylisted" }, { kind: "refused", permanent: false }, 0],
  ["refused before the text", { data: "554 5.7.1 no" }, { kind: "refused", permanent: true }, 0],
  ["refused after the text", { dot: "554 5.7.1 listed" }, { kind: "refused", permanent: true }, 0],
  ["full", { dot: "452 4.3.1 full" }, { kind: "refused", permanent: false }, 0],
  // Nobody can tell these two apart: that is what unknown is for.
  ["hung up without taking it", { dot: "hang-up" }, { kind: "unknown" }, 0],
  ["hung up after taking it", { taken: "hang-up" }, { kind: "unknown" }, 1],
  ["nonsense", { dot: "ok?" }, { kind: "unknown" }, 0],
] as const)
  test(`submission: ${name}`, async () => {
    const { end, taken: got } = await submitted(conduct);
    expect([end, got.length]).toMatchObject([want, taken]);
  });

test("the text arrives as it was, dots and all", async () => {
  const { taken } = await submitted({});
  // RFC 5321 §4.5.2: the dot is doubled on the wire.
  expect(taken).toEqual(
    [{ ...message, content: undefined, data: "Subject: x\r\n\r\n..dot" }].map(({ content: _, ...rest }) => rest),
  );
});

test("nothing of the text leaves before it may begin, and nothing if it may not", async () => {
  let asked = 0;
  const { end, taken } = await submitted({}, async () => {
    asked += 1;
    return false;
  });
  expect([end.kind, asked, taken]).toEqual(["not-sent", 1, []]);
  const refused = await submitted({ rcpt: "550 no" }, async () => {
    throw new Error("must not be asked");
  });
  expect(refused.end.kind).toBe("refused");
});

test("an interrupted one is not begun, one under way goes on to its end", async () => {
  const early = new AbortController();
  early.abort();
  expect((await submitted({}, undefined, early.signal)).end).toEqual({ kind: "not-sent", why: "interrupted" });
  const late = new AbortController();
  const { end } = await submitted(
    { waitMs: 50 },
    async () => {
      late.abort();
      return true;
    },
    late.signal,
  );
  expect(end.kind).toBe("taken");
});

test("nobody there", async () => {
  const server = await startSubmissionServer();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const submitter = submissionServer({ host: "127.0.0.1", port, implicitTls: false, login: null });
  expect(await submitter.submit(message, async () => true, new AbortController().signal)).toMatchObject({
    kind: "not-sent",
  });
});

test("a login that is refused is our trouble, not the message's", async () => {
  await using server = await startSubmissionServer();
  const login = { user: "abuse", password: "secret" };
  const submitter = submissionServer({ host: "127.0.0.1", port: server.port, implicitTls: false, login });
  const end = await submitter.submit(message, async () => true, new AbortController().signal);
  expect([end.kind, JSON.stringify(end).includes("secret")]).toEqual(["not-sent", false]);
});
