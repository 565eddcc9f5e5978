/** `fencepost complaints reply`: the triage at the terminal. */
import type { Command } from "commander";
import type { RepliesDocument } from "../../complaints/reply/result.ts";
import { editText } from "../../io/editor.ts";
import { shown } from "../../report/shown.ts";
import { Unavailable } from "../../tasks/errors.ts";
import { openStates } from "../../tasks/reply-drafts.ts";
import { noCounts, repliesDocument, repliesIn } from "../../tasks/reply-record.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { type Questions, questions } from "../questions.ts";
import { draftFrom, printReplies, type RepliesAtHand, type ReplyOptions, repliesAtHand } from "../replies.ts";
import { addSiteOption, addStoreOptions, realPorts } from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { triage } from "../triage.ts";
import { exitOfReplies, sendAtHand } from "./complaints-send.ts";

const examples = `
Examples:
  $ fencepost complaints reply                   what was drafted, and what is new in mail.abuseMailbox
  $ fencepost complaints reply /var/mail/abuse   draft first what this mailbox holds

One screen for each answer: what the report says, and the answer. Letters decide, then Enter:
  a accept   e edit (in $EDITOR)   s skip   n not a complaint   w another wording   l another language
  r another route: submit (your mailer), alternative (mail.alternative, in its own name), csirt (contacts.csirt is asked to
  pass it on)   Enter later   q quit   y (of what may have been sent) it was sent
At the end it asks whether to send what was accepted. Decisions are kept at once; nothing is sent without a yes.
Exit codes: 0 nothing is left in doubt, 1 one was refused, 2 unknown or held back, 64 usage, 65 no message in what was named,
66 a path is missing, 78 bad site file, 130 interrupted.`;

export function addReply(complaints: Command): void {
  const reply = complaints
    .command("reply")
    .exitOverride()
    .summary("read, change and approve answers, one screen each; then send them")
    .description("Opens a triage in the terminal: the evidence, the drafted answer, and what to do with it.")
    .argument("[path...]", "mbox, Maildir, folder or file, imaps://user@host/INBOX (default: mail.abuseMailbox)")
    .option("--json", "print the result as JSON")
    .option("--quiet", "no progress, no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(reply));
  reply.action(async (paths: readonly string[], options: ReplyOptions) => {
    process.exitCode = await runReply(paths, { ...options, format: "text" });
  });
}

async function runReply(paths: readonly string[], options: ReplyOptions): Promise<number> {
  const progress = progressLine(options.quiet === true);
  const tell = (text: string): void => progress.update(text);
  const hand = await repliesAtHand(options, tell);
  await using _store = hand.store;
  const signal = interruptSignal();
  try {
    if (paths.length > 0 || hand.site.mail.abuseMailbox !== null) await draftFrom(paths, hand, tell, signal);
  } catch (error) {
    // What was drafted before can be dealt with all the same.
    if (!(error instanceof Unavailable)) throw error;
    progress.clear();
    process.stderr.write(`fencepost: ${shown(error.message)}\n`);
  }
  progress.clear();
  const asked = questions();
  try {
    if (!signal.aborted) await triageAtHand(hand, asked);
    const document =
      !signal.aborted && (await wantsSending(hand, asked))
        ? await sendAtHand([], hand, tell, signal)
        : await standing(hand);
    progress.clear();
    printReplies(document, options);
    return signal.aborted ? exitCodes.interrupted : exitOfReplies(document);
  } finally {
    asked.close();
  }
}

/** Screens go to stderr: stdout holds the result alone. */
async function triageAtHand(hand: RepliesAtHand, asked: Questions): Promise<void> {
  const replies = await repliesIn(hand.store, ["drafted", "unknown", "refused"]);
  await triage(replies, {
    ...hand,
    ...realPorts,
    questions: asked,
    print: (text) => process.stderr.write(text),
    edit: editText,
    terminal: terminal(),
  });
}

async function wantsSending({ store }: RepliesAtHand, asked: Questions): Promise<boolean> {
  const approved = await store.replies.list(["approved"]);
  if (approved.length === 0) return false;
  const answer = await asked.ask(
    `Send ${approved.length === 1 ? "the one" : `the ${approved.length}`} accepted now? [y/N] `,
  );
  return answer !== null && /^(?:y|yes|j|ja)$/i.test(answer);
}

async function standing({ store }: RepliesAtHand): Promise<RepliesDocument> {
  return repliesDocument(await repliesIn(store, openStates), noCounts, realPorts.clock.now());
}
