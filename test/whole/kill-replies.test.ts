/**
 * Sending is killed at any moment, often several times over the same answers: no answer goes twice, and none is lost but those
 * of which it is honestly said that nobody knows. `npm run kill:complaints` has more rounds.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { builtInLanguages } from "../../src/complaints/reply/overrides.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { longestSubmissionMs, submissionServer } from "../../src/io/submission.ts";
import { openStore } from "../../src/store/store.ts";
import { draftReplies } from "../../src/tasks/reply-drafts.ts";
import { approve } from "../../src/tasks/reply-review.ts";
import { sendReplies } from "../../src/tasks/reply-send.ts";
import { newFolder } from "../commands/run.ts";
import { arf } from "../complaints/mails.ts";
import { raw } from "../complaints/site.ts";
import { fakeRandom } from "../fakes/clock.ts";
import { replySite } from "../fakes/reply-site.ts";
import { startSubmissionServer } from "../fakes/submission-server.ts";

const rounds = Number(process.env.FENCEPOST_KILL_ROUNDS ?? 10);
const child = fileURLToPath(new URL("../fakes/reply-child.ts", import.meta.url));
const answers = 6;
const signal = new AbortController().signal;

/** What the first process compiled, the others need not: halves the time of a start. */
const compiled = mkdtempSync(join(tmpdir(), "fencepost-compiled-"));
process.on("exit", () => rmSync(compiled, { recursive: true, force: true }));

/** `FENCEPOST_KILL_SEED` repeats a run. */
const random = fakeRandom(Number(process.env.FENCEPOST_KILL_SEED ?? 1));
const upTo = (most: number): number => Math.floor((Buffer.from(random.bytes(4)).readUInt32LE() / 2 ** 32) * most);

async function approvedStore(file: string, port: number): Promise<readonly string[]> {
  await using store = await openStore(file, systemClock);
  const site = replySite(port);
  const context = { site, languages: builtInLanguages, store, clock: systemClock, random: systemRandom };
  async function* messages() {
    for (let number = 0; number < answers; number += 1)
      yield raw(
        Buffer.from(arf().toString("latin1").replace("abuse@victim", `desk${number}@house${number}`), "latin1"),
      );
  }
  const { replies } = await draftReplies(
    { site, paths: ["box"], languages: builtInLanguages },
    { ...context, messages, tell: () => {} },
    signal,
  );
  for (const reply of replies) await approve(reply, "submit", context);
  return replies.map(({ messageId }) => messageId);
}

async function sentBy(file: string, port: number): Promise<void> {
  await using store = await openStore(file, systemClock);
  const submitter = submissionServer({ host: "127.0.0.1", port, implicitTls: false, login: null });
  await sendReplies(
    { ids: [] },
    {
      site: replySite(port),
      languages: builtInLanguages,
      store,
      clock: systemClock,
      random: systemRandom,
      submitter: async () => submitter,
      longestMs: longestSubmissionMs,
      tell: () => {},
    },
    signal,
  );
}

/** A sender that connects, and is killed when so many more answers have reached the server and so much time has passed. */
async function killed(file: string, port: number, reached: () => number): Promise<"ended" | "killed"> {
  const sender: ChildProcess = spawn(process.execPath, [child, file, String(port)], {
    stdio: "ignore",
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  const closed = once(sender, "close");
  const before = reached();
  const wanted = before + 1 + upTo(3);
  const deadline = Date.now() + 10_000;
  while (sender.exitCode === null && reached() < wanted && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, upTo(60)));
  if (sender.exitCode !== null) return "ended";
  sender.kill("SIGKILL");
  await closed;
  return sender.signalCode === "SIGKILL" ? "killed" : "ended";
}

test(`killed while sending, ${rounds} rounds`, { timeout: rounds * 20_000 }, async () => {
  const seen = { kills: 0, unknown: 0, unknownTaken: 0, sent: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const folder = newFolder();
    const file = join(folder, "store.sqlite");
    await using server = await startSubmissionServer(() => ({ waitMs: 30 }));
    const ids = await approvedStore(file, server.port);
    expect(ids.length).toBe(answers);
    // Two at once now and then: of them, too, only one may send an answer.
    for (let turn = 0; turn < 2; turn += 1) {
      const both = [killed(file, server.port, () => server.sessions())];
      if (upTo(3) === 0) both.push(killed(file, server.port, () => server.sessions()));
      for (const end of await Promise.all(both)) if (end === "killed") seen.kills += 1;
    }
    // And one that nobody kills. What the dead left under way is none of its business.
    await sentBy(file, server.port);

    const later = { ...systemClock, now: () => new Date(Date.now() + longestSubmissionMs + 1000) };
    await using store = await openStore(file, later);
    await store.replies.settle(new Date(later.now().getTime() - longestSubmissionMs));
    for (const { messageId, state } of await store.replies.list()) {
      const copies = server.taken.filter(({ data }) => data.includes(`Message-ID: ${messageId}`)).length;
      expect([round, state, copies <= 1]).toEqual([round, state, true]);
      expect(["sent", "unknown"]).toContain(state);
      if (state === "sent") expect([round, copies]).toEqual([round, 1]);
      seen.sent += state === "sent" ? 1 : 0;
      seen.unknown += state === "unknown" ? 1 : 0;
      seen.unknownTaken += state === "unknown" ? copies : 0;
    }
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(
    `${rounds} rounds, ${seen.kills} kills: ${seen.sent} answers sent once, none twice; ${seen.unknown} unknown, of which the server had ${seen.unknownTaken}\n`,
  );
  // A test that never met the moment in question would prove nothing.
  if (rounds >= 10) expect(seen.kills).toBeGreaterThan(0);
});
