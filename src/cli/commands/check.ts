/** `fencepost check`: parse, run, render. */
import { type Command, Option } from "commander";
import { type Authorisation, readAuthorisation } from "../../check/consent.ts";
import { type CheckDocument, type TargetResult, type Vantage, vantages } from "../../check/result.ts";
import { readText, UnreadableFile } from "../../io/files.ts";
import { tcpDialer, tcpListener } from "../../io/tcp.ts";
import type { IpAddress } from "../../net/ip.ts";
import type { Endpoint } from "../../ports.ts";
import { type CheckFormat, checkFace, checkFormats } from "../../report/check.ts";
import { nagiosFailure, nagiosStates } from "../../report/faces/nagios.ts";
import { shown } from "../../report/shown.ts";
import { memoryDrop } from "../../store/store.ts";
import { checkTask, documentOf } from "../../tasks/check.ts";
import { DataError, InputMissing } from "../../tasks/errors.ts";
import { readWitnesses } from "../../tasks/witness-replay.ts";
import type { Witness } from "../../witness/witness.ts";
import { exitCodes, exitOfError, exitOfVerdict } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import {
  addResolverOption,
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  endpointArgument,
  ipArgument,
  realPorts,
  resolverOf,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { version } from "../version.ts";

interface CheckCliOptions extends SharedOptions {
  readonly profile: string;
  readonly probes?: string;
  readonly witness?: string;
  readonly source?: readonly IpAddress[];
  readonly vantage?: Vantage;
  readonly catchListen?: Endpoint;
  readonly catchDomain?: string;
  readonly catchBackupDomain?: string;
  readonly authorisation?: string;
  readonly maxMessages: number;
  readonly wait: number;
  readonly patient?: boolean;
  readonly deadline?: number;
  readonly clientCert?: string;
  readonly parallel: number;
  readonly format: CheckFormat;
}

const nagiosUnknown = nagiosStates.inconclusive.code;

const examples = `
Examples:
  $ fencepost check                              all mailers of site.yaml, every address and port
  $ fencepost check mx1.ourcollege.ac.uk:25      one listener
  $ fencepost check ourcollege.ac.uk             the MX hosts of a domain
  $ fencepost check --profile full --json        everything, as one JSON document
  $ fencepost check mx1 --witness audit.json     what \`fencepost audit --json\` found, tried on the running mailer
  $ fencepost check 192.0.2.25 --catch-listen 198.51.100.9:25 --catch-domain catch.example.net

Exit codes: 0 closed, 1 open, 2 suspect, inconclusive or unreachable, 64 usage, 66 a file is missing,
69 nothing could start, 78 bad site file, 130 interrupted. With --format nagios: 0 closed, 1 suspect, 2 open,
3 inconclusive, unreachable or nothing could be tested.`;

export function addCheck(program: Command): void {
  const command = program
    .command("check")
    .summary("test mailers for relaying, and prove it by delivery")
    .description(
      "Tests mailers for relaying: tries to pass mail from a stranger to a stranger through them, and proves by delivery what got through.",
    )
    .argument(
      "[target...]",
      "host[:port], [ipv6]:port, a domain (its MX hosts) or a mailer's name; default: all mailers of the site",
    )
    .option(
      "--profile <name>",
      "which probes: quick, full, or an older tester's list (`fencepost catalogue list`)",
      "quick",
    )
    .option("--probes <ids>", "only these probes, separated by commas")
    .option("--witness <file>", "replay the sessions that `fencepost audit --json` found")
    .option(
      "--source <addr>",
      "test from this address of ours (repeatable)",
      (text: string, all: readonly IpAddress[] = []) => [...all, ipArgument(text)],
    )
    .addOption(
      new Option("--vantage <where>", "say from where we test, if it cannot be told from the addresses").choices([
        ...vantages,
      ]),
    )
    .option("--catch-listen <addr:port>", "run the catcher on this address of ours", endpointArgument)
    .option("--catch-domain <domain>", "the domain whose mail reaches the catcher")
    .option(
      "--catch-backup-domain <domain>",
      "a domain whose MX is the catcher, then the target: tests relaying as backup MX",
    )
    .option("--authorisation <file>", "permission to test targets outside the site's networks")
    .option("--max-messages <n>", "messages per address and port", wholeNumber(0, 200), 30)
    .option("--wait <seconds>", "how long to wait for the last message", wholeNumber(0, 86_400), 60)
    .option("--patient", "try greylisted probes again, after 1, 5 and 15 minutes")
    .option("--deadline <seconds>", "end the run after this time; the rest is not run", wholeNumber(1))
    .option("--client-cert <file>", "PEM file with certificate and key, for the probes that present one")
    .option("--parallel <n>", "addresses tested at once (one connection each)", wholeNumber(1, 1000), 50)
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...checkFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addResolverOption(addSiteOption(command)));
  command.action(async (targets: readonly string[], options: CheckCliOptions) => {
    process.exitCode = await (options.format === "nagios"
      ? runForNagios(targets, options)
      : runCheck(targets, options));
  });
}

/** Monitoring reads stdout and four exit codes: what could not be tested is unknown, and said in one line. */
async function runForNagios(targets: readonly string[], options: CheckCliOptions): Promise<number> {
  try {
    return await runCheck(targets, options);
  } catch (error) {
    process.stdout.write(nagiosFailure(exitOfError(error).text));
    return nagiosUnknown;
  }
}

async function runCheck(targets: readonly string[], options: CheckCliOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => {
    progress.clear();
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const signal = interruptSignal();
  const { site, file } = await siteAtHand(options, tell);
  const catalogue = await catalogueAtHand();
  const authorisation = options.authorisation === undefined ? null : await authorisationFrom(options.authorisation);
  const certificateFile = options.clientCert ?? site?.check.clientCertificate ?? null;
  const pem = certificateFile === null ? null : await textOf(certificateFile, 256 * 1024);
  const store = await storeAtHand(options, site);
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const format: CheckFormat = options.json === true ? "json" : options.format;
  const face = checkFace(format, { catalogue, stored: store !== null, version, ...terminal() });
  const write = (text: string): void => {
    if (text !== "") process.stdout.write(text);
  };
  const results: TargetResult[] = [];
  const changes: { subject: string; text: string }[] = [];
  let total: number | null = null;
  let exit: number = exitCodes.bug;
  const started = Date.now();
  for await (const event of checkTask(
    {
      targets,
      site,
      siteFile: file,
      catalogue,
      profile: options.profile,
      probes:
        options.probes
          ?.split(",")
          .map((one) => one.trim())
          .filter((one) => one !== "") ?? [],
      witnesses: options.witness === undefined ? [] : await witnessesFrom(options.witness),
      sources: options.source ?? [],
      vantage: options.vantage ?? null,
      catcher: {
        listen: options.catchListen ?? null,
        domain: options.catchDomain ?? null,
        backupDomain: options.catchBackupDomain ?? null,
      },
      authorisation,
      maxMessages: options.maxMessages,
      waitMs: options.wait * 1000,
      patient: options.patient === true,
      deadlineMs: options.deadline === undefined ? null : options.deadline * 1000,
      clientCertificate: pem === null ? null : { certificate: pem, key: pem },
      concurrency: options.parallel,
    },
    {
      dialer: tcpDialer,
      listener: tcpListener(),
      resolver: resolverOf(options),
      ...realPorts,
      store,
      drop: store?.drop ?? memoryDrop(),
      tell,
    },
    signal,
  )) {
    switch (event.kind) {
      case "progress": {
        const seconds = Math.round((Date.now() - started) / 1000);
        total = event.total;
        progress.update(`${event.done}/${event.total ?? "?"} targets, ${seconds} s  ${event.doing}`);
        break;
      }
      case "step":
        progress.clear();
        if (face.keepsResults) results.push(event.step.result);
        write(face.target(event.step.result, total));
        break;
      case "change":
        progress.clear();
        changes.push({ subject: event.subject, text: event.text });
        write(face.change(event.subject, event.text));
        break;
      case "finding":
        break;
      case "result": {
        progress.clear();
        const document: CheckDocument = documentOf(event.result, results, changes);
        write(face.end(document));
        if (format === "nagios")
          exit = event.result.ended === "interrupted" ? nagiosUnknown : nagiosStates[event.result.verdict].code;
        else exit = event.result.ended === "interrupted" ? exitCodes.interrupted : exitOfVerdict(event.result.verdict);
      }
    }
  }
  return exit;
}

async function textOf(path: string, maxBytes: number): Promise<string> {
  try {
    return await readText(path, maxBytes);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}

async function witnessesFrom(path: string): Promise<readonly Witness[]> {
  return readWitnesses(await textOf(path, 64 * 1024 * 1024), path);
}

async function authorisationFrom(path: string): Promise<Authorisation> {
  const result = readAuthorisation(await textOf(path, 256 * 1024));
  if (!result.ok) throw new DataError(`${path}: ${result.message}`);
  return result.value;
}
