/** `fencepost doctor`: can this machine test at all, and which DNS records does a catcher need. */
import type { Command } from "commander";
import { shippedCatalogue } from "../../io/files.ts";
import { interfaceAddresses, listenerOn } from "../../io/machine.ts";
import { tcpDialer, tcpListener } from "../../io/tcp.ts";
import { loadCatalogue } from "../../knowledge/catalogue.ts";
import type { IpAddress } from "../../net/ip.ts";
import type { Endpoint } from "../../ports.ts";
import { doctorDocument } from "../../report/documents/doctor.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import { shown } from "../../report/shown.ts";
import { doctor } from "../../tasks/doctor.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import {
  addResolverOption,
  addSiteOption,
  addStoreOptions,
  endpointArgument,
  ipArgument,
  realPorts,
  resolverOf,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  storeFile,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface DoctorCliOptions extends SharedOptions {
  readonly catchListen?: Endpoint;
  readonly catchDomain?: string;
  readonly source?: readonly IpAddress[];
}

const examples = `
Examples:
  $ fencepost doctor                                        with the catcher of site.yaml
  $ fencepost doctor --catch-listen 0.0.0.0:25 --catch-domain catch.example.net
  $ fencepost doctor --json                                 as one JSON document

Nothing is sent but DNS questions, and one connection to check.control if site.yaml names it.
Exit codes: 0 nothing stands in the way, 2 something does, 64 usage, 66 a file is missing, 78 bad site file.`;

export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .summary("can this machine test at all, and which DNS records to create")
    .description(
      "Looks at all that a test rests on: this machine, its network, its addresses, the catcher and its DNS records. Tells what to do about each.",
    )
    .option("--catch-listen <addr:port>", "where the catcher would listen", endpointArgument)
    .option("--catch-domain <domain>", "the domain whose mail would reach the catcher")
    .option(
      "--source <addr>",
      "an address of ours to test from (repeatable)",
      (text: string, all: readonly IpAddress[] = []) => [...all, ipArgument(text)],
    )
    .option("--json", "print one JSON document")
    .option("--quiet", "no hints")
    .addHelpText("after", examples);
  addStoreOptions(addResolverOption(addSiteOption(command)));
  command.action(async (options: DoctorCliOptions) => {
    process.exitCode = await runDoctor(options);
  });
}

async function runDoctor(options: DoctorCliOptions): Promise<number> {
  const tell = (text: string): void => {
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const { site, file } = await siteAtHand(options, tell);
  const result = await doctor(
    {
      site,
      siteFile: file,
      node: process.versions.node,
      catalogue: loadCatalogue(await shippedCatalogue()),
      catchListen: options.catchListen ?? null,
      catchDomain: options.catchDomain ?? null,
      sources: options.source ?? [],
      interfaces: interfaceAddresses(),
    },
    {
      resolver: resolverOf(options),
      listener: tcpListener(),
      dialer: tcpDialer,
      ...realPorts,
      store: await storeTried(options, site),
      occupant: (on) => listenerOn(on.port),
    },
    interruptSignal(),
  );
  process.stdout.write(options.json === true ? jsonLine(result) : renderText(doctorDocument(result), terminal()));
  return result.verdict === "ok" ? exitCodes.well : exitCodes.unsure;
}

/** Opening the store brings its schema up to date, and making the token key writes to it: what `check` does first, too. */
async function storeTried(
  options: DoctorCliOptions,
  site: Parameters<typeof storeAtHand>[1],
): Promise<{ readonly file: string | null; readonly failure: string | null }> {
  const file = storeFile(options, site);
  if (file === null) return { file, failure: null };
  try {
    const store = await storeAtHand(options, site);
    await store?.tokenKey(realPorts.random);
    await store?.[Symbol.asyncDispose]();
    return { file, failure: null };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { file, failure: cause instanceof Error ? cause.message : String(cause) };
  }
}
