/** `fencepost init`: a first site file from DNS. */
import { existsSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { initDocument } from "../../report/documents/init.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import { Unavailable, UsageError } from "../../tasks/errors.ts";
import { proposeSite } from "../../tasks/propose-site.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { addResolverOption, catalogueAtHand, resolverOf, type SharedOptions } from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface InitCliOptions extends SharedOptions {
  readonly output: string;
  readonly force?: boolean;
}

const examples = `
Examples:
  $ fencepost init ourcollege.ac.uk                   writes site.yaml, and tells what is left to do
  $ fencepost init ourcollege.ac.uk --output -        prints the site file instead
  $ fencepost init ourcollege.ac.uk --json            the proposal as one JSON document; the file is written as well

Networks are proposed only from ip4 and ip6 of the domain's own SPF record, for you to confirm. Nothing is connected to.
Exit codes: 0 written, 64 usage or no such domain, 69 DNS does not answer or the file cannot be written.`;

export function addInit(program: Command): void {
  const command = program
    .command("init")
    .summary("write a first site file from DNS")
    .description(
      "Writes a first site.yaml for a mail domain from what DNS says: networks, mailers, hosted MX. All of it is for you to confirm.",
    )
    .argument("<domain>", "your main mail domain")
    .option("--output <file>", "where to write the site file; - prints it", "site.yaml")
    .option("--force", "overwrite the file if it is there")
    .option("--json", "print the proposal as one JSON document")
    .option("--quiet", "print nothing but errors")
    .addHelpText("after", examples);
  addResolverOption(command);
  command.action(async (domain: string, options: InitCliOptions) => {
    process.exitCode = await runInit(domain, options);
  });
}

async function runInit(domain: string, options: InitCliOptions): Promise<number> {
  const file = options.output === "-" ? null : options.output;
  if (file !== null && options.force !== true && existsSync(file))
    throw new UsageError(`${file} is there already. --force overwrites it, --output FILE writes another.`);
  const catalogue = await catalogueAtHand();
  const result = await proposeSite(
    domain,
    file,
    { resolver: resolverOf(options), hosted: catalogue.hosted },
    interruptSignal(),
  );
  if (file !== null) write(file, result.site, options.force === true);
  if (options.json === true) process.stdout.write(jsonLine(result));
  else if (file === null) {
    process.stdout.write(result.site);
    if (options.quiet !== true)
      process.stderr.write(renderText(initDocument(result), { ...terminal(), colour: false }));
  } else if (options.quiet !== true) process.stdout.write(renderText(initDocument(result), terminal()));
  return exitCodes.well;
}

function write(file: string, text: string, force: boolean): void {
  try {
    // Without --force the file must not be there, also if it came while we asked DNS.
    writeFileSync(file, text, { flag: force ? "w" : "wx" });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EEXIST")
      throw new UsageError(`${file} is there already. --force overwrites it, --output FILE writes another.`, {
        cause: error,
      });
    throw new Unavailable(`${file} cannot be written (${code ?? String(error)}). Choose another with --output FILE.`, {
      cause: error,
    });
  }
}
