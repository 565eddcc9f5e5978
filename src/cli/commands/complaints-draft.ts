/** `fencepost complaints draft`: parse, run, render. */
import { type Command, Option } from "commander";
import { previewOf } from "../../tasks/reply-review.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { draftFrom, printReplies, type ReplyOptions, repliesAtHand, replyFormats, writeCopies } from "../replies.ts";
import { addSiteOption, addStoreOptions, realPorts } from "../surroundings.ts";

interface DraftOptions extends ReplyOptions {
  readonly out?: string;
}

const examples = `
Examples:
  $ fencepost complaints draft /var/mail/abuse           one draft for each reporter and incident
  $ fencepost complaints draft                           what is new in mail.abuseMailbox of the site file
  $ fencepost complaints draft Maildir --out answers/    also as .eml files, to be read or sent by a mail program
  $ fencepost complaints reply                           then: read, change and approve them

Nothing is sent. Each reporter gets one answer about an incident, however many reports there are and however often this is
run. "Corrected" is said only where a full test found the mailer closed after the last event.
Exit codes: 0 drafted, 64 usage, 65 no message in what was named, 66 a path is missing, 69 the mailbox cannot be had, 78 bad
site file, 130 interrupted.`;

export function addDraft(complaints: Command): void {
  const draft = complaints
    .command("draft")
    .exitOverride()
    .summary("draft an answer to each reporter")
    .description("Drafts one short answer for each reporter and incident, and keeps it until a person has read it.")
    .argument("[path...]", "mbox, Maildir, folder or file, imaps://user@host/INBOX (default: mail.abuseMailbox)")
    .option("--out <folder>", "write the answers as .eml files, too")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...replyFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(draft));
  draft.action(async (paths: readonly string[], options: DraftOptions) => {
    process.exitCode = await runDraft(paths, options);
  });
}

async function runDraft(paths: readonly string[], options: DraftOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => progress.update(text);
  const hand = await repliesAtHand(options, tell);
  await using _store = hand.store;
  const signal = interruptSignal();
  const document = await draftFrom(paths, hand, tell, signal);
  progress.clear();
  if (options.out !== undefined)
    await writeCopies(options.out, document, async (id) => {
      const reply = document.replies.find((one) => one.id === id);
      if (reply === undefined) return null;
      const approved = (await hand.store.replies.get(id))?.content ?? null;
      return approved ?? previewOf(reply, reply.route, { ...hand, ...realPorts });
    });
  printReplies(document, options);
  return signal.aborted ? exitCodes.interrupted : exitCodes.well;
}
