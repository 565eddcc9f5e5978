import fc from "fast-check";
import { expect, test } from "vitest";
import { ipSet } from "../net/ip-set.ts";
import { parsePrefix } from "../net/prefix.ts";
import { parseSite } from "../site/site.ts";
import { plain, wildcard } from "./addresses.ts";
import type { Action, Chain, Match, Reading, Rule } from "./model.ts";
import type { Platform } from "./platform.ts";
import { prove } from "./prove.ts";
import { wantedOf } from "./wanted.ts";

const platform = {
  id: "model",
  title: "model",
  versions: "",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "wan",
  inside: null,
  residuals: [],
  read: () => {
    throw new Error("not read");
  },
  render: () => {
    throw new Error("not rendered");
  },
} as const satisfies Platform;

const site = (more = ""): ReturnType<typeof wantedOf> => {
  const read = parseSite(
    `name: Test\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: [{name: mx, addresses: [192.0.2.25], ports: [25]}]\n${more}`,
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return wantedOf(read.site, "outside");
};

const net = (...texts: string[]) =>
  plain(
    ipSet(
      texts.map((text) => {
        const read = parsePrefix(text);
        if (!read.ok) throw new Error(text);
        return read.value;
      }),
    ),
  );
const tcp = { protocols: [{ first: 6, last: 6 }] } satisfies Match;
const smtp = { ...tcp, destinationPorts: [{ first: 25, last: 25 }] } satisfies Match;

let line = 0;
const rule = (action: Action["kind"] & ("permit" | "deny"), ...matches: Match[]): Rule => {
  line += 1;
  return { matches, action: { kind: action }, place: { file: "f", line, text: `rule ${line}` } };
};

/** A list coming in, and nothing going out. */
function listed(rules: readonly Rule[], otherwise: Chain["otherwise"] = "deny"): Reading {
  const chains = new Map([["IN", { name: "IN", rules, otherwise, place: null } satisfies Chain]]);
  return {
    chains,
    troubles: [],
    lists: ["IN"],
    interfaces: ["wan"],
    interfaceNamed: (text) => (text === "wan" ? "wan" : null),
    aliases: () => [],
    crossing: (_outside, { direction }) => ({
      stages: direction === "in" ? [{ chain: "IN", stateful: false }] : [],
      attachment: direction === "in" ? "IN on wan, in" : "nothing on wan, out",
      place: null,
    }),
    list: () => ({ stages: [{ chain: "IN", stateful: false }], attachment: "IN", place: null }),
  };
}

const judge = (reading: Reading, more = "", baseline: Reading | null = null) =>
  prove({ platform, reading, wanted: site(more), outside: "wan", list: null, direction: null, baseline });

const mailer = net("192.0.2.25/32");
const networks = net("192.0.2.0/24");

test("the whole list is exact", () => {
  const proof = judge(
    listed([
      rule("permit", { ...smtp, destination: mailer }),
      rule("deny", { ...smtp, destination: networks }),
      rule("permit", {}),
    ]),
  );
  expect([proof.verdict, proof.holes, proof.overblocks]).toEqual(["exact", [], []]);
});

test("no filter at all is a hole", () => {
  const proof = judge(listed([rule("permit", {})]));
  expect(proof.verdict).toBe("holes");
  expect(proof.holes[0]).toMatchObject({
    direction: "in",
    destinationPort: 25,
    destination: "192.0.2.7",
    flags: ["syn"],
  });
  expect(proof.crossings[0]?.open.slice(0, 3)).toEqual(["192.0.2.0/28", "192.0.2.16/29", "192.0.2.24/32"]);
});

test("a permit behind the deny never matches", () => {
  const proof = judge(
    listed([
      rule("deny", { ...smtp, destination: networks }),
      rule("permit", { ...smtp, destination: mailer }),
      rule("permit", {}),
    ]),
  );
  expect(proof.verdict).toBe("overblocks");
  expect(proof.overblocks[0]).toMatchObject({
    destination: "192.0.2.25",
    line: { text: expect.stringMatching(/^rule/) },
  });
  expect(proof.crossings[0]?.cut).toEqual(["192.0.2.25/32"]);
  expect(proof.idle.map(({ because }) => because)).toContain("shadowed");
});

test("without its last permit it stops all else", () => {
  const proof = judge(
    listed([rule("permit", { ...smtp, destination: mailer }), rule("deny", { ...smtp, destination: networks })]),
  );
  expect(proof.verdict).toBe("overblocks");
  // Answers to the site's own sessions, and everything else.
  expect(proof.overblocks.map(({ destinationPort }) => destinationPort)).toEqual([40000, 443]);
});

test("established is no hole, but is said", () => {
  const established = { ...tcp, flags: [{ mask: 0b010000, value: 0b010000 }] };
  const proof = judge(
    listed([
      rule("permit", established),
      rule("permit", { ...smtp, destination: mailer }),
      rule("deny", { ...smtp, destination: networks }),
      rule("permit", {}),
    ]),
  );
  expect(proof.verdict).toBe("exact");
  expect(proof.residuals.join()).toMatch(/open already/);
});

test("a netmask in the place of a wildcard lets every .25 through", () => {
  const proof = judge(
    listed([
      rule("permit", { ...smtp, destination: wildcard(4, 0xc0000219n, 0xffffff00n) }),
      rule("deny", { ...smtp, destination: networks }),
      rule("permit", {}),
    ]),
  );
  expect(proof.verdict).toBe("exact"); // only one host of the site ends in .25
  const wider = judge(
    listed([
      rule("permit", { ...smtp, destination: wildcard(4, 0xc0000219n, 0x000000c0n) }),
      rule("deny", { ...smtp, destination: networks }),
      rule("permit", {}),
    ]),
  );
  expect(wider.crossings[0]?.open).toEqual(["192.0.2.89/32", "192.0.2.153/32", "192.0.2.217/32"]);
});

test("what is only perhaps matched is unknown", () => {
  const proof = judge(
    listed([
      rule("permit", { ...smtp, destination: mailer }),
      rule("deny", { ...smtp, destination: networks, unsure: "only at night" }),
      rule("permit", {}),
    ]),
  );
  expect(proof.verdict).toBe("unknown");
  expect(proof.undecided[0]?.why).toMatch(/night/);
});

test("a list that says nothing of the site's families proves nothing", () => {
  const reading = { ...listed([rule("permit", {})]), list: () => null };
  const proof = prove({
    ...{ platform, reading, wanted: site(), outside: "wan", list: "IN", direction: null, baseline: null },
  });
  expect([proof.verdict, proof.because]).toEqual(["unknown", expect.stringMatching(/says nothing of IPv4/)]);
});

test("a family that a list says nothing of is named", () => {
  const read = parseSite(
    'name: Test\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24, "2001:db8:25::/48"]\nmailers: []\n',
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  const one = listed([rule("deny", { ...smtp, destination: networks }), rule("permit", {})]);
  const reading: Reading = { ...one, list: (name, asked) => (asked.family === 6 ? null : one.list(name, asked)) };
  const wanted = wantedOf(read.site, "outside");
  const proof = prove({ platform, reading, wanted, outside: "wan", list: "IN", direction: null, baseline: null });
  expect([proof.verdict, proof.residuals]).toEqual(["exact", [expect.stringMatching(/^IPv6 was not judged/)]]);
});

test("managed-only also looks at what goes out", () => {
  const proof = judge(
    listed([
      rule("permit", { ...smtp, destination: mailer }),
      rule("deny", { ...smtp, destination: networks }),
      rule("permit", {}),
    ]),
    "policy: {outboundPort25: managed-only}\n",
  );
  expect(proof.verdict).toBe("holes");
  expect(proof.holes[0]).toMatchObject({ direction: "out", source: "192.0.2.7" });
});

test("a baseline shows what else was changed", () => {
  const rest = [rule("deny", { ...tcp, destinationPorts: [{ first: 23, last: 23 }] }), rule("permit", {})];
  const block = [rule("permit", { ...smtp, destination: mailer }), rule("deny", { ...smtp, destination: networks })];
  expect(judge(listed([...block, ...rest]), "", listed(rest))).toMatchObject({
    verdict: "exact",
    othersUnchanged: true,
  });
  expect(judge(listed([...block, rule("permit", {})]), "", listed(rest))).toMatchObject({
    verdict: "holes",
    othersUnchanged: false,
    holes: [{ destinationPort: 23 }],
  });
});

test("every packet fares as the diagram says", () => {
  const address = fc.integer({ min: 0, max: 255 });
  const prefix = fc.record({ host: address, length: fc.integer({ min: 24, max: 32 }) });
  const matches = fc.record({
    destination: fc.option(prefix),
    source: fc.option(prefix),
    port: fc.option(fc.constantFrom(24, 25, 26)),
    permit: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(matches, { maxLength: 8 }),
      fc.array(fc.tuple(address, fc.constantFrom(24, 25, 26)), { maxLength: 20 }),
      (rows, packets) => {
        const range = ({ host, length }: { host: number; length: number }): [number, number] => {
          const size = 2 ** (32 - length);
          const first = host - (host % size);
          return [first, first + size - 1];
        };
        const rules = rows.map((row) =>
          rule(row.permit ? "permit" : "deny", {
            ...tcp,
            ...(row.destination === null
              ? {}
              : { destination: net(`192.0.2.${range(row.destination)[0]}/${row.destination.length}`) }),
            ...(row.port === null ? {} : { destinationPorts: [{ first: row.port, last: row.port }] }),
          }),
        );
        const proof = judge(listed(rules));
        const passes = (host: number, port: number): boolean =>
          rows.find((row) => {
            const [first, last] = row.destination === null ? [0, 255] : range(row.destination);
            return host >= first && host <= last && (row.port === null || row.port === port);
          })?.permit === true;
        const open = new Set<number>();
        for (let host = 0; host < 256; host += 1) if (host !== 25 && passes(host, 25)) open.add(host);
        expect(proof.holes.length > 0).toBe(open.size > 0);
        for (const hole of proof.holes) expect(open).toContain(Number(hole.destination.split(".")[3]));
        for (const [host] of packets) {
          const inOpen = proof.crossings[0]!.open.some((text) => {
            const read = parsePrefix(text);
            return (
              read.ok &&
              Number(read.value.address.bits & 255n) <= host &&
              host < Number(read.value.address.bits & 255n) + 2 ** (32 - read.value.length)
            );
          });
          expect(inOpen).toBe(open.has(host));
        }
      },
    ),
    { numRuns: 60 },
  );
});
