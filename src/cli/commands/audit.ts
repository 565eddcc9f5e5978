/** `fencepost audit`: parse, run, render. */
import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import type { AuditResult } from "../../audit/result.ts";
import { programs } from "../../io/programs.ts";
import { replaceFile } from "../../io/replace-file.ts";
import { takeSnapshot } from "../../io/snapshot.ts";
import { deadLists } from "../../knowledge/list.ts";
import { type AuditFormat, auditFace, auditFormats } from "../../report/audit.ts";
import { shown } from "../../report/shown.ts";
import { auditTask } from "../../tasks/audit.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import {
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { version } from "../version.ts";

interface AuditCliOptions extends SharedOptions {
  readonly product?: string;
  readonly mailerVersion?: string;
  readonly deployment?: string;
  readonly local?: boolean;
  readonly changed?: boolean;
  readonly fix?: boolean;
  readonly format: AuditFormat;
}

const examples = `
Examples:
  $ fencepost audit /etc/postfix                     the folder of a Postfix
  $ fencepost audit mx1=./mx1 mx2=./mx2              copies of two machines' folders, by name
  $ (postconf -nf; postconf -Mf) > dump; fencepost audit dump   what a machine has set, without its tables
  $ fencepost audit /etc/postfix --json              lines, sessions and patches as one JSON document

It reads these files and nothing else, and connects to nothing.
Exit codes: 0 closed, 1 open, 2 conditional or unknown, 64 usage, 66 a path is missing, 78 bad site file,
130 interrupted.`;

export function addAudit(program: Command): void {
  const command = program
    .command("audit")
    .summary("audit a mailer's configuration down to the line")
    .description(
      "Reads a mailer's configuration, searches it for a session that passes mail from strangers to strangers, and shows the line, the session and a patch.",
    )
    .argument("[[name=]path...]", "a file or a folder with the configuration of one mailer")
    .option("--local", "the mailers installed on this machine")
    .option("--changed", "only what differs from the last audit on record; for hooks of package managers")
    .option("--fix", "write the patches; each file's old text stays beside it")
    .option("--deployment <path>", "what surrounds the mailer: a compose file, manifests, a proxy's configuration")
    .option("--product <name>", "the mailer's product, if it cannot be told from the files")
    .option("--mailer-version <version>", "the mailer's version, where the files do not name it")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...auditFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(command));
  command.action(async (paths: readonly string[], options: AuditCliOptions) => {
    process.exitCode = await runAudit(paths, options);
  });
}

async function runAudit(paths: readonly string[], options: AuditCliOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => {
    progress.clear();
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const { site } = await siteAtHand(options, tell);
  const store = await storeAtHand(options, site);
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const face = auditFace(options.json === true ? "json" : options.format, { version, ...terminal() });
  const results: AuditResult[] = [];
  let exit: number = exitCodes.bug;
  for await (const event of auditTask(
    {
      paths,
      local: options.local === true,
      changed: options.changed === true,
      site,
      product: options.product ?? null,
      version: options.mailerVersion ?? null,
      deployment: options.deployment ?? null,
      fix: options.fix === true,
      deadLists: deadLists((await catalogueAtHand()).lists),
      program: version,
    },
    { ...realPorts, snapshot: takeSnapshot, replace: replaceFile, programs, exists: existsSync, store },
    interruptSignal(),
  )) {
    switch (event.kind) {
      case "progress":
        progress.update(`${event.done}/${event.total ?? "?"}  ${event.doing}`);
        break;
      case "step":
        progress.clear();
        if (face.keepsResults) results.push(event.step);
        process.stdout.write(face.result(event.step));
        break;
      case "change":
        progress.clear();
        tell(`${event.subject} ${event.text}.`);
        break;
      case "finding":
        break;
      case "result": {
        progress.clear();
        process.stdout.write(face.end({ ...event.result, results }));
        const { verdict, ended } = event.result;
        if (ended === "interrupted") exit = exitCodes.interrupted;
        else exit = verdict === "open" ? exitCodes.proved : verdict === "closed" ? exitCodes.well : exitCodes.unsure;
      }
    }
  }
  return exit;
}
