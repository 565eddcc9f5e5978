import { expect, test } from "vitest";
import { type AddressRules, readAddress } from "./address.ts";

const rules: AddressRules = {
  swapBangPath: true,
  percentHack: true,
  openQuotes: true,
  origin: "ours.example",
  hostName: "mx.ours.example",
  appendDomain: null,
  ownAddresses: [],
  isLocal: (domain) => ({ truth: domain.toLowerCase() === "ours.example" ? "yes" : "no", where: null }),
};

// What Postfix 3.7 does with each; seen in the lab.
for (const [path, changes, want] of [
  ["<a@ours.example>", {}, "a @ ours.example local"],
  ["<a@x.example>", {}, "a @ x.example"],
  ["<a@x.example.>", {}, "a @ x.example"],
  ["<a@x.example@ours.example>", {}, "a @ x.example"],
  ["<a@x.example@ours.example>", { openQuotes: false }, "a@x.example @ ours.example local routed"],
  ["<a>", {}, "a @ ours.example local"],
  // Routing is unfolded where the domain is ours.
  ["<a%x.example@ours.example>", {}, "a @ x.example"],
  ["<x.example!a@ours.example>", {}, "a @ x.example"],
  ["<x.example!a>", {}, "a @ x.example"],
  ['<"a@x.example"@ours.example>', {}, "a @ x.example"],
  ["<@ours.example:a@x.example>", {}, "a @ x.example"],
  ["<@x.example:a@ours.example>", {}, "a @ ours.example local"],
  // Switched off, it stays, and is noted.
  ["<a%x.example@ours.example>", { percentHack: false }, "a%x.example @ ours.example local routed"],
  ["<x.example!a@ours.example>", { swapBangPath: false }, "x.example!a @ ours.example local routed"],
  ['<"a@x.example"@ours.example>', { openQuotes: false }, "a@x.example @ ours.example local routed"],
  // Quotes that nothing needs are dropped first.
  ['<"a@x.example">', { openQuotes: false }, "a @ x.example"],
  ['<"a%x.example"@ours.example>', { openQuotes: false }, "a @ x.example"],
  // For a domain that is not ours it is left for the next mailer, and noted.
  ["<a%x.example@y.example>", {}, "a%x.example @ y.example routed"],
  ['<"a@x.example"@y.example>', {}, "a@x.example @ y.example routed"],
] as const satisfies readonly (readonly [string, Partial<AddressRules>, string])[])
  test(`${path} ${JSON.stringify(changes)} → ${want}`, () => {
    const read = readAddress(path, { ...rules, ...changes });
    const words = read === null ? "refused" : `${read.localPart} @ ${read.domain}`;
    expect(`${words}${read?.local === "yes" ? " local" : ""}${read?.routed === true ? " routed" : ""}`).toBe(want);
  });

test("an address that is none", () => {
  expect(readAddress("<>", rules)).toBeNull();
  expect(readAddress("<a@[192.0.2.1>", rules)).toBeNull();
});
