/**
 * The auditor: reads configurations, searches them for sessions that the rule forbids, and says for each what it is
 * called, which line does it, which session shows it, and which edit mends it. Opens no file and no connection.
 */

import type { Ending, RunEvent } from "../finding/run.ts";
import type { Clock, ConfigTree } from "../ports.ts";
import { chainsFrom } from "./chains.ts";
import { auditTree, readTree } from "./examine.ts";
import type { TreeRequest } from "./request.ts";
import type { AuditResult, AuditVerdict } from "./result.ts";
import type { Configuration } from "./rules.ts";

export interface AuditRequest extends Omit<TreeRequest, "product" | "version" | "follow"> {
  readonly configurations: readonly NamedTree[];
}

export interface NamedTree extends Pick<TreeRequest, "product" | "version"> {
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

/** Audits one configuration after the other. An abort keeps what is known. */
export async function* audit(
  request: AuditRequest,
  { clock }: AuditPorts,
  signal: AbortSignal,
): AsyncGenerator<RunEvent<AuditResult, AuditSummary>> {
  const startedAt = clock.now().toISOString();
  const verdicts: AuditVerdict[] = [];
  const total = request.configurations.length;
  const read = readerOf(request.configurations);
  for (const [done, { name, tree, product, version }] of request.configurations.entries()) {
    if (signal.aborted) break;
    yield { kind: "progress", done, total, doing: name };
    const result = auditTree(name, tree, {
      ...request,
      product,
      version,
      follow: chainsFrom(name, request.site, read),
    });
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

/** Configurations by name, each read when a chain first leads to it. */
function readerOf(configurations: readonly NamedTree[]): (mailer: string) => Configuration | null {
  const known = new Map<string, Configuration | null>();
  return (mailer) => {
    const cached = known.get(mailer);
    if (cached !== undefined) return cached;
    const named = configurations.find(({ name }) => name === mailer);
    const read = named === undefined ? null : (readTree(named.tree, named)?.configuration ?? null);
    known.set(mailer, read);
    return read;
  };
}
