import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { ip } from "../../test/fakes/resolver.ts";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import type { IpAddress } from "../net/ip.ts";
import type { Answer } from "../ports.ts";
import { judgeHealth, type TestPoint, testPoints } from "./health.ts";
import { meaningBy } from "./meaning.ts";
import type { SubjectKind } from "./question.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const { lists } = read.catalogue;
const random = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

const rowOf = (id: string, kind: SubjectKind) => {
  const list = lists.find((one) => one.id === id);
  const zone = list?.zones.find(({ subjects }) => subjects.includes(kind));
  if (list === undefined || zone === undefined) throw new Error(id);
  return { list, zone };
};

const pointsOf = (id: string, kind: SubjectKind): Readonly<Record<string, string>> =>
  Object.fromEntries(testPoints(rowOf(id, kind).zone, kind, random).map(({ purpose, labels }) => [purpose, labels]));

test("test points of RFC 5782 §5, and the exceptions of the catalogue", () => {
  expect(pointsOf("spamcop", "ip4")).toEqual({
    listed: "2.0.0.127",
    unlisted: "1.0.0.127",
    nonsense: "fp0102030405060708",
    stranger: "3.2.1.241",
  });
  expect(pointsOf("spamhaus-zen", "ip6")).toMatchObject({
    listed: "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
    unlisted: "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
  });
  expect(pointsOf("nordspam", "domain")).toEqual({
    listed: "test",
    unlisted: "invalid",
    nonsense: "fp0102030405060708.invalid",
  });
  expect(pointsOf("spamhaus-dbl", "domain").listed).toBe("dbltest.com");
  expect(pointsOf("sem-uri", "domain")).toMatchObject({ listed: "_dnsbl_.test", unlisted: "_dnsblneg_.test" });
  expect(pointsOf("hostkarma", "ip4").unlisted).toBe(undefined);
  expect(pointsOf("zapbl", "domain").listed).toBe(undefined);
  expect(pointsOf("efnetrbl", "ip4").unlisted).toBe("6.0.0.127");
});

type Said = Answer<IpAddress> | string;
const none: Answer<IpAddress> = { kind: "nxdomain" };
const failed = (cause: "timeout" | "servfail" | "refused" | "garbled"): Said => ({ kind: "failed", cause });

/** What the zone says of each point; `else`: of all others. */
function judged(id: string, kind: SubjectKind, says: Partial<Record<TestPoint["purpose"] | "else", Said>>): string {
  const { list, zone } = rowOf(id, kind);
  const meaning = meaningBy(zone.codes ?? list.codes);
  const health = judgeHealth(
    list,
    zone,
    testPoints(zone, kind, random).map(({ purpose }) => {
      const said = says[purpose] ?? says.else ?? none;
      const answer: Answer<IpAddress> =
        typeof said === "string" ? { kind: "answer", records: said.split(" ").map(ip), ttl: 60 } : said;
      return { purpose, answer, meaning: meaning(answer) };
    }),
  );
  return health.verdict === "unfit" ? health.reason : health.verdict;
}

for (const [why, id, kind, says, want] of [
  ["as it should be", "spamcop", "ip4", { listed: "127.0.0.2" }, "healthy"],
  ["alive, with a code that the table has not", "spamcop", "ip4", { listed: "127.0.0.66" }, "healthy"],
  // Liars.
  ["a wildcard", "spamcop", "ip4", { else: "127.0.0.2" }, "lists-everything"],
  ["a wildcard that spares 127.0.0.1", "spamcop", "ip4", { else: "127.0.0.2", unlisted: none }, "lists-everything"],
  [
    "all addresses, but no wildcard",
    "spamcop",
    "ip4",
    { listed: "127.0.0.2", stranger: "127.0.0.2" },
    "lists-everything",
  ],
  ["a lapsed domain", "spamcop", "ip4", { else: "198.51.100.80" }, "lapsed"],
  ["a portal for what does not exist", "spamcop", "ip4", { listed: "127.0.0.2", else: "198.51.100.80" }, "lapsed"],
  ["nothing there", "spamcop", "ip4", {}, "dead"],
  ["not for us", "barracuda", "ip4", {}, "needs-registration"],
  // Refusals.
  ["a public resolver", "spamhaus-zen", "ip4", { else: "127.255.255.254" }, "refuses-resolver"],
  [
    "refused, the test entry aside",
    "spamhaus-zen",
    "ip4",
    { listed: "127.0.0.2", else: "127.255.255.255" },
    "over-limit",
  ],
  ["127.0.0.1 for everything", "uribl", "domain", { else: "127.0.0.1" }, "refuses-resolver"],
  // No answer.
  ["silence", "spamcop", "ip4", { else: failed("timeout") }, "timeout"],
  ["SERVFAIL", "spamcop", "ip4", { else: failed("servfail") }, "servfail"],
  ["listed, but nobody knows what else", "spamcop", "ip4", { listed: "127.0.0.2", else: failed("timeout") }, "timeout"],
  ["clean, but is it alive", "spamcop", "ip4", { listed: failed("refused") }, "refused"],
  // Exceptions.
  ["white is no wildcard", "hostkarma", "ip4", { listed: "127.0.0.2" }, "healthy"],
  ["its own test answer", "suomispam", "ip4", { listed: "127.0.0.99" }, "healthy"],
  ["no test entry", "zapbl", "domain", {}, "no-test-entry"],
  ["no test entry, and a wildcard", "zapbl", "domain", { else: "127.0.0.2" }, "lists-everything"],
  ["the test entry is 127.0.0.1", "dronebl", "ip4", { listed: "127.0.0.1" }, "healthy"],
  ["a score for everyone", "senderscore", "ip4", {}, "no-test-entry"],
] as const)
  test(`${id}: ${why}: ${want}`, () => {
    expect(judged(id, kind, says)).toBe(want);
  });
