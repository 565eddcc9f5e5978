/** The command line: one thin file per command, errors as one line and an exit code. */
import { Command, CommanderError } from "commander";
import { shownLines } from "../report/shown.ts";
import { exitCodes, exitOfError } from "./exit.ts";
import { version } from "./version.ts";

/** In the order of the help text. Only the one that is asked for is loaded: a start should not cost more than the work. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  check: async () => (await import("./commands/check.ts")).addCheck,
  audit: async () => (await import("./commands/audit.ts")).addAudit,
  filters: async () => (await import("./commands/filters.ts")).addFilters,
  guard: async () => (await import("./commands/guard.ts")).addGuard,
  sweep: async () => (await import("./commands/sweep.ts")).addSweep,
  lists: async () => (await import("./commands/lists.ts")).addLists,
  complaints: async () => (await import("./commands/complaints.ts")).addComplaints,
  status: async () => (await import("./commands/status.ts")).addStatus,
  brief: async () => (await import("./commands/brief.ts")).addBrief,
  init: async () => (await import("./commands/init.ts")).addInit,
  doctor: async () => (await import("./commands/doctor.ts")).addDoctor,
  history: async () => (await import("./commands/history.ts")).addHistory,
  catalogue: async () => (await import("./commands/catalogue.ts")).addCatalogue,
  practice: async () => (await import("./commands/practice.ts")).addPractice,
  demo: async () => (await import("./commands/demo.ts")).addDemo,
};

const program = new Command("fencepost")
  .description("Repairs open mail relays: tests a mailer and proves what it found by delivery.")
  .version(version)
  .showHelpAfterError("(fencepost COMMAND --help shows examples)")
  .exitOverride()
  .configureHelp({ showGlobalOptions: false });
const [asked = ""] = process.argv.slice(2);
const load = Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
for (const add of load) (await add())(program);
for (const command of program.commands) command.exitOverride();

// A reader that goes away (`| head`) is no failure; a run that is under way stops for it (interrupt.ts). A result that
// could not be written to the end is one.
let unwritten: Error | null = null;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") unwritten ??= error;
});
process.stderr.on("error", () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.well : exitCodes.usage;
  else {
    const { code, text } = exitOfError(error);
    // Names that DNS or a file gave must not steer the terminal.
    process.stderr.write(`fencepost: ${shownLines(text).join("\n")}\n`);
    process.exitCode = code;
  }
}
// What was opened is closed by now; a peer that keeps a socket half open must not keep us.
await new Promise((resolve) => process.stdout.write("", resolve));
if (unwritten !== null) {
  process.stderr.write(`fencepost: the result could not be written (${(unwritten as Error).message}).\n`);
  process.exitCode = exitCodes.unavailable;
}
process.exit();
