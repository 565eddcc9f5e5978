/** `fencepost guard`: parse, run a door, render what it refused. */
import { type Command, Option } from "commander";
import { serveMilter } from "../../guard/milter-door.ts";
import { servePolicy } from "../../guard/policy-door.ts";
import { guardDocument } from "../../report/documents/guard.ts";
import { renderHtml } from "../../report/faces/html.ts";
import { renderText } from "../../report/faces/text.ts";
import { jsonLine } from "../../report/json.ts";
import type { GuardReport } from "../../report/results/guard.ts";
import { UsageError } from "../../tasks/errors.ts";
import { guardReport } from "../../tasks/guard-report.ts";
import { exitCodes } from "../exit.ts";
import { addDoorOptions, type DoorOptions, runDoor } from "../guard-door.ts";
import {
  addSiteOption,
  addStoreOptions,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
  wholeNumber,
} from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { addGuardProxy } from "./guard-proxy.ts";

const formats = ["text", "json", "html"] as const;

interface ReportOptions extends SharedOptions {
  readonly hours: number;
  readonly limit: number;
  readonly format: (typeof formats)[number];
}

const policyExamples = `
Examples:
  $ fencepost guard policy --listen 127.0.0.1:10031
  $ fencepost guard policy --listen /var/spool/postfix/private/fencepost --observe
      and in main.cf of Postfix, which puts mail off while nobody listens there:
        smtpd_relay_restrictions =
          check_policy_service { inet:127.0.0.1:10031, timeout=10s, default_action=DEFER },
          permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination

The rule is that of site.yaml: strangers may send to its domains, its networks and whoever logged in may send anywhere. To
pass is DUNNO: all that Postfix refuses by itself stays refused. The site file, and the list of recipients that it names, are
read again when they change, and on SIGHUP. Options are also read from FENCEPOST_LISTEN, FENCEPOST_OBSERVE, and so on.
Exit codes: 130 ended by a signal, 64 usage, 69 the place cannot be listened on, 78 bad site file.`;

const milterExamples = `
Examples:
  $ fencepost guard milter --listen 127.0.0.1:10033
      Postfix, in main.cf, which puts mail off while nobody listens there:
        smtpd_milters = inet:127.0.0.1:10033
        milter_default_action = tempfail
      Sendmail, in sendmail.mc; F=T puts mail off while nobody listens there:
        INPUT_MAIL_FILTER(\`fencepost', \`S=inet:10033@127.0.0.1, F=T, T=S:10s;R:10s;E:5m')

To pass is CONTINUE: all that the mailer refuses by itself stays refused. The rule, and what reads it again, are as in
\`fencepost guard policy --help\`.
Exit codes: 130 ended by a signal, 64 usage, 69 the place cannot be listened on, 78 bad site file.`;

const reportExamples = `
Examples:
  $ fencepost guard report                 the last week
  $ fencepost guard report --hours 1 --json

Guards write their counts to the store of the site every ten seconds.`;

export function addGuard(program: Command): void {
  const guard = program
    .command("guard")
    .summary("enforce the rule in front of mailers that cannot be mended today")
    .description("Enforces the rule: strangers may send to your domains, and to nobody else.");
  addDoorOptions(
    guard
      .command("policy")
      .summary("beside Postfix: policy delegation")
      .description("Answers Postfix's check_policy_service."),
  )
    .option("--quiet", "do not say where it listens")
    .addHelpText("after", policyExamples)
    .action(async (options: DoorOptions) => {
      process.exitCode = await runDoor("policy", options, ({ house }) => ({
        serve: (connection, signal) => servePolicy(connection, house, signal),
      }));
    });
  addDoorOptions(
    guard
      .command("milter")
      .summary("beside Postfix or Sendmail: milter")
      .description("Answers the mail filter clients of Postfix and Sendmail."),
  )
    .option("--quiet", "do not say where it listens")
    .addHelpText("after", milterExamples)
    .action(async (options: DoorOptions) => {
      process.exitCode = await runDoor("milter", options, ({ house }) => ({
        serve: (connection, signal) => serveMilter(connection, house, signal),
      }));
    });
  addGuardProxy(guard);
  addStoreOptions(
    addSiteOption(
      guard
        .command("report")
        .summary("what was refused, or would have been")
        .description("Shows who was refused by which rule, and how often."),
    ),
  )
    .option("--hours <n>", "how far back", wholeNumber(1, 24 * 3650), 24 * 7)
    .option("--limit <n>", "rows that are shown", wholeNumber(1, 1_000_000), 40)
    .addOption(new Option("--format <format>", "how it is shown").choices(formats).default("text"))
    .option("--json", "the same as --format json")
    .addHelpText("after", reportExamples)
    .action(async (options: ReportOptions) => {
      process.exitCode = await report(options);
    });
  for (const command of guard.commands) command.exitOverride();
}

async function report(options: ReportOptions): Promise<number> {
  const { site } = await siteAtHand(options, () => {});
  await using store = await storeAtHand(options, site);
  if (store === null) throw new UsageError("the report reads the store: it cannot do without (--no-store)");
  const found = await guardReport(
    { hours: options.hours, limit: options.limit, site },
    { store, clock: realPorts.clock },
  );
  process.stdout.write(faceOf(options.json === true ? "json" : options.format)(found));
  return exitCodes.well;
}

function faceOf(format: ReportOptions["format"]): (report: GuardReport) => string {
  switch (format) {
    case "json":
      return jsonLine;
    case "html":
      return (found) => renderHtml("What the guard refused", [guardDocument(found)]);
    case "text":
      return (found) => renderText(guardDocument(found), terminal());
  }
}
