/** `fencepost filters`: parse, run, render. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { conditionsOf } from "../../filters/conditions.ts";
import { protocolNumbers } from "../../filters/packet.ts";
import { platformIds, platforms } from "../../filters/platforms/platforms.ts";
import { readText, UnreadableFile } from "../../io/files.ts";
import type { IpAddress } from "../../net/ip.ts";
import { conditionsDocument, queryDocument, writtenDocument } from "../../report/documents/filters.ts";
import { renderHtml } from "../../report/faces/html.ts";
import { renderText } from "../../report/faces/text.ts";
import { type FilterFormat, filterFace, filterFormats, nagiosFilterStates } from "../../report/filters.ts";
import { jsonLine } from "../../report/json.ts";
import type { RenderDocument } from "../../report/results/filters.ts";
import { shown } from "../../report/shown.ts";
import type { Site } from "../../site/site.ts";
import { InputMissing, SiteError, Unavailable, UsageError } from "../../tasks/errors.ts";
import {
  echoRequest,
  type FilterText,
  platformNamed,
  proveFilter,
  queryFilter,
  type RenderedFilter,
  renderFilter,
} from "../../tasks/filters.ts";
import { exitCodes } from "../exit.ts";
import {
  addSiteOption,
  addStoreOptions,
  ipArgument,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

const maxConfigurationBytes = 64 * 1024 * 1024;

const renderExamples = `
Examples:
  $ fencepost filters render --platform ios --interface GigabitEthernet0/0/1
  $ fencepost filters render --platform junos --into BORDER-IN     denies alone, to stand before a list that is there
  $ fencepost filters render --all filters/                        one file a platform, with its rollback
  $ fencepost filters render --platform nftables --json

Every filter is read back and proved before it is shown. Nothing is connected to.
Exit codes: 0 written, 64 usage, 69 a file cannot be written, 78 bad site file.`;

const proveExamples = `
Examples:
  $ fencepost filters prove running-config.txt --platform ios --interface Gi0/0/1
  $ fencepost filters prove router.conf --platform junos --interface xe-0/0/0 --json
  $ fencepost filters prove new.txt --platform ios --name BORDER-IN --baseline old.txt
  $ nft list ruleset | fencepost filters prove - --platform nftables --interface wan0

Exit codes: 0 exact, 1 a packet passes that must not, or is stopped that must not be, 2 unknown, 64 usage, 65 no filter
in the file, 66 a file is missing, 78 bad site file. With --format nagios: 0 exact, 1 overblocks, 2 holes, 3 unknown.`;

const queryExamples = `
Examples:
  $ fencepost filters query running-config.txt --platform ios --interface Gi0/0/1 --in --src 203.0.113.9 --dst 192.0.2.7 --port 25
  $ fencepost filters query acl.txt --platform ios --name 101 --out --src 192.0.2.7 --dst 203.0.113.9 --port 25 --json
  $ fencepost filters query pf.conf --platform pf --interface em0 --in --src 2001:db8:c::9 --dst 2001:db8:25::7 --proto udp --port 53`;

const conditionsExamples = `
Examples:
  $ fencepost filters conditions                     plain text, ready to publish
  $ fencepost filters conditions --format html > conditions.html`;

export function addFilters(program: Command): void {
  const filters = program
    .command("filters")
    .summary("block port 25 at the router, and prove exactly that")
    .description(
      `Writes, proves and asks packet filters that leave port 25 to the managed mailers. Platforms: ${platformIds.join(", ")}.`,
    );
  addRender(filters);
  addProve(filters);
  addQuery(filters);
  addConditions(filters);
  for (const command of filters.commands) command.exitOverride();
}

interface RenderCliOptions extends SharedOptions {
  readonly platform?: string;
  readonly all?: string;
  readonly interface?: string;
  readonly inside: readonly string[];
  readonly into?: string;
}

function addRender(filters: Command): void {
  const command = filters
    .command("render")
    .summary("write a filter for the site, with its rollback")
    .description("Writes a commented filter, for IPv4 and IPv6, and the commands that take it back.")
    .option("--platform <id>", "the router's or firewall's platform")
    .option("--all <folder>", "write one for every platform into a folder")
    .option("--interface <name>", "the outside interface or zone")
    .option("--inside <zone>", "a zone behind the firewall (repeatable)", collected, [])
    .option("--into <list>", "a list that is there already: denies alone, to be put before its entries")
    .option("--json", "print one JSON document")
    .option("--quiet", "no notes")
    .addHelpText("after", renderExamples);
  addSiteOption(command);
  command.action(async (options: RenderCliOptions) => {
    process.exitCode = await runRender(options);
  });
}

async function runRender(options: RenderCliOptions): Promise<number> {
  if ((options.platform === undefined) === (options.all === undefined))
    throw new UsageError(`Name --platform or --all FOLDER. Platforms: ${platformIds.join(", ")}.`);
  if (options.all !== undefined && (options.into !== undefined || options.interface !== undefined))
    throw new UsageError("--all writes for every platform: names of one platform's lists and interfaces fit no other.");
  const site = await neededSite(options);
  const wanted = options.platform === undefined ? platforms : [platformNamed(options.platform)];
  const made = wanted.map(({ id }) =>
    renderFilter({
      site,
      platform: id,
      outside: options.interface ?? null,
      insides: options.inside,
      into: options.into ?? null,
    }),
  );
  const files = options.all === undefined ? null : made.map((one) => writeBoth(options.all ?? ".", one));
  if (options.json === true) {
    const document: RenderDocument = {
      schema: "fencepost/filters-render/1",
      site: site.name,
      filters: made.map((one, index) => ({
        ...one,
        notes: [...one.notes],
        files: files === null ? null : [...(files[index] ?? [])],
      })),
    };
    process.stdout.write(jsonLine(document));
  } else if (files !== null) {
    const rows = made.map(({ platform, title, rules, proof, notes }, index) => ({
      ...{ platform, title, rules, verdict: proof.verdict, notes: notes.length },
      files: files[index] ?? [],
    }));
    process.stdout.write(renderText(writtenDocument(site.name, rows), terminal()));
  } else for (const one of made) printFilter(one, options.quiet === true);
  return exitCodes.well;
}

/** The filter alone on stdout, so that it can be sent on as it is; what to know about it on stderr. */
function printFilter({ text, rollback, notes, proof, rules, title }: RenderedFilter, quiet: boolean): void {
  process.stdout.write(text);
  if (quiet) return;
  const lines = [
    `${title}: ${rules} rules. Read back and proved: ${proof.verdict}. ${proof.because}`,
    ...notes.map((note) => `Note: ${note}`),
    ...proof.residuals.map((text) => `Not shown by the proof: ${text}`),
    "To take it back:",
    ...rollback
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
  ];
  process.stderr.write(`\n${lines.map((line) => `fencepost: ${shown(line)}`).join("\n")}\n`);
}

function writeBoth(folder: string, one: RenderedFilter): readonly string[] {
  const paths = [`${one.platform}.txt`, `${one.platform}.rollback.txt`].map((name) => join(folder, name));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(paths[0]!, one.text);
    writeFileSync(paths[1]!, one.rollback);
  } catch (error) {
    throw new Unavailable(`${folder}: the filters cannot be written (${(error as Error).message}).`, { cause: error });
  }
  return paths;
}

interface PlaceCliOptions extends SharedOptions {
  readonly platform: string;
  readonly interface?: string;
  readonly name?: string;
}

interface ProveCliOptions extends PlaceCliOptions {
  readonly baseline?: string;
  readonly in?: boolean;
  readonly out?: boolean;
  readonly format: FilterFormat;
}

function addPlace(command: Command): Command {
  return command
    .argument("<file>", "the configuration as the device prints it, whole; - reads standard input")
    .requiredOption("--platform <id>", "the router's or firewall's platform")
    .addOption(new Option("--interface <name>", "the outside interface or zone").conflicts("name"))
    .option("--name <list>", "this list alone, wherever it is attached");
}

function addProve(filters: Command): void {
  const command = addPlace(filters.command("prove"))
    .summary("prove a filter, or show a packet that passes and must not")
    .description(
      "Reads a whole configuration, finds the filters at the outside interface, and proves that port 25 is open to the managed mailers and to nothing else; or shows a packet and a line.",
    )
    .option("--baseline <old>", "the configuration as it was: all but port 25 must be as under it")
    .addOption(new Option("--in", "of --name: it filters what comes in").conflicts("out"))
    .option("--out", "of --name: it filters what goes out")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...filterFormats]).default("text"))
    .option("--quiet", "no hints")
    .addHelpText("after", proveExamples);
  addStoreOptions(addSiteOption(command));
  command.action(async (file: string, options: ProveCliOptions) => {
    process.exitCode = await runProve(file, options);
  });
}

async function runProve(file: string, options: ProveCliOptions): Promise<number> {
  const site = await neededSite(options);
  const store = await storeAtHand(options, site);
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const filter = await textAt(file);
  const result = await proveFilter(
    {
      site,
      filter,
      baseline: options.baseline === undefined ? null : await textAt(options.baseline),
      direction: options.in === true ? "in" : options.out === true ? "out" : null,
      ...placeOf(options),
    },
    { ...realPorts, store },
  );
  const format = options.json === true ? "json" : options.format;
  process.stdout.write(filterFace(format, filter.file, result, terminal()));
  if (format === "nagios") return nagiosFilterStates[result.verdict].code;
  if (result.verdict === "exact") return exitCodes.well;
  return result.verdict === "unknown" ? exitCodes.unsure : exitCodes.proved;
}

interface QueryCliOptions extends PlaceCliOptions {
  readonly in?: boolean;
  readonly out?: boolean;
  readonly src: IpAddress;
  readonly dst: IpAddress;
  readonly proto: number;
  readonly port?: number;
  readonly sourcePort: number;
  readonly established?: boolean;
}

function addQuery(filters: Command): void {
  const command = addPlace(filters.command("query"))
    .summary("ask what becomes of one packet, and by which line")
    .description("Answers like the router would: what becomes of one packet, and which line decides it.")
    .addOption(new Option("--in", "it comes in from outside").conflicts("out"))
    .option("--out", "it goes out from inside")
    .requiredOption("--src <address>", "its source", ipArgument)
    .requiredOption("--dst <address>", "its destination", ipArgument)
    .option("--proto <name>", "tcp, udp, icmp, icmp6 or a number", protocolArgument, protocolNumbers.tcp)
    .option("--port <number>", "its destination port", wholeNumber(0, 65_535))
    .option("--source-port <number>", "its source port", wholeNumber(0, 65_535), 40_000)
    .option("--established", "it belongs to a session that is open already (TCP: ACK is set)")
    .option("--json", "print one JSON document")
    .addHelpText("after", queryExamples);
  command.action(async (file: string, options: QueryCliOptions) => {
    process.exitCode = await runQuery(file, options);
  });
}

async function runQuery(file: string, options: QueryCliOptions): Promise<number> {
  if (options.in !== true && options.out !== true)
    throw new UsageError("Say which way the packet goes: --in from outside, or --out from inside.");
  const { proto, src, dst, port, sourcePort, established } = options;
  const hasPorts = proto === protocolNumbers.tcp || proto === protocolNumbers.udp;
  if (hasPorts && port === undefined) throw new UsageError("Name the destination port: --port 25.");
  const isIcmp = proto === protocolNumbers.icmp || proto === protocolNumbers.icmp6;
  const result = queryFilter({
    filter: await textAt(file),
    direction: options.in === true ? "in" : "out",
    packet: {
      ...{ source: src, destination: dst, protocol: proto, established: established === true },
      sourcePort: hasPorts ? sourcePort : 0,
      port: hasPorts ? (port ?? 0) : isIcmp ? echoRequest(src.family) : 0,
    },
    ...placeOf(options),
  });
  process.stdout.write(options.json === true ? jsonLine(result) : renderText(queryDocument(result), terminal()));
  return exitCodes.well;
}

function addConditions(filters: Command): void {
  const command = filters
    .command("conditions")
    .summary("write conditions of use for the site's own users")
    .description(
      "Writes conditions of use from the site file: what port 25 is for, who may run a mailer, and that hosts are tested.",
    )
    .addOption(new Option("--format <face>", "how to print them").choices(["text", "json", "html"]).default("text"))
    .option("--json", "the same as --format json")
    .addHelpText("after", conditionsExamples);
  addSiteOption(command);
  command.action(async (options: SharedOptions) => {
    const conditions = conditionsOf(await neededSite(options));
    const format = options.json === true ? "json" : options.format;
    const document = conditionsDocument(conditions);
    process.stdout.write(
      format === "json"
        ? jsonLine({ schema: "fencepost/filters-conditions/1", ...conditions })
        : format === "html"
          ? renderHtml(document.title, [document])
          : renderText(document, { ...terminal(), colour: false }),
    );
    process.exitCode = exitCodes.well;
  });
}

const placeOf = ({ platform, interface: outside, name }: PlaceCliOptions) => ({
  platform,
  outside: outside ?? null,
  list: name ?? null,
});

async function neededSite(options: SharedOptions): Promise<Site> {
  const { site } = await siteAtHand(options, (text) => {
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  });
  if (site === null)
    throw new SiteError(
      "No site.yaml was found here or in a parent folder. `fencepost init DOMAIN` writes one, --site FILE names one.",
    );
  return site;
}

async function textAt(file: string): Promise<FilterText> {
  try {
    return {
      file: file === "-" ? "standard input" : file,
      text: await readText(file === "-" ? "/dev/stdin" : file, maxConfigurationBytes),
    };
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}

function protocolArgument(text: string): number {
  const known = (protocolNumbers as Readonly<Record<string, number>>)[text.toLowerCase().replace("icmpv6", "icmp6")];
  const number = known ?? (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN);
  if (!(number >= 0 && number <= 255))
    throw new InvalidArgumentError("Expected tcp, udp, icmp, icmp6 or a number up to 255.");
  return number;
}

const collected = (value: string, all: readonly string[]): readonly string[] => [...all, value];
