/** The lines of `doctor` that ask nobody, and the words to make one. Pure. */
import type { CatalogueRead } from "../knowledge/catalogue.ts";
import type { IpAddress } from "../net/ip.ts";
import { isPrivate } from "../net/ip.ts";
import type { DoctorLine } from "../report/results/doctor.ts";
import type { Site } from "../site/model.ts";

export const ok = (id: string, says: string): DoctorLine => ({ id, state: "ok", says, todo: null });
export const problem = (id: string, says: string, todo: string): DoctorLine => ({ id, state: "problem", says, todo });
export const unknown = (id: string, says: string, todo: string): DoctorLine => ({ id, state: "unknown", says, todo });

/** Below this, types in the sources cannot be stripped and `node:sqlite` is missing. */
const leastNode = 24;

export function nodeLine(version: string): DoctorLine {
  if (Number(version.split(".")[0]) >= leastNode) return ok("node", `Node ${version}`);
  return problem("node", `Node ${version}`, `Install Node ${leastNode} or later.`);
}

export function catalogueLine(read: CatalogueRead): DoctorLine {
  if (!read.ok) {
    const [first] = read.errors;
    return problem(
      "catalogue",
      `the catalogue is damaged: ${first?.path}:${first?.line}: ${first?.message}`,
      "Install Fencepost again.",
    );
  }
  const { serial, date, probes, unsupported } = read.catalogue;
  const newer = unsupported.length > 0 ? `, and ${unsupported.length} that need a newer Fencepost` : "";
  return ok("catalogue", `catalogue ${serial} of ${date}, ${probes.length} probes${newer}`);
}

export function storeLine({
  file,
  failure,
}: {
  readonly file: string | null;
  readonly failure: string | null;
}): DoctorLine {
  if (file === null)
    return ok("store", "no store is used: late arrivals and changes since the last run cannot be seen");
  if (failure === null) return ok("store", `the store ${file} can be written`);
  return problem(
    "store",
    `the store ${file} cannot be used: ${failure}`,
    "Name another file with --store, or use --no-store.",
  );
}

export function siteLine(site: Site | null, file: string | null): DoctorLine {
  if (site === null)
    return problem(
      "site",
      "there is no site file: only loopback and targets with --authorisation may be tested",
      "Write one: fencepost init DOMAIN",
    );
  const name = file ?? "the site file";
  if (site.mailers.length === 0)
    return problem("site", `${name} names no mailer`, "Add your mailers, or name targets on the command line.");
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return ok(
    "site",
    `${name}: ${counted(site.mailers.length, "mailer")}, ${counted(site.networks.length, "network")}, ${counted(site.domains.length, "domain")}`,
  );
}

export function familyLine(site: Site | null, sources: readonly IpAddress[]): DoctorLine {
  const sixes = sources.filter(({ family }) => family === 6);
  const wants = site?.mailers.some(({ addresses }) => addresses.some(({ family }) => family === 6)) === true;
  if (sixes.some((address) => !isPrivate(address))) return ok("ipv6", "this machine has an IPv6 address");
  const has = sixes.length > 0 ? "only private IPv6 addresses" : "no IPv6 address";
  if (wants)
    return problem(
      "ipv6",
      `mailers of the site have IPv6 addresses, and this machine has ${has}`,
      "Give this machine IPv6, or test from one that has it: a mailer closed over IPv4 may be open over IPv6.",
    );
  return unknown(
    "ipv6",
    `this machine has ${has}: mailers can only be tested over IPv4`,
    "Give it one if mailers of yours are reached over IPv6.",
  );
}
