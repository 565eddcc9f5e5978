import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp, type IpAddress, ipFromBits, parseIp } from "../../net/ip.ts";
import { type Declaration, declarationSchema } from "./declaration.ts";
import { judgeListings, type Tested } from "./judge.ts";
import { masterFile, rbldnsdIp4, rbldnsdIp6, type ZoneHead } from "./zone.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 24);

const declaration: Declaration = declarationSchema.parse({
  authority: { name: "NREN", contact: "csirt.team@nren.example", networks: ["192.0.2.0/24", "2001:db8::/32"] },
  zone: "relays.nren.example",
  nameServers: ["ns1.nren.example"],
  page: "https://nren.example/relays",
  notices: [
    { address: "192.0.2.25", sent: "2026-11-10" },
    { address: "192.0.2.26", sent: "2026-11-22" },
    { address: "198.51.100.1", sent: "2026-11-10" },
    { address: "2001:db8:0:0::25", sent: "2026-11-10" },
  ],
});

const open = (address: string, ago = 1, rest: Partial<Tested> = {}): Tested => ({
  address,
  port: 25,
  at: now - ago * day,
  verdict: "open",
  counts: true,
  proved: ["plain"],
  refused: [],
  ...rest,
});
const closed = (address: string, ago: number, refused: readonly string[], port = 25): Tested =>
  open(address, ago, { verdict: "closed", proved: [], refused, port });

const judged = (...tests: readonly Tested[]) =>
  judgeListings(tests, declaration, now).map((one) => [one.address, one.kind === "listed" ? "listed" : one.because]);

test.each([
  ["proved, told, grace over", [open("192.0.2.25")], "listed"],
  ["IPv6, however it is written", [open("2001:db8::25")], "listed"],
  ["in grace", [open("192.0.2.26")], "in grace until 2026-11-29"],
  ["nobody told", [open("192.0.2.27")], "its owner has had no notice"],
  ["not ours", [open("198.51.100.1")], "outside the networks of the authority"],
  ["long ago", [open("192.0.2.25", 31)], "expired on 2026-11-23: not proved again since 2026-10-24"],
  [
    "closed since, by the same probe",
    [open("192.0.2.25", 2), closed("192.0.2.25", 1, ["plain", "other"])],
    "closed since: the proving probe was replayed and refused",
  ],
  // What did not try the proving probe, or came before, or tried another port, ends nothing.
  ["closed by another probe", [open("192.0.2.25", 2), closed("192.0.2.25", 1, ["other"])], "listed"],
  ["closed before", [closed("192.0.2.25", 3, ["plain"]), open("192.0.2.25", 2)], "listed"],
  ["closed on another port", [open("192.0.2.25", 2), closed("192.0.2.25", 1, ["plain"], 587)], "listed"],
  [
    "not reached since",
    [open("192.0.2.25", 2), open("192.0.2.25", 1, { verdict: "unreachable", proved: [] })],
    "listed",
  ],
] as const)("%s", (_why, tests, want) => expect(judged(...tests).map(([, what]) => what)).toEqual([want]));

test.each([
  ["suspect is not open", open("192.0.2.25", 1, { verdict: "suspect", proved: [] })],
  ["open without a message that arrived", open("192.0.2.25", 1, { proved: [] })],
  ["a rehearsal, or seen from inside", open("192.0.2.25", 1, { counts: false })],
])("never listed: %s", (_why, one) => expect(judged(one)).toEqual([]));

const head: ZoneHead = {
  zone: "relays.nren.example",
  nameServers: ["ns1.nren.example", "ns2.nren.example"],
  contact: "csirt.team@nren.example",
  page: "https://nren.example/relays",
  ttl: 3600,
  serial: 1_795_000_000,
};

const ip = (text: string): IpAddress => {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

test("the master file: test points (RFC 5782 §5), reversed names, dots of the mailbox escaped", () => {
  const text = [...masterFile(head, [ip("192.0.2.25"), ip("2001:db8::25")])].join("");
  expect(text).toBe(`$ORIGIN relays.nren.example.
$TTL 3600
@ IN SOA ns1.nren.example. csirt\\.team.nren.example. 1795000000 3600 900 604800 3600
@ IN NS ns1.nren.example.
@ IN NS ns2.nren.example.
@ IN TXT "Open relay, proved by delivery. https://nren.example/relays"
2.0.0.127 IN A 127.0.0.2
2.0.0.127 IN TXT "Open relay, proved by delivery. https://nren.example/relays"
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 IN A 127.0.0.2
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 IN TXT "Open relay, proved by delivery. https://nren.example/relays"
25.2.0.192 IN A 127.0.0.2
25.2.0.192 IN TXT "Open relay, proved by delivery. https://nren.example/relays"
5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 IN A 127.0.0.2
5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2 IN TXT "Open relay, proved by delivery. https://nren.example/relays"
`);
});

test("rbldnsd: until when the data holds, in the form that it reads", () => {
  const [first = ""] = [...rbldnsdIp4(head, [])];
  expect(first.split("\n").slice(0, 5)).toEqual([
    "$TIMESTAMP 2026:11:18:11:06:40 2026:11:25:11:06:40",
    "$SOA 3600 ns1.nren.example csirt\\.team.nren.example. 1795000000 3600 900 604800 3600",
    "$NS 3600 ns1.nren.example ns2.nren.example",
    "$TTL 3600",
    ":127.0.0.2:Open relay, proved by delivery. https://nren.example/relays",
  ]);
});

test("rbldnsd's sets say the same addresses, each family in its own", () =>
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.bigInt(0n, 2n ** 32n - 1n), { maxLength: 20 }),
      fc.uniqueArray(fc.bigInt(2n ** 64n, 2n ** 128n - 1n), { maxLength: 20 }),
      (four, six) => {
        const all = [...four.map((bits) => ipFromBits(4, bits)), ...six.map((bits) => ipFromBits(6, bits))];
        const addressesIn = (text: string) =>
          text
            .split("\n")
            .filter((line) => /^[0-9a-f]/.test(line))
            .slice(1)
            .map((line) => formatIp(ip(line.replace(/\/128$/, ""))));
        const said = [
          ...addressesIn([...rbldnsdIp4(head, all)].join("")),
          ...addressesIn([...rbldnsdIp6(head, all)].join("")),
        ];
        expect(said).toEqual(all.map(formatIp));
      },
    ),
  ));
