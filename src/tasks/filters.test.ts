import { expect, test } from "vitest";
import { parseIp } from "../net/ip.ts";
import { parseSite } from "../site/site.ts";
import { proveFilter, queryFilter, renderFilter } from "./filters.ts";

const read = parseSite(
  "name: T\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: [{name: mx, addresses: [192.0.2.25], ports: [25]}]\n",
  "site.yaml",
);
if (!read.ok) throw new Error(JSON.stringify(read.errors));
const { site } = read;

const configuration = [
  "ip access-list extended EDGE",
  " permit tcp any host 192.0.2.25 eq smtp",
  " deny tcp any 192.0.2.0 0.0.0.255 eq smtp",
  " permit ip any any",
  "interface GigabitEthernet0/1",
  " ip access-group EDGE in",
].join("\n");

const ports = {
  clock: { now: () => new Date(0), monotonic: () => 0, sleep: async () => {} },
  random: { bytes: (count: number) => new Uint8Array(count) },
  store: null,
};

const proved = (text: string, more: { outside?: string; list?: string; platform?: string } = {}) =>
  proveFilter(
    {
      ...{ site, filter: { file: "running.txt", text }, baseline: null, direction: null },
      ...{ platform: more.platform ?? "ios", outside: more.outside ?? null, list: more.list ?? null },
    },
    ports,
  );

test("a proof names file and verdict", async () => {
  const result = await proved(configuration, { outside: "gi0/1" });
  expect([result.schema, result.verdict, result.findings]).toEqual(["fencepost/filters/1", "exact", []]);
});

test("what was mistyped is answered with what there is", async () => {
  await expect(proved(configuration, { platform: "ioss" })).rejects.toThrow(/Did you mean ios\?/);
  await expect(proved(configuration, { list: "EDGES" })).rejects.toThrow(/Did you mean EDGE\?/);
  await expect(proved(configuration, { outside: "Gi9/9" })).rejects.toThrow(/GigabitEthernet0\/1/);
  await expect(proved("hello\n")).rejects.toThrow(/no packet filter and no interface of Cisco IOS/);
});

const address = (text: string) => {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

test("a query names the line", () => {
  const asked = {
    ...{ platform: "ios", outside: null, list: "edge", filter: { file: "running.txt", text: configuration } },
    direction: "in",
    packet: {
      ...{ source: address("203.0.113.9"), destination: address("192.0.2.7") },
      ...{ protocol: 6, sourcePort: 40_000, port: 25, established: false },
    },
  } as const;
  expect(queryFilter(asked)).toMatchObject({ action: "deny", line: 3, file: "running.txt" });
  const mixed = { ...asked, packet: { ...asked.packet, destination: address("2001:db8::1") } };
  expect(() => queryFilter(mixed)).toThrow(/different families/);
});

test("no name ends its place in a filter", () => {
  const wish = { site, platform: "ios", outside: null, insides: [], into: null };
  expect(renderFilter(wish).proof.verdict).toBe("exact");
  for (const name of ["wan0\nno shutdown", 'wan" ', "wan; drop", "x".repeat(64), ""])
    expect(() => renderFilter({ ...wish, outside: name }), name).toThrow(/is no name for an interface/);
  expect(renderFilter({ ...wish, outside: "virtual wan link" }).text).toMatch(/wan/);
});
