/** `fencepost lists refusals`: parse, run, render. */
import { Command, Option } from "commander";
import { systemClock } from "../../io/clock.ts";
import { UnreadableFile } from "../../io/files.ts";
import { logBytes } from "../../io/log-bytes.ts";
import type { RefusalsDocument } from "../../lists/refusals/result.ts";
import { type RefusalsFormat, refusalsFormats, renderRefusals } from "../../report/refusals.ts";
import { InputMissing } from "../../tasks/errors.ts";
import { refusalsTask } from "../../tasks/refusals.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { catalogueAtHand } from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface RefusalsCliOptions {
  readonly json?: boolean;
  readonly format: RefusalsFormat;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  $ fencepost lists refusals /var/log/mail.log /var/log/mail.log.*.gz
  $ journalctl -u 'postfix*' -o short-iso | fencepost lists refusals -
  $ postqueue -j > queue; fencepost lists refusals /var/log/mail.log queue
  $ fencepost lists refusals MSGTRK*.LOG --json

Reads the logs of Postfix, Exim, Sendmail, OpenSMTPD and Exchange (message tracking, send protocol), and queue listings
(postqueue -p and -j, mailq, exim -bp, smtpctl show queue); also packed with gzip or zstd. Asks nobody.
Times without a zone are read as this machine's: TZ=Europe/Vienna fencepost lists refusals … for another's.
Exit codes: 0 nobody refuses us, 1 somebody does, 2 it cannot be told, 64 usage, 66 a file is missing, 130 interrupted.`;

export function refusalsCommand(): Command {
  return new Command("refusals")
    .summary("who refuses our mail, why, since when, and whom to ask")
    .description("Reads mail logs and queue listings and shows per receiver who refuses our mail, and for which list.")
    .argument("<file...>", "logs and queue listings; - is standard input")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...refusalsFormats]).default("text"))
    .option("--quiet", "no progress")
    .addHelpText("after", examples)
    .action(async (files: readonly string[], options: RefusalsCliOptions) => {
      const progress = progressLine(options.quiet === true);
      const { receivers, lists } = await catalogueAtHand();
      const result = await refusalsTask(
        {
          files,
          catalogue: { receivers },
          lists: lists.map(({ id, name, zones, aliases = [] }) => ({
            id,
            name,
            names: [...zones.map(({ zone }) => zone.replace("{key}.", "")), ...aliases],
          })),
          progress: (file, bytes) => progress.update(`${Math.round(bytes / 1e6)} MB  ${file}`),
        },
        openLog,
        interruptSignal(),
      );
      progress.clear();
      process.stdout.write(renderRefusals(result, options.json === true ? "json" : options.format, terminal()));
      process.exitCode = result.interrupted ? exitCodes.interrupted : exitOf[result.verdict];
    });
}

const exitOf = {
  refused: exitCodes.proved,
  accepted: exitCodes.well,
  unknown: exitCodes.unsure,
} as const satisfies Record<RefusalsDocument["verdict"], number>;

async function openLog(path: string): Promise<{ latest: number; chunks: AsyncIterable<Uint8Array> }> {
  try {
    const { latest, chunks } = await logBytes(path);
    return { latest: latest ?? systemClock.now().getTime(), chunks };
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}
