import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp, parseIp } from "../net/ip.ts";
import { type Prefix, parsePrefix } from "../net/prefix.ts";
import { hostsIn } from "./hosts.ts";
import { targetsOf } from "./order.ts";

const prefix = (text: string): Prefix => {
  const read = parsePrefix(text);
  if (!read.ok) throw new Error(text);
  return read.value;
};
const texts = (...networks: string[]): readonly Prefix[] => networks.map(prefix);

test("every address and port comes once", () => {
  const networks = ["192.0.2.0/27", "198.51.100.7/32", "203.0.113.0/30", "2001:db8::/124"];
  fc.assert(
    fc.property(
      fc.subarray(networks, { minLength: 1 }),
      fc.uniqueArray(fc.constantFrom(25, 465, 587), { minLength: 1 }),
      (some, ports) => {
        const targets = targetsOf(texts(...some), [], ports);
        const seen = new Set<string>();
        for (let place = 0; place < targets.count; place += 1) {
          const { address, port, index } = targets.at(place);
          seen.add(`${formatIp(address)} ${port}`);
          expect(targets.indexOf(address, port)).toBe(index);
          expect(targets.byIndex(index)).toEqual({ address, port });
        }
        expect(seen.size).toBe(targets.count);
      },
    ),
    { numRuns: 40 },
  );
});

test("neighbours are not knocked at one after the other", () => {
  const targets = targetsOf(texts("192.0.2.0/24"), [], [25]);
  for (let place = 1; place < 256; place += 1) {
    const distance = Math.abs(Number(targets.at(place).address.bits - targets.at(place - 1).address.bits));
    expect(distance).toBeGreaterThan(8);
  }
});

test("of a large IPv6 network only known hosts of its own are tried", () => {
  const hosts = hostsIn(
    "fe80::1 dev eth0\n2001:db8:25::7 lladdr 00:00:5e:00:53:01 REACHABLE\n2001:db8:26::1, 2001:db8:25::7",
  );
  const targets = targetsOf(texts("2001:db8:25::/48", "192.0.2.0/31"), hosts, [25]);
  expect(targets.count).toBe(3);
  expect(targets.unwalked.length).toBe(1);
  const all = Array.from({ length: 3 }, (_, place) => formatIp(targets.at(place).address)).sort();
  expect(all).toEqual(["192.0.2.0", "192.0.2.1", "2001:db8:25::7"]);
});

test("hosts are found in any text", () => {
  const leases = 'lease 192.0.2.17 {\n  binding state active;\n}\nia-na "x" { iaaddr 2001:db8:25::a1 {';
  const zone = "mx 3600 IN A 192.0.2.25\n  AAAA 2001:db8:25::25\nversion 1.2.3 at 12:34:56";
  expect(hostsIn(`${leases}\n${zone}`).map(formatIp)).toEqual([
    "192.0.2.17",
    "2001:db8:25::a1",
    "192.0.2.25",
    "2001:db8:25::25",
  ]);
  const mac = parseIp("00:00:5e:00:53:01");
  expect(mac.ok).toBe(false);
});
