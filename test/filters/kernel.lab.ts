// Our readers against the Linux kernel: rulesets made up from a seed, and those that we write ourselves, are loaded on a
// router between two namespaces; real packets are sent through in both directions, and what came out on the other side
// must be what `query` says. FENCEPOST_KERNEL_ROUNDS and FENCEPOST_SEED choose more of it, or the same again.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Compiled, insidesOf, sidesOf } from "../../src/filters/compile.ts";
import { Diagrams } from "../../src/filters/diagram.ts";
import { renderJob } from "../../src/filters/job.ts";
import type { Reading } from "../../src/filters/model.ts";
import { bitsOf, type Direction, describePacket, type Packet } from "../../src/filters/packet.ts";
import type { Platform } from "../../src/filters/platform.ts";
import { iptables } from "../../src/filters/platforms/iptables/iptables.ts";
import { nftables } from "../../src/filters/platforms/nftables/nftables.ts";
import { query } from "../../src/filters/query.ts";
import { available } from "../lab/available.ts";
import { recipeFor } from "../lab/recipes.ts";
import { ensureRoots } from "../lab/roots.ts";
import { type Border, createBorder } from "./kernel/border.ts";
import type { Sent } from "./kernel/packets.ts";
import { type Random, randomFrom } from "./kernel/random.ts";
import { clear, iptablesRuleset, nftRuleset, type Ruleset } from "./kernel/rulesets.ts";
import { address, answerTo, Traffic, type Try, thirdOf } from "./kernel/traffic.ts";
import { siteText, wantedOfText } from "./random-sites.ts";

const rounds = Number(process.env.FENCEPOST_KERNEL_ROUNDS ?? 10);
const seed = Number(process.env.FENCEPOST_SEED ?? 25);
/** Openings and single packets of one ruleset; sessions add to them. */
const triesEach = 12;

const can = await available();
let border: Border | undefined;

beforeAll(async () => {
  if (!can.ok) return;
  // The first time, packages come over the network.
  await ensureRoots([recipeFor("filters")]);
  border = await createBorder();
});

afterAll(async () => {
  await border?.[Symbol.asyncDispose]();
});

/** What the whole run has seen, said at its end. */
interface Tally {
  sent: number;
  passed: number;
  states: Record<string, number>;
}

const kinds = [
  { name: "nftables", platform: nftables, ruleset: nftRuleset },
  { name: "iptables and ip6tables", platform: iptables, ruleset: (random: Random) => iptablesRuleset(random, false) },
  { name: "ipset", platform: iptables, ruleset: (random: Random) => iptablesRuleset(random, true) },
] as const;

for (const { name, platform, ruleset } of kinds)
  test(`${name}: random rulesets`, { timeout: 3_600_000 }, async ({ skip }) => {
    const at = borderOr(skip);
    const random = randomFrom(seed);
    const traffic = new Traffic(random);
    const tally: Tally = { sent: 0, passed: 0, states: {} };
    for (let round = 0; round < rounds; round += 1)
      await oneRound(at, { platform, ruleset: ruleset(random), traffic, tally, name: `round ${round}, seed ${seed}` });
    told(name, tally);
  });

for (const platform of [nftables, iptables])
  test(`${platform.id}: the filters that we write`, { timeout: 3_600_000 }, async ({ skip }) => {
    const at = borderOr(skip);
    const random = randomFrom(seed);
    const traffic = new Traffic(random);
    const tally: Tally = { sent: 0, passed: 0, states: {} };
    const sites = fc.sample(siteText, { seed, numRuns: Math.max(4, Math.ceil(rounds / 4)) });
    for (const [round, text] of [...sites, manyMailers].entries()) {
      const job = renderJob(wantedOfText(text, platform), { outside: "wan0", insides: [], into: null });
      const filter = platform.render(job);
      const load =
        platform.id === "nftables"
          ? `nft -c -f - <<'END'\n${filter.text}END\nnft -f - <<'END'\n${filter.text}END\n`
          : filter.text;
      const show = "nft -s list ruleset; iptables-save | grep -v '^#'; ip6tables-save | grep -v '^#'; ipset -s save";
      await at.onRouter(clear);
      const empty = await at.onRouter(show);
      await at.onRouter(load);
      const once = await at.onRouter(show);
      await at.onRouter(load);
      expect(uncounted(await at.onRouter(show)), "loaded twice").toBe(uncounted(once));
      await oneRound(at, {
        platform,
        ruleset: { text: filter.text, script: () => ":", fragments: true, printed: [] },
        traffic,
        tally,
        name: `${text}, round ${round}`,
      });
      await at.onRouter(filter.rollback);
      expect(withoutEmptyTables(await at.onRouter(show)), "taken back").toBe(withoutEmptyTables(empty));
    }
    told(`${platform.id}, our own`, tally);
  });

test("later fragments", { timeout: 600_000 }, async ({ skip }) => {
  const at = borderOr(skip);
  const rows: readonly (readonly [string, Platform, string, string])[] = [
    ["iptables -A FORWARD -f -j DROP", iptables, "", "-f"],
    ["iptables-legacy -A FORWARD ! -f -j DROP", iptables, "", "! -f"],
    ["ip6tables-legacy -A FORWARD -p tcp -m tcp ! --dport 25 -j DROP", iptables, "", "a port is not seen"],
    ["iptables-legacy -A FORWARD -p tcp -m multiport ! --dports 25 -j DROP", iptables, "", "a port is not seen"],
    ["ip6tables-legacy -A FORWARD -p tcp -j DROP", iptables, "", "the protocol is"],
    ["ip frag-off & 0x1fff != 0 drop", nftables, "nft", "by its offset"],
    ["ip frag-off & 0x1fff == 0 drop", nftables, "nft", "by its offset"],
    ["meta l4proto tcp drop", nftables, "nft", "the protocol is"],
  ];
  for (const [rule, platform, kind, why] of rows) {
    const text =
      kind === "nft"
        ? `table inet t {\n chain f {\n  type filter hook forward priority 0\n  ${rule}\n }\n}\n`
        : `${rule}\n`;
    await at.onRouter(
      kind === "nft"
        ? `${clear}nft -f - <<'END'\n${text}END\n`
        : `${clear}${text.replace("iptables -A", "iptables-legacy -A")}`,
    );
    const packets = [fragment("192.0.2.7", "203.0.113.9"), fragment("2001:db8:25::25", "2001:db8:f::9")];
    const arrived = await at.send(packets);
    const answer = queried(platform, platform.read("rules", text));
    for (const { id, packet } of packets)
      expect(answer("out", packet).action, `${rule}: ${why}`).toBe(arrived.has(id) ? "permit" : "deny");
  }
});

const fragment = (from: string, to: string): Sent => ({
  id: nextId(),
  direction: "out",
  packet: {
    ...blank,
    source: address(from),
    destination: address(to),
    laterFragment: true,
    extended: from.includes(":"),
  },
});

const blank = { protocol: 6, sourcePort: 0, destinationPort: 0, flags: 0, state: "invalid", inside: 0 } as const;

/** Enough of them that the iptables filter is made of sets. */
const manyMailers = [
  "name: Many Mailers",
  "domains: [ourcollege.example]",
  'networks: ["192.0.2.0/24", "198.51.100.0/25", "2001:db8:25::/48"]',
  "mailers:",
  ...Array.from(
    { length: 60 },
    (_, at) =>
      `  - {name: m${at}, addresses: [192.0.2.${25 + 3 * at}, "2001:db8:25::${(0x25 + 2 * at).toString(16)}"], ports: [25]${at % 3 === 0 ? ', acceptFrom: [203.0.113.0/28, "2001:db8:f::/64"]' : ""}}`,
  ),
  "policy: {outboundPort25: managed-only}",
  "",
].join("\n");

function borderOr(skip: (note: string) => never): Border {
  if (border !== undefined) return border;
  const reason = can.ok ? "the border was not made" : can.reason;
  if (process.env.CI === "true") throw new Error(reason);
  return skip(reason);
}

async function oneRound(
  at: Border,
  {
    platform,
    ruleset,
    traffic,
    tally,
    name,
  }: {
    readonly platform: Platform;
    readonly ruleset: Ruleset;
    readonly traffic: Traffic;
    readonly tally: Tally;
    readonly name: string;
  },
): Promise<void> {
  const loaded = await load(at, ruleset);
  const readings: { readonly form: string; readonly text: string; readonly answer: Answer }[] = [];
  for (const [form, text] of [["the text", loaded] as const, ...(await printedBy(at, ruleset))]) {
    const reading = platform.read("rules", text);
    expect(reading.troubles, `${name}, ${form}\n${text}`).toEqual([]);
    readings.push({ form, text, answer: form === "the text" ? queried(platform, reading) : compiled(reading) });
  }
  const sent: Sent[] = [];
  const arrived = new Set<number>();
  const deliver = async (packets: readonly Sent[]): Promise<void> => {
    for (const id of await at.send(packets)) arrived.add(id);
    sent.push(...packets);
  };
  const tries: (Try & { readonly id: number })[] = Array.from({ length: triesEach }, () => ({
    ...traffic.next(ruleset.fragments),
    id: nextId(),
  }));
  await deliver(tries.map(({ id, direction, packet }) => ({ id, direction, packet, sequence: 1000 })));
  // A session goes on where it was let through; where it was not, there is none.
  const open = tries.filter(({ session, id }) => session && arrived.has(id));
  const answers = open.map(
    ({ direction, packet }): Sent => ({
      id: nextId(),
      direction: direction === "in" ? "out" : "in",
      packet: answerTo(packet),
      sequence: 5000,
      acknowledged: 1001,
    }),
  );
  await deliver(answers);
  await deliver(
    open.flatMap(({ direction, packet }, index): readonly Sent[] =>
      arrived.has(answers[index]!.id)
        ? [{ id: nextId(), direction, packet: thirdOf(packet), sequence: 1001, acknowledged: 5001 }]
        : [],
    ),
  );
  for (const { id, direction, packet } of sent) {
    tally.sent += 1;
    if (arrived.has(id)) tally.passed += 1;
    const kind = packet.laterFragment ? "fragment" : packet.state;
    tally.states[kind] = (tally.states[kind] ?? 0) + 1;
    const expected = arrived.has(id) ? "permit" : "deny";
    for (const { form, text, answer } of readings) {
      const { action, why } = answer(direction, packet);
      if (action === expected) continue;
      const counters = await at.onRouter("nft list ruleset; iptables-legacy-save -c; ip6tables-legacy-save -c");
      expect(
        action,
        `${name}, ${form}: ${describePacket(packet)}, ${direction}, ${packet.state}; ${why}\n${numbered(text)}\n${counters}`,
      ).toBe(expected);
    }
  }
}

type Answer = (direction: Direction, packet: Packet) => { readonly action: string; readonly why: string };

const way = "hook forward";

/** As `filters query` answers. */
function queried(platform: Platform, reading: Reading): Answer {
  const inside = insidesOf([reading], "wan0").indexOf("lan0") + 1;
  return (direction, packet) => {
    const { action, line, text, why } = query({
      platform,
      reading,
      outside: "wan0",
      list: way,
      direction,
      packet: { ...packet, inside },
    });
    return { action, why: `line ${line}: ${text}; ${why}` };
  };
}

/** As the prover sees it: one diagram for all packets of a family and direction. */
function compiled(reading: Reading): Answer {
  const insides = insidesOf([reading], "wan0");
  const inside = insides.indexOf("lan0") + 1;
  const made = new Map<string, (packet: Packet) => string>();
  return (direction, packet) => {
    const asked = { family: packet.source.family, direction };
    const key = `${asked.family} ${direction}`;
    let look = made.get(key);
    if (look === undefined) {
      const crossing = reading.list(way, asked);
      if (crossing === null) return { action: "permit", why: "there is nothing" };
      const rules = new Compiled(new Diagrams(), reading, asked, sidesOf(reading, "wan0", insides));
      const diagram = rules.crossing(crossing);
      look = (one) => ["deny", "permit"][rules.diagrams.at(diagram, bitsOf(one))] ?? "unknown";
      made.set(key, look);
    }
    return { action: look({ ...packet, inside }), why: "by the diagram" };
  };
}

/** nft refuses rules that can never match (two protocols at once): those lines are left out. What was loaded. */
async function load(at: Border, { text, script }: Ruleset): Promise<string> {
  let wanted = text;
  for (let left = 8; ; left -= 1)
    try {
      await at.onRouter(script(wanted));
      return wanted;
    } catch (error) {
      const said = error instanceof Error ? error.message : "";
      const refused = [...said.matchAll(/^\/dev\/stdin:(\d+):.*(conflicting|only useful in)/gm)].map(([, line]) =>
        Number(line),
      );
      if (left === 0 || refused.length === 0) throw error;
      wanted = wanted
        .split("\n")
        .filter((_, index) => !refused.includes(index + 1))
        .join("\n");
    }
}

async function printedBy(at: Border, { printed }: Ruleset): Promise<readonly (readonly [string, string])[]> {
  const texts: (readonly [string, string])[] = [];
  for (const command of printed) texts.push([command, await at.onRouter(`{ ${command}; } 2>/dev/null`)]);
  return texts;
}

let ids = 0;
const nextId = (): number => {
  ids += 1;
  return ids;
};

const numbered = (text: string): string =>
  text
    .split("\n")
    .map((line, index) => `${index + 1}: ${line}`)
    .join("\n");

const uncounted = (text: string): string =>
  text
    .replace(/\[\d+:\d+\]/g, "")
    .replace(/counter packets \d+ bytes \d+/g, "counter")
    .replace(/ initval \S+/g, "");

/** iptables leaves its tables there, with nothing in them. */
const withoutEmptyTables = (text: string): string =>
  uncounted(text)
    .split("\n")
    .filter((line) => /^-A |^add |^create |^\t\t(?!type)/.test(line))
    .join("\n");

function told(name: string, { sent, passed, states }: Tally): void {
  const kinds = Object.entries(states).map(([kind, count]) => `${count} ${kind}`);
  process.stdout.write(`${name}: ${sent} packets sent (${kinds.join(", ")}), ${passed} passed, all as foretold\n`);
}
