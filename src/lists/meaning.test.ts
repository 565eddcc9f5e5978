import fc from "fast-check";
import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { ip } from "../../test/fakes/resolver.ts";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import { formatIp, ipFromBits, isLoopback } from "../net/ip.ts";
import { answerMatcher, type Meaning, meaningBy, octetsOf } from "./meaning.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const { lists } = read.catalogue;

const tableOf = (id: string) => {
  const list = lists.find((one) => one.id === id);
  if (list === undefined) throw new Error(id);
  return meaningBy(list.codes);
};
const means = (id: string, ...records: string[]): Meaning =>
  tableOf(id)({ kind: "answer", records: records.map(ip), ttl: 60 });

/** Kind, and what was said: `listed SBL…`, `refused over-limit`. */
function told(meaning: Meaning): string {
  switch (meaning.kind) {
    case "listed":
    case "noted":
      return `${meaning.kind} ${meaning.entries.map(({ code, means: words }) => `${code} ${words.split(/[:,]/)[0]}`).join("; ")}`;
    case "refused":
      return `refused ${meaning.because}`;
    case "failed":
      return `failed ${meaning.cause}`;
    case "outside":
    case "unknown-code":
      return `${meaning.kind} ${meaning.says}`;
    case "unlisted":
      return "unlisted";
  }
}

for (const [id, records, want] of [
  // By the list's own table, several records at once.
  ["spamhaus-zen", ["127.0.0.2"], "listed 127.0.0.2 SBL"],
  ["spamhaus-zen", ["127.0.0.2", "127.0.0.9"], "listed 127.0.0.2 SBL; 127.0.0.9 DROP"],
  ["spamhaus-zen", ["127.0.0.6"], "listed 127.0.0.6 XBL (reserved code)"],
  ["spamhaus-zen", ["127.0.0.77"], "unknown-code 127.0.0.77"],
  // A known code beside one that is not.
  ["spamhaus-zen", ["127.0.0.4", "127.0.0.77"], "listed 127.0.0.4 XBL"],
  // Refusals are no listings, also beside one.
  ["spamhaus-zen", ["127.255.255.254"], "refused refuses-resolver"],
  ["spamhaus-zen", ["127.255.255.255"], "refused over-limit"],
  ["spamhaus-zen", ["127.255.255.252"], "refused wrong-question"],
  ["spamhaus-zen", ["127.255.255.250"], "refused key-refused"],
  ["spamhaus-zen", ["127.0.0.2", "127.255.255.254"], "refused refuses-resolver"],
  ["spamhaus-dbl", ["127.0.1.255"], "refused wrong-question"],
  ["validity-rpbl", ["127.255.255.255"], "refused not-registered"],
  // What several operators use, where the table says nothing.
  ["psbl", ["127.255.255.254"], "refused refuses-resolver"],
  ["psbl", ["127.255.255.7"], "refused refused-here"],
  ["psbl", ["127.0.0.1"], "refused refused-here"],
  // The operator: any answer but our own is an error.
  ["spamrats-dyna", ["127.0.0.36"], "listed 127.0.0.36 RATS-Dyna"],
  ["spamrats-dyna", ["127.0.0.2"], "unknown-code 127.0.0.2"],
  // 127.0.0.1 where the table says otherwise.
  ["hostkarma", ["127.0.0.1"], "noted 127.0.0.1 white"],
  ["efnetrbl", ["127.0.0.1"], "listed 127.0.0.1 open proxy"],
  // Outside of 127/8 (seen: 146.112.61.108), and beside a code.
  ["psbl", ["198.51.100.80"], "outside 198.51.100.80"],
  ["psbl", ["127.0.0.2", "198.51.100.80"], "outside 198.51.100.80"],
  // Bit masks.
  ["surbl", ["127.0.0.8"], "listed 127.0.0.8 PH"],
  ["surbl", ["127.0.0.80"], "listed 127.0.0.80 MW; 127.0.0.80 ABUSE"],
  ["surbl", ["127.0.0.1"], "refused refuses-resolver"],
  ["surbl", ["127.0.0.9"], "refused refuses-resolver"],
  ["surbl", ["127.0.0.2"], "unknown-code 127.0.0.2"],
  ["surbl", ["127.0.1.8"], "unknown-code 127.0.1.8"],
  ["uribl", ["127.0.0.1"], "refused refuses-resolver"],
  ["uribl", ["127.0.0.8"], "noted 127.0.0.8 red"],
  // Scores, trust and reputation are no listings.
  ["senderscore", ["127.0.4.93"], "noted 127.0.4.93 sender score 93 of 100"],
  ["dnswl", ["127.0.5.2"], "noted 127.0.5.2 trust"],
  ["dnswl", ["127.0.0.255"], "refused over-limit"],
  ["dnswl", ["127.0.10.3"], "refused over-limit"],
  ["mailspike-rep", ["127.0.0.14"], "noted 127.0.0.14 neutral reputation"],
  ["mailspike-rep", ["127.0.0.18"], "noted 127.0.0.18 good sender"],
  ["mailspike-bl", ["127.0.0.11"], "listed 127.0.0.11 very bad reputation"],
  ["scott", ["127.0.0.3"], "listed 127.0.0.3 open relay or proxy"],
] as const)
  test(`${id} ${records.join(" ")}: ${want}`, () => {
    expect(told(means(id, ...records))).toBe(want);
  });

test("no answer is never clean, and no record is not listed", () => {
  const psbl = tableOf("psbl");
  expect(psbl({ kind: "nxdomain" })).toEqual({ kind: "unlisted" });
  expect(psbl({ kind: "nodata" })).toEqual({ kind: "unlisted" });
  for (const cause of ["timeout", "servfail", "refused", "garbled"] as const)
    expect(psbl({ kind: "failed", cause })).toEqual({ kind: "failed", cause });
});

const anyAnswer = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff_ffff }).map((bits) => ipFromBits(4, BigInt(bits))),
      fc.integer({ min: 0, max: 0xff_ffff }).map((bits) => ipFromBits(4, (127n << 24n) | BigInt(bits))),
      fc.integer({ min: 0, max: 255 }).map((bits) => ipFromBits(4, 0x7f00_0000n | BigInt(bits))),
      fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((bits) => ipFromBits(6, bits)),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((records) => ({ kind: "answer", records, ttl: 60 }) as const);

test("law: whatever a list answers, only a code of its table is a listing, and nothing outside 127/8 is believed", () => {
  const tables = lists.map((list) => ({ list, meaning: meaningBy(list.codes) }));
  fc.assert(
    fc.property(fc.constantFrom(...tables), anyAnswer, ({ list, meaning }, answer) => {
      const got = meaning(answer);
      const records = answer.records.slice(0, 16);
      if (records.some((record) => record.family !== 4 || !isLoopback(record))) expect(got.kind).toBe("outside");
      if (got.kind !== "listed") return;
      for (const { code, kind } of got.entries.filter((entry) => entry.kind === "listed")) {
        expect(kind).toBe("listed");
        const octets = octetsOf(ip(code));
        expect(
          list.codes.some(
            (row) =>
              row.kind === "listed" &&
              (row.answer !== undefined ? answerMatcher(row.answer)(octets) : (octets[3] & (row.bit ?? 0)) !== 0),
          ),
        ).toBe(true);
        expect(code.startsWith("127.255.255.")).toBe(false);
        expect(records.map(formatIp)).toContain(code);
      }
    }),
  );
});
