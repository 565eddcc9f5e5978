/** The journey of a practice mailer, from open to closed and vouched for, as its evidence comes in: real tester, real store. */
import { expect, test } from "vitest";
import { systemClock } from "../../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../../src/io/tcp.ts";
import type { Endpoint } from "../../src/ports.ts";
import type { BehaviourId } from "../../src/practice/behaviours.ts";
import { practiceCertificate } from "../../src/practice/certificate.ts";
import { startPractice } from "../../src/practice/practice.ts";
import { type MailerStatus, statusDocumentSchema } from "../../src/repair/result.ts";
import { openStore } from "../../src/store/store.ts";
import type { Saying } from "../../src/tasks/say.ts";
import { statusTask } from "../../src/tasks/status.ts";
import { address, catalogue, catchDomain, checkOne, ourDomain, siteOf } from "./rehearse.ts";

function practice(behaviours: readonly BehaviourId[], port: number) {
  return startPractice(
    {
      listen: { address: address("127.0.0.1"), port },
      hostName: "practice.example",
      domains: [ourDomain],
      behaviours,
      routes: [],
      startTls: true,
      paces: { tarpitMs: 1, greylistMs: 0, proxyMs: 150 },
    },
    { listener: tcpListener(practiceCertificate), dialer: tcpDialer, clock: systemClock },
  );
}

test("open, contained, mended, vouched for", { timeout: 90_000 }, async () => {
  await using store = await openStore(":memory:", systemClock);
  const nothing: Saying = { queueClean: null, cause: null, answered: null, waiver: null };
  const status = async (target: Endpoint, saying: Partial<Saying> | null = null): Promise<MailerStatus> => {
    const document = await statusTask(
      {
        site: siteOf(target, "mx"),
        mailer: null,
        saying: saying === null ? null : { ...nothing, ...saying },
        whereabouts: { site: null, store: null },
      },
      { store, catalogue: await catalogue(), clock: systemClock },
    );
    const [mailer] = statusDocumentSchema.parse(document).mailers;
    if (mailer === undefined) throw new Error("no mailer");
    return mailer;
  };
  const states = ({ steps }: MailerStatus) => Object.fromEntries(steps.map(({ step, state }) => [step, state]));

  let target: Endpoint;
  {
    await using open = await practice(["trusts-local-sender"], 0);
    target = open.local;
    expect((await status(target)).next[0]?.run).toBe("fencepost check practice --profile full");
    await checkOne({ target, store, onCatcher: (to) => open.addRoute({ domain: catchDomain, to }) });
  }
  const found = await status(target);
  expect(found).toMatchObject({ verdict: "open", at: "contain", practice: true });
  expect(states(found)).toMatchObject({ contain: "open", test: "done", configure: "open", lists: "not-applicable" });

  // The queue is clean, and it is open still: what was said changes nothing yet.
  expect(states(await status(target, { queueClean: "emptied by J. Doe" }))).toMatchObject({ contain: "open" });

  await using mended = await practice(["closed"], target.port);
  await checkOne({ target, store, onCatcher: (to) => mended.addRoute({ domain: catchDomain, to }) });
  const closed = await status(target);
  expect(states(closed)).toMatchObject({
    contain: "done",
    test: "done",
    configure: "done",
    block: "open",
    mend: "open",
  });
  expect(closed.verdict).toBe("under-way");
  expect(closed.notARelay).toBeNull();

  const tomorrow = new Date(systemClock.now().getTime() + 86_400_000).toISOString().slice(0, 10);
  const waiver = { because: "a rehearsal", by: "J. Doe", until: tomorrow };
  await status(target, { waiver: { ...waiver, step: "block" } });
  const last = await status(target, { waiver: { ...waiver, step: "mend" } });
  expect(last).toMatchObject({ verdict: "done", at: null, next: [] });
});
