/** `fencepost lists removal`: parse, run, render. */
import { type Command, Option } from "commander";
import { dnsResolver } from "../../io/dns.ts";
import type { RemovalDocument } from "../../lists/removal-result.ts";
import type { IpAddress } from "../../net/ip.ts";
import { removalPlanDocument } from "../../report/documents/removal.ts";
import { renderHtml } from "../../report/faces/html.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import { UsageError } from "../../tasks/errors.ts";
import { removalTask } from "../../tasks/removal.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { keysAtHand } from "../list-keys.ts";
import { progressLine } from "../progress.ts";
import {
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  collected,
  collectedServers,
  ipArgument,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

const formats = ["text", "json", "html"] as const;

interface RemovalOptions extends Omit<SharedOptions, "resolver"> {
  readonly list: readonly string[];
  readonly resolver: readonly string[];
  readonly keys?: string;
  readonly because?: string;
  readonly cause?: string;
  readonly queueClean?: string;
  readonly format: (typeof formats)[number];
}

const examples = `
Examples:
  $ fencepost lists removal 192.0.2.25                 what to do, in which order, and what not yet
  $ fencepost check 192.0.2.25 --profile full          evidence that it is closed: newer than the listing
  $ fencepost lists removal 192.0.2.25 --queue-clean "emptied and looked at, J. Doe"
  $ fencepost lists removal 192.0.2.25 --cause "a stolen login, changed on Monday"
  $ fencepost lists removal 192.0.2.25 --list psbl --because "they asked us to"

Asking for removal before the mailer is mended costs goodwill, and is held back until a check, or its withdrawal, is newer
than our first sight of the listing and somebody has vouched for the queue. What you say is kept, and shown.
Exit codes: 0 nothing to do, 1 listed, 2 lists that matter could not be asked, 64 usage, 69 no store, 78 bad site file.`;

export function addRemoval(lists: Command): void {
  const command = lists
    .command("removal")
    .summary("how to get off: what to do for each listing, in the right order")
    .description("Plans the removal of an address from the lists that hold it, and holds back what would do harm.")
    .argument("<address>", "an address that sends mail", ipArgument)
    .option("--list <id>", "only this list (repeatable)", collected, [])
    .option("--queue-clean <text>", "somebody has looked at the queue: who, and how")
    .option("--cause <text>", "the cause was not relaying: what it was")
    .option("--because <text>", "go ahead all the same: why")
    .option(
      "--resolver <addr[:port]>",
      "ask this DNS server instead of the system's (repeatable)",
      collectedServers,
      [],
    )
    .option("--keys <file>", "keys of lists that want one: a line NAME=KEY each")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the plan").choices([...formats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(command));
  command.action(async (address: IpAddress, options: RemovalOptions) => {
    process.exitCode = await run(address, options);
  });
}

async function run(address: IpAddress, options: RemovalOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const { site } = await siteAtHand({ ...(options.site === undefined ? {} : { site: options.site }) }, () => {});
  const catalogue = await catalogueAtHand();
  await using store = await storeAtHand({ ...(options.store === undefined ? {} : { store: options.store }) }, site);
  if (store === null)
    throw new UsageError("removal goes by what is on record: it cannot do without a store (--no-store)");
  const resolver = dnsResolver(options.resolver, { timeoutMs: 900, tries: 2 });
  const plan = await removalTask(
    {
      site,
      address,
      lists: options.list,
      catalogue: catalogue.lists,
      serial: catalogue.serial,
      keys: await keysAtHand(options.keys ?? null, catalogue.lists),
      servers: options.resolver,
      because: options.because ?? null,
      cause: options.cause ?? null,
      queueClean: options.queueClean ?? null,
    },
    { ...realPorts, resolver, reverse: resolver, store, tell: (text) => progress.update(text) },
    interruptSignal(),
  );
  progress.clear();
  process.stdout.write(faceOf(options.json === true ? "json" : options.format)(plan));
  return exits[plan.verdict];
}

const exits = {
  nothing: exitCodes.well,
  free: exitCodes.proved,
  held: exitCodes.proved,
  unknown: exitCodes.unsure,
} as const satisfies Record<RemovalDocument["verdict"], number>;

function faceOf(format: RemovalOptions["format"]): (plan: RemovalDocument) => string {
  switch (format) {
    case "json":
      return jsonLine;
    case "html":
      return (plan) => renderHtml(`Off the lists: ${plan.subject}`, [removalPlanDocument(plan)]);
    case "text":
      return (plan) => renderText(removalPlanDocument(plan), terminal());
  }
}
