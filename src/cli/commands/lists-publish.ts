/** `fencepost lists publish`: parse, run, render. */
import { join } from "node:path";
import { Command, Option } from "commander";
import { systemClock } from "../../io/clock.ts";
import { readText, UnreadableFile } from "../../io/files.ts";
import { writePieces } from "../../io/write-file.ts";
import { publishDocument } from "../../report/documents/publish.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import type { PublishResult } from "../../report/results/publish.ts";
import { InputMissing, Unavailable, UsageError } from "../../tasks/errors.ts";
import { publicationOf } from "../../tasks/publish.ts";
import { exitCodes } from "../exit.ts";
import { addSiteOption, addStoreOptions, type SharedOptions, siteAtHand, storeAtHand } from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface PublishCliOptions extends SharedOptions {
  readonly authority: string;
  readonly out: string;
}

const maxDeclarationBytes = 64 * 1024 * 1024;

const examples = `
Example:
  $ fencepost lists publish --authority authority.yaml --out /var/lib/rbldns

Writes ZONE.zone (BIND, Knot, NSD, unbound), ZONE.ip4set and ZONE.ip6trie (rbldnsd). Listed is only what a check of this store
proved by delivery from outside, in the networks of the declaration, after notice and grace (docs/publish.md).
Exit codes: 0 written, 64 usage, 65 a bad declaration, 66 a file is missing, 69 nothing could be written.`;

export function publishCommand(): Command {
  const command = new Command("publish")
    .summary("make a DNS list of relays that were proved open")
    .description("Writes zone files of the relays proved open in an authority's own networks.")
    .requiredOption("--authority <file>", "the declaration: who publishes, for which networks, whom it has told when")
    .requiredOption("--out <folder>", "where to write the zone files")
    .option("--json", "the same as --format json")
    .addOption(new Option("--format <face>", "how to print the result").choices(["text", "json"]).default("text"))
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(command));
  return command.action(async (options: PublishCliOptions) => {
    const { site } = await siteAtHand(options, (text) => void process.stderr.write(`fencepost: ${text}\n`));
    const store = await storeAtHand(options, site);
    if (store === null) throw new UsageError("publish reads the store: it cannot do without.");
    await using _store = store;
    const publication = await publicationOf(await declarationAt(options.authority), store, systemClock.now());
    const files: PublishResult["files"] = [];
    for (const { name, pieces } of publication.files) {
      const path = join(options.out, name);
      try {
        files.push({ path, bytes: await writePieces(path, pieces) });
      } catch (error) {
        throw new Unavailable(
          `${path} cannot be written (${error instanceof Error ? error.message : String(error)}).`,
          {
            cause: error,
          },
        );
      }
    }
    const iso = (ms: number): string => new Date(ms).toISOString();
    const result: PublishResult = {
      schema: "fencepost/lists-publish/1",
      zone: publication.zone,
      listed: publication.judgements.flatMap((one) =>
        one.kind === "listed" ? [{ address: one.address, provedAt: iso(one.provedAt), expires: iso(one.expires) }] : [],
      ),
      held: publication.judgements.flatMap((one) =>
        one.kind === "held" ? [{ address: one.address, because: one.because }] : [],
      ),
      files,
    };
    const json = options.json === true || options.format === "json";
    process.stdout.write(json ? jsonLine(result) : renderText(publishDocument(result), terminal()));
    process.exitCode = exitCodes.well;
  });
}

async function declarationAt(path: string): Promise<string> {
  try {
    return await readText(path, maxDeclarationBytes);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}
