// Sites as they may be, and the question that every platform's writer and reader must answer together.
import fc from "fast-check";
import { renderJob } from "../../src/filters/job.ts";
import type { Platform, Rendered } from "../../src/filters/platform.ts";
import { prove } from "../../src/filters/prove.ts";
import type { ProofResult } from "../../src/filters/result.ts";
import { type Wanted, wantedOf } from "../../src/filters/wanted.ts";
import { parseSite } from "../../src/site/site.ts";

/** A site.yaml with networks and mailers in the documentation ranges, of both families. */
export const siteText: fc.Arbitrary<string> = fc
  .record({
    networks: fc.uniqueArray(
      fc.constantFrom(
        ...["192.0.2.0/24", "198.51.100.0/25", "198.51.100.128/26", "203.0.113.64/27", "2001:db8:25::/48"],
        ...["2001:db8:26:8000::/49", "198.51.100.240/32"],
      ),
      { minLength: 1, maxLength: 4 },
    ),
    mailers: fc.array(
      fc.record({
        host: fc.integer({ min: 0, max: 255 }),
        both: fc.boolean(),
        port25: fc.boolean(),
        from: fc.option(
          fc.constantFrom("[203.0.113.0/28]", '[203.0.113.0/28, "2001:db8:f::/48"]', '["2001:db8:f::/48"]'),
        ),
        sends: fc.boolean(),
      }),
      { maxLength: 6 },
    ),
    managedOnly: fc.boolean(),
  })
  .map(({ networks, mailers, managedOnly }) => {
    const rows = mailers.map(({ host, both, port25, from, sends }, index) => {
      const network = networks[index % networks.length] ?? "192.0.2.0/24";
      const [base = "", length = "32"] = network.split("/");
      const at = (offset: number): string =>
        base.includes(":")
          ? `"${base.replace(/::$/, "")}::${offset.toString(16)}"`
          : base.replace(/\d+$/, (last) => String(Number(last) + (offset % 2 ** (32 - Number(length)))));
      const addresses = both ? [at(host), at(host + 1)] : [at(host)];
      return `  - {name: m${index}, addresses: [${[...new Set(addresses)].join(", ")}], ports: [${port25 ? "25, 587" : "587"}]${
        from === null ? "" : `, acceptFrom: ${from}`
      }${sends ? `, sendsFrom: [${at(host + 2)}]` : ""}}`;
    });
    return [
      "name: Random College",
      "domains: [ourcollege.example]",
      `networks: [${networks.map((one) => `"${one}"`).join(", ")}]`,
      mailers.length === 0 ? "mailers: []" : `mailers:\n${rows.join("\n")}`,
      `policy: {outboundPort25: ${managedOnly ? "managed-only" : "open"}}`,
      "",
    ].join("\n");
  })
  .filter((text) => parseSite(text, "site.yaml").ok);

export function wantedOfText(text: string, platform: Pick<Platform, "sees">): Wanted {
  const read = parseSite(text, "site.yaml");
  if (!read.ok) throw new Error(`${text}\n${JSON.stringify(read.errors)}`);
  return wantedOf(read.site, platform.sees);
}

/** Writes a platform's filter for a site, reads it back and proves it. */
export function rendered(
  platform: Platform,
  text: string,
  into: string | null = null,
): { readonly filter: Rendered; readonly proof: ProofResult } {
  const wanted = wantedOfText(text, platform);
  const insides = platform.inside === null ? [] : [platform.inside];
  const filter = platform.render(renderJob(wanted, { outside: platform.outside, insides, into }));
  const proof = prove({
    platform,
    reading: platform.read("filter", filter.text),
    wanted,
    outside: platform.outside,
    list: null,
    direction: null,
    baseline: null,
  });
  return { filter, proof };
}
