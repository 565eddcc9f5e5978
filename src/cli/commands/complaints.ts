/** `fencepost complaints`: parse, run, render. */
import { type Command, Option } from "commander";
import type { ComplaintsDocument } from "../../complaints/result.ts";
import { UnreadableFile } from "../../io/files.ts";
import {
  type ComplaintsFormat,
  complaintsFace,
  complaintsFormats,
  nagiosComplaintsStates,
} from "../../report/complaints.ts";
import { shown } from "../../report/shown.ts";
import { complaintsTask } from "../../tasks/complaints.ts";
import { InputMissing } from "../../tasks/errors.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { messagesAt } from "../replies.ts";
import {
  addSiteOption,
  addStoreOptions,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { addDraft } from "./complaints-draft.ts";
import { addReply } from "./complaints-reply.ts";
import { addSend } from "./complaints-send.ts";

interface ReadCliOptions extends SharedOptions {
  readonly format: ComplaintsFormat;
}

const examples = `
Examples:
  $ fencepost complaints read /var/mail/abuse             an mbox
  $ fencepost complaints read ~abuse/Maildir              a Maildir with its sub-folders
  $ fencepost complaints read *.eml reports/              files and folders of files
  $ formail -s cat < mbox | fencepost complaints read -   standard input
  $ fencepost complaints read imaps://abuse@mail.ourcollege.ac.uk/INBOX
  $ fencepost complaints read Maildir --format html > complaints.html

Nothing is moved, marked or answered. The password of an IMAP account comes from mail.passwordFile of the site file or from
FENCEPOST_MAILBOX_PASSWORD.
Exit codes: 0 no report is about us, 1 one is, 2 it cannot be told, 64 usage, 65 no message in what was named, 66 a path is
missing, 78 bad site file, 130 interrupted. With --format nagios: 0 none, 1 cannot be told, 2 about us.`;

export function addComplaints(program: Command): void {
  const complaints = program
    .command("complaints")
    .summary("read abuse reports, and answer them")
    .description("Works on the abuse mailbox.");
  const read = complaints
    .command("read")
    .exitOverride()
    .summary("tie each report to a mailer and an incident")
    .description(
      "Reads abuse reports of any format and ties each to one of our mailers and an incident, or sets it aside as not ours, with the reason.",
    )
    .argument("<path...>", "mbox, Maildir, folder or file, imaps://user@host/INBOX; - is standard input")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...complaintsFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(read));
  read.action(async (paths: readonly string[], options: ReadCliOptions) => {
    process.exitCode = await runRead(paths, options);
  });
  addDraft(complaints);
  addReply(complaints);
  addSend(complaints);
}

async function runRead(paths: readonly string[], options: ReadCliOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => {
    progress.clear();
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const format = options.json === true ? "json" : options.format;
  const { site } = await siteAtHand(options, tell);
  const store = await storeAtHand(options, site);
  await using _store = store ?? { [Symbol.asyncDispose]: async () => {} };
  const face = complaintsFace(format, terminal());
  const ports = { ...realPorts, store, messages: messagesAt(site) };
  try {
    for await (const event of complaintsTask({ site, paths }, ports, interruptSignal()))
      switch (event.kind) {
        case "progress":
          progress.update(`${event.done} messages  ${event.doing}`);
          break;
        case "step":
        case "finding":
          break;
        case "result":
          progress.clear();
          process.stdout.write(face(event.result));
          return exitOf(event.result, format);
      }
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
  throw new Error("reading the complaints ended without a result");
}

function exitOf({ verdict, ended }: ComplaintsDocument, format: ComplaintsFormat): number {
  if (format === "nagios") return nagiosComplaintsStates[verdict].code;
  if (ended === "interrupted") return exitCodes.interrupted;
  return { ours: exitCodes.proved, unknown: exitCodes.unsure, none: exitCodes.well }[verdict];
}
