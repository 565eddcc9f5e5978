/** What every command shares: its options, the site file, the store, the catalogue, and the real ports. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { systemClock, systemRandom } from "../io/clock.ts";
import { dnsResolver } from "../io/dns.ts";
import { compiledCatalogue, makePrivateFile, readText, shippedCatalogue, UnreadableFile } from "../io/files.ts";
import { type Catalogue, loadCatalogue } from "../knowledge/catalogue.ts";
import { parseHostPort } from "../net/host-port.ts";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import type { Endpoint, Resolver } from "../ports.ts";
import type { Whereabouts } from "../repair/command.ts";
import { formatSiteProblem } from "../site/problem.ts";
import { parseSite, type Site } from "../site/site.ts";
import { StoreTooNew } from "../store/migrations.ts";
import { openStore, type Store } from "../store/store.ts";
import { InputMissing, SiteError, Unavailable } from "../tasks/errors.ts";

/** Options that several commands take. */
export interface SharedOptions {
  readonly site?: string;
  readonly resolver?: string;
  /** `--no-store` sets it to false; commander gives true when nothing was said. */
  readonly store?: string | boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly format?: string;
}

const maxSiteBytes = 16 * 1024 * 1024;

export function addSiteOption(command: Command): Command {
  return command.option("--site <file>", "the site file (default: site.yaml here or in a parent folder)");
}

export function addStoreOptions(command: Command): Command {
  return command
    .option("--store <file>", "where results are recorded (default: below $XDG_STATE_HOME/fencepost)")
    .option("--no-store", "leave no trace: nothing is recorded, and nothing of before is known");
}

export function addResolverOption(command: Command): Command {
  return command.option("--resolver <addr[:port]>", "ask this DNS server instead of the system's", serverArgument);
}

/** A DNS server, as an option's value. */
export function serverArgument(text: string): string {
  const parsed = parseHostPort(text);
  if (!parsed.ok || parsed.value.host.kind !== "address")
    throw new InvalidArgumentError("Expected an address, such as 192.0.2.53 or [2001:db8::53]:5353.");
  const address = formatIp(parsed.value.host.address);
  const bracketed = address.includes(":") ? `[${address}]` : address;
  return parsed.value.port === null ? bracketed : `${bracketed}:${parsed.value.port}`;
}

export function resolverOf(options: SharedOptions): Resolver {
  return dnsResolver(options.resolver === undefined ? [] : [options.resolver]);
}

export interface SiteAtHand {
  readonly site: Site | null;
  readonly file: string | null;
}

/** Reads the site file: the one named, or the nearest one upwards. None at all is no error here. */
export async function siteAtHand(options: SharedOptions, tell: (text: string) => void): Promise<SiteAtHand> {
  const file = options.site ?? nearestSiteFile();
  if (file === null) return { site: null, file: null };
  let text: string;
  try {
    text = await readText(file, maxSiteBytes);
  } catch (error) {
    if (error instanceof UnreadableFile)
      throw new InputMissing(`${error.message}. \`fencepost init DOMAIN\` writes a first site file.`, { cause: error });
    throw error;
  }
  const read = parseSite(text, file);
  if (!read.ok) throw new SiteError(read.errors.map(formatSiteProblem).join("\n"));
  for (const warning of read.warnings) tell(formatSiteProblem(warning));
  return { site: read.site, file };
}

function nearestSiteFile(): string | null {
  for (let folder = resolve("."); ; folder = dirname(folder)) {
    const file = join(folder, "site.yaml");
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return null;
  }
}

/** The catalogue that ships with the program. */
export async function catalogueAtHand(): Promise<Catalogue> {
  const compiled = await compiledCatalogue();
  if (compiled !== null) return JSON.parse(compiled) as Catalogue; // written by the build from a checked catalogue
  const read = loadCatalogue(await shippedCatalogue());
  if (!read.ok)
    throw new Error(
      `the shipped catalogue is damaged: ${read.errors.map((error) => `${error.path}:${error.line}: ${error.message}`).join("; ")}`,
    );
  return read.catalogue;
}

/** Opens the store of this site, or none with `--no-store`. */
export async function storeAtHand(options: SharedOptions, site: Site | null): Promise<Store | null> {
  const file = storeFile(options, site);
  if (file === null) return null;
  try {
    makePrivateFile(file);
    return await openStore(file, systemClock);
  } catch (error) {
    if (error instanceof StoreTooNew) throw new Unavailable(`${file}: ${error.message}`, { cause: error });
    throw new Unavailable(
      `the store ${file} cannot be opened (${error instanceof Error ? error.message : String(error)}). Name another with --store FILE, or use --no-store.`,
      { cause: error },
    );
  }
}

/** The file of this site's store; null with `--no-store`. */
export function storeFile(options: SharedOptions, site: Site | null): string | null {
  if (options.store === false) return null;
  return typeof options.store === "string" ? options.store : defaultStore(site);
}

/** What a printed command has to repeat to find the same site file and store. */
export function whereaboutsOf({ site, store }: SharedOptions): Whereabouts {
  return { site: site ?? null, store: typeof store === "string" ? store : null };
}

function defaultStore(site: Site | null): string {
  const state = process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state");
  const slug = (site?.name ?? "no-site")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
  return join(state, "fencepost", `${slug === "" ? "site" : slug}.sqlite`);
}

/** An address of ours, as an option's value. */
export function ipArgument(text: string): IpAddress {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new InvalidArgumentError(`Expected an IP address: ${parsed.expected}.`);
  return parsed.value;
}

export function endpointArgument(text: string): Endpoint {
  const parsed = parseHostPort(text);
  if (!parsed.ok || parsed.value.host.kind !== "address")
    throw new InvalidArgumentError("Expected ADDR:PORT, such as 198.51.100.9:25 or [2001:db8::9]:25.");
  return { address: parsed.value.host.address, port: parsed.value.port ?? 25 };
}

/** Whole seconds, or another whole number from `least` on. */
export function wholeNumber(least: number, most = 1_000_000_000): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Values of an option that may be given several times. */
export const collected = (value: string, all: readonly string[]): readonly string[] => [...all, value];

export const collectedServers = (value: string, all: readonly string[]): readonly string[] => [
  ...all,
  serverArgument(value),
];

export const realPorts = { clock: systemClock, random: systemRandom } as const;
