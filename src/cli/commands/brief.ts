/** `fencepost brief`: parse, run, render. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { BriefDocument } from "../../repair/brief-result.ts";
import { briefPage } from "../../report/documents/brief.ts";
import { renderHtml } from "../../report/faces/html.ts";
import { renderMarkdown } from "../../report/faces/markdown.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import { shown } from "../../report/shown.ts";
import { briefTask } from "../../tasks/brief.ts";
import { SiteError } from "../../tasks/errors.ts";
import { exitCodes } from "../exit.ts";
import {
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  storeFile,
  whereaboutsOf,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

const formats = ["text", "json", "html", "markdown"] as const;

interface BriefCliOptions extends SharedOptions {
  readonly format: (typeof formats)[number];
}

const examples = `
Examples:
  $ fencepost brief                                     the site's only mailer
  $ fencepost brief mx1 --format html > mx1.html       one page, to be printed
  $ fencepost brief mx1 --format markdown | mail -s "Requirements for mx1" contractor@example.net

What the last test found is put in, and what to change in the product, if site.yaml names it or a test has told it.
Exit codes: 0 printed, 64 usage, 69 the store cannot be opened, 78 bad site file.`;

export function addBrief(program: Command): void {
  const command = program
    .command("brief")
    .summary("one page of exact requirements, and their acceptance test")
    .description("Prints what a mailer has to accept and refuse, with which replies, and the test that shows it.")
    .argument("[mailer]", "a mailer of the site file")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print it").choices([...formats]).default("text"))
    .option("--quiet", "no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(command));
  command.action(async (mailer: string | undefined, options: BriefCliOptions) => {
    process.exitCode = await runBrief(mailer ?? null, options);
  });
}

async function runBrief(mailer: string | null, options: BriefCliOptions): Promise<number> {
  const { site } = await siteAtHand(options, (text) => {
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  });
  if (site === null)
    throw new SiteError(
      "No site.yaml was found here or in a parent folder. `fencepost init DOMAIN` writes a first one.",
    );
  const file = storeFile(options, site);
  // A page alone is no reason to make a store.
  const store = file !== null && existsSync(file) ? await storeAtHand(options, site) : null;
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const brief = await briefTask(
    { site, mailer, whereabouts: whereaboutsOf(options) },
    { store, catalogue: await catalogueAtHand(), clock: realPorts.clock },
  );
  process.stdout.write(faceOf(options.json === true ? "json" : options.format)(brief));
  return exitCodes.well;
}

function faceOf(format: BriefCliOptions["format"]): (brief: BriefDocument) => string {
  switch (format) {
    case "json":
      return jsonLine;
    case "html":
      return (brief) => renderHtml(`Requirements for ${brief.mailer}`, [briefPage(brief)]);
    case "markdown":
      return (brief) => renderMarkdown(briefPage(brief));
    case "text":
      return (brief) => renderText(briefPage(brief), terminal());
  }
}
