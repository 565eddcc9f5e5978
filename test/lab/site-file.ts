// The site.yaml that tells the tester about a variant's site: what an administrator would write, and no more.
import { catcher, mailerA, mailerB, senderDomain, site } from "./addresses.ts";
import type { Mailer, Variant } from "./variant.ts";

export function siteYaml(variant: Variant): string {
  const mailers = [
    entry("mx1", mailerA.host, variant, variant.second === undefined ? "" : "    handsTo: [mx2]\n"),
    ...(variant.second === undefined ? [] : [entry("mx2", mailerB.host, variant.second, "")]),
  ];
  return `name: Our College
domains: [${site.domain}]
networks: [${site.networks.map((network) => JSON.stringify(network)).join(", ")}]
mailers:
${mailers.join("")}check: { localRecipient: postmaster@${site.domain} }
catcher:
  domain: ${catcher.domain}
  listen: "${catcher.v4}:25"
  address: ${catcher.v4}
  senderDomain: ${senderDomain}
${variant.backupDomain ? `  backupDomain: ${catcher.backupDomain}\n` : ""}`;
}

function entry(name: string, host: string, mailer: Mailer, more: string): string {
  const addresses = [...new Set(mailer.listeners.map(({ address }) => JSON.stringify(address)))];
  const ports = [...new Set(mailer.listeners.map(({ port }) => port))];
  return `  - name: ${name}
    host: ${host}
    addresses: [${addresses.join(", ")}]
    ports: [${ports.join(", ")}]
${more}`;
}
