/** `fencepost catalogue`: what is tried, in which profiles, for which products, and what to change. */
import { type Command, Option } from "commander";
import { type Era, eras, type ProbeClass, probeClasses } from "../../knowledge/probe.ts";
import { catalogueDocument } from "../../report/documents/catalogue.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import type { CatalogueResult } from "../../report/results/catalogue.ts";
import { catalogueEntry, listedLists, listedProbes, listedProducts } from "../../tasks/catalogue.ts";
import { catalogueAtHand } from "../surroundings.ts";
import { terminal } from "../terminal.ts";

interface ListCliOptions {
  readonly class?: ProbeClass;
  readonly era?: Era;
  readonly profile?: string;
  readonly products?: boolean;
  readonly lists?: boolean;
  readonly json?: boolean;
}

const listExamples = `
Examples:
  $ fencepost catalogue list                          all probes and profiles
  $ fencepost catalogue list --class routing --era current
  $ fencepost catalogue list --profile quick --json
  $ fencepost catalogue list --products
  $ fencepost catalogue list --lists                  DNS lists, living and dead`;

const showExamples = `
Examples:
  $ fencepost catalogue show rcpt-pct-at              a probe: what is tried, why, and the remedy
  $ fencepost catalogue show postfix                  a product: its files, and what to change
  $ fencepost catalogue show spamhaus-zen             a DNS list: its answers, and how to get off
  $ fencepost catalogue show quick                    a profile
  $ fencepost catalogue show F1                       a remedy, in the words of each product
  $ fencepost catalogue show t-online                 a receiver with a list of its own`;

export function addCatalogue(program: Command): void {
  const catalogue = program
    .command("catalogue")
    .summary("what is tried: probes, profiles, products, remedies")
    .description("Shows what the catalogue holds: probes, profiles, products and remedies.");
  catalogue
    .command("list")
    .summary("list probes and profiles, or products")
    .description("Lists the probes and profiles of the catalogue, or its products.")
    .addOption(new Option("--class <class>", "only probes of this class").choices([...probeClasses]))
    .addOption(new Option("--era <era>", "only probes of this era").choices([...eras]))
    .option("--profile <name>", "only probes that this profile asks for")
    .option("--products", "list products instead")
    .option("--lists", "list DNS lists instead")
    .option("--json", "print one JSON document")
    .addHelpText("after", listExamples)
    .action(async (options: ListCliOptions) => {
      const read = await catalogueAtHand();
      const result =
        options.products === true
          ? listedProducts(read)
          : options.lists === true
            ? listedLists(read)
            : listedProbes(read, {
                class: options.class ?? null,
                era: options.era ?? null,
                profile: options.profile ?? null,
              });
      print(result, options.json === true ? "json" : "text");
    });
  catalogue
    .command("show")
    .summary("show a probe, product, DNS list, profile, remedy or receiver")
    .description("Shows one entry of the catalogue, with what it refers to.")
    .argument("<id>", "the id of a probe, product, DNS list, profile, remedy or receiver")
    .option("--json", "print one JSON document")
    .addHelpText("after", showExamples)
    .action(async (id: string, options: { readonly json?: boolean }) => {
      print(catalogueEntry(id, await catalogueAtHand()), options.json === true ? "json" : "text");
    });
  for (const command of catalogue.commands) command.exitOverride();
}

function print(result: CatalogueResult, face: "json" | "text"): void {
  process.stdout.write(face === "json" ? jsonLine(result) : renderText(catalogueDocument(result), terminal()));
}
