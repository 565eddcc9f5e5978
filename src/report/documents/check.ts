/** What `check` found, as documents: one for a target, one for the end of a run. Pure. */
import type { CheckSummary, ControlResult, ProbeOutcome, ProbeResult, TargetResult } from "../../check/result.ts";
import { outcomes, verdicts } from "../../check/result.ts";
import type { Finding } from "../../finding/finding.ts";
import type { Catalogue } from "../../knowledge/catalogue.ts";
import { probeClasses } from "../../knowledge/probe.ts";
import type { Product } from "../../knowledge/product.ts";
import { cells, relaying } from "../../relaying/table.ts";
import { ageWords } from "../age.ts";
import {
  type Block,
  type CellSeen,
  code,
  counted,
  type Document,
  type Event,
  type MatrixCell,
  type Span,
  type Text,
  type Tone,
  toned,
} from "../document.ts";
import { severityTones } from "../tones.ts";
import { subjectOfTarget, titleOfTarget, verdictWords } from "../verdict.ts";

export interface CheckDocumentOptions {
  readonly catalogue: Catalogue;
  /** Whether the run is on record, so that `history` can show it again. */
  readonly stored: boolean;
  /** When an earlier run is shown again: evidence ages. */
  readonly now?: Date;
  /** The face shows the evidence of every probe below. */
  readonly unfolds?: true;
}

/** More events than this hide the first ones; the rest is counted. */
const maxEvents = 8;

export const outcomeTones = {
  relayed: "bad",
  accepted: "doubtful",
  silent: "doubtful",
  bounced: "doubtful",
  deferred: "doubtful",
  "tester-refused": "doubtful",
  error: "doubtful",
  refused: "good",
  "not-reached": "faint",
  "not-run": "faint",
} as const satisfies Record<ProbeOutcome, Tone>;

/** What an outcome means, in the words of the person who reads the table. */
export const outcomeWords = {
  relayed: "passed on: the message reached the catcher",
  bounced: "accepted, then returned to the sender it claimed",
  accepted: "accepted, not proved by a message",
  silent: "the message was accepted, and nothing arrived in the wait",
  deferred: "put off (4xx)",
  refused: "refused, as it should be",
  "not-reached": "refused before the recipient was looked at",
  "tester-refused": "refused because of who we are, which says nothing about strangers",
  "not-run": "not run",
  error: "no answer",
} as const satisfies Record<ProbeOutcome, string>;

/** Everything about one target. */
export function targetDocument(result: TargetResult, options: CheckDocumentOptions): Document {
  const title = titleOfTarget(result.target);
  const anchor = anchorOf(result, "");
  const words = verdictWords[result.verdict];
  return {
    title,
    blocks: [
      {
        kind: "banner",
        title,
        word: words.word,
        tone: words.tone,
        says: [toned(words.says, "strong"), ` ${whyWords(result)}`],
        anchor,
      },
      ...practiceBlocks(result),
      { kind: "facts", rows: factsOf(result, options) },
      ...triedBlocks(result),
      ...happenedBlocks(result, options),
      ...controlBlocks(result),
      ...changeBlocks(result, options.catalogue),
      ...nextBlocks(result, options),
      ...evidenceBlocks(result),
    ],
  };
}

/** One line for a target among many. */
export function targetColumns(result: TargetResult): readonly Text[] {
  const words = verdictWords[result.verdict];
  return [
    toned(words.word.padEnd(12), words.tone),
    subjectOfTarget(result.target).padEnd(24),
    `${result.practice ? "(practice) " : ""}${result.because}`,
  ];
}

/** A target among many that needs attention: verdict, findings, what to do; no more. */
export function targetBrief(result: TargetResult, options: CheckDocumentOptions): Document {
  const title = titleOfTarget(result.target);
  const words = verdictWords[result.verdict];
  return {
    title,
    blocks: [
      { kind: "banner", title, word: words.word, tone: words.tone, says: whyWords(result) },
      ...practiceBlocks(result),
      ...changeBlocks(
        { ...result, findings: result.findings.filter(({ severity }) => severity !== "info" && severity !== "low") },
        options.catalogue,
      ),
    ],
  };
}

/** What the end of a run of several targets needs of each: small, so that thousands can be kept. */
export interface Row {
  readonly subject: string;
  /** Where the report on it begins. */
  readonly anchor: string;
  readonly name: string;
  readonly verdict: TargetResult["verdict"];
  readonly because: string;
}

export function rowOf(result: TargetResult): Row {
  return {
    subject: subjectOfTarget(result.target),
    anchor: anchorOf(result, ""),
    name: result.target.mailer ?? "",
    verdict: result.verdict,
    because: result.because.slice(0, 300),
  };
}

export interface EndFacts {
  readonly summary: CheckSummary;
  /** The worst first; of many not all. */
  readonly rows: readonly Row[];
  readonly stored: boolean;
}

/** The end of a run: counts, and a table of the targets that want attention. */
export function endDocument({ summary, rows, stored }: EndFacts): Document {
  const total = verdicts.reduce((sum, verdict) => sum + (summary.targets[verdict] ?? 0), 0);
  const { coverage } = summary;
  const blocks: Block[] = [];
  if (total !== 1) {
    blocks.push({ kind: "heading", level: 1, text: `All ${counted(total, "target")}` });
    blocks.push({
      kind: "table",
      head: ["verdict", "targets", "meaning"],
      rows: verdicts
        .filter((verdict) => (summary.targets[verdict] ?? 0) > 0)
        .map((verdict) => [
          toned(verdictWords[verdict].word, verdictWords[verdict].tone),
          String(summary.targets[verdict]),
          verdictWords[verdict].says,
        ]),
    });
    const order = [...rows].sort((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict));
    const left = total - order.length;
    if (order.length > 0)
      blocks.push({
        kind: "table",
        head: ["target", "name", "verdict", "why"],
        rows: order.map((row) => [
          { text: row.subject, to: row.anchor },
          row.name,
          toned(row.verdict, verdictWords[row.verdict].tone),
          row.because,
        ]),
      });
    if (left > 0 && order.length > 0)
      blocks.push({
        kind: "paragraph",
        text: `${counted(left, "target")} more ${left === 1 ? "is" : "are"} not listed here.`,
      });
  }
  const stopped =
    summary.ended === "interrupted"
      ? "The run was interrupted; what was learned until then counts."
      : summary.ended === "deadline"
        ? "The deadline ended the run; what was not run is marked so."
        : null;
  if (stopped !== null) blocks.push({ kind: "paragraph", text: toned(stopped, "doubtful") });
  if (total !== 1)
    blocks.push({
      kind: "paragraph",
      text: `${coverage.answered} of ${counted(coverage.applicable, "test")} had a definite answer (profile ${coverage.profile}, catalogue ${coverage.catalogue}).`,
    });
  if (stored && total > 1)
    blocks.push({
      kind: "paragraph",
      text: ["Every transcript: ", code("fencepost history latest --format html > report.html")],
    });
  return { title: "Relay test", blocks };
}

function practiceBlocks(result: TargetResult): readonly Block[] {
  if (!result.practice) return [];
  return [
    {
      kind: "paragraph",
      text: [
        toned("PRACTICE. ", "doubtful"),
        "This server runs on this machine, and loopback stood for the stranger. It says nothing about a server on the Internet.",
      ],
    },
  ];
}

function factsOf(result: TargetResult, { catalogue, now }: CheckDocumentOptions): readonly (readonly [string, Text])[] {
  const { product, tls, coverage } = result;
  const seconds = Math.max(0, Math.round((Date.parse(result.finishedAt) - Date.parse(result.startedAt)) / 1000));
  const version =
    product === null ? null : `${product.name}${product.version === undefined ? "" : ` ${product.version}`}`;
  const rows: (readonly [string, Text] | null)[] = [
    [
      "tested",
      `${whenWords(result.startedAt)}, ${counted(seconds, "second")}, ${counted(result.connections, "connection")}, ${counted(result.messagesSent, "message")}`,
    ],
    now === undefined ? null : ["age", `${ageWords((now.getTime() - Date.parse(result.finishedAt)) / 1000)} old`],
    ["from", result.source === null ? `${result.vantage}` : `${result.source} (${result.vantage})`],
    ["role", result.target.role],
    version === null
      ? null
      : ["software", [version, toned(` told by ${product?.evidence[0] ?? "its answers"}`, "faint")]],
    tls === null
      ? null
      : [
          "TLS",
          `${tls.protocol}, ${tls.cipher}${tls.certificate === null ? "" : `, certificate of ${tls.certificate.subject}`}`,
        ],
    coverage.applicable === 0
      ? null
      : [
          "answered",
          `${coverage.answered} of ${counted(coverage.applicable, "test")}; profile ${coverage.profile}, catalogue ${coverage.catalogue}`,
        ],
    catalogue.serial > coverage.catalogue
      ? ["stale", toned(`the catalogue is at ${catalogue.serial} now: newer tests were not run`, "doubtful")]
      : null,
  ];
  return rows.filter((row) => row !== null);
}

/** Classes by outcomes, counted; only the outcomes that occurred. */
function triedBlocks(result: TargetResult): readonly Block[] {
  const probes = result.probes.filter((probe) => probe.class !== "control");
  if (probes.length === 0) return [];
  const seen = outcomes.filter((outcome) => probes.some((probe) => probe.outcome === outcome));
  const known: readonly string[] = probeClasses;
  const classes = [...new Set(probes.map((probe) => probe.class))].sort((a, b) => known.indexOf(a) - known.indexOf(b));
  const count = (name: string | null, outcome: ProbeOutcome): number =>
    probes.filter((probe) => (name === null || probe.class === name) && probe.outcome === outcome).length;
  const cell = (name: string | null, outcome: ProbeOutcome): Text => {
    const number = count(name, outcome);
    return number === 0 ? toned(".", "faint") : { text: String(number), tone: outcomeTones[outcome] };
  };
  return [
    { kind: "heading", level: 2, text: "What was tried" },
    {
      kind: "table",
      head: ["class", ...seen],
      rows: [
        ...classes.map((name): readonly Text[] => [name, ...seen.map((outcome) => cell(name, outcome))]),
        ...(classes.length > 1 ? [["all", ...seen.map((outcome) => cell(null, outcome))] as const] : []),
      ],
    },
    { kind: "matrix", cells: matrixOf(result) },
  ];
}

/** What this run saw of the rule's four cells. Only the client's side it tested from can have been seen. */
export function matrixOf(result: TargetResult): Readonly<Record<MatrixCell, CellSeen>> {
  const unseen: Seen = { seen: "not looked at", tone: "faint" };
  const side =
    result.vantage === "external" || result.vantage === "neighbour"
      ? "external"
      : result.vantage === "internal"
        ? "internal"
        : null;
  const entries = cells.map((cell): [MatrixCell, CellSeen] => {
    const [client, recipient] = cell.split("-to-");
    const seen = client !== side ? null : recipient === "external" ? seenOutside(result, side) : seenInside(result);
    return [cell, { rule: relaying[cell], ...(seen ?? unseen) }];
  });
  return Object.fromEntries(entries) as Record<MatrixCell, CellSeen>; // one entry a cell
}

type Seen = Omit<CellSeen, "rule">;

/** Classes of probes whose recipient is an outside one. */
const outsideClasses: ReadonlySet<string> = new Set([
  "plain",
  "sender",
  "routing",
  "helo",
  "trust",
  "auth",
  "state",
  "transport",
]);

function seenOutside(result: TargetResult, side: "internal" | "external"): Seen | null {
  const probes = result.probes.filter((probe) => outsideClasses.has(probe.class) && probe.outcome !== "not-run");
  const of = (...names: readonly ProbeOutcome[]): readonly ProbeResult[] =>
    probes.filter((probe) => names.includes(probe.outcome));
  const seen = (words: string, found: readonly ProbeResult[], tone: Tone): Seen | null => {
    const [first] = found;
    return first === undefined
      ? null
      : { seen: `${words} (${found.length} of ${probes.length})`, tone, to: anchorOf(result, first.instance) };
  };
  return (
    seen("passed on", of("relayed"), side === "external" ? "bad" : "good") ??
    seen("accepted, not proved", of("accepted", "silent"), "doubtful") ??
    seen("refused", of("refused", "not-reached"), side === "external" ? "good" : "doubtful")
  );
}

function seenInside(result: TargetResult): Seen | null {
  const local = result.controls.find((control) => control.id === "ctl-local-accept");
  if (local === undefined) return null;
  const to = anchorOf(result, `control ${local.at} ${local.id}`);
  if (positive(local)) return { seen: "accepted", tone: "good", to };
  return { seen: local.reply === null ? "no answer" : `refused (${local.reply.code})`, tone: "doubtful", to };
}

const positive = (control: ControlResult): boolean =>
  control.reply !== null && control.reply.code >= 200 && control.reply.code < 300;

function happenedBlocks(result: TargetResult, { unfolds }: CheckDocumentOptions): readonly Block[] {
  const order: readonly ProbeOutcome[] = [
    "relayed",
    "accepted",
    "silent",
    "bounced",
    "deferred",
    "tester-refused",
    "error",
  ];
  const told = order.flatMap((outcome) => result.probes.filter((probe) => probe.outcome === outcome));
  if (told.length === 0) return [];
  // Beside a proof, what was only accepted is counted; what no proof explains has a finding of its own.
  const proved = told.filter(({ outcome }) => outcome === "relayed");
  const events = chosen(proved.length > 0 ? proved : told).map((probe) => eventOf(probe, result));
  const left = told.length - events.length;
  return [
    { kind: "heading", level: 2, text: "What happened" },
    { kind: "events", events },
    ...(left > 0
      ? [
          {
            kind: "paragraph",
            text: toned(
              `${left} more, ${unfolds === true ? "below with all transcripts" : "each with its transcript, in the html and json reports"}.`,
              "faint",
            ),
          } as const,
        ]
      : []),
  ];
}

/** Of each class one, then of each probe one; its other forms would say the same again. */
function chosen(probes: readonly ProbeResult[]): readonly ProbeResult[] {
  const firstOf = (key: (probe: ProbeResult) => string): readonly ProbeResult[] => [
    ...new Map([...probes].reverse().map((probe) => [`${probe.outcome} ${key(probe)}`, probe])).values(),
  ];
  const picked = new Set([...firstOf((probe) => probe.class).toReversed(), ...firstOf(({ id }) => id).toReversed()]);
  const first = new Set([...picked].slice(0, maxEvents));
  return probes.filter((probe) => first.has(probe));
}

function eventOf(probe: ProbeResult, result: TargetResult): Event {
  const lines: Text[] = [];
  if (probe.proof !== null) {
    const { exit, multihop, receivedAt, recipient, hops } = probe.proof;
    lines.push([
      "came out at ",
      code(exit),
      multihop ? toned(", which is another server: a chain of relays", "bad") : ", the server itself",
      `, at ${whenWords(receivedAt)}`,
    ]);
    lines.push(["in its log, look for ", code(recipient)]);
    const claimed = hops
      .filter((hop) => hop.trust === "claimed" && (hop.by !== null || hop.address !== null))
      .slice(0, 6);
    if (claimed.length > 0)
      lines.push([
        "its Received lines claim: ",
        claimed.map((hop) => `${hop.by ?? "?"} from ${hop.address ?? hop.from ?? "?"}`).join(" <- "),
      ]);
  } else if (probe.reply !== null)
    lines.push([
      `answered${probe.stage === null ? "" : ` at ${probe.stage.toUpperCase()}`}: `,
      code(replyWords(probe.reply)),
    ]);
  if (probe.reason !== undefined && probe.proof === null) lines.push(probe.reason);
  return {
    word: probe.outcome,
    tone: outcomeTones[probe.outcome],
    title: [{ text: probe.instance, code: true, to: anchorOf(result, probe.instance) }, `: ${probe.title}`],
    lines,
  };
}

function controlBlocks(result: TargetResult): readonly Block[] {
  // What failed at the end as at the beginning is told once.
  const early = new Set(result.controls.filter(({ at, passed }) => at === "start" && !passed).map(({ id }) => id));
  const failed = result.controls.filter(({ id, at, passed }) => !passed && (at === "start" || !early.has(id)));
  if (failed.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "Controls that failed: refusals prove little until they pass" },
    {
      kind: "events",
      events: failed.map((control) => ({
        word: "failed",
        tone: "doubtful",
        title: [
          { text: control.id, code: true, to: anchorOf(result, `control ${control.at} ${control.id}`) },
          `, at the ${control.at}: expected ${control.expected}`,
        ],
        lines: [
          ["it answered: ", code(control.reply === null ? "nothing" : replyWords(control.reply))],
          ["Do: ", controlAdvice(control)],
        ],
      })),
    },
  ];
}

/** What makes a control pass. */
function controlAdvice({ id, at, reply }: ControlResult): string {
  if (at === "end")
    return "It passed at the beginning: the server has begun to refuse us. Test later, from another --source, or let the tester's address through while it tests.";
  if (reply !== null && reply.code < 500) return "It may be greylisting: run again with --patient, or in ten minutes.";
  if (id === "ctl-local-accept")
    return "Name a mailbox that exists and takes mail from outside as check.localRecipient in site.yaml; if the refusal is about us, test from an address that is on no list.";
  if (id === "ctl-repeat-plain")
    return "The role in site.yaml may be wrong: a submission port demands a login, a smarthost says that relaying is denied, an mx takes mail for its own domains.";
  return "Look at the transcript of the control.";
}

function changeBlocks(result: TargetResult, catalogue: Catalogue): readonly Block[] {
  if (result.findings.length === 0) return [];
  const product = catalogue.products.find((one) => one.id === result.product?.id) ?? null;
  const urgent = result.findings.some(({ severity }) => severity !== "info" && severity !== "low");
  return [
    { kind: "heading", level: 2, text: urgent ? "What to change" : "What could be better" },
    ...result.findings.map(
      (finding, index): Block => ({
        kind: "finding",
        finding: shownFinding(finding, result),
        anchor: anchorOf(result, `finding ${index + 1}`),
      }),
    ),
    ...(product === null || !urgent ? [] : [{ kind: "paragraph", text: whereWords(product) } as const]),
    ...(urgent && !result.practice
      ? [
          {
            kind: "paragraph",
            text: [
              "Afterwards, test again: ",
              code(`fencepost check ${result.target.mailer ?? subjectOfTarget(result.target)}`),
            ],
          } as const,
        ]
      : []),
  ];
}

function shownFinding(finding: Finding, result: TargetResult): Extract<Block, { kind: "finding" }>["finding"] {
  return {
    severity: finding.severity,
    tone: severityTones[finding.severity],
    says: finding.says,
    why: finding.why,
    remedy: finding.remedy,
    evidence: finding.evidence.map(({ ref }) => ({ text: ref, code: true, to: anchorOf(result, ref) })),
  };
}

const bases = {
  running: "Checked against running servers of this product.",
  parser: "Checked with the product's own parser or source.",
  documents: "Taken from the product's documents only: look twice.",
} as const satisfies Record<Product["checkedAgainst"], string>;

function whereWords(product: Product): Text {
  const { files, relaying: rule } = product.configuration;
  const words: (string | Span)[] = [toned(`Where in ${product.name}: `, "strong")];
  for (const [index, file] of files.entries()) words.push(index === 0 ? "" : ", ", code(file));
  words.push(files.length === 0 ? rule : `. ${rule}`, toned(` ${bases[product.checkedAgainst]}`, "faint"));
  return words;
}

/** How to look further. */
function nextBlocks(result: TargetResult, { stored }: CheckDocumentOptions): readonly Block[] {
  const { coverage, verdict } = result;
  const subject = result.target.mailer ?? subjectOfTarget(result.target);
  // A rehearsal's mailer is gone when this is read.
  if (result.practice) return [];
  const items: Text[] = [];
  if (coverage.profile !== "full" && coverage.applicable > 0)
    items.push(["Look deeper, with everything that applies: ", code(`fencepost check ${subject} --profile full`)]);
  if (verdict === "inconclusive" && (result.vantage === "internal" || result.vantage === "unknown"))
    items.push([
      "Test from outside: from a machine that is in none of the site's networks, or with ",
      code("--source ADDR"),
      " if this one has such an address",
    ]);
  if (result.probes.some((probe) => probe.outcome === "deferred"))
    items.push(["Give greylisting its time: ", code(`fencepost check ${subject} --patient`)]);
  if (result.probes.some((probe) => probe.outcome === "silent"))
    items.push([
      "Messages may still arrive: the next ",
      code("check"),
      " or ",
      code("fencepost history"),
      " counts what came late",
    ]);
  if (result.reason === "timeout" || result.reason === "no-route")
    items.push(
      "If a filter keeps strangers from this port on purpose, nothing is wrong; if not, look at the router and at the server. A control host (check.control in site.yaml) tells its silence from ours",
    );
  if (result.reason === "not-listening")
    items.push("If it should take mail there, start it; if not, take the port out of site.yaml");
  if (stored && result.probes.length > 0)
    items.push(["Every transcript: ", code("fencepost history latest --format html > report.html")]);
  return items.length === 0
    ? []
    : [
        { kind: "heading", level: 2, text: "What next" },
        { kind: "list", items },
      ];
}

/** Folded away: one block a control and probe, with its transcript. */
function evidenceBlocks(result: TargetResult): readonly Block[] {
  if (result.controls.length + result.probes.length === 0) return [];
  return [
    // Folded blocks come with a heading of their own only where they are shown: the face decides.
    ...result.controls.map(
      (control): Block => ({
        kind: "details",
        word: control.passed ? "passed" : "failed",
        tone: control.passed ? "good" : "doubtful",
        summary: [code(control.id), `, at the ${control.at}: expected ${control.expected}`],
        anchor: anchorOf(result, `control ${control.at} ${control.id}`),
        blocks: [{ kind: "transcript", text: control.transcript }],
      }),
    ),
    // The worst first; within an outcome in the order of the run.
    ...[...result.probes]
      .sort((a, b) => outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome))
      .map(
        (probe): Block => ({
          kind: "details",
          word: probe.outcome,
          tone: outcomeTones[probe.outcome],
          summary: [code(probe.instance), `: ${probe.title}`],
          anchor: anchorOf(result, probe.instance),
          blocks: probeBlocks(probe, result),
        }),
      ),
  ];
}

function probeBlocks(probe: ProbeResult, result: TargetResult): readonly Block[] {
  const event = eventOf(probe, result);
  return [
    {
      kind: "facts",
      rows: [
        ["class", probe.class],
        ["outcome", outcomeWords[probe.outcome]],
      ],
    },
    ...(event.lines.length > 0 ? [{ kind: "list", items: event.lines } as const] : []),
    ...(probe.proof === null
      ? []
      : [
          {
            kind: "table",
            head: ["hop", "address", "name", "by"],
            rows: probe.proof.hops.map((hop): readonly Text[] => [
              hop.trust,
              hop.address ?? "",
              hop.from ?? "",
              hop.by ?? "",
            ]),
          } as const,
        ]),
    ...(probe.transcript === "" ? [] : [{ kind: "transcript", text: probe.transcript } as const]),
  ];
}

/** The name of a place in the report, the same in every run. */
export function anchorOf(result: TargetResult, what: string): string {
  return [result.target.address === "" ? result.target.host : `${result.target.address} ${result.target.port}`, what]
    .filter((part) => part !== "")
    .join(" ");
}

function replyWords(reply: NonNullable<ProbeResult["reply"]>): string {
  return [String(reply.code), reply.enhanced, reply.text.replaceAll("\n", " / ")]
    .filter((part) => part !== undefined && part !== "")
    .join(" ")
    .slice(0, 300);
}

export function whenWords(iso: string): string {
  return `${iso.slice(0, 19).replace("T", " ")} UTC`;
}

/** Why the verdict is what it is. A closed one is told with its limits, and never as more than was tried. */
function whyWords({ verdict, because, coverage }: TargetResult): string {
  if (verdict === "closed")
    return `Closed to the ${coverage.answered} ${coverage.profile === "quick" ? "likeliest tests" : "tests"} (profile ${coverage.profile}, catalogue ${coverage.catalogue}), not more than was tried.`;
  return `Why: ${because.trim()}${/[.!?]$/.test(because.trim()) ? "" : "."}`;
}
