/** That all platforms are there; what must hold of each is in `test/filters/laws.ts`, and called beside each. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { platforms } from "./platforms.ts";

test("all platforms of the design are there", () => {
  expect(platforms.map(({ id }) => id)).toEqual([
    ...["ios", "iosxr", "nxos", "asa", "eos", "junos", "srx", "vrp", "routeros", "fortios", "panos", "pf"],
    ...["nftables", "iptables", "aws-sg", "aws-nacl", "azure-nsg"],
  ]);
});

test("each is held to the laws", () => {
  const folder = new URL("./", import.meta.url);
  for (const { id } of platforms) {
    const tests = readdirSync(new URL(`${id}/`, folder)).filter((name) => name.endsWith(".test.ts"));
    const texts = tests.map((name) => readFileSync(new URL(`${id}/${name}`, folder), "utf8"));
    expect(
      texts.some((text) => /^\s*laws\(/m.test(text)),
      id,
    ).toBe(true);
  }
});
