/** `fencepost complaints send`: parse, run, render. */
import { type Command, Option } from "commander";
import type { RepliesDocument } from "../../complaints/reply/result.ts";
import { longestSubmissionMs } from "../../io/submission.ts";
import { sendReplies } from "../../tasks/reply-send.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { submitterOf } from "../mail-servers.ts";
import { progressLine } from "../progress.ts";
import {
  printReplies,
  type RepliesAtHand,
  type ReplyOptions,
  repliesAtHand,
  replyFormats,
  writeCopies,
} from "../replies.ts";
import { addSiteOption, addStoreOptions, realPorts } from "../surroundings.ts";

interface SendOptions extends ReplyOptions {
  readonly out?: string;
}

const examples = `
Examples:
  $ fencepost complaints send                      what was approved (fencepost complaints reply)
  $ fencepost complaints send 3f9a0c11d2           this draft: naming it approves it
  $ fencepost complaints send --out sent/          and write what was sent as .eml files

The server is mail.submit of the site file, for answers that a person has sent by the other route mail.alternative; passwords
come from mail.passwordFile, FENCEPOST_SUBMIT_PASSWORD or FENCEPOST_ALTERNATIVE_PASSWORD. Nothing is sent twice: of what died
on the way it is said that it is unknown, and a person decides. At most 3 answers a day go to one address, 20 an hour to one
domain, 100 at a time; what says "corrected" is held back if the mailer is no longer known to be closed.
Exit codes: 0 all sent, 1 one was refused, 2 unknown or held back, 64 usage, 78 bad site file, 130 interrupted.`;

export function addSend(complaints: Command): void {
  const send = complaints
    .command("send")
    .exitOverride()
    .summary("send the answers that a person approved")
    .description("Sends approved answers, each at most once.")
    .argument("[id...]", "only these answers; a draft is approved by being named")
    .option("--out <folder>", "write the answers as .eml files, too")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...replyFormats]).default("text"))
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(send));
  send.action(async (ids: readonly string[], options: SendOptions) => {
    process.exitCode = await runSend(ids, options);
  });
}

async function runSend(ids: readonly string[], options: SendOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => progress.update(text);
  const hand = await repliesAtHand(options, tell);
  await using _store = hand.store;
  const signal = interruptSignal();
  const document = await sendAtHand(ids, hand, tell, signal);
  progress.clear();
  if (options.out !== undefined)
    await writeCopies(options.out, document, async (id) => (await hand.store.replies.get(id))?.content ?? null);
  printReplies(document, options);
  return signal.aborted ? exitCodes.interrupted : exitOfReplies(document);
}

/** Also at the end of a triage. */
export function sendAtHand(
  ids: readonly string[],
  hand: RepliesAtHand,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<RepliesDocument> {
  return sendReplies(
    { ids },
    {
      ...hand,
      ...realPorts,
      submitter: (route) => submitterOf(hand.site, route),
      longestMs: longestSubmissionMs,
      tell,
    },
    signal,
  );
}

export function exitOfReplies({ verdict, counts }: RepliesDocument): number {
  if (verdict === "unknown") return exitCodes.unsure;
  if (counts.refused > 0) return exitCodes.proved;
  return counts.held > 0 ? exitCodes.unsure : exitCodes.well;
}
