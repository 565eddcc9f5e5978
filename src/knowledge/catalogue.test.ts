import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type CatalogueText, loadCatalogue } from "./catalogue.ts";
import { placeholdersIn, tokenPlaceholders } from "./placeholders.ts";
import { templatesOf } from "./probe.ts";

const folder = new URL("../../catalogue/", import.meta.url);
const texts: readonly CatalogueText[] = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".yaml"))
  .map((path) => ({ path, text: readFileSync(new URL(path, folder), "utf8") }));

const read = loadCatalogue(texts);
if (!read.ok) throw new Error(read.errors.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n"));
const { catalogue } = read;
const probes = new Map(catalogue.probes.map((probe) => [probe.id, probe]));

test("the shipped catalogue holds nothing that this version cannot run", () => {
  expect(catalogue.unsupported).toEqual([]);
  expect(catalogue.probes.length).toBeGreaterThanOrEqual(190);
});

test("each probe stands in the file of its class", () => {
  for (const { path, text } of texts.filter(({ path }) => path.startsWith("probes/"))) {
    const name = path.slice("probes/".length, -".yaml".length).replace(/^controls$/, "control");
    expect(new Set(text.match(/(?<=^ {2}class: ).*$/gm)), path).toEqual(new Set([name]));
  }
});

test("every probe but a reader of keywords names its instance somewhere, so that an arrival can be credited", () => {
  const silent = catalogue.probes
    .filter(({ steps, passes }) => !passes.some((pass) => pass !== "null") && !names(steps.flatMap(templatesOf)))
    .map(({ id }) => id);
  expect(silent).toEqual(["auth-plaintext-offered", "ctl-banner", "starttls-injection"]);
});

test("outside data is only ever of the tester, of example domains or of documentation ranges", () => {
  const allowed = new Set(["localhost", "localhost.localdomain", "invalid"]);
  for (const { id, steps } of catalogue.probes) {
    for (const template of steps.flatMap(templatesOf)) {
      const hosts = [...template.matchAll(/@([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?![a-z0-9-]*\{)/gi)].map(
        (match) => match[1] ?? "",
      );
      expect(
        hosts.filter((host) => !allowed.has(host)),
        id,
      ).toEqual([]);
    }
  }
});

test("no made-up login names a real user", () => {
  for (const { id, steps } of catalogue.probes) {
    for (const step of steps) {
      if ("auth" in step)
        expect(step.auth.lines.join(" "), id).not.toMatch(/postmaster|admin|root|\{local_rcpt\}|\{local_user\}/);
    }
  }
});

test("the quick profile holds only living and likely probes, of every class it promises", () => {
  const quick = catalogue.profiles.find(({ id }) => id === "quick");
  const ids = quick !== undefined && "select" in quick ? quick.select.map((text) => text.split("/")[0] ?? "") : [];
  const eras = new Set(ids.map((id) => probes.get(id)?.era));
  expect(eras).toEqual(new Set(["current", "possible"]));
  const classes = new Set(ids.map((id) => probes.get(id)?.class));
  for (const name of ["plain", "sender", "routing", "helo", "trust", "auth", "transport"])
    expect(classes).toContain(name);
  expect(ids.map((id) => probes.get(id)?.safety)).not.toContain("risky");
});

test("every product says what F1 means in it, unless it cannot relay or only holds mail", () => {
  const without = catalogue.products.filter(({ remedies }) => remedies?.F1 === undefined).map(({ id }) => id);
  expect(without).toEqual(["directadmin", "mail-sink", "mailcow", "mox"]);
});

const row = `
- id: example-row
  since: 1
  title: An example
  why: To see what the loader says
  class: plain
  era: current
  safety: envelope
  judge: relay
  needs: []
  passes: [ext]
  steps: [ehlo: "{helo}", mail: "{pass}", rcpt: "<{probe}>"]
  remedy: F1
  references: [RFC 5321]
  verified: 2026-11-24
`;

function load(probes: string, profiles = "[]") {
  return loadCatalogue([
    { path: "catalogue.yaml", text: "serial: 7\ndate: 2026-11-24\n" },
    { path: "remedies.yaml", text: "- { id: F1, title: Close it, text: Close it. }" },
    { path: "profiles.yaml", text: profiles },
    { path: "probes/plain.yaml", text: probes },
  ]);
}

for (const [what, text, line, message] of [
  ["a broken text", row.replace("[ext]", "[ext"), 12, /Flow sequence|flow collection/i],
  ["a missing title", row.replace("  title: An example\n", ""), 2, /title: /],
  ["a date that is none", row.replace("2026-11-24", "yesterday"), 15, /verified: /],
  ["a remedy that is not there", row.replace("F1", "F9"), 1, /no remedy is called "F9"/],
  ["an id that is used twice", row + row, 1, /"example-row" is used twice/],
  ["passes that no step uses", row.replace("{pass}", "<>"), 11, /no step holds \{pass\}/],
  ["a step that uses no listed pass", row.replace("[ext]", "[]"), 11, /expected the passes/],
] as const) {
  test(`tells ${what} with its line`, () => {
    const answer = load(text);
    expect(answer.ok).toBe(false);
    if (answer.ok) return;
    expect(answer.errors.map((error) => error.message).join("\n")).toMatch(message);
    expect(answer.errors[0]?.line).toBe(line);
  });
}

for (const [what, text, reason] of [
  ["step", row.replace("ehlo:", "quic:"), /^needs a newer Fencepost \(unknown step "quic"\)$/],
  ["judge", row.replace("judge: relay", "judge: oracle"), /unknown judge "oracle"/],
  ["need", row.replace("needs: []", "needs: [moon full]"), /no need that this version knows/],
  ["placeholder", row.replace("<{probe}>", "<{comet}>"), /unknown placeholder \{comet\}/],
  ["field", row.replace("  era:", "  mood: good\n  era:"), /mood/],
  [
    "version",
    row.replace("ehlo:", "quic:").replace("  era:", '  fencepost: "0.9"\n  era:'),
    /^needs Fencepost ≥ 0\.9 /,
  ],
] as const) {
  test(`keeps a row with an unknown ${what} apart`, () => {
    const answer = load(
      row.replace("example-row", "known-row") + text,
      "[{ id: p, title: P, note: N, select: [example-row] }]",
    );
    expect(answer.ok).toBe(true);
    if (!answer.ok) return;
    expect(answer.catalogue.probes.map(({ id }) => id)).toEqual(["known-row"]);
    expect(answer.catalogue.unsupported).toEqual([{ id: "example-row", reason: expect.stringMatching(reason) }]);
  });
}

test("tells a profile that names no probe", () => {
  const answer = load(row, "[{ id: p, title: P, note: N, select: [example-row/ext, no-such-row, example-row/xyz] }]");
  expect(answer).toMatchObject({
    ok: false,
    errors: [
      { message: 'p: no probe is called "no-such-row"' },
      { message: expect.stringContaining('"xyz" is no pass') },
    ],
  });
});

function names(templates: readonly string[]): boolean {
  return templates.flatMap(placeholdersIn).some((name) => tokenPlaceholders.has(name));
}
