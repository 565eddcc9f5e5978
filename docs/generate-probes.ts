/** Writes `docs/probes.md` from the catalogue: `node docs/generate-probes.ts`. A test compares the two. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Catalogue, type CatalogueText, loadCatalogue } from "../src/knowledge/catalogue.ts";
import { placeholders } from "../src/knowledge/placeholders.ts";
import { eras, type Probe, probeClasses, type StepTemplate } from "../src/knowledge/probe.ts";

const catalogueFolder = new URL("../catalogue/", import.meta.url);

/** Every text of the shipped catalogue. */
export function shippedTexts(): readonly CatalogueText[] {
  return readdirSync(catalogueFolder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yaml"))
    .map((path) => ({ path, text: readFileSync(new URL(path, catalogueFolder), "utf8") }));
}

const classWords: Record<(typeof probeClasses)[number], string> = {
  plain: "An outside client, an outside sender and an outside recipient, in the ways in which that can be written.",
  sender: "The reverse-path or a header field claims to be local. The originator never grants relaying.",
  routing: "The forward-path carries a second destination, or looks like one of ours.",
  helo: "The client's name claims to be local. It never grants relaying.",
  trust: "A stranger speaks for another client.",
  auth: "Logins, only with made-up users and one attempt a mechanism. None of them may be accepted.",
  state: "What an earlier recipient, transaction or answer leaves behind in the session.",
  transport: "The likeliest probes again inside TLS, and the step into it.",
  smuggling: "A second message or command hidden in the first.",
  backscatter: "Mail to people who did not ask for it: a finding of its own, never relaying by itself.",
  control: "They tell whether the answers of the other probes mean anything. Never part of a verdict.",
};

const example = `- id: rcpt-pct-at
  since: 1
  title: Percent hack through a name of the target
  why: Which fault it would find, and in what
  class: routing
  era: possible
  safety: envelope
  judge: routing
  needs: []
  passes: [ext, loc, lit, null]
  steps: [ehlo: "{helo}", mail: "{pass}", rcpt: "<{pl}%{pd}@{T}>"]
  remedy: F3
  references: [RFC 1123 §5.2.16]
  verified: 2026-11-24`;

/** The page as text. */
export function probesPage(catalogue: Catalogue): string {
  const { probes, profiles, remedies, products, later } = catalogue;
  const classes = probeClasses.filter((name) => probes.some((probe) => probe.class === name));
  return `${[
    "# Probes",
    "*Made from `catalogue/` by `node docs/generate-probes.ts`; change the catalogue, not this page.*",
    `Catalogue ${catalogue.serial} of ${catalogue.date}: ${probes.length} probes. Each is one way of trying to have a ` +
      "stranger's message to a stranger passed on. A probe with several senders, names of the target or ways of writing " +
      "becomes several instances, each with a token of its own.",
    "## How many",
    table(
      ["class", ...eras, "all"],
      [...classes, null].map((name) => {
        const of = probes.filter((probe) => name === null || probe.class === name);
        return [
          name ?? "all",
          ...eras.map((era) => String(of.filter((probe) => probe.era === era).length)),
          String(of.length),
        ];
      }),
    ),
    "*current*: seen in the last ten years. *possible*: needs an unusual configuration. *historical*: the products are " +
      "gone from normal service. *research*: not known to have been abused.",
    "## Profiles",
    table(
      ["profile", "what it is", "asks for"],
      profiles.map((profile) => [
        code(profile.id),
        `**${profile.title}.** ${profile.note}`,
        "all" in profile ? "everything" : `${profile.select.length} selectors`,
      ]),
    ),
    "A selector is `id`, `id/pass` or `id/pass/identity`, with `/number` where a row has several ways of writing; a row " +
      "without passes has `id/identity`. `*` is any. The identity `first` is the first name of the target, `host` the name " +
      "in its greeting, or else the one under which it was found. `--probes` takes the same selectors.",
    "Passes are the senders: `ext` the tester's own address, `loc` a made-up one in the target's domain, `lit` one at the " +
      "target's address literal, `host` one at its host name, `null` the null sender.",
    ...classes.flatMap((name) => [
      `## ${name[0]?.toUpperCase()}${name.slice(1)}`,
      classWords[name],
      table(
        ["probe", "tried, and why", "written", "era", "remedy", "see"],
        probes.filter((probe) => probe.class === name).map(probeRow),
      ),
    ]),
    "## Placeholders",
    table(
      ["placeholder", "stands for"],
      Object.entries(placeholders).map(([name, says]) => [code(`{${name}}`), says]),
    ),
    "## Remedies",
    ...remedies.flatMap(({ id, title, text }) => {
      const words = products.flatMap(({ name, remedies: own = {} }) =>
        own[id] === undefined ? [] : [`- *${name}*: ${own[id]}`],
      );
      return [`### ${id}: ${title}`, text, ...(words.length > 0 ? [words.join("\n")] : [])];
    }),
    "## Adding a probe",
    "Add a row to the file of its class in `catalogue/probes/`, raise `serial` in `catalogue/catalogue.yaml`, run " +
      "`node docs/generate-probes.ts` and the tests. All steps are written out; `{pass}` stands for the sender of the pass; " +
      "a list of templates gives one instance each; the reply to the last `rcpt` that names the probe is judged. Characters " +
      "up to U+00FF are that byte. An id is never used again for something else.",
    `\`\`\`yaml\n${example}\n\`\`\``,
    "## Left for later",
    "Known ways that are not tried yet, or not by a probe of this list.",
    table(
      ["", "what", "why not"],
      later.map(({ id, title, reason }) => [code(id), title, reason]),
    ),
  ].join("\n\n")}\n`;
}

function probeRow(probe: Probe): readonly string[] {
  const { id, title, why, era, safety, steps, passes, needs, remedy, references } = probe;
  const facts = [
    passes.length > 0 ? `senders ${passes.join(", ")}` : "",
    needs.length > 0 ? `needs ${needs.join(", ")}` : "",
    safety === "envelope"
      ? ""
      : safety === "risky"
        ? "only by name"
        : safety === "message"
          ? "sends a message"
          : "mails the local recipient",
  ].filter((fact) => fact !== "");
  return [
    code(id),
    text(`**${title}.** ${why}.${facts.length > 0 ? ` (${facts.join("; ")})` : ""}`.replaceAll("..", ".")),
    steps
      .map(stepWords)
      .filter((words) => words !== "")
      .join(", "),
    era,
    remedy,
    text(references.join("; ")),
  ];
}

/** Words in a cell: no markup by accident. */
function text(words: string): string {
  return words.replace(/[<|]/g, "\\$&");
}

function stepWords(step: StepTemplate): string {
  if ("ehlo" in step) return step.ehlo === "{helo}" ? "" : many("EHLO ", step.ehlo);
  if ("helo" in step) return many("HELO ", step.helo);
  if ("mail" in step)
    return step.mail === "{pass}" || step.mail === "<{sender}>" ? "" : pathWords("MAIL FROM:", step.mail);
  if ("rcpt" in step) return step.rcpt === "<{probe}>" ? "" : pathWords("RCPT TO:", step.rcpt);
  if ("rset" in step) return code("RSET");
  if ("raw" in step) return many("", "text" in step.raw ? step.raw.text : step.raw.hex);
  if ("preface" in step) {
    return `before the greeting: ${many("", "text" in step.preface ? step.preface.text : step.preface.hex)}`;
  }
  if ("starttls" in step) {
    return `${code("STARTTLS")}${step.starttls.inject === undefined ? "" : ` with ${code(step.starttls.inject)}`}`;
  }
  if ("auth" in step)
    return code(
      ["AUTH", step.auth.mechanism, ...step.auth.lines.map((line) => (line === "" ? "(empty)" : line))].join(" "),
    );
  if ("pipeline" in step)
    return `in one packet: ${step.pipeline
      .map(stepWords)
      .filter((words) => words !== "")
      .join(", ")}`;
  const { headers, end, empty } = step.message;
  if (empty) return "DATA, only the dot";
  if (end !== undefined) return `a message ended by ${code(end)}, then the inner one`;
  return headers === undefined ? "a message" : `a message with ${headers.map(code).join(", ")}`;
}

type Path = Extract<StepTemplate, { mail: unknown }>["mail"];

function pathWords(verb: string, path: Path): string {
  return typeof path === "object" && "line" in path ? many("", path.line) : many(verb, path);
}

function many(verb: string, templates: string | readonly string[]): string {
  return [templates]
    .flat()
    .map((template) => code(verb + template))
    .join(" or ");
}

/** A code span; control characters are written as escapes. */
function code(text: string): string {
  const shown = text.replace(/[\u0000-\u001f\u007f-\u00ff]/g, (byte) =>
    byte === "\r"
      ? "\\r"
      : byte === "\n"
        ? "\\n"
        : byte === "\t"
          ? "\\t"
          : `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `\`${shown.replaceAll("|", "\\|")}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

if (import.meta.main) {
  const read = loadCatalogue(shippedTexts());
  if (!read.ok) throw new Error(read.errors.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n"));
  writeFileSync(new URL("probes.md", import.meta.url), probesPage(read.catalogue));
}
