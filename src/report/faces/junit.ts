/**
 * The face for continuous integration: JUnit's XML, as Jenkins and GitLab read it. A subject is a suite; its first case is
 * the rule itself, and every finding of another kind is a case of its own. What could not be told is an error, not a failure.
 */
import { type Finding, type Severity, severities } from "../../finding/finding.ts";
import type { Assessed } from "../assessed.ts";
import { shown, shownLines } from "../shown.ts";

/** Findings below this are told, and fail nothing. */
const failing: readonly Severity[] = severities.slice(0, severities.indexOf("info"));

interface Case {
  readonly name: string;
  readonly outcome: "passed" | "failure" | "error";
  readonly message: string;
  readonly details: string;
}

export function junitXml(command: string, assessed: readonly Assessed[]): string {
  const suites = assessed.map((one) => ({ one, cases: casesOf(one) }));
  const all = suites.flatMap(({ cases }) => cases);
  const seconds = assessed.reduce((sum, one) => sum + one.seconds, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="fencepost ${command}" ${counts(all)} time="${seconds.toFixed(3)}">`,
    ...suites.flatMap(({ one, cases }) => [
      `  <testsuite name="${attribute(one.subject)}" ${counts(cases)} skipped="0" time="${one.seconds.toFixed(3)}">`,
      ...cases.flatMap((each, index) => caseLines(one, each, index === 0 ? one.seconds : 0)),
      "  </testsuite>",
    ]),
    "</testsuites>",
    "",
  ].join("\n");
}

function casesOf({ stands, verdict, because, findings }: Assessed): readonly Case[] {
  const told = findings.map(describe).join("\n\n");
  const rule: Case = {
    name: "strangers cannot relay to strangers",
    outcome: stands === "well" ? "passed" : stands === "proved" ? "failure" : "error",
    message: `${verdict}: ${because}`,
    details: told,
  };
  if (stands === "proved") return [rule];
  const own = findings.filter(({ severity }) => failing.includes(severity));
  return [
    rule,
    ...own.map(
      (finding): Case => ({ name: finding.key, outcome: "failure", message: finding.says, details: describe(finding) }),
    ),
  ];
}

function describe({ tag, severity, says, why, remedy, where }: Finding): string {
  const place = where === undefined ? [] : [`${where.file}:${where.line}: ${where.text}`];
  return [`${tag} (${severity}): ${says}`, ...place, why, `Remedy: ${remedy}`].join("\n");
}

function counts(cases: readonly Case[]): string {
  const count = (outcome: Case["outcome"]): number => cases.filter((one) => one.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}"`;
}

function caseLines(
  { subject }: Assessed,
  { name, outcome, message, details }: Case,
  seconds: number,
): readonly string[] {
  const open = `    <testcase classname="${attribute(subject)}" name="${attribute(name)}" time="${seconds.toFixed(3)}"`;
  if (outcome === "passed") return [`${open}/>`];
  return [
    `${open}>`,
    `      <${outcome} message="${attribute(message)}">${shownLines(details).map(markup).join("\n")}</${outcome}>`,
    "    </testcase>",
  ];
}

/** `shown` leaves no control character, and XML 1.0 §2.2 allows no other that it leaves. */
const attribute = (text: string): string => markup(shown(text)).replaceAll('"', "&quot;");

function markup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
