/** `fencepost history`: past runs, one of them again, or the course of one target. */
import { type Command, Option } from "commander";
import type { TargetResult } from "../../check/result.ts";
import { auditFace, auditFormats } from "../../report/audit.ts";
import { type CheckFormat, checkFace, checkFormats } from "../../report/check.ts";
import { ageNote, historyDocument } from "../../report/documents/history.ts";
import { nagiosStates } from "../../report/faces/nagios.ts";
import { renderText } from "../../report/faces/text.ts";
import { filterFace, filterFormats, nagiosFilterStates } from "../../report/filters.ts";
import { jsonLine } from "../../report/json.ts";
import { listsFace, listsFormats, nagiosListsStates } from "../../report/lists.ts";
import { shown } from "../../report/shown.ts";
import { nagiosSweepStates, sweepFace, sweepFormats } from "../../report/sweep.ts";
import { siteLookup } from "../../site/lookup.ts";
import type { Store } from "../../store/store.ts";
import { documentOf } from "../../tasks/check.ts";
import { UsageError } from "../../tasks/errors.ts";
import {
  courseOf,
  type HistoryPorts,
  pastRuns,
  type ShownAudit,
  type ShownCheck,
  type ShownFilter,
  type ShownLists,
  type ShownSweep,
  shownRun,
} from "../../tasks/history.ts";
import { creditLateArrivals } from "../../tasks/late-arrivals.ts";
import { exitCodes } from "../exit.ts";
import {
  addSiteOption,
  addStoreOptions,
  catalogueAtHand,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { version } from "../version.ts";

interface HistoryCliOptions extends SharedOptions {
  readonly target?: string;
  readonly limit: number;
  readonly format: CheckFormat;
}

const examples = `
Examples:
  $ fencepost history                                       the last runs, newest first
  $ fencepost history latest                                the last run's results again
  $ fencepost history 20261124T020000-1a2b3c --format html > report.html
  $ fencepost history --target 192.0.2.25:25                how its verdict went

Mail that arrived after its run had ended is counted first: it turns a stored verdict to open.
Exit codes: 0 (with --format nagios: Nagios' own), 64 no such run, 69 the store cannot be opened, 78 bad site file.`;

export function addHistory(program: Command): void {
  const command = program
    .command("history")
    .summary("past runs, one of them again, or how a target's verdict went")
    .description(
      "Shows what was found before, from the store: past runs, the results of one, or the course of one target. Counts mail that arrived late.",
    )
    .argument("[run]", "a run's name, its beginning or end, or latest")
    .option("--target <addr:port>", "the course of this target's verdict")
    .option("--limit <n>", "how many runs or results to list", wholeNumber(1, 10_000), 30)
    .option("--json", "the same as --format json")
    .addOption(
      new Option("--format <face>", "how to print it; html, jsonl and nagios only for one run")
        .choices([...checkFormats])
        .default("text"),
    )
    .option("--quiet", "no hints")
    .addHelpText("after", examples);
  addStoreOptions(addSiteOption(command));
  command.action(async (run: string | undefined, options: HistoryCliOptions) => {
    process.exitCode = await runHistory(run, options);
  });
}

async function runHistory(run: string | undefined, options: HistoryCliOptions): Promise<number> {
  if (options.store === false) throw new UsageError("history reads the store: it cannot do without.");
  if (run !== undefined && options.target !== undefined) throw new UsageError("name a run or --target, not both.");
  const format: CheckFormat = options.json === true ? "json" : options.format;
  const tell = (text: string): void => {
    if (options.quiet !== true) process.stderr.write(`fencepost: ${shown(text)}\n`);
  };
  const { site } = await siteAtHand(options, tell);
  const catalogue = await catalogueAtHand();
  await using store = await storeOf(options, site);
  const revised = await creditLateArrivals(
    { store, ...realPorts },
    { catalogue, lookup: site === null ? null : siteLookup(site) },
  );
  for (const one of revised)
    tell(
      `${one.subject}: mail of run ${one.run} arrived late (${one.instance} ${one.outcome}); its verdict is ${one.verdict} now.`,
    );
  const ports: HistoryPorts = { store, clock: realPorts.clock, catalogue };
  if (run !== undefined) return await showRun(run, format, ports);
  if (format !== "text" && format !== "json")
    throw new UsageError(`--format ${format} shows one run: name it, or \`latest\`.`);
  const result =
    options.target === undefined
      ? await pastRuns(options.limit, ports)
      : await courseOf(options.target, options.limit, ports);
  process.stdout.write(format === "json" ? jsonLine(result) : renderText(historyDocument(result), terminal()));
  return exitCodes.well;
}

async function storeOf(options: HistoryCliOptions, site: Parameters<typeof storeAtHand>[1]): Promise<Store> {
  const store = await storeAtHand(options, site);
  if (store === null) throw new UsageError("history reads the store: it cannot do without.");
  return store;
}

async function showRun(name: string, format: CheckFormat, ports: HistoryPorts): Promise<number> {
  const again = await shownRun(name, ports);
  switch (again.tool) {
    case "audit":
      return showAudit(again, format);
    case "filters":
      return showFilter(again, format);
    case "sweep":
      return showSweep(again, format);
    case "lists":
      return showLists(again, format);
    case "check":
      return await showCheck(again, format, ports);
  }
}

function showFilter({ run, file, document }: ShownFilter, format: CheckFormat): number {
  const face = filterFormats.find((one) => one === format);
  if (face === undefined) throw new UsageError(`${run.run} is a run of filters: --format ${format} is for others.`);
  process.stdout.write(filterFace(face, file, document, terminal()));
  return face === "nagios" ? nagiosFilterStates[document.verdict].code : exitCodes.well;
}

function showSweep({ run, document }: ShownSweep, format: CheckFormat): number {
  const name = sweepFormats.find((one) => one === format);
  if (name === undefined) throw new UsageError(`${run.run} is a sweep: --format ${format} is for other runs.`);
  const face = sweepFace(name, terminal());
  process.stdout.write(document.listeners.map((listener) => face.listener(listener)).join("") + face.end(document));
  return name === "nagios" ? nagiosSweepStates[document.verdict].code : exitCodes.well;
}

function showLists({ run, document }: ShownLists, format: CheckFormat): number {
  const name = listsFormats.find((one) => one === format);
  if (name === undefined) throw new UsageError(`${run.run} is a run of lists: --format ${format} is for other runs.`);
  const face = listsFace(name, terminal());
  process.stdout.write(document.subjects.map((subject) => face.subject(subject)).join("") + face.end(document));
  return name === "nagios" ? nagiosListsStates[document.verdict].code : exitCodes.well;
}

function showAudit({ run, document }: ShownAudit, format: CheckFormat): number {
  const face = auditFormats.find((one) => one === format);
  if (face === undefined) throw new UsageError(`${run.run} is an audit: --format ${format} is for runs of check.`);
  const { result, end } = auditFace(face, { version, ...terminal() });
  process.stdout.write(document.results.map(result).join("") + end(document));
  return exitCodes.well;
}

/** A run again, with the faces of `check`: results are shown as they are read, so that memory stays flat. */
async function showCheck(
  { run, summary, results }: ShownCheck,
  format: CheckFormat,
  ports: HistoryPorts,
): Promise<number> {
  const face = checkFace(format, {
    catalogue: ports.catalogue,
    stored: false,
    now: ports.clock.now(),
    version,
    ...terminal(),
  });
  const kept: TargetResult[] = [];
  const write = (text: string): void => {
    if (text !== "") process.stdout.write(text);
  };
  const state =
    run.state === "finished"
      ? ""
      : run.state === "running"
        ? " It is running still, or was killed just now: this is what is known."
        : run.state === "killed"
          ? " It was killed: this is what was known then."
          : ` It ended early (${run.state}).`;
  write(
    face.note([
      `Run ${run.run}, profile ${run.profile}.${state} `,
      ...[ageNote({ ...run, at: run.finishedAt ?? run.startedAt })].flat(),
    ]),
  );
  for await (const result of results) {
    if (face.keepsResults) kept.push(result);
    write(face.target(result, run.targets));
  }
  write(face.end(documentOf(summary, kept, [])));
  return format === "nagios" ? nagiosStates[summary.verdict].code : exitCodes.well;
}
