/** `fencepost sweep`: parse, run, render. */
import { Command, InvalidArgumentError, Option } from "commander";
import { readText, UnreadableFile } from "../../io/files.ts";
import { tcpKnocker } from "../../io/knock.ts";
import { sourceTowards } from "../../io/machine.ts";
import { tcpDialer } from "../../io/tcp.ts";
import { type IpAddress, isLoopback } from "../../net/ip.ts";
import { shown } from "../../report/shown.ts";
import { nagiosSweepStates, type SweepFormat, sweepFace, sweepFormats } from "../../report/sweep.ts";
import type { Site } from "../../site/site.ts";
import { endpointText } from "../../sweep/findings.ts";
import type { SweepDocument } from "../../sweep/result.ts";
import { InputMissing, SiteError, UsageError } from "../../tasks/errors.ts";
import { sweepTask } from "../../tasks/sweep.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import {
  addResolverOption,
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  ipArgument,
  realPorts,
  resolverOf,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface SweepCliOptions extends SharedOptions {
  readonly ports: readonly number[];
  readonly hosts: readonly string[];
  readonly source?: IpAddress;
  readonly vantage?: SweepDocument["vantage"];
  readonly rate: number;
  readonly timeout: number;
  readonly resume?: boolean;
  readonly check?: boolean;
  readonly format: SweepFormat;
}

const maxHostBytes = 64 * 1024 * 1024;

/** Where mail services listen: RFC 5321 §4.5.4.2, RFC 6409, RFC 8314 §3.3, and what providers offer beside 25. */
const usualPorts = [25, 465, 587, 2525];

const examples = `
Examples:
  $ fencepost sweep                                 all networks of site.yaml, ports ${usualPorts.join(", ")}
  $ fencepost sweep 192.0.2.0/24 --ports 25         one of them, one port
  $ ip -6 neigh > neighbours; fencepost sweep --hosts neighbours --hosts dhcpd6.leases
  $ fencepost sweep --check                         and test what site.yaml does not name
  $ fencepost sweep --resume                        go on where Ctrl-C stopped it
  $ fencepost sweep --format html > sweep.html      with a map of the address space

Only networks of the site file, and loopback, are swept. From outside it shows what the filter at the border lets through,
from inside what it keeps strangers from.
Exit codes: 0 as declared, 1 a mail service answers that site.yaml does not name, 2 unknown, 64 usage, 66 a file is
missing, 78 bad site file, 130 interrupted. With --format nagios: 0 as declared, 2 unexpected, 3 unknown. With --check the
worse of both counts.`;

export function addSweep(program: Command): void {
  const command = program
    .command("sweep")
    .summary("find the mail services in the site's networks")
    .description(
      "Finds every mail service in the site's own networks, compares with the managed mailers, and shows a map of the address space.",
    )
    .argument("[network...]", "networks within the site's (default: all of them)")
    .option("--ports <list>", "ports to try, such as 25,587", portsArgument, usualPorts)
    .option(
      "--hosts <file>",
      "a text that names hosts, for IPv6: neighbour table, leases, zone (repeatable)",
      collected,
      [],
    )
    .option("--source <address>", "knock from this address of this machine", ipArgument)
    .addOption(new Option("--vantage <view>", "where this machine stands").choices(["external", "internal"]))
    .option("--rate <number>", "knocks a second at most; loopback knows no limit", wholeNumber(1, 1_000_000), 1000)
    .option(
      "--timeout <ms>",
      "how long a knock waits; what does not answer is tried twice",
      wholeNumber(50, 60_000),
      1000,
    )
    .option("--resume", "go on where the last sweep of these networks was stopped")
    .option("--check", "test what site.yaml does not name")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...sweepFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addResolverOption(addSiteOption(command)));
  command.action(async (networks: readonly string[], options: SweepCliOptions) => {
    process.exitCode = await runSweep(networks, options);
  });
}

async function runSweep(networks: readonly string[], options: SweepCliOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => {
    progress.clear();
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const format = options.json === true ? "json" : options.format;
  if (options.check === true && format !== "text" && format !== "jsonl")
    throw new UsageError("--check prints a report of its own: use it with --format text or jsonl.");
  const { site, file } = await siteAtHand(options, tell);
  if (site === null)
    throw new SiteError(
      "No site.yaml was found here or in a parent folder. `fencepost init DOMAIN` writes one, --site FILE names one.",
    );
  const result = await swept(networks, site, format, options, { tell, progress });
  if (format === "nagios") return nagiosSweepStates[result.verdict].code;
  const checked =
    options.check === true && result.ended === "finished" ? await checkUnexpected(result, file, options) : 0;
  if (result.ended === "interrupted") return exitCodes.interrupted;
  const own = { "as-declared": exitCodes.well, unexpected: exitCodes.proved, unknown: exitCodes.unsure }[
    result.verdict
  ];
  return own === exitCodes.proved || checked === exitCodes.well ? own : checked;
}

async function swept(
  networks: readonly string[],
  site: Site,
  format: SweepFormat,
  options: SweepCliOptions,
  { tell, progress }: { readonly tell: (text: string) => void; readonly progress: ReturnType<typeof progressLine> },
): Promise<SweepDocument> {
  const store = await storeAtHand(options, site);
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const face = sweepFace(format, terminal());
  await using knocker = tcpKnocker(options.source ?? null);
  const texts: string[] = [];
  for (const path of options.hosts) texts.push(await hostsAt(path));
  const events = sweepTask(
    {
      site,
      networks,
      hostTexts: texts,
      ports: options.ports,
      vantage: options.vantage ?? null,
      source: options.source ?? (await sourceOf(site)),
      rate: options.rate,
      timeoutMs: options.timeout,
      resume: options.resume === true,
      helo: "fencepost.invalid",
      products: (await catalogueAtHand()).products,
    },
    { ...realPorts, knocker, dialer: tcpDialer, resolver: resolverOf(options), store },
    interruptSignal(),
  );
  for await (const event of events) {
    switch (event.kind) {
      case "progress":
        progress.update(`${event.done}/${event.total ?? "?"}  ${event.doing}`);
        break;
      case "step": {
        progress.clear();
        process.stdout.write(face.listener(event.step));
        const { address, port, speaks, expected } = event.step;
        if (format === "text" && speaks === "smtp" && !expected)
          tell(`${endpointText(address, port)} answers, and is not in site.yaml.`);
        break;
      }
      case "result":
        progress.clear();
        process.stdout.write(face.end(event.result));
        return event.result;
    }
  }
  throw new Error("the sweep ended without a result");
}

/** The address our knocks at the site's networks leave from. */
async function sourceOf({ networks }: Site): Promise<IpAddress | null> {
  const [first] = networks;
  return first === undefined || isLoopback(first.address) ? null : sourceTowards(first.address);
}

/** Hands what should not be there to the tester; its exit code counts too. */
async function checkUnexpected(
  { listeners }: SweepDocument,
  siteFile: string | null,
  options: SweepCliOptions,
): Promise<number> {
  const targets = listeners
    .filter(({ speaks, expected }) => speaks === "smtp" && !expected)
    .map(({ address, port }) => endpointText(address, port));
  if (targets.length === 0) return exitCodes.well;
  const { addCheck } = await import("./check.ts");
  const program = new Command();
  addCheck(program);
  await program.parseAsync(
    [
      "check",
      ...targets,
      ...(siteFile === null ? [] : ["--site", siteFile]),
      ...(options.store === false
        ? ["--no-store"]
        : typeof options.store === "string"
          ? ["--store", options.store]
          : []),
      ...(options.vantage === undefined ? [] : ["--vantage", options.vantage]),
      ...(options.quiet === true ? ["--quiet"] : []),
      ...["--format", options.format],
    ],
    { from: "user" },
  );
  return Number(process.exitCode ?? exitCodes.well);
}

async function hostsAt(path: string): Promise<string> {
  try {
    return await readText(path === "-" ? "/dev/stdin" : path, maxHostBytes);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}

function portsArgument(text: string): readonly number[] {
  const ports = text.split(",").map((part) => Number(part.trim()));
  if (
    ports.length === 0 ||
    ports.length > 64 ||
    ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535)
  )
    throw new InvalidArgumentError("Expected port numbers with commas, such as 25,465,587.");
  return [...new Set(ports)];
}

const collected = (value: string, all: readonly string[]): readonly string[] => [...all, value];
