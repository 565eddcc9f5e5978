// The check of lists against real list servers and bad ones, where the truth is known of every subject and every list:
// never a false listing, never a missed one, never a liar called clean.
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { dnsResolver } from "../../src/io/dns.ts";
import { loadCatalogue } from "../../src/knowledge/catalogue.ts";
import { checkLists } from "../../src/lists/check.ts";
import { AnswerMemory } from "../../src/lists/memory.ts";
import { livingLists, planOf } from "../../src/lists/plan.ts";
import { subjectOfAddress } from "../../src/lists/question.ts";
import { type ListsDocument, listsDocumentSchema } from "../../src/lists/result.ts";
import { fencepost } from "../commands/run.ts";
import { ip } from "../fakes/resolver.ts";
import { available } from "../lab/available.ts";
import { startRbldnsd } from "./rbldnsd.ts";
import { type Behaviour, startResolver } from "./resolver.ts";
import { chance, type Part, parts, zoneData } from "./truth.ts";

vi.setConfig({ testTimeout: 120_000 });

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const catalogue = read.catalogue.lists;
const can = await available();

const subjects = {
  ip4: Array.from({ length: 30 }, (_, at) => `198.51.100.${at * 7 + 1}`),
  ip6: ["2001:db8:25::25", "2001:db8::1", "2001:db8:ffff::5"],
  domain: ["ourcollege.example", "mail.ourcollege.example", "example.org"],
} as const;
const keys = new Map([
  ["spamhaus-dqs", "k3y"],
  ["abusix", "k4y"],
]);
const plan = planOf(livingLists(catalogue), ["ip4", "ip6", "domain"], keys);

const isListed = (zone: string, subject: string): boolean => chance(`${zone} ${subject}`) < 0.2;

/** Every part plays in several zones; `turn` shifts them, so that in some run each zone plays each. */
function cast(turn: number): ReadonlyMap<string, Part> {
  const zones = [...new Set(plan.askings.map(({ zone }) => zone))];
  // Zones side by side in one domain are one server's: what it garbles spoils both.
  const servers = [...new Set(zones.map(serverOf))];
  return new Map(zones.map((zone) => [zone, parts[(servers.indexOf(serverOf(zone)) + turn) % parts.length]!] as const));
}

const serverOf = (zone: string): string => zone.split(".").slice(-3).join(".");

async function world(roles: ReadonlyMap<string, Part>) {
  const rbldnsd = await startRbldnsd(
    plan.askings.map((asking) =>
      zoneData(
        asking,
        subjects[asking.kind].filter((one) => isListed(asking.zone, one)),
      ),
    ),
  );
  const good: Behaviour = { kind: "hand-on", port: rbldnsd.port };
  const zones = Object.fromEntries([...roles].map(([zone, part]) => [zone, part.behaviour(good)]));
  return { rbldnsd, zones };
}

/** What is said wrongly of any subject and list. */
function faults(document: ListsDocument, roles: ReadonlyMap<string, Part>, rewriting: boolean): readonly string[] {
  const wrong: string[] = [];
  for (const { subject, kind, listings, notes, clean, unknown } of document.subjects)
    for (const { list } of plan.askings.filter((asking) => asking.kind === kind)) {
      const zones = plan.askings.filter((asking) => asking.kind === kind && asking.list.id === list.id);
      const truthful = zones.filter(({ zone }) => roles.get(zone)?.reason === null);
      const on = truthful.some(({ zone }) => isListed(zone, subject));
      const said = [
        ...(listings.some((one) => one.list === list.id) ? ["listed"] : []),
        ...(notes.some((one) => one.list === list.id) ? ["noted"] : []),
        ...(clean.includes(list.id) ? ["clean"] : []),
        ...unknown.filter((one) => one.list === list.id).map(({ reason }) => reason),
      ];
      const accuses =
        ["block", "policy", "mixed"].includes(list.role) && list.codes.some((row) => row.kind === "listed");
      const testless = zones.some(({ row }) => row.test?.listed === null);
      const reasons = zones
        .flatMap(({ zone }) => roles.get(zone)?.reason ?? [])
        // Where one has to register, silence means that first.
        .map((reason) => (reason === "dead" && list.status === "registration" ? "needs-registration" : reason));
      const expected =
        on && accuses
          ? [["listed"]]
          : !accuses
            ? [[], ["noted"], ["clean"], ["noted", "clean"]]
            : reasons.length > 0
              ? // A part without a test entry cannot be found dead, but is not believed either; garbled may only be slow.
                [
                  [reasons.at(-1)],
                  ...(testless ? [["no-test-entry"]] : []),
                  ...(reasons.includes("garbled") ? [["timeout"]] : []),
                ]
              : testless
                ? [["no-test-entry"], ["rewriting-resolver"]]
                : [[rewriting ? "rewriting-resolver" : "clean"]];
      if (!expected.some((one) => JSON.stringify(one) === JSON.stringify(said)))
        wrong.push(
          `${subject} at ${list.id} (${reasons.join(", ") || "truthful"}, ${on ? "on it" : "not on it"}): ${said.join(", ")}`,
        );
      // Whatever else: these three never happen.
      if (said.includes("listed") && !on) wrong.push(`FALSE LISTING: ${subject} at ${list.id}`);
      if (said.includes("clean") && on && accuses) wrong.push(`MISSED: ${subject} at ${list.id}`);
      if (said.includes("clean") && reasons.length > 0) wrong.push(`A LIAR CALLED CLEAN: ${list.id}`);
    }
  return wrong;
}

const everything = [...subjects.ip4, ...subjects.ip6, ...subjects.domain];

for (const turn of [0, 4, 8, 12])
  test(`the truth of ${everything.length} subjects at ${plan.askings.length} zones, cast ${turn}`, async ({ skip }) => {
    if (!can.ok) return skip(can.reason);
    const roles = cast(turn);
    const { rbldnsd, zones } = await world(roles);
    await using _rbldnsd = rbldnsd;
    await using resolver = await startResolver({ zones });
    const ran = await fencepost(
      ["lists", "check", ...everything, "--resolver", resolver.address, "--no-store", "--json"],
      {
        env: { FENCEPOST_LIST_KEYS: "spamhaus-dqs=k3y,abusix=k4y" },
      },
    );
    expect(ran.err).toBe("");
    const document = listsDocumentSchema.parse(JSON.parse(ran.out));
    expect(faults(document, roles, false)).toEqual([]);
    expect(ran.code).toBe(1);
    expect(ran.out).not.toMatch(/k3y|k4y/);
  });

test("through a resolver that sells answers: listings are found, and nothing is called clean", async ({ skip }) => {
  if (!can.ok) return skip(can.reason);
  const roles = new Map([...cast(0)].map(([zone]) => [zone, parts[0]!] as const));
  const { rbldnsd, zones } = await world(roles);
  await using _rbldnsd = rbldnsd;
  await using resolver = await startResolver({ zones, rewrites: "203.0.113.80" });
  const ran = await fencepost(
    ["lists", "check", ...everything, "--resolver", resolver.address, "--no-store", "--json"],
    {
      env: { FENCEPOST_LIST_KEYS: "spamhaus-dqs=k3y,abusix=k4y" },
    },
  );
  const document = listsDocumentSchema.parse(JSON.parse(ran.out));
  expect(document.resolver.verdict).toBe("rewrites");
  expect(faults(document, roles, true)).toEqual([]);
});

/** Spamcop alone, through a resolver on loopback. */
async function checked(address: string, timeoutMs: number): Promise<ListsDocument> {
  for await (const event of checkLists(
    {
      subjects: [{ subject: subjectOfAddress(ip("198.51.100.1")), mailer: null }],
      lists: catalogue.filter(({ id }) => id === "spamcop"),
      catalogue,
      keys: new Map(),
      servers: [address],
    },
    {
      resolver: dnsResolver([address], { timeoutMs, tries: 1 }),
      clock: systemClock,
      random: systemRandom,
      memory: new AnswerMemory(systemClock),
    },
    new AbortController().signal,
  ))
    if (event.kind === "result") return event.result;
  throw new Error("no result");
}

test("whatever bytes come back, nothing is listed, nothing is clean, and it ends", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      await using resolver = await startResolver({ zones: { "bl.spamcop.net": { kind: "bytes", bytes } } });
      const { subjects: told, verdict } = await checked(resolver.address, 100);
      expect([verdict, told[0]?.listings, told[0]?.clean]).toEqual(["unknown", [], []]);
    }),
    { numRuns: 60 },
  );
});

test("nobody at the resolver's address: all is unknown, at once or within its time", async () => {
  const { verdict, subjects: told } = await checked("127.0.0.1:1", 300);
  expect([verdict, told[0]?.clean]).toEqual(["unknown", []]);
});
