/**
 * Fills the tables of `docs/*.md` from the code: `node docs/generate-tables.ts`. A table stands between
 * `<!-- table NAME -->` and `<!-- end -->`; a test compares.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { products } from "../src/audit/products.ts";
import { type CheckTag, rows, type Seen } from "../src/check/findings.ts";
import { outcomes, type Verdict, verdicts } from "../src/check/result.ts";
import { exitCodes, exitOfVerdict } from "../src/cli/exit.ts";
import { complaintFindings } from "../src/complaints/findings.ts";
import { filterFindings } from "../src/filters/findings.ts";
import { platforms } from "../src/filters/platforms/platforms.ts";
import { type FindingRow, severities } from "../src/finding/finding.ts";
import { loadCatalogue } from "../src/knowledge/catalogue.ts";
import type { Receiver } from "../src/knowledge/receiver.ts";
import { listsFindings } from "../src/lists/findings.ts";
import { foreseen, reasonWords, unknownReasons } from "../src/lists/reasons.ts";
import { otherCauses } from "../src/lists/refusals/other-causes.ts";
import { repairFindings } from "../src/repair/findings.ts";
import { checkFormats } from "../src/report/check.ts";
import { outcomeWords } from "../src/report/documents/check.ts";
import { nagiosStates } from "../src/report/faces/nagios.ts";
import { verdictWords } from "../src/report/verdict.ts";
import { siteJsonSchema } from "../src/site/schema.ts";
import { sweepFindings } from "../src/sweep/findings.ts";
import { shippedTexts } from "./generate-probes.ts";
import { siteKeys } from "./site-keys.ts";

const folder = new URL("./", import.meta.url);

const formatWords: Record<(typeof checkFormats)[number], string> = {
  text: "for people. With up to four targets a report each; with more, a line each as they are done, a short report for what is open or suspect, and a table at the end.",
  json: "one document on stdout, when all is done: `schemas/check.json`. `--json` is the same.",
  jsonl: 'one JSON object a line, as things happen: `"kind": "target"`, `"change"`, and last `"summary"`.',
  html: "one self-contained file, when all is done: no script, no request. Evidence is folded under each probe.",
  nagios: "one line with performance data, and Nagios' exit codes.",
  sarif: "SARIF 2.1.0 for code scanning. What could not be told is a result of kind `open`.",
  junit: "JUnit's XML for continuous integration. What could not be told is an error, what was proved a failure.",
};

const exitWords: Record<keyof typeof exitCodes, string> = {
  well: "all well: every target is closed",
  proved: "a problem was proved: a target is open",
  unsure: "suspected or not told: suspect, inconclusive, unreachable",
  usage: "the command line makes no sense, or a target may not be tested",
  data: "an input file holds what it must not",
  missing: "an input file is not there",
  unavailable: "nothing could start: catcher port taken, store locked or newer than this program",
  bug: "a bug in Fencepost",
  site: "the site file is wrong",
  interrupted: "Ctrl-C: what was known until then is printed and stored",
};

const comparedWords = {
  running: "the running filter",
  parser: "the platform's own parser",
  documents: "the documentation",
} as const;

function shippedReceivers(): readonly Receiver[] {
  const read = loadCatalogue(shippedTexts());
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.catalogue.receivers;
}

/** Every table, by name. */
export const tables: Readonly<Record<string, () => string>> = {
  verdicts: () =>
    table(
      ["verdict", "what it means", "exit code", "Nagios"],
      verdicts.map((verdict: Verdict) => [
        code(verdict),
        verdictWords[verdict].says,
        String(exitOfVerdict(verdict)),
        `${nagiosStates[verdict].code} ${nagiosStates[verdict].word}`,
      ]),
    ),
  receivers: () =>
    table(
      ["receiver", "id", "what it goes by", "whom to ask", "takes", "weight", "how sure we are"],
      shippedReceivers().map(({ name, id, criteria, ask, time, weight, confidence }) => [
        name,
        code(id),
        criteria,
        ask.map((one) => ("page" in one ? `<${one.page}>` : one.mail)).join(", "),
        time,
        weight,
        confidence,
      ]),
    ),
  "other-causes": () =>
    table(
      ["cause", "what it is"],
      otherCauses.map(({ id, words }) => [code(id), words]),
    ),
  platforms: () =>
    table(
      ["`--platform`", "what it is", "versions", "compared with", "addresses behind NAT are seen"],
      platforms.map(({ id, title, versions, checkedAgainst, sees }) => [
        code(id),
        title,
        versions,
        comparedWords[checkedAgainst],
        sees === "inside" ? "as they are inside" : "as strangers write them",
      ]),
    ),
  outcomes: () =>
    table(
      ["outcome", "what became of the probe"],
      outcomes.map((outcome) => [code(outcome), outcomeWords[outcome]]),
    ),
  formats: () =>
    table(
      ["format", "what it is"],
      checkFormats.map((format) => [code(format), formatWords[format]]),
    ),
  exits: () =>
    table(
      ["exit code", "when"],
      Object.entries(exitCodes).map(([name, exit]) => [String(exit), exitWords[name as keyof typeof exitCodes]]),
    ), // its own keys
  findings: () => {
    const list = Object.entries(rows) as readonly [CheckTag, FindingRow<Seen>][]; // the rows by their tags
    const order = [...list].sort(([, a], [, b]) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
    return table(
      ["tag", "severity", "says", "why it matters", "what to do"],
      order.map(([tag, row]) => [code(tag), row.severity, row.says(example), row.why, row.remedy(example)]),
    );
  },
  "audit-findings": () =>
    table(
      ["tag", "severity", "why it matters", "what to do"],
      products
        .filter(({ name }) => name !== "containers") // in the words of Postfix
        .flatMap(({ rows }) =>
          Object.entries(rows).map(([tag, { severity, why, remedy }]) => [code(tag), severity, why, remedy]),
        ),
    ),
  "filter-findings": () => findingTable(filterFindings, { says: "PACKET", file: "FILE" }),
  "complaint-findings": () => findingTable(complaintFindings, { mailer: "NAME", reports: 3, since: "DATE" }),
  "sweep-findings": () => findingTable(sweepFindings, { where: "192.0.2.7:25", detail: "" }),
  "repair-findings": () => findingTable(repairFindings, { mailer: "mx1", detail: "DETAIL" }),
  "lists-findings": () =>
    findingTable(listsFindings, { subject: "192.0.2.25", list: "LIST", says: "MEANING", remedy: "What its row says." }),
  "list-reasons": () =>
    table(
      ["reason", "the list …", "leaves the verdict in doubt"],
      unknownReasons.map((reason) => [code(reason), reasonWords[reason], foreseen.has(reason) ? "no" : "yes"]),
    ),
  "site-keys": () => {
    const found = keysIn(siteJsonSchema(), "");
    return table(
      ["key", "expected", "if absent", "meaning"],
      found.map(({ path, expected, fallback }) => [code(path), expected, fallback, siteKeys[path] ?? ""]),
    );
  },
};

function findingTable<T>(found: Readonly<Record<string, FindingRow<T>>>, seen: T): string {
  return table(
    ["tag", "severity", "says", "why it matters", "what to do"],
    Object.entries(found).map(([tag, { severity, says, why, remedy }]) => [
      code(tag),
      severity,
      says(seen),
      why,
      remedy(seen),
    ]),
  );
}

/** Stands for what a run would fill in. */
const example: Seen = {
  subject: "192.0.2.25:25",
  probe: "PROBE",
  title: "",
  reply: "REPLY",
  exit: "192.0.2.25",
  count: 1,
  remedy: "The remedy of the probe, in the words of the product (docs/probes.md).",
  extra: "NAME",
};

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
}

interface Key {
  readonly path: string;
  readonly expected: string;
  readonly fallback: string;
}

/** Every key of the site file, outer ones first; `[]` stands for each of a list. */
export function keysIn(schema: unknown, prefix: string): readonly Key[] {
  const node = schema as SchemaNode; // what zod made of the site schema
  return Object.entries(node.properties ?? {}).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    const required = node.required?.includes(name) === true;
    const plain =
      value.default !== undefined && JSON.stringify(value.default) !== "{}" && JSON.stringify(value.default) !== "[]";
    const own: Key = {
      path,
      expected: value.description ?? value.enum?.join(", ") ?? value.type ?? "",
      fallback: required ? "required" : plain ? code(JSON.stringify(value.default).replaceAll('"', "")) : "",
    };
    return [own, ...keysIn(value, `${path}.`), ...(value.items === undefined ? [] : keysIn(value.items, `${path}[].`))];
  });
}

/** The page with its tables as the code has them. */
export function filled(page: string): string {
  return page.replace(
    /(<!-- table ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, name: string, end: string) => {
      const make = tables[name];
      if (make === undefined) throw new Error(`there is no table "${name}"`);
      return `${start}${make()}\n${end}`;
    },
  );
}

/** The pages that hold tables. */
export function pages(): readonly { readonly path: URL; readonly text: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({ path: new URL(name, folder), text: readFileSync(new URL(name, folder), "utf8") }))
    .filter(({ text }) => text.includes("<!-- table "));
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

if (import.meta.main) for (const { path, text } of pages()) writeFileSync(path, filled(text));
