/** The sweep's conclusions, with knocks that answer as they are told. */
import { expect, test } from "vitest";
import { literalResolver } from "../../test/fakes/resolver.ts";
import { systemClock } from "../io/clock.ts";
import { formatIp } from "../net/ip.ts";
import { parsePrefix } from "../net/prefix.ts";
import { DialError, type Dialer, type Knock, type Knocker } from "../ports.ts";
import { parseSite } from "../site/site.ts";
import { targetsOf } from "./order.ts";
import type { SweepDocument } from "./result.ts";
import { sweep } from "./sweep.ts";

const site = (control: string) => {
  const read = parseSite(
    `name: T\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/28]\nmailers: [{name: mx, addresses: [192.0.2.5], ports: [25]}]\n${control}`,
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.site;
};

const refusing: Dialer = {
  connect: async () => {
    throw new DialError("refused", "no conversation here");
  },
};

/** Those that are not named say nothing. */
async function swept(
  answers: Readonly<Record<string, Knock>>,
  control = "",
  { dialer = refusing, signal = new AbortController().signal }: { dialer?: Dialer; signal?: AbortSignal } = {},
): Promise<{ readonly result: SweepDocument; readonly knocks: ReadonlyMap<string, number> }> {
  const knocks = new Map<string, number>();
  const knocker: Knocker = {
    knock({ address }, done) {
      const text = formatIp(address);
      knocks.set(text, (knocks.get(text) ?? 0) + 1);
      const met = answers[text];
      const timer = met === undefined ? undefined : setTimeout(done, 1, met);
      return () => clearTimeout(timer);
    },
  };
  const network = parsePrefix("192.0.2.0/28");
  if (!network.ok) throw new Error("network");
  const events = sweep(
    {
      ...{
        site: site(control),
        networks: [network.value],
        hosts: [],
        ports: [25],
        vantage: "external",
        helo: "t.invalid",
      },
      ...{ products: [], before: [] },
      knocking: { rate: null, width: 100, timeoutMs: 60, from: 0, states: null },
    },
    {
      knocker,
      dialer,
      resolver: literalResolver({ A: { "mx.nren.example": ["203.0.113.5"] } }),
      clock: systemClock,
    },
    signal,
  );
  for await (const event of events) if (event.kind === "result") return { result: event.result, knocks };
  throw new Error("no result");
}

const byName = 'check: {control: "mx.nren.example:25"}\n';

test("what is silent is knocked at twice, what answers once", async () => {
  const { result, knocks } = await swept({ "192.0.2.1": "closed", "192.0.2.2": "unreachable" });
  expect([knocks.get("192.0.2.1"), knocks.get("192.0.2.2"), knocks.get("192.0.2.3")]).toEqual([1, 1, 2]);
  expect(result.counts).toMatchObject({ closed: 1, unreachable: 1, filtered: 14, pending: 0 });
  expect(result.missing).toEqual([{ mailer: "mx", address: "192.0.2.5", port: 25, state: "filtered" }]);
});

test("where nobody answers at all nothing is said of the filter", async () => {
  const { result } = await swept({});
  expect([result.verdict, result.because]).toEqual(["unknown", expect.stringMatching(/Name a control host/)]);
});

test("a control host, by name, shows that silence is the filter's", async () => {
  const { result, knocks } = await swept({ "203.0.113.5": "open" }, byName);
  expect([result.verdict, knocks.get("203.0.113.5")]).toEqual(["as-declared", 1]);
});

test("a control host that does not answer shows that we are cut off", async () => {
  const { result } = await swept({ "203.0.113.5": "closed", "192.0.2.1": "closed" }, byName);
  expect([result.verdict, result.because]).toEqual(["unknown", expect.stringMatching(/control host/)]);
});

test("what our own machine would not send is not called silence", async () => {
  const { result } = await swept({ "192.0.2.9": "refused-here", "203.0.113.5": "open" }, byName);
  expect([result.verdict, result.counts.refusedHere]).toEqual(["unknown", 1]);
});

test("who was not heard to the end is knocked at again by a later run", async () => {
  const stop = new AbortController();
  const dialer: Dialer = {
    connect: (_to, _options, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        setTimeout(() => stop.abort(new Error("interrupted")), 300); // long after all the others were decided
      }),
  };
  const all = Object.fromEntries(Array.from({ length: 16 }, (_, host) => [`192.0.2.${host}`, "closed" as Knock]));
  const answers: Readonly<Record<string, Knock>> = { ...all, "192.0.2.5": "open", "203.0.113.5": "open" };
  const { result } = await swept(answers, byName, { dialer, signal: stop.signal });
  expect([result.ended, result.listeners]).toEqual(["interrupted", []]);
  const network = parsePrefix("192.0.2.0/28");
  if (!network.ok || result.resumeFrom === null) throw new Error("nothing to resume");
  const targets = targetsOf([network.value], [], [25]);
  expect(formatIp(targets.at(result.resumeFrom).address)).toBe("192.0.2.5");
});
