/** What the values of a site file have to do with one another: what cannot be (errors) and what is odd (warnings). */
import { type DomainName, domainSet, formatDomainPattern, isAtOrBelow } from "../net/domain.ts";
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import { ipSet } from "../net/ip-set.ts";
import { formatPrefix } from "../net/prefix.ts";
import { formatMailbox, type Mailbox } from "../smtp/path.ts";
import { nearest } from "../text/nearest.ts";
import type { Site } from "./model.ts";
import { type Remark, withPath } from "./problem.ts";

/** What would make a result wrong or a test unsafe. */
export function inconsistencies(site: Site): readonly Remark[] {
  return [...mailerNames(site), ...hostedMailers(site), ...localRecipient(site), ...catcherApart(site)];
}

/** What is allowed but rarely meant. */
export function oddities(site: Site): readonly Remark[] {
  return [
    ...repeated("domains", site.domains.map(formatDomainPattern)),
    ...repeated("networks", site.networks.map(formatPrefix)),
    ...mailersOutside(site),
    ...mailerDomains(site),
    ...sharedAddresses(site),
    ...loops(site),
  ];
}

function mailerNames(site: Site): readonly Remark[] {
  const remarks: Remark[] = [];
  const seen = new Set<string>();
  const names = new Set(site.mailers.map(({ name }) => name));
  for (const [index, mailer] of site.mailers.entries()) {
    if (seen.has(mailer.name))
      remarks.push(remark(["mailers", index, "name"], `there is another mailer named ${mailer.name}`));
    seen.add(mailer.name);
    for (const [hop, name] of mailer.handsTo.entries()) {
      if (name === mailer.name)
        remarks.push(remark(["mailers", index, "handsTo", hop], `${name} cannot hand mail to itself`));
      if (names.has(name)) continue;
      const meant = nearest(name, names);
      const way = meant === null ? "Add it to mailers" : `Did you mean ${meant}?`;
      remarks.push(remark(["mailers", index, "handsTo", hop], `no mailer is named ${name}. ${way}`));
    }
  }
  return remarks;
}

/** What a provider runs is never a target, so it cannot be a mailer of ours as well. */
function hostedMailers(site: Site): readonly Remark[] {
  const hosted = domainSet(site.hostedMx);
  return site.mailers.flatMap(({ host }, index) =>
    host === null || !hosted.has(host)
      ? []
      : remark(
          ["mailers", index, "host"],
          `${host} is also in hostedMx, which names what a provider runs. Take it out of one`,
        ),
  );
}

function localRecipient(site: Site): readonly Remark[] {
  const { localRecipient } = site.check;
  if (localRecipient === null || isLocal(site, localRecipient)) return [];
  return [
    remark(
      ["check", "localRecipient"],
      `${formatMailbox(localRecipient)} is in none of the site's domains. Test messages go only to addresses of the site`,
    ),
  ];
}

function isLocal(site: Site, { domain }: Mailbox): boolean {
  return domain.kind === "name" && domainSet(site.domains).has(domain.name);
}

/** Mail that arrives inside the site proves nothing: it was allowed to. */
function catcherApart(site: Site): readonly Remark[] {
  const { catcher } = site;
  if (catcher === null) return [];
  const remarks: Remark[] = [];
  for (const key of ["domain", "senderDomain", "backupDomain"] as const) {
    const name = catcher[key];
    const ours = name === null ? undefined : ourDomainAbove(site, name);
    if (name === null || ours === undefined) continue;
    remarks.push(
      remark(
        ["catcher", key],
        `${name} belongs to ${ours}, a domain of the site; it must be outside, or it proves nothing`,
      ),
    );
  }
  const networks = ipSet(site.networks);
  for (const address of catcher.addresses) {
    if (!networks.has(address)) continue;
    remarks.push(
      remark(
        ["catcher", "address"],
        `${formatIp(address)} is in the site's networks; a catcher inside proves nothing. Run it elsewhere`,
      ),
    );
  }
  return remarks;
}

function ourDomainAbove(site: Site, name: DomainName): string | undefined {
  return site.domains.find((pattern) => isAtOrBelow(name, pattern.name))?.name;
}

function repeated(key: string, texts: readonly string[]): readonly Remark[] {
  const seen = new Set<string>();
  return texts.flatMap((text, index) => {
    if (seen.has(text)) return remark([key, index], `${text} is listed twice`);
    seen.add(text);
    return [];
  });
}

function mailersOutside(site: Site): readonly Remark[] {
  const networks = ipSet(site.networks);
  const outside = (mailer: number, key: "addresses" | "sendsFrom", addresses: readonly IpAddress[]) =>
    addresses.flatMap((address, index) =>
      networks.has(address) || isLoopback(address)
        ? []
        : remark(
            ["mailers", mailer, key, index],
            `${formatIp(address)} is in none of the site's networks. Add its network, unless someone else runs it`,
          ),
    );
  return site.mailers.flatMap((mailer, index) => [
    ...outside(index, "addresses", mailer.addresses),
    ...outside(index, "sendsFrom", mailer.sendsFrom),
  ]);
}

function mailerDomains(site: Site): readonly Remark[] {
  const ours = domainSet(site.domains);
  const patterns = new Set(site.domains.map(formatDomainPattern));
  return site.mailers.flatMap((mailer, index) => {
    if (mailer.domains === site.domains) return [];
    return mailer.domains.flatMap((pattern, at) => {
      const text = formatDomainPattern(pattern);
      const known = patterns.has(text) || (pattern.covers === "exactly" && ours.has(pattern.name));
      return known
        ? []
        : remark(["mailers", index, "domains", at], `${text} is none of the site's domains, so it counts as external`);
    });
  });
}

function sharedAddresses(site: Site): readonly Remark[] {
  const owner = new Map<string, string>();
  return site.mailers.flatMap((mailer, index) =>
    mailer.addresses.flatMap((address, at) => {
      const text = formatIp(address);
      const other = owner.get(text);
      owner.set(text, mailer.name);
      if (other === undefined || other === mailer.name) return [];
      return remark(["mailers", index, "addresses", at], `${text} is also an address of ${other}`);
    }),
  );
}

function loops(site: Site): readonly Remark[] {
  const byName = new Map(site.mailers.map((mailer) => [mailer.name, mailer]));
  const done = new Set<string>();
  const loop = (start: string): boolean => {
    const seen = new Set<string>();
    const waiting = [...(byName.get(start)?.handsTo ?? [])];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === start) return true;
      if (seen.has(name) || done.has(name)) continue;
      seen.add(name);
      waiting.push(...(byName.get(name)?.handsTo ?? []));
    }
    return false;
  };
  return site.mailers.flatMap((mailer, index) => {
    const circular = mailer.handsTo.length > 0 && loop(mailer.name);
    done.add(mailer.name); // one warning a loop
    return circular ? remark(["mailers", index, "handsTo"], `mail that ${mailer.name} hands on comes back to it`) : [];
  });
}

function remark(path: readonly PropertyKey[], message: string): Remark {
  return { path, on: "value", message: withPath(path, message) };
}
