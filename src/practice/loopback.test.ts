import { expect, test } from "vitest";
import { type DomainName, parseDomain } from "../net/domain.ts";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import type { Clock, Dialer, Listener } from "../ports.ts";
import type { MailDomain } from "../smtp/path.ts";
import { loopbackDialer, loopbackListener, NotLoopback, parseRoute, routeFor } from "./loopback.ts";
import { Outgoing, type Sent } from "./outgoing.ts";
import { startPractice } from "./practice.ts";

const ip = (text: string): IpAddress => {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
};
const domain = (text: string): DomainName => {
  const parsed = parseDomain(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
};

const named = (text: string): MailDomain => ({ kind: "name", name: domain(text) });

const reached: string[] = [];
const dialer: Dialer = {
  connect: async (to) => {
    reached.push(formatIp(to.address));
    throw new Error("connected");
  },
};
const listener: Listener = {
  listen: async (on) => {
    reached.push(formatIp(on.address));
    return { local: on, [Symbol.asyncDispose]: async () => {} };
  },
};
const clock: Clock = { now: () => new Date(0), monotonic: () => 0, sleep: async () => {} };
const never = new AbortController().signal;

for (const address of ["0.0.0.0", "::", "192.0.2.25", "10.0.0.1", "128.0.0.1", "2001:db8::25"]) {
  test(`a practice mailer does not listen on ${address}`, async () => {
    reached.length = 0;
    const on = { address: ip(address), port: 2525 };
    await expect(loopbackListener(listener).listen(on, async () => {})).rejects.toThrow(NotLoopback);
    const config = {
      listen: on,
      hostName: "practice.example",
      domains: [],
      behaviours: ["closed" as const],
      routes: [],
      startTls: false,
    };
    await expect(startPractice(config, { listener, dialer, clock })).rejects.toThrow(NotLoopback);
    expect(reached).toEqual([]);
  });

  test(`a practice mailer does not connect to ${address}, though a route says so`, async () => {
    reached.length = 0;
    const told: Sent[] = [];
    const outgoing = new Outgoing(
      {
        hostName: "practice.example",
        source: ip("127.0.0.1"),
        routes: [{ domain: domain("example"), to: { address: ip(address), port: 25 } }],
        smarthost: null,
      },
      { dialer: loopbackDialer(dialer), clock, tell: (sent) => told.push(sent) },
      never,
    );
    outgoing.enqueue({
      reversePath: "<>",
      to: [{ address: "a@catch.example", domain: named("catch.example") }],
      content: "x\r\n",
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reached).toEqual([]);
    expect(told).toEqual([]);
  });
}

for (const [text, want] of [
  ["catch.example=127.0.0.1:2526", "catch.example 127.0.0.1 2526"],
  ["catch.example=[::1]:2526", "catch.example ::1 2526"],
  ["catch.example=127.9.8.7", "catch.example 127.9.8.7 25"],
  ["catch.example", "expected DOMAIN=ADDR:PORT, such as catch.example=127.0.0.1:2526"],
  ["catch.example=192.0.2.1:25", "expected an address of loopback: practice mail never leaves this machine"],
  ["catch.example=localhost:25", "expected an address of loopback: practice mail never leaves this machine"],
] as const)
  test(`route: ${text}`, () => {
    const route = parseRoute(text);
    expect(
      route.ok ? `${route.value.domain} ${formatIp(route.value.to.address)} ${route.value.to.port}` : route.expected,
    ).toBe(want);
  });

test("the longest name that fits decides where mail goes", () => {
  const to = (port: number) => ({ address: ip("127.0.0.1"), port });
  const routes = [
    { domain: domain("example"), to: to(1) },
    { domain: domain("catch.example"), to: to(2) },
  ];
  expect(routeFor(named("a.catch.example"), routes)?.port).toBe(2);
  expect(routeFor(named("xcatch.example"), routes)?.port).toBe(1);
  expect(routeFor(named("catch.invalid"), routes)).toBeNull();
  expect(routeFor({ kind: "literal", address: ip("127.0.0.1") }, routes)?.port).toBe(1);
  expect(routeFor({ kind: "literal", address: ip("192.0.2.1") }, routes)).toBeNull();
});
