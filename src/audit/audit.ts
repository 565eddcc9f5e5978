/**
 * The auditor: reads configurations, searches them for sessions that the rule forbids, and says for each what it is
 * called, which line does it, which session shows it, and which edit mends it. Opens no file and no connection.
 */

import { bySeverity } from "../finding/finding.ts";
import type { Ending, RunEvent } from "../finding/run.ts";
import type { Clock, ConfigTree } from "../ports.ts";
import type { Site } from "../site/model.ts";
import { applyEdits, unifiedDiff } from "../text/diff.ts";
import { type DerivedListener, deriveListeners, placeOf, prefixTexts, verdictOfListeners } from "./derive.ts";
import type { Decision } from "./evaluate.ts";
import { decidingRule, holeIdentity } from "./holes.ts";
import type { FileEdit, Product } from "./product.ts";
import { products } from "./products.ts";
import { refusedMail } from "./refused.ts";
import type { Assumption, AuditFinding, AuditResult, AuditVerdict } from "./result.ts";
import type { Configuration } from "./rules.ts";
import { type Hole, witnessOf } from "./search.ts";

export interface AuditRequest {
  readonly configurations: readonly NamedTree[];
  readonly site: Site | null;
  /** A product's name, where it cannot be told from the files. */
  readonly product: string | null;
  readonly version: string | null;
}

export interface NamedTree {
  readonly name: string;
  readonly tree: ConfigTree;
}

export interface AuditPorts {
  readonly clock: Clock;
}

export interface AuditSummary {
  readonly verdicts: readonly AuditVerdict[];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly ended: Exclude<Ending, "deadline">;
}

export const productNames: readonly string[] = products.map(({ name }) => name);

/** Audits one configuration after the other. An abort keeps what is known. */
export async function* audit(
  request: AuditRequest,
  { clock }: AuditPorts,
  signal: AbortSignal,
): AsyncGenerator<RunEvent<AuditResult, AuditSummary>> {
  const startedAt = clock.now().toISOString();
  const verdicts: AuditVerdict[] = [];
  const total = request.configurations.length;
  for (const [done, { name, tree }] of request.configurations.entries()) {
    if (signal.aborted) break;
    yield { kind: "progress", done, total, doing: name };
    const result = auditTree(name, tree, request);
    verdicts.push(result.verdict);
    yield { kind: "step", step: result };
    for (const { witness: _witness, trace: _trace, patch: _patch, ...finding } of result.findings)
      yield { kind: "finding", finding };
    // Long searches must leave room for a Ctrl-C between two of them.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ended = signal.aborted ? "interrupted" : "finished";
  yield { kind: "result", result: { verdicts, startedAt, finishedAt: clock.now().toISOString(), ended } };
}

type Request = Pick<AuditRequest, "site" | "product" | "version">;

/** Audits one snapshot. */
export function auditTree(name: string, tree: ConfigTree, request: Request): AuditResult {
  const files = [...tree.files.keys()];
  const nothing = (text: string): AuditResult => ({
    name,
    product: request.product,
    version: null,
    checkedAgainst: "documents",
    verdict: "unknown",
    because: text,
    listeners: [],
    findings: [],
    assumes: [],
    unknowns: [{ text, where: null }],
    files,
    sessions: 0,
  });
  const candidates = products.filter((product) => request.product === null || product.name === request.product);
  for (const product of candidates) {
    const configuration = product.read(tree, request.version);
    if (configuration !== null) return resultOf(name, tree, product, configuration, request);
  }
  return nothing(
    request.product === null
      ? `No configuration of a known mailer was found (known: ${productNames.join(", ")}); name it with --product.`
      : `No configuration of ${request.product} was found.`,
  );
}

function resultOf(
  name: string,
  tree: ConfigTree,
  product: Product,
  configuration: Configuration,
  request: Request,
): AuditResult {
  const derived = deriveListeners(configuration, request.site);
  const listeners = derived.map(({ result }) => result);
  const empty = listeners.length === 0;
  const verdict = empty ? "unknown" : verdictOfListeners(listeners);
  const findings = findingsOf(name, tree, product, derived, request).sort(bySeverity);
  const worst = listeners.find((one) => one.verdict === verdict);
  const assumes: Assumption[] = verdict === "open" ? [] : configuration.assumes.map((text) => ({ text, clients: [] }));
  return {
    name,
    product: configuration.product,
    version: configuration.version,
    checkedAgainst: configuration.checkedAgainst,
    verdict,
    because: empty ? "No listener for mail was found in the files." : `${worst?.because ?? ""}`,
    listeners,
    findings,
    assumes: [...assumes, ...distinct(listeners.flatMap((one) => one.assumes))],
    unknowns: [
      ...configuration.unreadable.map(({ unknown, where }) => ({ text: unknown, where: placeOf(where) })),
      ...(tree.incomplete
        ? [{ text: "some files were left out: the folder is larger than an audit reads", where: null }]
        : []),
    ],
    files: [...tree.files.keys()],
    sessions: derived.reduce((sum, { search }) => sum + search.sessions, 0),
  };
}

/** So many patches are tried in all: each costs an audit. */
const maxTries = 60;

function findingsOf(
  name: string,
  tree: ConfigTree,
  product: Product,
  derived: readonly DerivedListener[],
  request: Request,
): AuditFinding[] {
  let tries = maxTries;
  const findings = new Map<string, AuditFinding>();
  for (const { search } of derived)
    for (const hole of search.holes) {
      const { tag, severity, says, why, remedy, where } = product.explain(hole);
      const place = placeOf(where);
      const subject = `${name}: ${hole.listener.name}`;
      const key = [
        tag,
        name,
        hole.listener.name,
        place === null ? "" : `${place.file}:${place.text}`,
        decidingRule(hole)?.rule ?? "",
      ].join("|");
      if (findings.has(key)) continue;
      let patch: string | null = null;
      for (const edits of tries > 0 ? product.repairs(hole, tree) : []) {
        tries -= 1;
        if (mends(edits, hole, tree, product, derived, request)) {
          patch = patchOf(edits, tree);
          break;
        }
        if (tries <= 0) break;
      }
      findings.set(key, {
        tag,
        severity,
        subject,
        key,
        says,
        why,
        remedy,
        ...(place === null ? {} : { where: { file: place.file, line: place.line, text: place.text } }),
        evidence: [],
        data: {
          listener: hole.listener.name,
          certainty: hole.certainty,
          condition: hole.condition,
          clients: prefixTexts(hole.clients).slice(0, 20),
        },
        witness: witnessOf(hole.listener, hole.session, hole.session.client.address),
        trace: traceOf(hole.decision),
        patch,
      });
    }
  for (const one of derived) {
    const { listener } = one.search;
    for (const { tag, severity, says, why, remedy, session, decision } of refusedMail(one)) {
      const place = placeOf(decision.trace.findLast(({ where }) => where !== null)?.where ?? null);
      findings.set(`${tag}|${name}|${listener.name}`, {
        tag,
        severity,
        subject: `${name}: ${listener.name}`,
        key: `${tag}|${name}|${listener.name}`,
        says,
        why,
        remedy,
        ...(place === null ? {} : { where: place }),
        evidence: [],
        data: { listener: listener.name },
        witness: witnessOf(listener, session, session.client.address),
        trace: traceOf(decision),
        patch: null,
      });
    }
  }
  return [...findings.values()];
}

function traceOf({ trace }: Decision): AuditFinding["trace"] {
  return trace.map((entry) => ({
    rule: `${entry.program}: ${entry.rule}`,
    result: entry.result,
    where: placeOf(entry.where),
  }));
}

/** Whether the audit of the edited files no longer has the hole, has no new one, and still takes mail for our domains. */
function mends(
  edits: readonly FileEdit[],
  hole: Hole,
  tree: ConfigTree,
  product: Product,
  before: readonly DerivedListener[],
  request: Request,
): boolean {
  const configuration = product.read(edited(tree, edits), request.version);
  if (configuration === null) return false;
  const after = deriveListeners(configuration, request.site);
  const known = new Set(before.flatMap(({ search }) => search.holes.map(holeIdentity)));
  if (after.length !== before.length) return false;
  for (const { search, result } of after) {
    if (search.holes.some((one) => holeIdentity(one) === holeIdentity(hole) || !known.has(holeIdentity(one))))
      return false;
    const same = before.find((one) => one.result.name === result.name)?.result;
    if (same === undefined) return false;
    if (same.cells["external-to-internal"] === "permit" && result.cells["external-to-internal"] !== "permit")
      return false;
  }
  return true;
}

function edited(tree: ConfigTree, edits: readonly FileEdit[]): ConfigTree {
  const files = new Map(tree.files);
  for (const path of new Set(edits.map((one) => one.path))) {
    const file = files.get(path);
    if (file?.kind !== "text") continue;
    const own = edits.filter((one) => one.path === path).map(({ edit }) => edit);
    files.set(path, { kind: "text", text: applyEdits(file.text, own) });
  }
  return { ...tree, files };
}

function patchOf(edits: readonly FileEdit[], tree: ConfigTree): string {
  return [...new Set(edits.map((one) => one.path))]
    .map((path) => {
      const file = tree.files.get(path);
      return file?.kind === "text"
        ? unifiedDiff(
            path,
            file.text,
            edits.filter((one) => one.path === path).map(({ edit }) => edit),
          )
        : "";
    })
    .join("");
}

function distinct(assumptions: readonly Assumption[]): readonly Assumption[] {
  return [...new Map(assumptions.map((one) => [one.text, one])).values()];
}
