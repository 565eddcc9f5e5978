/** Writes `docs/blocklists.md` from the catalogue: `node docs/generate-lists.ts`. A test compares the two. */
import { writeFileSync } from "node:fs";
import { type Catalogue, loadCatalogue } from "../src/knowledge/catalogue.ts";
import type { List } from "../src/knowledge/list.ts";
import { answerText } from "../src/report/documents/catalogue.ts";
import { shippedTexts } from "./generate-probes.ts";

const roleWords: Readonly<Record<List["role"], string>> = {
  block: "block",
  policy: "policy",
  allow: "allow",
  score: "score",
  mixed: "block and allow",
  info: "information",
};

/** The page as text. */
export function listsPage({ serial, date, lists }: Catalogue): string {
  const living = lists.filter(({ status }) => status !== "dead");
  const dead = lists.filter(({ status }) => status === "dead");
  return `${[
    "# DNS lists",
    "*Made from `catalogue/lists/` by `node docs/generate-lists.ts`; change the catalogue, not this page.*",
    `Catalogue ${serial} of ${date}: ${living.length} lists that live or may live, ${dead.length} that have ended. ` +
      "`fencepost lists check` asks those that live ([lists.md](lists.md)); `fencepost catalogue show ID` shows one. " +
      "`{key}` stands for a key that the operator gives out. No list was asked to make this page: see the sources.",
    table(
      ["list", "id", "kind", "status", "weight", "zones", "to get off", "time"],
      living.map(({ id, name, role, status, weight, zones, removal }) => [
        `[${cell(name)}](#${id})`,
        code(id),
        roleWords[role],
        status,
        weight,
        zones.map(({ zone, subjects }) => `${code(zone)} (${subjects.join(" ")})`).join(", "),
        removal.kind,
        cell(removal.time),
      ]),
    ),
    ...living.flatMap(listSection),
    "## Lists that have ended",
    "A hit at one of them is a false alarm. `fencepost audit` names the lines of a configuration that still ask them.",
    table(
      ["list", "id", "zones", "ended", "said yes to everything", "what is known", "see"],
      dead.map(({ id, name, zones, ended = "", answersYesToAll, known, sources }) => [
        cell(name),
        code(id),
        zones.map(({ zone }) => code(zone)).join(", "),
        ended,
        answersYesToAll === true ? "yes" : "",
        cell(known),
        cell(sources.join("; ")),
      ]),
    ),
    "## Adding a list",
    "Add a row to a file of `catalogue/lists/`, raise `serial` in `catalogue/catalogue.yaml`, run " +
      "`node docs/generate-lists.ts` and the tests. `src/knowledge/list.ts` holds the form of a row. Say of each answer " +
      "what the operator says of it; an answer that no row knows is reported as unknown, never as a listing.",
  ].join("\n\n")}\n`;
}

function listSection(list: List): readonly string[] {
  const { id, name, operator, criteria, relays, removal, look, hazard, limits, ignore, within, codes, zones } = list;
  const { kind, where, how, wants, time, fee } = removal;
  const own = zones.flatMap(({ codes: special = [] }) => special);
  const lines = [
    `Operator: ${prose(operator)}. ${prose(sentence(criteria))}`,
    `Open relays: ${prose(sentence(relays))}`,
    `To get off (${kind}): ${prose(sentence(how))}${where === null ? "" : ` ${where}`} Time: ${prose(sentence(time))}`,
    ...(wants.length === 0 ? [] : [`They want: ${prose(sentence(wants.join("; ")))}`]),
    ...(fee === null ? [] : [`Money: ${prose(sentence(fee))} Never pay.`]),
    ...(look === null ? [] : [`Look: ${look.replace("{subject}", "")}`]),
    ...(within === undefined ? [] : [`Asked as part of ${code(within)}.`]),
    ...(ignore === undefined ? [] : [`Ignore it: ${prose(ignore)}`]),
    ...(hazard === null ? [] : [`Beware: ${prose(sentence(hazard))}`]),
    ...(limits === null ? [] : [`Limits: ${prose(sentence(limits))}`]),
    `See ${prose(list.sources.join("; "))} (verified ${list.verified}; ${prose(list.confidence)}).`,
  ];
  return [
    `<a id="${id}"></a>`,
    `## ${prose(name)}`,
    lines.map((line) => `- ${line}`).join("\n"),
    ...(codes.length + own.length === 0
      ? []
      : [
          table(
            ["answer", "is", "means"],
            [...codes, ...own].map((row) => [code(answerText(row)), row.kind, cell(row.means)]),
          ),
        ]),
  ];
}

const sentence = (words: string): string => (/[.!?]$/.test(words) ? words : `${words}.`);

/** Words as they are: no markup by accident. */
function prose(words: string): string {
  return words.replace(/[<*[\]`\\]|\b_|_\b/g, "\\$&");
}

function cell(words: string): string {
  return prose(words).replaceAll("|", "\\|");
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  const read = loadCatalogue(shippedTexts());
  if (!read.ok) throw new Error(read.errors.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n"));
  writeFileSync(new URL("blocklists.md", import.meta.url), listsPage(read.catalogue));
}
