/** What was found before: runs on record, one run's results again, the course of one target. */
import { z } from "zod";
import { type AuditDocument, auditDocumentSchema, auditResultSchema, worstVerdict } from "../audit/result.ts";
import { type CheckSummary, summarySchema, type TargetResult, targetResultSchema, verdicts } from "../check/result.ts";
import { type FilterDocument, filterDocumentSchema } from "../filters/result.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import { type ListsDocument, listsDocumentSchema } from "../lists/result.ts";
import { formatHostPort, parseHostPort } from "../net/host-port.ts";
import type { Clock } from "../ports.ts";
import type { HistoryResult, PastRun } from "../report/results/history.ts";
import type { RunRow } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { type SweepDocument, sweepDocumentSchema } from "../sweep/result.ts";
import { DataError, UsageError } from "./errors.ts";
import { fileOfFilter } from "./filters.ts";

export interface HistoryPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
}

/** Results are read in parts, so that a run of thousands is shown in little memory. */
const pageSize = 50;

const auditSummarySchema = auditDocumentSchema.omit({ results: true });

/** Names of runs are looked for among so many. */
const maxRuns = 10_000;

export async function pastRuns(limit: number, ports: HistoryPorts): Promise<HistoryResult> {
  const runs: PastRun[] = [];
  for (const row of await ports.store.runs.list(limit)) runs.push(await pastRun(row, ports));
  return { schema: "fencepost/history/1", catalogue: ports.catalogue.serial, runs };
}

async function pastRun(row: RunRow, ports: HistoryPorts): Promise<PastRun> {
  return {
    run: row.id,
    tool: row.tool,
    profile: row.profile,
    catalogue: row.catalogue,
    targets: row.targets,
    verdict: row.verdict,
    state: await stateOf(row, ports),
    startedAt: row.startedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    age: secondsSince(row.finishedAt ?? row.startedAt, ports.clock),
    // Only the tester rests on probes.
    newerProbes: row.tool === "check" ? newerProbes(row.catalogue, ports.catalogue) : 0,
  };
}

/** What the summary of every tool's run says of its end. */
const endedSchema = z.looseObject({ ended: z.enum(["finished", "interrupted", "deadline"]) });

async function stateOf(row: RunRow, { store }: HistoryPorts): Promise<PastRun["state"]> {
  if (row.finishedAt === null) return (await store.leases.held(row.id)) ? "running" : "killed";
  const read = row.summary === null ? null : endedSchema.safeParse(JSON.parse(row.summary));
  return read?.success === true ? read.data.ended : "finished";
}

const secondsSince = (then: Date, clock: Clock): number =>
  Math.max(0, Math.round((clock.now().getTime() - then.getTime()) / 1000));

export function newerProbes(serial: number, { probes }: Catalogue): number {
  return probes.filter(({ since, class: group }) => since > serial && group !== "control").length;
}

/** One run of `check`, to be shown again. */
export interface ShownCheck {
  readonly tool: "check";
  readonly run: PastRun;
  readonly summary: CheckSummary;
  readonly results: AsyncIterable<TargetResult>;
}

/** One run of `audit`. */
export interface ShownAudit {
  readonly tool: "audit";
  readonly run: PastRun;
  readonly document: AuditDocument;
}

/** One run of `filters prove`. */
export interface ShownFilter {
  readonly tool: "filters";
  readonly run: PastRun;
  readonly file: string;
  readonly document: FilterDocument;
}

/** One run of `sweep`. */
export interface ShownSweep {
  readonly tool: "sweep";
  readonly run: PastRun;
  readonly document: SweepDocument;
}

/** One run of `lists check`. */
export interface ShownLists {
  readonly tool: "lists";
  readonly run: PastRun;
  readonly document: ListsDocument;
}

/** @param name a run's id, the beginning or the end of one, or `latest`. Throws `UsageError` if it is none, or several. */
export async function shownRun(
  name: string,
  ports: HistoryPorts,
): Promise<ShownCheck | ShownAudit | ShownFilter | ShownSweep | ShownLists> {
  const { store } = ports;
  const runs = await store.runs.list(name === "latest" ? 1 : maxRuns);
  const exact = runs.filter(({ id }) => id === name);
  const found =
    name === "latest"
      ? runs
      : exact.length > 0
        ? exact
        : runs.filter(({ id }) => id.startsWith(name) || id.endsWith(name));
  const [row] = found;
  if (row === undefined)
    throw new UsageError(
      name === "latest"
        ? "no run is on record. `fencepost check` makes one."
        : `no run on record is called "${name}". \`fencepost history\` lists them.`,
    );
  if (found.length > 1)
    throw new UsageError(`"${name}" is the name of ${found.length} runs. \`fencepost history\` lists them.`);
  const run = await pastRun(row, ports);
  if (row.tool === "audit") return { tool: "audit", run, document: await auditOf(row, store) };
  if (row.tool === "filters") return { tool: "filters", run, ...(await filterOf(row, store)) };
  if (row.tool === "sweep") return { tool: "sweep", run, document: sweepOf(row) };
  if (row.tool === "lists") return { tool: "lists", run, document: listsOf(row) };
  if (row.tool !== "check") throw new UsageError(`${row.id} is a run of ${row.tool}, which this version cannot show.`);
  return { tool: "check", run, summary: await summaryOf(row, store), results: resultsOf(row.id, store) };
}

async function filterOf(row: RunRow, store: Store): Promise<Pick<ShownFilter, "file" | "document">> {
  const [target] = await store.runs.targetsOf(row.id);
  const read = target === undefined ? null : filterDocumentSchema.safeParse(JSON.parse(target.result));
  if (target === undefined || read?.success !== true) throw unreadable(`the result of run ${row.id}`);
  return { file: fileOfFilter(target.subject), document: read.data };
}

const sweptSchema = z.looseObject({ document: sweepDocumentSchema });

function sweepOf(row: RunRow): SweepDocument {
  const read = row.summary === null ? null : sweptSchema.safeParse(JSON.parse(row.summary));
  if (read?.success === true) return read.data.document;
  if (row.finishedAt === null)
    throw new UsageError(`${row.id} was not ended: \`fencepost sweep --resume\` goes on from where it was.`);
  throw unreadable(`the result of run ${row.id}`);
}

const checkedListsSchema = z.looseObject({ document: listsDocumentSchema });

function listsOf(row: RunRow): ListsDocument {
  const read = row.summary === null ? null : checkedListsSchema.safeParse(JSON.parse(row.summary));
  if (read?.success === true) return read.data.document;
  if (row.finishedAt === null) throw new UsageError(`${row.id} was not ended: \`fencepost lists check\` asks again.`);
  throw unreadable(`the result of run ${row.id}`);
}

async function auditOf(row: RunRow, store: Store): Promise<AuditDocument> {
  const results = (await store.runs.targetsOf(row.id)).map(({ subject, result }) => {
    const read = auditResultSchema.safeParse(JSON.parse(result));
    if (!read.success) throw unreadable(`the result of ${subject} in run ${row.id}`);
    return read.data;
  });
  const stored = row.summary === null ? null : auditSummarySchema.safeParse(JSON.parse(row.summary));
  if (stored?.success === true) return { ...stored.data, results };
  const startedAt = row.startedAt.toISOString();
  const verdict = worstVerdict(results.map((one) => one.verdict));
  return { schema: "fencepost/audit/1", verdict, results, startedAt, finishedAt: startedAt, ended: "interrupted" };
}

/** The run's own summary; of one that was killed, what its targets make. */
async function summaryOf(row: RunRow, store: Store): Promise<CheckSummary> {
  const stored = row.summary === null ? null : summarySchema.safeParse(JSON.parse(row.summary));
  if (stored?.success === true) return stored.data;
  const counts = await store.runs.verdictsOf(row.id);
  let [applicable, answered, last] = [0, 0, row.startedAt.toISOString()];
  for await (const result of resultsOf(row.id, store)) {
    applicable += result.coverage.applicable;
    answered += result.coverage.answered;
    if (result.finishedAt > last) last = result.finishedAt;
  }
  return {
    schema: "fencepost/check/1",
    verdict: verdicts.find((verdict) => verdict !== "closed" && counts.has(verdict)) ?? "inconclusive",
    coverage: { profile: row.profile, catalogue: row.catalogue, applicable, answered },
    targets: Object.fromEntries(
      verdicts.map((verdict) => [verdict, counts.get(verdict) ?? 0]),
    ) as CheckSummary["targets"], // one count a verdict
    ended: "interrupted",
    startedAt: row.startedAt.toISOString(),
    finishedAt: last,
  };
}

async function* resultsOf(run: string, store: Store): AsyncGenerator<TargetResult> {
  for (let offset = 0; ; offset += pageSize) {
    const rows = await store.runs.targetsOf(run, { offset, limit: pageSize });
    for (const row of rows) yield resultIn(row.result, `the result of ${row.subject} in run ${run}`);
    if (rows.length < pageSize) return;
  }
}

function resultIn(text: string, what: string): TargetResult {
  const read = targetResultSchema.safeParse(JSON.parse(text));
  if (!read.success) throw unreadable(what);
  return read.data;
}

const unreadable = (what: string): DataError =>
  new DataError(`${what} was written by another version and cannot be read.`);

/** @param target as reports write it: `192.0.2.25:25`, `[2001:db8::25]:25`; port 25 if none is written. */
export async function courseOf(target: string, limit: number, ports: HistoryPorts): Promise<HistoryResult> {
  const parsed = parseHostPort(target);
  // A name that led nowhere is on record as it was typed.
  const subject =
    parsed.ok && parsed.value.host.kind === "address"
      ? formatHostPort({ ...parsed.value, port: parsed.value.port ?? 25 })
      : target;
  const stored = await ports.store.runs.ofSubject(subject, limit);
  return {
    schema: "fencepost/history/1",
    catalogue: ports.catalogue.serial,
    target: subject,
    course: stored.map((row) => {
      const result = resultIn(row.result, `the result of ${subject} in run ${row.run}`);
      return {
        run: row.run,
        at: result.finishedAt,
        age: secondsSince(new Date(result.finishedAt), ports.clock),
        verdict: result.verdict,
        because: result.because,
        profile: result.coverage.profile,
        catalogue: result.coverage.catalogue,
        newerProbes: newerProbes(result.coverage.catalogue, ports.catalogue),
        answered: result.coverage.answered,
        applicable: result.coverage.applicable,
        findings: [...new Set(result.findings.map(({ tag }) => tag))],
      };
    }),
  };
}
