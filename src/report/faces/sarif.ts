/**
 * The face for code scanning: SARIF 2.1.0 (OASIS), one run. A finding is a result; a subject of which nothing could be
 * told is a result of kind `open` (§3.27.9), so that no reader takes its silence for health.
 */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Location, Log, PhysicalLocation, ReportingDescriptor, Result } from "sarif";
import type { Finding, Severity } from "../../finding/finding.ts";
import type { Assessed } from "../assessed.ts";
import { jsonLine } from "../json.ts";
import { shown } from "../shown.ts";

const levels = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
} as const satisfies Record<Severity, string>;

/** As GitHub reads it: the scale of CVSS. */
const securitySeverity = {
  critical: "9.5",
  high: "8.0",
  medium: "5.0",
  low: "2.0",
  info: "0.0",
} as const satisfies Record<Severity, string>;

/** The rule of subjects that could not be decided. */
const undecided = "UNDECIDED";

export interface SarifRun {
  readonly command: string;
  readonly version: string;
  readonly assessed: readonly Assessed[];
  readonly finished: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export function sarifLog({ command, version, assessed, finished, startedAt, finishedAt }: SarifRun): string {
  const findings = assessed.flatMap((one) => one.findings);
  const rules = new Map<string, ReportingDescriptor>(findings.map((finding) => [finding.tag, ruleOf(finding)]));
  const unsure = assessed.filter(({ stands }) => stands === "unsure");
  if (unsure.length > 0)
    rules.set(undecided, {
      id: undecided,
      shortDescription: { text: "Whether strangers can relay could not be told" },
      help: { text: "Do what the message says is missing, and run it again." },
    });
  const order = [...rules.keys()];
  const log: Log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: `fencepost ${command}`, semanticVersion: version, rules: [...rules.values()] } },
        columnKind: "utf16CodeUnits",
        invocations: [{ executionSuccessful: finished, startTimeUtc: startedAt, endTimeUtc: finishedAt }],
        results: [
          ...findings.map((finding) => resultOf(finding, order.indexOf(finding.tag))),
          ...unsure.map(
            ({ subject, verdict, because }): Result => ({
              ruleId: undecided,
              ruleIndex: order.indexOf(undecided),
              kind: "open",
              level: "none",
              message: { text: shown(`${subject}: ${verdict}. ${because}`) },
              locations: [{ logicalLocations: [{ fullyQualifiedName: shown(subject), kind: "resource" }] }],
            }),
          ),
        ],
      },
    ],
  };
  return jsonLine(log);
}

function ruleOf({ tag, severity, why, remedy }: Finding): ReportingDescriptor {
  return {
    id: tag,
    shortDescription: { text: shown(why) },
    help: { text: shown(remedy) },
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: ["security"], "security-severity": securitySeverity[severity] },
  };
}

function resultOf({ tag, severity, subject, key, says, remedy, where }: Finding, ruleIndex: number): Result {
  const logical: Location = { logicalLocations: [{ fullyQualifiedName: shown(subject), kind: "resource" }] };
  const physical = where === undefined ? {} : { physicalLocation: physicalLocation(where) };
  return {
    ruleId: tag,
    ruleIndex,
    level: levels[severity],
    message: { text: shown(`${says} ${remedy}`) },
    locations: [{ ...physical, ...logical }],
    partialFingerprints: { "fencepostKey/v1": key },
  };
}

function physicalLocation({ file, line, column, text }: NonNullable<Finding["where"]>): PhysicalLocation {
  return {
    // A path that does not begin at the root is one below the folder where the command ran.
    artifactLocation: {
      uri: isAbsolute(file) ? pathToFileURL(file).href : file.split("/").map(encodeURIComponent).join("/"),
    },
    region: {
      startLine: Math.max(1, line),
      ...(column === undefined ? {} : { startColumn: column }),
      snippet: { text: shown(text) },
    },
  };
}
