/** Writes `docs/products.md` from the catalogue: `node docs/generate-products.ts`. A test compares the two. */
import { writeFileSync } from "node:fs";
import { type Catalogue, loadCatalogue } from "../src/knowledge/catalogue.ts";
import type { Product, Step } from "../src/knowledge/product.ts";
import { commandsOf } from "../src/report/documents/catalogue.ts";
import { shippedTexts } from "./generate-probes.ts";

const bases: Record<Product["checkedAgainst"], string> = {
  running: "checked against running servers",
  parser: "checked with the product's own parser or source",
  documents: "from the product's documents only",
};

/** The page as text. */
export function productsPage({ serial, date, products }: Catalogue): string {
  return `${[
    "# Products",
    "*Made from `catalogue/products/` by `node docs/generate-products.ts`; change the catalogue, not this page.*",
    `Catalogue ${serial} of ${date}: ${products.length} mailers, and what Fencepost knows of each: how it is told, where ` +
      "its relay rule is written, what holds where nobody has set it, what goes wrong, and the commands for an emergency. " +
      "Commands are printed, never run. Words in capitals stand for something of yours. `fencepost catalogue show ID` " +
      "prints the same on a terminal.",
    table(
      ["product", "id", "what it rests on", "`audit --product`"],
      products.map(({ id, name, checkedAgainst, auditedAs }) => [
        `[${cell(name)}](#${id})`,
        code(id),
        bases[checkedAgainst],
        auditedAs === undefined ? "" : code(auditedAs),
      ]),
    ),
    ...products.flatMap(productSection),
    "## Adding a product",
    "Add a file to `catalogue/products/`, raise `serial` in `catalogue/catalogue.yaml`, run " +
      "`node docs/generate-products.ts` and the tests. Say only what is certain: what a document of the product says, or " +
      "what was seen. `src/knowledge/product.ts` holds the form of a row.",
  ].join("\n\n")}\n`;
}

function productSection(product: Product): readonly string[] {
  const { id, name, configuration, fingerprints, defaults, misconfigurations } = product;
  const { files, relaying } = configuration;
  return [
    `<a id="${id}"></a>`,
    `## ${prose(name)}`,
    `${prose(relaying)}${files.length === 0 ? "" : `\n\nWritten in: ${files.map((file) => code(file)).join(", ")}.`}`,
    ...(fingerprints.length === 0
      ? []
      : [
          "### How it is told",
          table(
            ["in", "pattern", "weight"],
            fingerprints.map(({ in: place, pattern, weight }) => [place, code(pattern, "cell"), String(weight)]),
          ),
        ]),
    ...(defaults === undefined
      ? []
      : [
          "### Defaults",
          table(
            ["setting", "value", "versions", "note"],
            defaults.map(({ setting, value, versions, note = "" }) => [setting, value, versions, note].map(cell)),
          ),
        ]),
    ...(misconfigurations === undefined
      ? []
      : [
          "### What goes wrong",
          table(
            ["id", "severity", "what", "what to do", "see"],
            misconfigurations.map((row) => [
              row.tag === undefined ? code(row.id) : `${code(row.id)} (${code(row.tag)})`,
              row.severity,
              cell(row.what),
              cell(row.remedy),
              row.sources.map((url, index) => `[${index + 1}](${url})`).join(" "),
            ]),
          ),
        ]),
    "### Commands",
    ...commandsOf(product).flatMap(({ title, steps }) => [`**${title}**`, steps.map(bullet).join("\n")]),
  ];
}

function bullet(step: Step): string {
  if ("do" in step) return `- ${prose(step.do)}`;
  const note = step.note === undefined ? "" : ` ${prose(step.note)}`;
  return "run" in step ? `- ${code(step.run)}${note}` : `- ${code(step.write)} in ${prose(step.in)}.${note}`;
}

/** Words as they are: no markup by accident. */
function prose(words: string): string {
  return words.replace(/[<*[\]`\\]|\b_|_\b/g, "\\$&");
}

function cell(words: string): string {
  return prose(words).replaceAll("|", "\\|");
}

/** A code span; in a table a bar would end the cell. */
function code(text: string, place: "cell" | "line" = "line"): string {
  const shown = place === "cell" ? text.replaceAll("|", "\\|") : text;
  return shown.includes("`") ? `\`\` ${shown} \`\`` : `\`${shown}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  const read = loadCatalogue(shippedTexts());
  if (!read.ok) throw new Error(read.errors.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n"));
  writeFileSync(new URL("products.md", import.meta.url), productsPage(read.catalogue));
}
