/** `fencepost lists check`: parse, run, render. */
import { type Command, Option } from "commander";
import { dnsResolver } from "../../io/dns.ts";
import type { ListsDocument, ListsVerdict } from "../../lists/result.ts";
import { type ListsFormat, listsFace, listsFormats, nagiosListsStates } from "../../report/lists.ts";
import { shown } from "../../report/shown.ts";
import { listsTask } from "../../tasks/lists.ts";
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
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface CheckCliOptions extends Omit<SharedOptions, "resolver"> {
  readonly list: readonly string[];
  readonly resolver: readonly string[];
  readonly keys?: string;
  readonly timeout: number;
  readonly format: ListsFormat;
}

const checkExamples = `
Examples:
  $ fencepost lists check                            all that sends the site's mail, and its domains, on all lists
  $ fencepost lists check 192.0.2.25 ourcollege.example
  $ fencepost lists check --list spamhaus-zen --list spamcop
  $ fencepost lists check --resolver 192.0.2.53      ask through a resolver of your own: public ones are refused
  $ fencepost lists check --keys lists.keys          keys of lists that want one: a line NAME=KEY each
  $ fencepost lists check --format html > lists.html

Each list is tested first by entries that it must and must not have; one that fails is told of, and never counts. Keys are
also read from FENCEPOST_LIST_KEYS (NAME=KEY,NAME=KEY) and FENCEPOST_LIST_KEY_<NAME>, and never shown.
Exit codes: 0 clean, 1 listed, 2 a list that matters could not be asked, 64 usage, 65 the keys make no sense, 66 a file is
missing, 78 bad site file, 130 interrupted. With --format nagios: 0 clean, 2 listed, 3 unknown.`;

export function addCheck(lists: Command): void {
  const command = lists
    .command("check")
    .summary("look up addresses and domains on all living lists")
    .description("Looks up addresses and domains on every living list, by lists that were shown to be alive.")
    .argument("[subject...]", "addresses and domains (default: mailers, what they send from, and domains of the site)")
    .option("--list <id>", "only this list (repeatable); also one that has ended", collected, [])
    .option(
      "--resolver <addr[:port]>",
      "ask this DNS server instead of the system's (repeatable)",
      collectedServers,
      [],
    )
    .option("--keys <file>", "keys of lists that want one: a line NAME=KEY each")
    .option("--timeout <ms>", "how long a question may take, with its second try", wholeNumber(100, 60_000), 2500)
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...listsFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", checkExamples);
  addStoreOptions(addSiteOption(command));
  command.action(async (subjects: readonly string[], options: CheckCliOptions) => {
    process.exitCode = await runCheck(subjects, options);
  });
}

async function runCheck(subjects: readonly string[], options: CheckCliOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => {
    progress.clear();
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const format = options.json === true ? "json" : options.format;
  const { site } = await siteAtHand({ ...(options.site === undefined ? {} : { site: options.site }) }, tell);
  const catalogue = await catalogueAtHand();
  const store = await storeAtHand({ ...(options.store === undefined ? {} : { store: options.store }) }, site);
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const face = listsFace(format, terminal());
  const events = listsTask(
    {
      site,
      subjects,
      lists: options.list,
      catalogue: catalogue.lists,
      serial: catalogue.serial,
      keys: await keysAtHand(options.keys ?? null, catalogue.lists),
      servers: options.resolver,
    },
    {
      ...realPorts,
      // The second try takes twice as long as the first.
      resolver: dnsResolver(options.resolver, { timeoutMs: Math.ceil(options.timeout / 3), tries: 2 }),
      store,
    },
    interruptSignal(),
  );
  for await (const event of events) {
    switch (event.kind) {
      case "progress":
        progress.update(`${event.done}/${event.total ?? "?"}  ${event.doing}`);
        break;
      case "step":
        progress.clear();
        process.stdout.write(face.subject(event.step));
        break;
      case "result":
        progress.clear();
        process.stdout.write(face.end(event.result));
        return exitOf(event.result, format);
    }
  }
  throw new Error("the check of the lists ended without a result");
}

const exits = {
  clean: exitCodes.well,
  listed: exitCodes.proved,
  unknown: exitCodes.unsure,
} as const satisfies Record<ListsVerdict, number>;

function exitOf({ verdict, ended }: ListsDocument, format: ListsFormat): number {
  if (format === "nagios") return nagiosListsStates[verdict].code;
  return ended === "interrupted" ? exitCodes.interrupted : exits[verdict];
}
