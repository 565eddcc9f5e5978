/**
 * Someone asks for an audit: paths are read once, each into a snapshot, every configuration is audited, and what was
 * found is on record before anyone sees it.
 */
import { createHash } from "node:crypto";
import { type AuditPorts, audit, type NamedTree } from "../audit/audit.ts";
import type { Deployment } from "../audit/deployment/arrival.ts";
import { readDeployment } from "../audit/deployment/deployment.ts";
import { productNames } from "../audit/examine.ts";
import { type FixedTree, fixTree } from "../audit/fix.ts";
import { type AuditDocument, type AuditResult, auditResultSchema, worstVerdict } from "../audit/result.ts";
import type { RunEvent } from "../finding/run.ts";
import type { DeadList } from "../knowledge/list.ts";
import type { ConfigTree, Random } from "../ports.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { nearest } from "../text/nearest.ts";
import { DataError, InputMissing, Unavailable, UsageError } from "./errors.ts";
import { type InstalledPorts, installedMailers } from "./installed.ts";
import { runIdOf } from "./run-id.ts";

export interface AuditTaskRequest {
  /** `PATH` or `NAME=PATH`. */
  readonly paths: readonly string[];
  /** The mailers installed on this machine, in place of paths. */
  readonly local: boolean;
  /** Only what differs from the last audit on record. */
  readonly changed: boolean;
  readonly site: Site | null;
  readonly product: string | null;
  readonly version: string | null;
  /** The path of what surrounds the mailers: a compose file, manifests, a proxy's configuration. */
  readonly deployment: string | null;
  /** Writes the patches that the audit found, and audits what they make. */
  readonly fix: boolean;
  readonly deadLists: readonly DeadList[];
  /** Of this program: a newer one may see more in the same files. */
  readonly program: string;
}

export interface AuditTaskPorts extends AuditPorts, InstalledPorts {
  readonly snapshot: (path: string, options: { readonly follow: boolean }) => Promise<ConfigTree>;
  /** Puts a new text in the place of the old one, which stays beside it; returns where. */
  readonly replace: (path: string, before: string, after: string, stamp: string) => Promise<string>;
  readonly random: Random;
  /** Null: `--no-store`. */
  readonly store: Store | null;
}

type AuditSummary = Omit<AuditDocument, "results">;

export type AuditTaskEvent =
  | RunEvent<AuditResult, AuditSummary>
  | { readonly kind: "change"; readonly subject: string; readonly text: string };

/** Throws `UsageError`, `DataError` and `InputMissing`. */
export async function* auditTask(
  request: AuditTaskRequest,
  ports: AuditTaskPorts,
  signal: AbortSignal,
): AsyncGenerator<AuditTaskEvent> {
  checkUsage(request, ports);
  const deployment = request.deployment === null ? null : await deploymentAt(request.deployment, ports);
  const configurations = request.local
    ? await localConfigurations(request, ports, signal)
    : await named(request, ports);
  const run = runIdOf(ports.clock, ports.random);
  const { store } = ports;
  const standing = request.changed
    ? await unchanged(configurations, request.site, (tree) => digestOf(tree, request, deployment), ports)
    : new Map<string, AuditResult>();
  await store?.runs.begin({ id: run, tool: "audit", profile: "", catalogue: 0 });
  for (const result of standing.values()) yield { kind: "step", step: result };
  const open: Configuration[] = [];
  const mended = new Map<string, Mended>();
  for (const one of configurations) {
    if (standing.has(one.name)) continue;
    if (!request.fix) open.push(one);
    else {
      yield { kind: "progress", done: open.length, total: configurations.length, doing: `mending ${one.name}` };
      const mending = await mend(one, { ...request, deployment }, run, ports);
      mended.set(one.name, mending);
      open.push({ ...one, tree: mending.tree });
    }
  }
  for await (const event of audit({ ...request, configurations: open, deployment }, ports, signal)) {
    if (event.kind === "step") {
      const { name } = event.step;
      const tree = open.find((one) => one.name === name)?.tree;
      const { fixed, written } = mended.get(name) ?? { fixed: [], written: [] };
      const result: AuditResult = {
        ...event.step,
        ...(tree === undefined ? {} : { digest: digestOf(tree, request, deployment) }),
        ...(fixed.length === 0 ? {} : { fixed: [...fixed], written: [...written] }),
      };
      const before = (await store?.runs.latest(subjectOfConfiguration(result.name), run)) ?? null;
      await store?.runs.addTarget(run, {
        subject: subjectOfConfiguration(result.name),
        verdict: result.verdict,
        result: JSON.stringify(result),
        sent: [],
      });
      yield { kind: "step", step: result };
      if (before !== null && before.verdict !== result.verdict)
        yield {
          kind: "change",
          subject: result.name,
          text: `was ${before.verdict} on ${before.at.toISOString().slice(0, 16).replace("T", " ")} UTC, is ${result.verdict} now`,
        };
    } else if (event.kind === "result") {
      const { verdicts, ...rest } = event.result;
      const all = [...verdicts, ...[...standing.values()].map(({ verdict }) => verdict)];
      const summary: AuditSummary = { schema: "fencepost/audit/1", verdict: worstVerdict(all), ...rest };
      await store?.runs.end(run, summary.verdict, JSON.stringify(summary));
      yield { kind: "result", result: summary };
    } else yield event;
  }
}

/** Subjects of other tools are addresses: this is none. */
export const subjectOfConfiguration = (name: string): string => `configuration ${name}`;

function checkUsage({ paths, local, changed, fix, product }: AuditTaskRequest, { store }: AuditTaskPorts): void {
  if (local && paths.length > 0) throw new UsageError("Name paths or --local, not both.");
  if (!local && paths.length === 0)
    throw new UsageError("Name the configuration to audit: a file or a folder, such as /etc/postfix. Or --local.");
  if (fix && changed) throw new UsageError("Name --fix or --changed, not both: what is mended has changed.");
  if (changed && store === null) throw new UsageError("--changed compares with the store: it cannot do without.");
  if (product !== null && !productNames.includes(product)) {
    const near = nearest(product, productNames);
    throw new UsageError(
      `Unknown product "${product}".${near === null ? "" : ` Did you mean ${near}?`} Known: ${productNames.join(", ")}.`,
    );
  }
}

interface Configuration extends NamedTree {
  readonly product: string | null;
  readonly version: string | null;
}

async function named({ paths, product, version }: AuditTaskRequest, ports: AuditTaskPorts): Promise<Configuration[]> {
  const configurations: Configuration[] = [];
  for (const text of paths) {
    const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/s.exec(text);
    const path = match?.[2] ?? text;
    const tree = await treeAt(path, { follow: false }, ports);
    configurations.push({ name: match?.[1] ?? path, tree, product, version });
  }
  return configurations;
}

/** The mailers of this machine; only here a configuration leads to files outside of what was named. */
async function localConfigurations(
  { product, version }: AuditTaskRequest,
  ports: AuditTaskPorts,
  signal: AbortSignal,
): Promise<Configuration[]> {
  const installed = (await installedMailers(ports, signal)).filter(
    (one) => product === null || one.product === product,
  );
  if (installed.length === 0)
    throw new InputMissing(
      `No configuration of ${product ?? "a known mailer"} was found on this machine. Name its folder: fencepost audit /etc/postfix`,
    );
  const configurations: Configuration[] = [];
  for (const one of installed)
    configurations.push({
      name: one.product,
      tree: await treeAt(one.path, { follow: true }, ports),
      product: one.product,
      version: version ?? one.version,
    });
  return configurations;
}

async function treeAt(
  path: string,
  options: { readonly follow: boolean },
  { snapshot }: AuditTaskPorts,
): Promise<ConfigTree> {
  try {
    return await snapshot(path, options);
  } catch (error) {
    throw new InputMissing(
      `${path}: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file or folder" : (error as Error).message}`,
      { cause: error },
    );
  }
}

async function deploymentAt(path: string, ports: AuditTaskPorts): Promise<Deployment> {
  const deployment = readDeployment(await treeAt(path, { follow: false }, ports));
  if (deployment === null)
    throw new DataError(
      `${path}: no deployment was found. Expected a compose file, Kubernetes manifests, or the configuration of HAProxy or of nginx's stream module.`,
    );
  return deployment;
}

interface Mended extends FixedTree {
  readonly written: readonly { readonly file: string; readonly backup: string }[];
}

/** Writes what mends it, file by file. Throws `Unavailable` if a file cannot be written. */
async function mend(
  { name, tree, product, version }: Configuration,
  request: Omit<AuditTaskRequest, "deployment"> & { readonly deployment: Deployment | null },
  stamp: string,
  { replace }: AuditTaskPorts,
): Promise<Mended> {
  const mended = fixTree(name, tree, { ...request, product, version, follow: null });
  const written: { file: string; backup: string }[] = [];
  for (const [path, after] of mended.tree.files) {
    const before = tree.files.get(path);
    if (before?.kind !== "text" || after.kind !== "text" || before.text === after.text) continue;
    try {
      written.push({ file: path, backup: await replace(path, before.text, after.text, stamp) });
    } catch (error) {
      const done = written.map(({ file, backup }) => ` ${file} was written already; what it was is in ${backup}.`);
      throw new Unavailable(`${path}: ${error instanceof Error ? error.message : String(error)}.${done.join("")}`, {
        cause: error,
      });
    }
  }
  return { ...mended, written };
}

/** Of all that the verdict rests on. */
function digestOf(tree: ConfigTree, request: AuditTaskRequest, deployment: Deployment | null): string {
  const hash = createHash("sha256");
  const about = { program: request.program, version: request.version, site: request.site, deployment };
  hash.update(JSON.stringify(about, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value)));
  for (const [path, file] of tree.files) hash.update(JSON.stringify([path, file]));
  return hash.digest("hex");
}

/**
 * Configurations of which the last result still stands, with it. Where mailers hand mail to one another none stands
 * alone: what is behind decides too.
 */
async function unchanged(
  configurations: readonly NamedTree[],
  site: Site | null,
  digest: (tree: ConfigTree) => string,
  { store }: AuditTaskPorts,
): Promise<ReadonlyMap<string, AuditResult>> {
  const standing = new Map<string, AuditResult>();
  for (const { name, tree } of configurations) {
    const last = await store?.runs.latest(subjectOfConfiguration(name), "");
    if (last === null || last === undefined) continue;
    const read = auditResultSchema.safeParse(JSON.parse(last.result));
    if (read.success && read.data.digest === digest(tree))
      standing.set(name, { ...read.data, unchangedSince: read.data.unchangedSince ?? last.at.toISOString() });
  }
  const chained = site?.mailers.some(({ handsTo }) => handsTo.length > 0) === true;
  return chained && standing.size < configurations.length ? new Map() : standing;
}
