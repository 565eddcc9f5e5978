import fc from "fast-check";
import { expect, test } from "vitest";
import { type DnsLiteral, literalResolver } from "../../test/fakes/resolver.ts";
import type { Hosted } from "../knowledge/hosted.ts";
import { formatPrefix } from "../net/prefix.ts";
import { initSchema } from "../report/results/init.ts";
import { parseSite } from "../site/site.ts";
import { Unavailable, UsageError } from "./errors.ts";
import { proposeSite } from "./propose-site.ts";

const never = new AbortController().signal;
const hosted: readonly Hosted[] = [
  {
    id: "big-mail",
    name: "Big Mail",
    kind: "mailbox",
    mx: ["*.mail.big.example"],
    reference: "x",
    verified: "2026-11-24",
  },
  { id: "sieve", name: "Sieve", kind: "filter", mx: ["*.sieve.example"], reference: "x", verified: "2026-11-24" },
];

async function propose(dns: DnsLiteral, domain = "ourcollege.example") {
  const result = await proposeSite(domain, "site.yaml", { resolver: literalResolver(dns), hosted }, never);
  const read = parseSite(result.site, "site.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  expect(initSchema.safeParse(result).success).toBe(true);
  return { result, site: read.site };
}

test("networks come only from ip4 and ip6 of the domain's own record", async () => {
  const { result, site } = await propose({
    TXT: {
      "ourcollege.example": [
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8:25::/48 a mx include:_spf.big.example redirect=x.example ?ip4:203.0.113.0/24 ~all",
      ],
      "_spf.big.example": ["v=spf1 ip4:198.51.100.0/24 -all"],
    },
    MX: { "ourcollege.example": ["10 mx1.ourcollege.example", "20 mx2.ourcollege.example"] },
    A: {
      "mx1.ourcollege.example": ["192.0.2.25"],
      "mx2.ourcollege.example": ["198.51.100.25"],
      "ourcollege.example": ["198.51.100.80"],
    },
    AAAA: { "mx1.ourcollege.example": ["2001:db8:25::25"] },
  });
  expect(site.networks.map(formatPrefix)).toEqual(["192.0.2.0/24", "2001:db8:25::/48"]);
  expect(result.leftOut.map(({ term }) => term)).toEqual([
    "a",
    "mx",
    "include:_spf.big.example",
    "redirect=x.example",
    "?ip4:203.0.113.0/24",
  ]);
  expect(result.mailers).toEqual([
    { name: "mx1", host: "mx1.ourcollege.example", addresses: ["192.0.2.25", "2001:db8:25::25"], outside: [] },
    { name: "mx2", host: "mx2.ourcollege.example", addresses: ["198.51.100.25"], outside: ["198.51.100.25"] },
  ]);
  expect(site.mailers.map(({ name, host }) => [name, host])).toEqual([
    ["mx1", "mx1.ourcollege.example"],
    ["mx2", "mx2.ourcollege.example"],
  ]);
  expect(result.site).toContain("# 198.51.100.25: in none of the networks above.");
  await expect(result.site).toMatchFileSnapshot("../../test/goldens/init-site.yaml");
});

test("a hosted MX is never a target", async () => {
  const { result, site } = await propose({
    TXT: { "ourcollege.example": ["v=spf1 include:spf.big.example -all"] },
    MX: { "ourcollege.example": ["0 ourcollege.mail.big.example", "5 eu.sieve.example"] },
    A: { "ourcollege.mail.big.example": ["198.51.100.1"], "eu.sieve.example": ["198.51.100.2"] },
  });
  expect(site.mailers).toEqual([]);
  expect(site.hostedMx.map(({ name }) => name)).toEqual(["ourcollege.mail.big.example", "eu.sieve.example"]);
  expect(result.hostedMx.map(({ service }) => service)).toEqual(["Big Mail", "Sieve"]);
  // Nobody real is trusted until a person writes the networks.
  expect(site.networks.map(formatPrefix)).toEqual(["192.0.2.0/24"]);
  expect(result.networks).toEqual([]);
  expect(result.site).toContain("PLACEHOLDER");
});

test("prefixes that would trust half the Internet are refused with a warning", async () => {
  const { result, site } = await propose({
    TXT: {
      "ourcollege.example": [
        "v=spf1 ip4:0.0.0.0/0 ip4:198.0.0.0/7 ip4:198.0.0.0/8 ip6:2001::/16 ip6:2001:c00::/19 ip4:127.0.0.0/8 +all",
      ],
    },
    MX: { "ourcollege.example": ["0 ."] },
  });
  expect(site.networks.map(formatPrefix)).toEqual(["198.0.0.0/8", "2001::/19"]);
  expect(result.warnings).toEqual([
    "ip4:0.0.0.0/0 was refused: it is wider than /8",
    "ip4:198.0.0.0/7 was refused: it is wider than /8",
    "ip6:2001::/16 was refused: it is wider than /19",
    "the SPF record of ourcollege.example ends with +all: it lets everybody send in your name",
    "ourcollege.example says that it takes no mail (null MX, RFC 7505): no mailer is proposed",
  ]);
});

test("names of mailers are unlike one another, and an address is listed once", async () => {
  const { site, result } = await propose({
    MX: { "ourcollege.example": ["10 mx.a.example", "20 mx.b.example", "30 also.b.example", "40 lost.example"] },
    A: { "mx.a.example": ["192.0.2.1"], "mx.b.example": ["192.0.2.2"], "also.b.example": ["192.0.2.2"] },
  });
  expect(site.mailers.map(({ name }) => name)).toEqual(["mx", "mx.b.example"]);
  expect(result.warnings.slice(1)).toEqual([
    "the MX host also.b.example has the addresses of another one and was left out",
    "the MX host lost.example has no address in DNS and was left out",
  ]);
});

test("without MX records the domain's own address takes its mail", async () => {
  const { site } = await propose({ A: { "ourcollege.example": ["192.0.2.7"] } });
  expect(site.mailers.map(({ name, host }) => [name, host])).toEqual([["ourcollege", "ourcollege.example"]]);
});

test("names that YAML would read as something else are put in quotes", async () => {
  const { site } = await propose(
    {
      MX: { true: ["10 null", "20 12.34", "20 1e3.example"] },
      A: { null: ["192.0.2.1"], "1e3.example": ["192.0.2.2"] },
    },
    "true",
  );
  expect(site.name).toBe("true");
  expect(site.mailers.map(({ name, host }) => [name, host])).toEqual([
    ["null", "null"],
    ["1e3", "1e3.example"],
  ]);
});

test("no such domain, no domain, no DNS", async () => {
  const ask = (domain: string, dns: DnsLiteral) =>
    proposeSite(domain, null, { resolver: literalResolver(dns), hosted }, never);
  await expect(ask("nowhere.example", {})).rejects.toThrow(UsageError);
  await expect(ask("192.0.2.1", {})).rejects.toThrow(UsageError);
  await expect(ask("a b", {})).rejects.toThrow(UsageError);
  await expect(ask("ourcollege.example", { fail: ["*"] })).rejects.toThrow(Unavailable);
});

test("whatever DNS says, the text is a site file, and holds nothing that would steer a terminal", async () => {
  const hostile = fc.string({
    unit: fc.constantFrom(..."a1.:/-~+= #\n\r\u001b\u202e\"'{}[]&*!|>%@`,é".split("")),
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(hostile, { maxLength: 4 }),
      fc.array(hostile, { maxLength: 3 }),
      async (terms, exchanges) => {
        const { result } = await propose({
          TXT: {
            "ourcollege.example": [
              `v=spf1 ${terms.map((term, at) => (at % 2 === 0 ? `ip4:${term}` : term)).join(" ")}`,
            ],
          },
          MX: { "ourcollege.example": exchanges.map((exchange) => `10 ${exchange.replaceAll(" ", "")}`) },
          A: Object.fromEntries(
            exchanges.map((exchange) => [exchange.replaceAll(" ", "").toLowerCase(), ["198.51.100.1"]]),
          ),
        });
        expect(result.site.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      },
    ),
    { numRuns: 200 },
  );
});
