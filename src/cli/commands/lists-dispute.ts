/** `fencepost lists dispute`: parse, run, render. */
import { type Command, Option } from "commander";
import type { Vantage } from "../../check/result.ts";
import { readText, UnreadableFile } from "../../io/files.ts";
import { tcpDialer, tcpListener } from "../../io/tcp.ts";
import type { DisputeDocument } from "../../lists/dispute-result.ts";
import type { IpAddress } from "../../net/ip.ts";
import type { Endpoint } from "../../ports.ts";
import { disputeDocument } from "../../report/documents/dispute.ts";
import { renderHtml } from "../../report/faces/html.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import { shown } from "../../report/shown.ts";
import { disputeTask } from "../../tasks/dispute.ts";
import { InputMissing, UsageError } from "../../tasks/errors.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import {
  addResolverOption,
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  endpointArgument,
  ipArgument,
  realPorts,
  resolverOf,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";

const formats = ["text", "json", "html"] as const;

interface DisputeOptions extends SharedOptions {
  readonly evidence: string;
  readonly vantage?: Vantage;
  readonly catchListen?: Endpoint;
  readonly catchDomain?: string;
  readonly wait: number;
  readonly format: (typeof formats)[number];
}

const maxEvidence = 4 * 1024 * 1024;

const examples = `
Examples:
  $ fencepost lists dispute 192.0.2.25 spamcop --evidence their-mail.txt

What the operator sent (a transcript of their test, or the header of a message that came through) is mined for sessions, and
these are replayed from here, as check would: run it from outside, with the catcher of site.yaml. A closed mailer counts as
disputed from then on, and removal is held back, until a newer full test. If nothing can be reproduced, a letter to
contacts.tester is drafted: that is how the tester learns.
Exit codes: 1 reproduced: it is open, 2 not reproduced, 64 usage, 66 the evidence is missing, 78 bad site file.`;

export function addDispute(lists: Command): void {
  const command = lists
    .command("dispute")
    .summary("an operator says that it is still open: find out")
    .description("Takes an operator's evidence that a mailer is still open seriously: replays it, and keeps it.")
    .argument("<address>", "the mailer", ipArgument)
    .argument("<list>", "the list whose operator says so, by its id")
    .requiredOption("--evidence <file>", "what they sent")
    .addOption(
      new Option("--vantage <where>", "say from where we test, if it cannot be told from the addresses").choices([
        "external",
        "internal",
      ]),
    )
    .option("--catch-listen <addr:port>", "run the catcher on this address of ours", endpointArgument)
    .option("--catch-domain <domain>", "the domain whose mail reaches the catcher")
    .option("--wait <seconds>", "how long to wait for the last message", wholeNumber(0, 86_400), 60)
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices([...formats]).default("text"))
    .option("--quiet", "no hints")
    .addHelpText("after", examples);
  addStoreOptions(addResolverOption(addSiteOption(command)));
  command.action(async (address: IpAddress, list: string, options: DisputeOptions) => {
    process.exitCode = await run(address, list, options);
  });
}

async function run(address: IpAddress, list: string, options: DisputeOptions): Promise<number> {
  const tell = (text: string): void => {
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const evidence = await evidenceIn(options.evidence);
  const { site, file } = await siteAtHand(options, tell);
  await using store = await storeAtHand(options, site);
  if (store === null) throw new UsageError("a dispute is kept with the evidence: it needs a store (--no-store)");
  const result = await disputeTask(
    {
      site,
      siteFile: file,
      address,
      list,
      evidence,
      catalogue: await catalogueAtHand(),
      vantage: options.vantage ?? null,
      catcher: { listen: options.catchListen ?? null, domain: options.catchDomain ?? null, backupDomain: null },
      waitMs: options.wait * 1000,
    },
    {
      dialer: tcpDialer,
      listener: tcpListener(),
      resolver: resolverOf(options),
      ...realPorts,
      store,
      drop: store.drop,
      tell,
    },
    interruptSignal(),
  );
  process.stdout.write(faceOf(options.json === true ? "json" : options.format)(result));
  return result.verdict === "reproduced" ? exitCodes.proved : exitCodes.unsure;
}

async function evidenceIn(path: string): Promise<string> {
  try {
    return await readText(path, maxEvidence);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}

function faceOf(format: DisputeOptions["format"]): (result: DisputeDocument) => string {
  switch (format) {
    case "json":
      return jsonLine;
    case "html":
      return (result) => renderHtml(`Dispute: ${result.subject}`, [disputeDocument(result)]);
    case "text":
      return (result) => renderText(disputeDocument(result), terminal());
  }
}
