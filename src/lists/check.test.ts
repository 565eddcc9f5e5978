import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { fakeClock, fakeRandom } from "../../test/fakes/clock.ts";
import { ip } from "../../test/fakes/resolver.ts";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import { parseDomain } from "../net/domain.ts";
import { type IpAddress, parseIp } from "../net/ip.ts";
import type { Answer, Clock } from "../ports.ts";
import { checkLists } from "./check.ts";
import { AnswerMemory } from "./memory.ts";
import { livingLists } from "./plan.ts";
import { type Subject, subjectOfAddress } from "./question.ts";
import { type ListsDocument, listsDocumentSchema } from "./result.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const catalogue = read.catalogue.lists;

type Said = string | "nxdomain" | "timeout" | "servfail" | "refused";
/** By the end of the name; the longest that fits counts, and functions are asked each time. */
type World = Readonly<Record<string, Said | (() => Said)>>;

const failures = ["timeout", "servfail", "refused"] as const;

function answering(world: World, texts: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const ends = Object.keys(world).sort((a, b) => b.length - a.length);
  return {
    asked,
    resolver: {
      a: async (name: string): Promise<Answer<IpAddress>> => {
        asked.push(name);
        const end = ends.find((one) => name === one || (one.startsWith(".") && name.endsWith(one)));
        const entry = end === undefined ? "nxdomain" : (world[end] ?? "nxdomain");
        const said = typeof entry === "function" ? entry() : entry;
        if (said === "nxdomain") return { kind: "nxdomain" };
        const cause = failures.find((one) => one === said);
        if (cause !== undefined) return { kind: "failed", cause };
        return { kind: "answer", records: said.split(" ").map(ip), ttl: 60 };
      },
      txt: async (name: string): Promise<Answer<string>> =>
        texts[name] === undefined ? { kind: "nxdomain" } : { kind: "answer", records: [texts[name]], ttl: 60 },
    },
  };
}

function subjectOf(text: string): Subject {
  const address = parseIp(text);
  if (address.ok) return subjectOfAddress(address.value);
  const name = parseDomain(text);
  if (!name.ok) throw new Error(text);
  return { kind: "domain", name: name.value };
}

interface Options {
  readonly subjects?: readonly string[];
  readonly keys?: ReadonlyMap<string, string>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

async function run(lists: readonly string[], world: World, options: Options = {}) {
  const { asked, resolver } = answering(world, options.texts);
  const clock = options.clock ?? fakeClock();
  let result: ListsDocument | null = null;
  const steps: string[] = [];
  for await (const event of checkLists(
    {
      subjects: (options.subjects ?? ["192.0.2.25"]).map((text) => ({ subject: subjectOf(text), mailer: null })),
      lists: lists.map((id) => {
        const list = catalogue.find((one) => one.id === id);
        if (list === undefined) throw new Error(id);
        return list;
      }),
      catalogue,
      keys: options.keys ?? new Map(),
      servers: [],
    },
    { resolver, clock, random: fakeRandom(), memory: new AnswerMemory(clock) },
    options.signal ?? new AbortController().signal,
  )) {
    if (event.kind === "step") steps.push(event.step.subject);
    if (event.kind === "result") result = event.result;
  }
  if (result === null) throw new Error("no result");
  expect(listsDocumentSchema.safeParse(result).error).toBe(undefined);
  return { result, asked, steps };
}

/** `listed CODE` | `clean` | `unknown REASON`, for the first subject. */
function wordOf({ subjects }: ListsDocument, list: string): string {
  const [subject] = subjects;
  const codes = subject?.listings.filter((one) => one.list === list).map(({ code }) => code) ?? [];
  if (codes.length > 0) return `listed ${codes.join(" ")}`;
  if (subject?.clean.includes(list)) return "clean";
  return `unknown ${subject?.unknown.find((one) => one.list === list)?.reason}`;
}

const spamcop = ".bl.spamcop.net";
const alive: World = { [`2.0.0.127${spamcop}`]: "127.0.0.2" };
const ours = `25.2.0.192${spamcop}`;

for (const [why, world, want] of [
  ["alive", alive, "clean"],
  ["alive, and lists it", { ...alive, [ours]: "127.0.0.2" }, "listed 127.0.0.2"],
  ["a code that is not documented", { ...alive, [ours]: "127.0.0.9" }, "unknown unknown-code"],
  ["no answer for this one", { ...alive, [ours]: "servfail" }, "unknown servfail"],
  ["an answer that is no list's", { ...alive, [ours]: "198.51.100.80" }, "unknown lapsed"],
  ["a refusal for this one", { ...alive, [ours]: "127.255.255.255" }, "unknown over-limit"],
  // Never a false listing: what it says of ours does not count.
  ["a wildcard", { [spamcop]: "127.0.0.2" }, "unknown lists-everything"],
  ["a lapsed domain", { [spamcop]: "198.51.100.80" }, "unknown lapsed"],
  ["dead, and yet it lists", { [ours]: "127.0.0.2" }, "unknown dead"],
  // Never a liar called clean.
  ["dead", {}, "unknown dead"],
  ["silent", { [spamcop]: "timeout" }, "unknown timeout"],
  ["SERVFAIL", { [spamcop]: "servfail" }, "unknown servfail"],
  ["REFUSED", { [spamcop]: "refused" }, "unknown refused"],
  ["refuses us", { [spamcop]: "127.255.255.254" }, "unknown refuses-resolver"],
  // The resolver.
  ["a resolver that sells answers, clean", { "": "198.51.100.7", ...portal(alive) }, "unknown rewriting-resolver"],
  ["a resolver that sells answers, listed", { ...portal({ ...alive, [ours]: "127.0.0.2" }) }, "listed 127.0.0.2"],
  [
    "a resolver that answers 127.0.0.2",
    { ".com": "127.0.0.2", ...alive, [ours]: "127.0.0.2" },
    "unknown rewriting-resolver",
  ],
  ["no resolver", { ".com": "timeout", ".org": "timeout", ".invalid": "timeout", ...alive }, "unknown resolver-silent"],
] as const)
  test(`${why}: ${want}`, async () => {
    const { result } = await run(["spamcop"], world);
    expect(wordOf(result, "spamcop")).toBe(want);
    expect(result.verdict).toBe(want.split(" ")[0]);
  });

/** What is not there leads to a portal. */
function portal(world: World): World {
  return {
    ".com": "198.51.100.7",
    ".org": "198.51.100.7",
    ".invalid": "198.51.100.7",
    ".net": "198.51.100.7",
    ...world,
  };
}

test("SERVFAIL once is asked again", async () => {
  let turn = 0;
  const { result } = await run(["spamcop"], { ...alive, [ours]: () => (turn++ === 0 ? "servfail" : "127.0.0.2") });
  expect(wordOf(result, "spamcop")).toBe("listed 127.0.0.2");
});

test("each code of an answer is a listing, with the removal of its part and the list's own words", async () => {
  const zen = ".zen.spamhaus.org";
  const { result } = await run(
    ["spamhaus-zen"],
    { [`2.0.0.127${zen}`]: "127.0.0.2", [`25.2.0.192${zen}`]: "127.0.0.2 127.0.0.10" },
    { texts: { [`25.2.0.192${zen}`]: "https://check.spamhaus.org/query/ip/192.0.2.25" } },
  );
  expect(
    result.subjects[0]?.listings.map(({ list, code, removal, text, look }) => [list, code, removal.by, text, look]),
  ).toEqual(
    ["127.0.0.2", "127.0.0.10"].map((code, at) => [
      "spamhaus-zen",
      code,
      ["spamhaus-sbl", "spamhaus-pbl"][at],
      "https://check.spamhaus.org/query/ip/192.0.2.25",
      "https://check.spamhaus.org/results/?query=192.0.2.25",
    ]),
  );
  expect(result.findings.map(({ tag }) => tag)).toEqual(["LISTS_LISTED", "LISTS_LISTED"]);
});

test("allow lists and lists to ignore leave the verdict alone", async () => {
  const { result } = await run(["spamcop", "dnswl", "uceprotect-3"], {
    ...alive,
    "2.0.0.127.list.dnswl.org": "127.0.10.0",
    "25.2.0.192.list.dnswl.org": "127.0.5.1",
    "2.0.0.127.dnsbl-3.uceprotect.net": "127.0.0.2",
    "25.2.0.192.dnsbl-3.uceprotect.net": "127.0.0.2",
  });
  const [subject] = result.subjects;
  expect(result.verdict).toBe("clean");
  expect(subject?.notes).toEqual([{ list: "dnswl", code: "127.0.5.1", meaning: "trust: low (category 5)" }]);
  expect(result.findings.map(({ tag }) => tag)).toEqual(["LISTS_LISTED_IGNORABLE"]);
});

test("a keyed zone is asked with its key, and the key is never told", async () => {
  const zone = ".k3y.zen.dq.spamhaus.net";
  const { result, asked } = await run(
    ["spamhaus-zen"],
    { [`2.0.0.127${zone}`]: "127.0.0.2", [`25.2.0.192${zone}`]: "127.0.0.3" },
    {
      keys: new Map([["spamhaus-dqs", "k3y"]]),
      texts: { [`25.2.0.192${zone}`]: "https://check.spamhaus.org/?zone=k3y.zen" },
    },
  );
  expect(wordOf(result, "spamhaus-zen")).toBe("listed 127.0.0.3");
  expect(asked.some((name) => name.endsWith(".zen.spamhaus.org"))).toBe(false);
  expect(JSON.stringify(result)).not.toMatch(/k3y/);
  expect(result.lists[0]?.zone).toBe("{key}.zen.dq.spamhaus.net");
});

test("without a key, and of what cannot be asked by DNS, that is said", async () => {
  const { result } = await run(["spamcop", "abusix", "invaluement"], alive);
  expect(["abusix", "invaluement"].map((id) => wordOf(result, id))).toEqual([
    "unknown needs-key",
    "unknown not-by-dns",
  ]);
  // Known beforehand, and no reason to doubt what the others say.
  expect(result.verdict).toBe("clean");
});

test("a list that ended is not asked, but named", async () => {
  const { result, asked } = await run(["ordb"], { ".relays.ordb.org": "127.0.0.2" });
  expect(wordOf(result, "ordb")).toBe("unknown ended");
  expect(asked.filter((name) => name.endsWith("ordb.org"))).toEqual([]);
  expect(result.findings.map(({ tag }) => tag)).toEqual(["LISTS_ENDED"]);
});

test("IPv6: silence is no proof where only IPv4 has a test entry, a listing counts", async () => {
  const world = { "2.0.0.127.all.s5h.net": "127.0.0.2" };
  const nibbles = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2";
  const silent = await run(["s5h"], world, { subjects: ["2001:db8::25"] });
  expect(wordOf(silent.result, "s5h")).toBe("unknown no-test-entry");
  const lists = await run(
    ["s5h"],
    { ...world, [`${nibbles}.all.s5h.net`]: "127.0.0.2" },
    { subjects: ["2001:db8::25"] },
  );
  expect(wordOf(lists.result, "s5h")).toBe("listed 127.0.0.2");
});

const many = Array.from({ length: 250 }, (_, at) => `192.0.2.${at + 1}`);

test("a zone that fails on the way is left alone; what it did not say is not clean", async () => {
  let turn = 0;
  const { result, asked } = await run(
    ["spamcop"],
    { [spamcop]: () => (turn++ < 20 ? "nxdomain" : "timeout"), ...alive },
    { subjects: many },
  );
  const cleans = result.subjects.filter(({ clean }) => clean.length > 0).length;
  const unknowns = result.subjects.filter(({ unknown }) => unknown[0]?.reason === "timeout").length;
  expect(cleans).toBeLessThanOrEqual(20);
  expect(cleans + unknowns).toBe(250);
  expect(asked.length).toBeLessThan(150); // no more than were under way
});

test("a list that has had enough is asked no more", async () => {
  const { result, asked } = await run(
    ["spamcop"],
    { ...alive, ".192.bl.spamcop.net": "127.255.255.255" },
    { subjects: many },
  );
  expect(result.subjects.every(({ unknown }) => unknown[0]?.reason === "over-limit")).toBe(true);
  expect(asked.length).toBeLessThan(150);
});

test("no more a second than the operator allows", async () => {
  const clock = fakeClock();
  const began = clock.monotonic();
  const { steps } = await run(
    ["sem-black"],
    { "2.0.0.127.bl.spameatingmonkey.net": "127.0.0.2" },
    { subjects: many.slice(0, 26), clock },
  );
  expect(steps.length).toBe(26);
  expect(clock.monotonic() - began).toBeGreaterThanOrEqual(5000);
});

test("stopped: what is known is kept, the rest is unknown, nothing is thrown", async () => {
  const stop = new AbortController();
  let turn = 0;
  const { result } = await run(
    ["spamcop"],
    {
      ...alive,
      ".192.bl.spamcop.net": () => {
        if (turn++ === 10) stop.abort(new Error("enough"));
        return "nxdomain";
      },
    },
    { subjects: many, signal: stop.signal },
  );
  expect(result.ended).toBe("interrupted");
  const reasons = new Set(result.subjects.flatMap(({ unknown }) => unknown.map(({ reason }) => reason)));
  expect([...reasons]).toEqual(["interrupted"]);
  expect(result.verdict).toBe("unknown");
});

test("all living lists at once, most of them dead: every subject has its answer for every list", async () => {
  const { result } = await run(
    livingLists(catalogue).map(({ id }) => id),
    alive,
    { subjects: ["192.0.2.25", "2001:db8::25", "ourcollege.example"] },
  );
  for (const { kind, clean, unknown, listings } of result.subjects) {
    const accusing = new Set(
      catalogue
        .filter(
          ({ role, id }) =>
            ["block", "policy", "mixed"].includes(role) &&
            result.lists.some((one) => one.list === id && one.kind === kind),
        )
        .map(({ id }) => id),
    );
    expect(listings).toEqual([]);
    expect(new Set([...clean, ...unknown.map(({ list }) => list)])).toEqual(accusing);
  }
});
