/** What SARIF, JUnit and Nagios read: subjects, how each stands, and the findings. Nothing else of a tool's result. */
import type { AuditResult } from "../audit/result.ts";
import type { TargetResult } from "../check/result.ts";
import type { Finding } from "../finding/finding.ts";
import { subjectOfTarget } from "./verdict.ts";

export interface Assessed {
  readonly subject: string;
  /** The tool's own word. */
  readonly verdict: string;
  /** `unsure`: it could not be told, which is neither well nor broken. */
  readonly stands: "well" | "proved" | "unsure";
  readonly because: string;
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

const standing = (verdict: string): Assessed["stands"] =>
  verdict === "open" ? "proved" : verdict === "closed" ? "well" : "unsure";

export function assessedTarget(result: TargetResult): Assessed {
  const { target, verdict, because, findings, startedAt, finishedAt } = result;
  return {
    subject: subjectOfTarget(target),
    verdict,
    stands: standing(verdict),
    because,
    findings,
    seconds: Math.max(0, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000),
  };
}

export function assessedConfiguration({ name, verdict, because, findings }: AuditResult): Assessed {
  return { subject: name, verdict, stands: standing(verdict), because, findings, seconds: 0 };
}
