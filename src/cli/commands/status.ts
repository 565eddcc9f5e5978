/** `fencepost status`: parse, run, render. */
import { userInfo } from "node:os";
import { type Command, Option } from "commander";
import { stepNames } from "../../repair/result.ts";
import { shown } from "../../report/shown.ts";
import { nagiosStatusStates, type StatusFormat, statusFace, statusFormats } from "../../report/status.ts";
import { siteLookup } from "../../site/lookup.ts";
import { SiteError, UsageError } from "../../tasks/errors.ts";
import { creditLateArrivals } from "../../tasks/late-arrivals.ts";
import type { Saying } from "../../tasks/say.ts";
import { statusTask } from "../../tasks/status.ts";
import { exitCodes } from "../exit.ts";
import {
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  whereaboutsOf,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface StatusCliOptions extends SharedOptions {
  readonly mailer?: string;
  readonly queueClean?: string;
  readonly cause?: string;
  readonly answered?: string;
  readonly waive?: string;
  readonly because?: string;
  readonly until?: string;
  readonly by?: string;
  readonly format: StatusFormat;
}

const examples = `
Examples:
  $ fencepost status                                     where every mailer stands, and what to type next
  $ fencepost status --mailer mx1 --format html > mx1.html       with all evidence and its age
  $ fencepost status --mailer mx1 --queue-clean "emptied and looked at by J. Doe"
  $ fencepost status --mailer mx1 --cause "a stolen login, changed on Monday"
  $ fencepost status --mailer mx1 --answered "by J. Doe, from the abuse mailbox"
  $ fencepost status --mailer mx1 --waive block --because "the provider filters port 25" --until 2026-12-31

Steps: ${stepNames.join(", ")}. Nothing is measured: it goes by what check, audit, filters, sweep, lists and
complaints have recorded. What you say is kept with its time, and shown. No waiver makes an open relay anything else.
Exit codes: 0 every step is settled, 1 a mailer is open now, 2 a step is left, or something is unknown, 64 usage, 69 no
store, 78 bad site file. With --format nagios: 0 done, 1 steps are left, 2 open now, 3 unknown.`;

export function addStatus(program: Command): void {
  const command = program
    .command("status")
    .summary("where each mailer stands on the journey, and the next three commands")
    .description("Shows for each mailer which steps of its repair are done, on what evidence, and what to type next.")
    .option("--mailer <name>", "only this mailer of the site file")
    .option("--queue-clean <text>", "somebody has looked at its queue: who, and how")
    .option("--cause <text>", "the cause was not relaying: what it was")
    .option("--answered <text>", "who reported it has been answered: by whom")
    .option("--waive <step>", "go without this step for a while; with --because and --until")
    .option("--because <text>", "why it is waived")
    .option("--until <day>", "the last day of the waiver, such as 2026-12-31")
    .option("--by <name>", "who waives it (default: your login name)")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print it").choices([...statusFormats]).default("text"))
    .option("--quiet", "no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(command));
  command.action(async (options: StatusCliOptions) => {
    process.exitCode = await runStatus(options);
  });
}

async function runStatus(options: StatusCliOptions): Promise<number> {
  const saying = sayingOf(options);
  const tell = (text: string): void => {
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const { site } = await siteAtHand(options, tell);
  if (site === null)
    throw new SiteError(
      "No site.yaml was found here or in a parent folder. `fencepost init DOMAIN` writes a first one.",
    );
  const catalogue = await catalogueAtHand();
  await using store = await storeAtHand(options, site);
  if (store === null) throw new UsageError("status goes by what is on record: it cannot do without a store.");
  // Mail that came after its run had ended turns closed to open: nobody should be told the old verdict.
  await creditLateArrivals({ store, ...realPorts }, { catalogue, lookup: siteLookup(site) });
  const status = await statusTask(
    { site, mailer: options.mailer ?? null, saying, whereabouts: whereaboutsOf(options) },
    { store, catalogue, clock: realPorts.clock },
  );
  const format: StatusFormat = options.json === true ? "json" : options.format;
  process.stdout.write(statusFace(format, terminal())(status));
  return format === "nagios" ? nagiosStatusStates[status.verdict].code : exits[status.verdict];
}

const exits = {
  open: exitCodes.proved,
  unknown: exitCodes.unsure,
  "under-way": exitCodes.unsure,
  done: exitCodes.well,
} as const;

function sayingOf(options: StatusCliOptions): Saying | null {
  const { queueClean = null, cause = null, answered = null, waive, because, until, by } = options;
  if (waive === undefined && (because ?? until ?? by) !== undefined)
    throw new UsageError("--because, --until and --by go with --waive STEP.");
  if (waive !== undefined && (because === undefined || until === undefined))
    throw new UsageError(`--waive ${waive} takes --because TEXT and --until DAY: who reads it later wants to know.`);
  const waiver =
    waive === undefined || because === undefined || until === undefined
      ? null
      : { step: waive, because, until, by: by ?? userInfo().username };
  return queueClean === null && cause === null && answered === null && waiver === null
    ? null
    : { queueClean, cause, answered, waiver };
}
