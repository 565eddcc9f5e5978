import { expect, test } from "vitest";
import { ip, literalResolver } from "../../test/fakes/resolver.ts";
import { spfAnswer } from "./spf.ts";

const never = new AbortController().signal;
const dns = literalResolver({
  TXT: {
    "net.example": ["v=spf1 ip4:198.51.100.0/24 -all"],
    "mx.example": ["v=spf1 mx ~all"],
    "a.example": ["v=spf1 a/24 ?all"],
    "inner.example": ["v=spf1 include:net.example -all"],
    "moved.example": ["v=spf1 redirect=net.example"],
    "lost.example": ["v=spf1 redirect=nowhere.example"],
    "twice.example": ["v=spf1 -all", "v=spf1 +all"],
    "macro.example": ["v=spf1 exists:%{i}.example -all"],
    "loop.example": ["v=spf1 include:loop.example -all"],
    "slow.example": ["v=spf1 include:down.example -all"],
    "silent.example": ["v=spf1"],
  },
  MX: { "mx.example": ["10 mail.mx.example"] },
  A: { "mail.mx.example": ["198.51.100.9"], "a.example": ["198.51.100.1"] },
  AAAA: { "mail.mx.example": ["2001:db8::9"] },
  fail: ["TXT down.example"],
});

for (const [domain, address, want] of [
  ["net.example", "198.51.100.9", "pass"],
  ["net.example", "192.0.2.1", "fail"],
  ["net.example", "2001:db8::9", "fail"],
  ["mx.example", "198.51.100.9", "pass"],
  ["mx.example", "2001:db8::9", "pass"],
  ["mx.example", "192.0.2.1", "softfail"],
  ["a.example", "198.51.100.200", "pass"],
  ["a.example", "192.0.2.1", "neutral"],
  ["inner.example", "198.51.100.9", "pass"],
  ["inner.example", "192.0.2.1", "fail"],
  ["moved.example", "192.0.2.1", "fail"],
  ["lost.example", "192.0.2.1", "permerror"],
  ["twice.example", "192.0.2.1", "permerror"],
  ["macro.example", "192.0.2.1", "unknown"],
  ["loop.example", "192.0.2.1", "permerror"], // ten questions, then no more
  ["slow.example", "192.0.2.1", "temperror"],
  ["silent.example", "192.0.2.1", "neutral"],
  ["nowhere.example", "192.0.2.1", "none"],
] as const)
  test(`${domain} ${address}: ${want}`, async () =>
    expect(await spfAnswer(domain, ip(address), dns, never)).toBe(want));
