import fc from "fast-check";
import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import * as results from "../../test/results/check.ts";
import { type CheckDocument, outcomes, type TargetResult } from "../check/result.ts";
import { type Catalogue, loadCatalogue } from "../knowledge/catalogue.ts";
import { type CheckFormat, checkFace, checkFormats } from "./check.ts";
import { matrixOf } from "./documents/check.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
// A change of the shipped catalogue must not change the words of these tests more than it has to.
const catalogue: Catalogue = { ...read.catalogue, serial: 1 };

/** All that a face prints for a run. */
function printed(
  format: CheckFormat,
  targets: readonly TargetResult[],
  document: CheckDocument = results.documentWith(targets),
  options: { readonly now?: Date } = {},
): string {
  const face = checkFace(format, { catalogue, stored: true, colour: false, width: 80, version: "1.2.3", ...options });
  const parts = targets.map((target) => face.target(target, targets.length));
  for (const { subject, text } of document.changes ?? []) parts.push(face.change(subject, text));
  return parts.join("") + face.end(document);
}

const changes = [{ subject: "192.0.2.25:25", text: "was closed on 2026-11-20 10:00 UTC, is open now" }];

const { closed, open, suspect, inconclusive, unreachable, unknownHost, practice } = results;

for (const [name, result] of Object.entries({
  closed,
  open,
  suspect,
  inconclusive,
  unreachable,
  unknownHost,
  practice,
}))
  test(`the text of a target that is ${name}`, async () => {
    await expect(printed("text", [result])).toMatchFileSnapshot(`../../test/goldens/check-${name}.txt`);
  });

const many = [
  results.closed,
  results.open,
  results.suspect,
  results.inconclusive,
  results.unreachable,
  results.unknownHost,
];

test("the text of many targets", async () => {
  await expect(
    printed("text", many, results.documentWith(many, { changes, ended: "interrupted" })),
  ).toMatchFileSnapshot("../../test/goldens/check-many.txt");
});

for (const [format, ending] of [
  ["html", "html"],
  ["json", "json.txt"],
  ["jsonl", "jsonl.txt"],
  ["nagios", "nagios.txt"],
  ["sarif", "sarif.json.txt"],
  ["junit", "junit.xml"],
] as const)
  test(`the ${format} face of many targets`, async () => {
    await expect(printed(format, many, results.documentWith(many, { changes }))).toMatchFileSnapshot(
      `../../test/goldens/check-many.${ending}`,
    );
  });

test("all outcomes at once fit into 80 columns", () => {
  const probes = outcomes.map((outcome) => results.probe(`probe-${outcome}`, { outcome }));
  const text = printed("text", [{ ...open, probes }]);
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
});

test("evidence ages, and a newer catalogue makes it stale", () => {
  const face = checkFace("text", {
    catalogue: { ...catalogue, serial: 3 },
    stored: false,
    colour: false,
    width: 80,
    version: "1.2.3",
    now: new Date("2026-12-04T02:01:12Z"),
  });
  const text = face.target(results.closed, 1);
  expect(text).toContain("10 days old");
  expect(text).toContain("the catalogue is at 3 now: newer tests were not run");
});

test("of thousands of targets the text face keeps a table of bounded length", () => {
  const face = checkFace("text", { catalogue, stored: true, colour: false, width: 80, version: "1.2.3" });
  for (let number = 0; number < 3000; number += 1)
    face.target(number % 10 === 0 ? results.inconclusive : results.closed, 3000);
  const end = face.end(
    results.documentWith([], { targets: { open: 0, suspect: 0, inconclusive: 300, unreachable: 0, closed: 2700 } }),
  );
  expect(end.split("\n").length).toBeLessThan(1000);
  expect(end).toContain("All 3000 targets");
  expect(end).toContain("2900 targets more are not listed here.");
});

test("the matrix tells only what this run could see", () => {
  const seen = (result: TargetResult) =>
    Object.fromEntries(
      Object.entries(matrixOf(result)).map(([cell, { rule, seen: words }]) => [cell, `${rule}: ${words}`]),
    );
  expect(seen(results.open)).toEqual({
    "internal-to-internal": "permit: not looked at",
    "internal-to-external": "permit: not looked at",
    "external-to-internal": "permit: accepted",
    "external-to-external": "forbid: passed on (3 of 6)",
  });
  expect(seen({ ...results.open, vantage: "internal" })["internal-to-external"]).toBe("permit: passed on (3 of 6)");
  expect(new Set(Object.values(seen({ ...results.open, vantage: "unknown" })))).toEqual(
    new Set(["permit: not looked at", "forbid: not looked at"]),
  );
});

test("the html page asks for nothing, runs nothing, and its links lead somewhere", () => {
  const html = printed("html", many);
  expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b|\bsrc=|url\(|@import|\bon[a-z]+=/i);
  expect([...html.matchAll(/href="([^"]*)"/g)].filter(([, href]) => !href?.startsWith("#"))).toEqual([]);
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, id] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(id);
});

/** Strings that a stranger would like to see in a report. */
const hostile = fc.oneof(
  fc.constantFrom(
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    "\u001b]0;title\u0007\u001b[2J",
    "\u202etxt",
    "\u009b31m\u007f",
    "\u{e0041}",
    "]]>",
    "-->",
    "a\nRELAY OK - all well | open=0",
    "|",
    "\r\n",
    "&lt;",
    "javascript:alert(1)",
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);

const hostileResult = fc
  .record({
    host: hostile,
    because: hostile,
    reply: hostile,
    product: hostile,
    subject: hostile,
    hop: hostile,
    reason: hostile,
    transcript: hostile,
    id: hostile,
  })
  .map(
    (text): TargetResult => ({
      ...results.open,
      target: { host: text.host, address: "192.0.2.25", port: 25, role: "mx", mailer: text.host },
      because: text.because,
      product: { id: "postfix", name: text.product, version: text.product, evidence: [text.product] },
      tls: {
        protocol: text.product,
        cipher: text.product,
        certificate: { subject: text.subject, issuer: text.subject, validTo: "" },
      },
      controls: [
        results.control(text.id, {
          passed: false,
          expected: text.reply,
          reply: { code: 550, enhanced: text.reply, text: text.reply },
          transcript: text.transcript,
        }),
      ],
      probes: [
        results.relayed(text.id, {
          title: text.subject,
          transcript: text.transcript,
          proof: {
            exit: text.hop,
            multihop: true,
            hops: [{ trust: "claimed", address: text.hop, by: text.hop, from: text.hop }],
            receivedAt: "2026-11-24T02:00:12.300Z",
            recipient: text.hop,
          },
        }),
        results.probe(text.id, {
          class: text.id,
          outcome: "accepted",
          stage: text.id,
          reply: { code: 250, text: text.reply },
          reason: text.reason,
          transcript: text.transcript,
        }),
      ],
      findings: [
        results.findingOf("RELAY_DELIVERED", text.subject, {
          says: text.reply,
          why: text.reason,
          remedy: text.reply,
          evidence: [{ kind: "probe", ref: text.id }],
        }),
      ],
    }),
  );

/** Every tag is closed in turn, and no text is markup: enough of XML 1.0 §2.1 for a document without entities of its own. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const text = xml
    .replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>/, "")
    .replace(/<(\/?)([a-z]+)((?: [a-z]+="[^"<>]*")*)(\/?)>/g, (_, closes: string, name: string, __, empty: string) => {
      if (closes !== "") expect(open.pop()).toBe(name);
      else if (empty === "") open.push(name);
      return "";
    });
  expect(open).toEqual([]);
  expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
}

const tags = /<\/?([a-z0-9]+)([^>]*)>/gi;
const known = new Set(
  "html head meta title style body main section header h1 h2 h3 p span small b br ul li div dl dt dd table caption thead tbody tr th td article a code pre details summary".split(
    " ",
  ),
);
const attributes = /^( (charset|http-equiv|content|name|lang|class|id|href|scope)="[^"<>]*")*$/;

for (const format of checkFormats)
  test(`nothing that a stranger sent becomes markup or an escape sequence in ${format}`, () => {
    fc.assert(
      fc.property(fc.array(hostileResult, { minLength: 1, maxLength: 6 }), hostile, (targets, change) => {
        const text = printed(
          format,
          targets,
          results.documentWith(targets, { changes: [{ subject: change, text: change }] }),
        );
        expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(text).not.toMatch(/[\p{Cf}\p{Cs}]/u);
        if (format === "nagios") expect([text.split("\n").length, text.split("|").length]).toEqual([2, 2]);
        if (format === "sarif") expect(JSON.parse(text).runs[0].results.length).toBe(targets.length);
        if (format === "junit") expectWellFormed(text);
        if (format === "json") expect(JSON.parse(text).results.length).toBe(targets.length);
        if (format === "jsonl")
          expect(
            text
              .trim()
              .split("\n")
              .map((line) => JSON.parse(line).kind),
          ).toEqual([...targets.map(() => "target"), "change", "summary"]);
        if (format !== "html") return;
        const body = text.replace(/<style>[\s\S]*<\/style>/, "").replace("<!doctype html>", "");
        for (const [, name = "", rest = ""] of body.matchAll(tags)) {
          expect(known).toContain(name);
          expect(rest).toMatch(attributes);
        }
        expect(body.replace(tags, "")).not.toMatch(/[<>]/);
      }),
      { numRuns: 60 },
    );
  });
