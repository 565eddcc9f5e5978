// Every line of `fencepost` that status and brief print is one that the program takes.
import { spawnSync } from "node:child_process";
import { Command } from "commander";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addAudit } from "../src/cli/commands/audit.ts";
import { addBrief } from "../src/cli/commands/brief.ts";
import { addCheck } from "../src/cli/commands/check.ts";
import { addComplaints } from "../src/cli/commands/complaints.ts";
import { addDoctor } from "../src/cli/commands/doctor.ts";
import { addFilters } from "../src/cli/commands/filters.ts";
import { addHistory } from "../src/cli/commands/history.ts";
import { addLists } from "../src/cli/commands/lists.ts";
import { addStatus } from "../src/cli/commands/status.ts";
import { addSweep } from "../src/cli/commands/sweep.ts";
import { fencepostLine } from "../src/repair/command.ts";
import { journey } from "../src/repair/journey.ts";
import type { MailerStatus } from "../src/repair/result.ts";
import { anyRecords } from "./repair/random-records.ts";

/** The program with everything it parses and nothing that it does. */
function parser(): Command {
  const program = new Command("fencepost");
  for (const add of [
    addCheck,
    addAudit,
    addFilters,
    addSweep,
    addLists,
    addComplaints,
    addStatus,
    addBrief,
    addDoctor,
    addHistory,
  ])
    add(program);
  const quieten = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    command.commands.forEach(quieten);
    if (command.commands.length === 0) command.action(() => {});
  };
  quieten(program);
  return program;
}

/** What a POSIX shell makes of words and single quotes, the only ones that are printed. */
function words(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|\\'|[^\s'\\]+)+/g)].map(([word]) =>
    word.replace(/'([^']*)'|\\'/g, (_, inner: string | undefined) => inner ?? "'"),
  );
}

function linesOf({ steps, next, notARelay }: MailerStatus): readonly string[] {
  const actions = [
    ...steps.flatMap((one) => one.actions),
    ...next,
    ...(notARelay?.causes.flatMap((one) => one.actions) ?? []),
  ];
  return [
    ...actions.flatMap(({ on, run }) => (on === "here" && run !== null ? [run] : [])),
    ...steps.flatMap(({ evidence }) => evidence.flatMap(({ show }) => show ?? [])),
  ];
}

test("every printed line parses", () => {
  const tried = new Set<string>();
  fc.assert(
    fc.property(anyRecords, (given) => {
      for (const line of linesOf(journey(given))) {
        if (tried.has(line)) continue;
        tried.add(line);
        const [name, ...args] = words(line);
        expect(name).toBe("fencepost");
        expect(() => parser().parse([...args], { from: "user" }), line).not.toThrow();
      }
    }),
    { numRuns: 200 },
  );
  expect(tried.size).toBeGreaterThan(20);
});

test("the parser of this test refuses what the program refuses", () => {
  expect(() => parser().parse(["status", "--no-such"], { from: "user" })).toThrow(/unknown option/);
  expect(() => parser().parse(["complaints", "reed", "x"], { from: "user" })).toThrow();
});

test("a shell gives back each word as it was", () => {
  const given = ["check", "[2001:db8:25::25]:25", "it's", "a b", "$HOME", "`id`", "*", "", "\\", "ü"];
  const line = fencepostLine(given, { site: null, store: null }).replace(/^fencepost/, "printf '%s\\n'");
  expect(spawnSync("/bin/sh", ["-c", line], { encoding: "utf8" }).stdout).toBe(`${given.join("\n")}\n`);
});
