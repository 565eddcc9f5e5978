/** Someone asks for an audit: paths are read once, each into a snapshot, and every configuration is audited. */
import { type AuditPorts, audit, productNames } from "../audit/audit.ts";
import type { AuditDocument, AuditResult } from "../audit/result.ts";
import { worstVerdict } from "../audit/result.ts";
import type { RunEvent } from "../finding/run.ts";
import type { ConfigTree } from "../ports.ts";
import type { Site } from "../site/model.ts";
import { nearest } from "../text/nearest.ts";
import { InputMissing, UsageError } from "./errors.ts";

export interface AuditTaskRequest {
  /** `PATH` or `NAME=PATH`. */
  readonly paths: readonly string[];
  readonly site: Site | null;
  readonly product: string | null;
  readonly version: string | null;
}

export interface AuditTaskPorts extends AuditPorts {
  readonly snapshot: (path: string) => Promise<ConfigTree>;
}

type AuditSummary = Omit<AuditDocument, "results">;

export async function* auditTask(
  request: AuditTaskRequest,
  ports: AuditTaskPorts,
  signal: AbortSignal,
): AsyncGenerator<RunEvent<AuditResult, AuditSummary>> {
  if (request.paths.length === 0)
    throw new UsageError("Name the configuration to audit: a file or a folder, such as /etc/postfix.");
  const { product } = request;
  if (product !== null && !productNames.includes(product)) {
    const near = nearest(product, productNames);
    throw new UsageError(
      `Unknown product "${product}".${near === null ? "" : ` Did you mean ${near}?`} Known: ${productNames.join(", ")}.`,
    );
  }
  const configurations = [];
  for (const text of request.paths) {
    const named = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/s.exec(text);
    const path = named?.[2] ?? text;
    let tree: ConfigTree;
    try {
      tree = await ports.snapshot(path);
    } catch (error) {
      throw new InputMissing(
        `${path}: ${(error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file or folder" : (error as Error).message}`,
        { cause: error },
      );
    }
    configurations.push({ name: named?.[1] ?? path, tree });
  }
  for await (const event of audit({ ...request, configurations }, ports, signal)) {
    if (event.kind !== "result") yield event;
    else {
      const { verdicts, ...rest } = event.result;
      yield { kind: "result", result: { schema: "fencepost/audit/1", verdict: worstVerdict(verdicts), ...rest } };
    }
  }
}
