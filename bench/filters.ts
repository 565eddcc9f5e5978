/**
 * How long it takes to write, read back and prove a filter, platform by platform, for 10, 1,000 and 10,000 mailers in
 * 1,000 networks.
 *
 *     npm run bench:filters
 */
import { platforms } from "../src/filters/platforms/platforms.ts";
import { formatIp } from "../src/net/ip.ts";
import { parseSite } from "../src/site/site.ts";
import { renderFilter } from "../src/tasks/filters.ts";

const networks = 1000;

/** The networks are halves of a private /8, and of a documentation /32; mailers come in turn in each. */
function siteWith(mailers: number) {
  const v4 = (index: number): bigint => (10n << 24n) + BigInt(index) * 8192n;
  const v6 = (index: number): bigint => (0x20010db8n << 96n) + (BigInt(index) << 64n);
  const lines = ["name: Bench", "domains: [ourcollege.example]", "networks:"];
  for (let index = 0; index < networks; index += 1)
    lines.push(
      `  - ${formatIp({ family: 4, bits: v4(index) })}/20`,
      `  - "${formatIp({ family: 6, bits: v6(index) })}/64"`,
    );
  lines.push("mailers:");
  for (let index = 0; index < mailers; index += 1) {
    const host = BigInt(Math.floor(index / networks) * 37 + 25);
    const a = formatIp({ family: 4, bits: v4(index % networks) + host });
    const b = formatIp({ family: 6, bits: v6(index % networks) + host });
    lines.push(`  - {name: m${index}, addresses: [${a}, "${b}"], ports: [25]}`);
  }
  const read = parseSite(`${lines.join("\n")}\npolicy: {outboundPort25: managed-only}\n`, "site.yaml");
  if (!read.ok) throw new Error(read.errors[0]?.message);
  return read.site;
}

console.log(`seconds to write, read back and prove; ${networks} networks of each family, both directions`);
console.log(
  `${"platform".padEnd(12)} ${"mailers".padStart(8)} ${"seconds".padStart(8)} ${"rules".padStart(8)} verdict`,
);
for (const mailers of [10, 1000, 10_000]) {
  const site = siteWith(mailers);
  for (const { id } of platforms) {
    const began = performance.now();
    const { rules, proof } = renderFilter({ site, platform: id, outside: null, insides: [], into: null });
    const seconds = (performance.now() - began) / 1000;
    console.log(
      `${id.padEnd(12)} ${String(mailers).padStart(8)} ${seconds.toFixed(2).padStart(8)} ${String(rules).padStart(8)} ${proof.verdict}`,
    );
  }
}
