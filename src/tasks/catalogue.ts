/** Someone asks what the catalogue holds: tables of probes, products and DNS lists, and single entries. Pure. */
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { Era, Probe, ProbeClass } from "../knowledge/probe.ts";
import type { Profile } from "../knowledge/profile.ts";
import { readSelector } from "../knowledge/selector.ts";
import type { CatalogueResult } from "../report/results/catalogue.ts";
import { nearest } from "../text/nearest.ts";
import { UsageError } from "./errors.ts";

export interface ListOptions {
  readonly class: ProbeClass | null;
  readonly era: Era | null;
  readonly profile: string | null;
}

export function listedProbes(catalogue: Catalogue, options: ListOptions): CatalogueResult {
  const asked =
    options.profile === null ? null : new Set(probesOf(profileNamed(options.profile, catalogue), catalogue));
  const probes = catalogue.probes.filter(
    (probe) =>
      (options.class === null || probe.class === options.class) &&
      (options.era === null || probe.era === options.era) &&
      (asked === null || asked.has(probe.id)),
  );
  return {
    ...head(catalogue),
    probes: probes.map(({ id, title, class: group, era, safety, since, remedy }) => ({
      id,
      title,
      class: group,
      era,
      safety,
      since,
      remedy,
    })),
    profiles: catalogue.profiles.map((profile) => ({
      id: profile.id,
      title: profile.title,
      probes: probesOf(profile, catalogue).length,
    })),
    unsupported: [...catalogue.unsupported],
  };
}

export function listedProducts(catalogue: Catalogue): CatalogueResult {
  return {
    ...head(catalogue),
    products: catalogue.products.map(({ id, name, checkedAgainst, verified }) => ({
      id,
      name,
      checkedAgainst,
      verified,
    })),
  };
}

export function listedLists(catalogue: Catalogue): CatalogueResult {
  return {
    ...head(catalogue),
    lists: catalogue.lists.map(({ id, name, status, weight, zones }) => ({
      id,
      name,
      status,
      weight,
      zones: zones.map(({ zone }) => zone),
    })),
  };
}

/** One entry, with what it refers to. Throws `UsageError` for an id that nothing has. */
export function catalogueEntry(id: string, catalogue: Catalogue): CatalogueResult {
  const { probes, products, profiles, remedies, receivers, unsupported, lists } = catalogue;
  const probe = probes.find((one) => one.id === id);
  if (probe !== undefined) {
    const remedy = remedies.find((one) => one.id === probe.remedy);
    return {
      ...head(catalogue),
      probe,
      ...(remedy === undefined ? {} : { remedy }),
      inProfiles: profiles.filter((profile) => probesOf(profile, catalogue).includes(id)).map((profile) => profile.id),
    };
  }
  const product = products.find((one) => one.id === id);
  if (product !== undefined) return { ...head(catalogue), product };
  const list = lists.find((one) => one.id === id);
  if (list !== undefined) return { ...head(catalogue), list };
  const profile = profiles.find((one) => one.id === id);
  if (profile !== undefined) return { ...head(catalogue), profile, ofProbes: probesOf(profile, catalogue) };
  const remedy = remedies.find((one) => one.id === id.toUpperCase());
  if (remedy !== undefined)
    return {
      ...head(catalogue),
      remedy,
      ofProbes: probes.filter((one) => one.remedy === remedy.id).map((one) => one.id),
      forProducts: products.flatMap((one) => {
        const text = one.remedies?.[remedy.id];
        return text === undefined ? [] : [{ id: one.id, name: one.name, text }];
      }),
    };
  const receiver = receivers.find((one) => one.id === id);
  if (receiver !== undefined) return { ...head(catalogue), receiver };
  const newer = unsupported.find((one) => one.id === id);
  if (newer !== undefined) throw new UsageError(`the probe ${id} ${newer.reason}.`);
  const meant = nearest(
    id,
    [...probes, ...products, ...lists, ...profiles, ...remedies, ...receivers].map((one) => one.id),
  );
  throw new UsageError(
    `the catalogue has no probe, product, DNS list, profile, remedy or receiver "${id}". ${meant === null ? "`fencepost catalogue list` shows them." : `Did you mean ${meant}?`}`,
  );
}

const head = ({ serial, date }: Catalogue) => ({ schema: "fencepost/catalogue/1", serial, date }) as const;

function profileNamed(id: string, { profiles }: Catalogue): Profile {
  const found = profiles.find((one) => one.id === id);
  if (found === undefined)
    throw new UsageError(`unknown profile "${id}". Known: ${profiles.map((one) => one.id).join(", ")}.`);
  return found;
}

/** Ids of the probes that a profile asks for, each once. */
function probesOf(profile: Profile, { probes }: Catalogue): string[] {
  if ("all" in profile)
    return probes.filter((one: Probe) => one.class !== "control" && one.safety !== "risky").map((one) => one.id);
  const byId = new Map(probes.map((one) => [one.id, one]));
  const ids = profile.select.flatMap((text) => {
    const read = readSelector(text, byId);
    return read.ok ? [read.selector.probe.id] : [];
  });
  return [...new Set(ids)];
}
