/** Every platform: what is written for a random site is exact when it is read back, and a damaged text never is by accident. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rendered, siteText, wantedOfText } from "../../../test/filters/random-sites.ts";
import { prove } from "../prove.ts";
import { platforms } from "./platforms.ts";

const numRuns = Number(process.env.FC_RUNS ?? 3);

test("all platforms of the design are there", () => {
  expect(platforms.map(({ id }) => id)).toEqual(
    [
      "ios",
      "iosxr",
      "nxos",
      "asa",
      "eos",
      "junos",
      "srx",
      "vrp",
      "routeros",
      "fortios",
      "panos",
      "pf",
      "nftables",
    ].concat(["iptables", "aws-sg", "aws-nacl", "azure-nsg"]),
  );
});

describe.each(platforms.map((platform) => [platform.id, platform] as const))("%s", (_id, platform) => {
  test("is proved when read back, and the same twice", () => {
    fc.assert(
      fc.property(siteText, (text) => {
        const { filter, proof } = rendered(platform, text);
        expect(proof.troubles).toEqual([]);
        expect(proof.holes).toEqual([]);
        expect(filter.text).toBe(rendered(platform, text).filter.text);
        expect(filter.rollback).not.toBe("");
      }),
      { numRuns },
    );
  });

  test("no bytes make it throw, or exact where no filter is left", () => {
    const site =
      'name: T\ndomains: [a.example]\nnetworks: [192.0.2.0/24, "2001:db8:25::/48"]\nmailers: [{name: m, addresses: [192.0.2.25], ports: [25]}]\n';
    const wanted = wantedOfText(site, platform);
    const { filter } = rendered(platform, site);
    const lines = filter.text.split("\n");
    const damage = fc.oneof(
      fc.string({ maxLength: 200, unit: "binary" }),
      fc.nat(lines.length).map((count) => lines.slice(0, count).join("\n")),
      fc
        .tuple(fc.nat(filter.text.length), fc.string({ maxLength: 12 }))
        .map(([at, more]) => filter.text.slice(0, at) + more + filter.text.slice(at + more.length)),
    );
    fc.assert(
      fc.property(damage, (text) => {
        const reading = platform.read("f", text);
        const proof = prove({
          ...{ platform, reading, wanted, outside: platform.outside, list: null, direction: null, baseline: null },
        });
        if (!/25|smtp/.test(text)) expect(proof.verdict).not.toBe("exact");
      }),
      { numRuns: numRuns * 3 },
    );
  });
});
