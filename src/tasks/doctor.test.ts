import { expect, test } from "vitest";
import { type DnsLiteral, ip, literalResolver } from "../../test/fakes/resolver.ts";
import { DialError, ListenError, type Listener } from "../ports.ts";
import { doctorDocument } from "../report/documents/doctor.ts";
import { renderText } from "../report/faces/text.ts";
import { doctorSchema } from "../report/results/doctor.ts";
import { parseSite } from "../site/site.ts";
import { type DoctorOptions, type DoctorPorts, doctor } from "./doctor.ts";

const never = new AbortController().signal;

const siteText = `name: Our College
domains: [ourcollege.example]
networks: [192.0.2.0/24]
mailers:
  - {name: mx1, host: mx1.ourcollege.example, addresses: [192.0.2.25, "2001:db8:25::25"]}
check: {control: "mx.nren.example:25"}
catcher: {domain: catch.tests.example, listen: "0.0.0.0:25", address: 198.51.100.9}
`;

const wholeDns: DnsLiteral = {
  MX: { "catch.tests.example": ["10 mx.catch.tests.example"], "*.catch.tests.example": ["10 mx.catch.tests.example"] },
  A: { "mx.catch.tests.example": ["198.51.100.9"], "mx.nren.example": ["203.0.113.25"] },
  AAAA: { "mx.catch.tests.example": ["2001:db8:9::9"] },
  TXT: { "catch.tests.example": ["v=spf1 mx -all"] },
  PTR: { "198.51.100.9": ["mx.catch.tests.example."], "2001:db8:9::9": ["mx.catch.tests.example"] },
};

const listensAnywhere: Listener = { listen: async (on) => ({ local: on, [Symbol.asyncDispose]: async () => {} }) };

function siteOf(text: string): NonNullable<DoctorOptions["site"]> {
  const read = parseSite(text, "site.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.site;
}

async function examine(dns: DnsLiteral, options: Partial<DoctorOptions> = {}, ports: Partial<DoctorPorts> = {}) {
  const result = await doctor(
    {
      site: siteOf(siteText),
      siteFile: "site.yaml",
      node: "24.3.0",
      catalogue: {
        ok: true,
        catalogue: {
          serial: 7,
          date: "2026-11-24",
          probes: [],
          unsupported: [],
          profiles: [],
          remedies: [],
          products: [],
          hosted: [],
          later: [],
          lists: [],
          receivers: [],
        },
      },
      catchListen: null,
      catchDomain: null,
      sources: [],
      interfaces: ["127.0.0.1", "::1", "fe80::1", "198.51.100.9", "2001:db8:9::9"].map(ip),
      ...options,
    },
    {
      resolver: literalResolver(dns),
      listener: listensAnywhere,
      dialer: {
        connect: async (to) => ({
          peer: to,
          local: to,
          tls: null,
          read: async () => Buffer.from("220 mx.nren.example ESMTP\r\n"),
          write: async () => {},
          startTls: async () => {
            throw new Error("not asked for");
          },
          close: () => {},
          [Symbol.asyncDispose]: async () => {},
        }),
      },
      clock: { now: () => new Date("2026-11-24T02:00:00Z"), monotonic: () => 0, sleep: async () => {} },
      random: { bytes: (count) => new Uint8Array(count).fill(7) },
      store: { file: "store.sqlite", failure: null },
      occupant: async () => null,
      ...ports,
    },
    never,
  );
  expect(doctorSchema.safeParse(result).success).toBe(true);
  return {
    ...result,
    states: Object.fromEntries(result.lines.map(({ id, state }) => [id, state])),
    line: (id: string) => result.lines.find((one) => one.id === id),
  };
}

test("a machine that has all it needs", async () => {
  const { verdict, states, zone, records } = await examine(wholeDns);
  expect(new Set(Object.values(states))).toEqual(new Set(["ok"]));
  expect([verdict, zone]).toEqual(["ok", ""]);
  expect(new Set(records.map(({ state }) => state))).toEqual(new Set(["present"]));
});

test("without any record the zone text holds all of them", async () => {
  const { verdict, zone, states } = await examine({ A: { "mx.nren.example": ["203.0.113.25"] } });
  expect(verdict).toBe("problem");
  expect([states["catch-mx"], states["catch-wildcard"], states["reverse-dns"], states["sender-spf"]]).toEqual([
    "problem",
    "problem",
    "problem",
    "problem",
  ]);
  expect(`${zone}\n`).toBe(`catch.tests.example.     IN MX    10 mx.catch.tests.example.
*.catch.tests.example.   IN MX    10 mx.catch.tests.example.
mx.catch.tests.example.  IN A     198.51.100.9
catch.tests.example.     IN TXT   "v=spf1 ip4:198.51.100.9 ip6:2001:db8:9::9 -all"
; in the reverse zone, at whoever gave you the address:
9.100.51.198.in-addr.arpa.                                                 IN PTR   mx.catch.tests.example.
9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.  IN PTR   mx.catch.tests.example.
`);
});

test("only what is missing is asked for", async () => {
  const { "*.catch.tests.example": _, ...MX } = wholeDns.MX ?? {};
  const { zone, line } = await examine({ ...wholeDns, MX });
  expect(zone).toBe("*.catch.tests.example.  IN MX    10 mx.catch.tests.example.");
  expect(line("catch-wildcard")?.state).toBe("problem");
});

test("an MX that leads elsewhere is named", async () => {
  const { line } = await examine({
    ...wholeDns,
    MX: { ...wholeDns.MX, "catch.tests.example": ["10 mx.elsewhere.example"] },
  });
  expect(line("catch-mx")).toMatchObject({
    state: "problem",
    says: "mail for catch.tests.example is led to mx.elsewhere.example, and nothing leads to the catcher at 198.51.100.9",
  });
});

test("a failed question is no absence", async () => {
  const { states, zone } = await examine({
    ...wholeDns,
    fail: ["MX catch.tests.example", "PTR 198.51.100.9", "TXT catch.tests.example"],
  });
  expect([states["catch-mx"], states["sender-spf"]]).toEqual(["unknown", "unknown"]);
  expect(zone).toBe("");
});

test("a resolver that rewrites or is silent is told, and its other answers are not believed", async () => {
  const { line, states } = await examine({
    ...wholeDns,
    A: { ...wholeDns.A, [`fp-${"07".repeat(8)}.invalid`]: ["203.0.113.80"] },
  });
  expect(line("resolver")?.says).toContain("203.0.113.80");
  expect(states["catch-mx"]).toBe("unknown");
  expect((await examine({ fail: ["*"] })).line("resolver")?.says).toBe("the resolver does not answer (timeout)");
});

test("a port that is taken, and by whom", async () => {
  const taken: Listener = {
    listen: async () => {
      throw new ListenError("in-use", "0.0.0.0 port 25 is taken by another program");
    },
  };
  const { line } = await examine(wholeDns, {}, { listener: taken, occupant: async () => "master (process 812)" });
  expect(line("catcher-port")).toMatchObject({
    state: "problem",
    says: "the catcher cannot listen: 0.0.0.0 port 25 is taken by another program, master (process 812)",
  });
});

test("inside the site nothing can be said of strangers", async () => {
  expect((await examine(wholeDns, { sources: [ip("192.0.2.99")] })).line("vantage")?.state).toBe("problem");
  expect((await examine(wholeDns, { interfaces: [ip("10.0.0.5")] })).states.vantage).toBe("unknown");
  expect((await examine(wholeDns, { interfaces: [] })).line("vantage")?.says).toBe(
    "this machine has no address but loopback",
  );
});

test("the control host tells whether port 25 is let out", async () => {
  const refused: DoctorPorts["dialer"] = {
    connect: async () => {
      throw new DialError("timeout", "203.0.113.25 port 25 did not answer within 15 s");
    },
  };
  expect((await examine(wholeDns, {}, { dialer: refused })).line("port-25")).toMatchObject({
    state: "problem",
    says: "the control host mx.nren.example cannot be reached: 203.0.113.25 port 25 did not answer within 15 s",
  });
  expect((await examine(wholeDns, { site: siteOf(siteText.replace(/^check:.*$/m, "")) })).states["port-25"]).toBe(
    "unknown",
  );
});

test("IPv6 is missed only where it is needed", async () => {
  const interfaces = [ip("198.51.100.9")];
  expect((await examine(wholeDns, { interfaces })).states.ipv6).toBe("problem");
  expect(
    (await examine(wholeDns, { interfaces, site: siteOf(siteText.replace(', "2001:db8:25::25"', "")) })).states.ipv6,
  ).toBe("unknown");
});

test("an old Node, a store that cannot be written, a damaged catalogue, no site file", async () => {
  const { states, verdict } = await examine(
    wholeDns,
    {
      node: "22.1.0",
      site: null,
      siteFile: null,
      catalogue: { ok: false, errors: [{ path: "probes/plain.yaml", line: 3, message: "expected a title" }] },
    },
    { store: { file: "store.sqlite", failure: "attempt to write a readonly database" } },
  );
  expect(verdict).toBe("problem");
  expect([
    states.node,
    states.store,
    states.catalogue,
    states.site,
    states["catcher-port"],
    states["catch-domain"],
  ]).toEqual(Array(6).fill("problem"));
});

test("the report as text", async () => {
  const result = await examine({ A: { "mx.nren.example": ["203.0.113.25"] } });
  await expect(renderText(doctorDocument(result), { colour: false, width: 80 })).toMatchFileSnapshot(
    "../../test/goldens/doctor.txt",
  );
});
