/** The command line: one thin file per command, errors as one line and an exit code. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { shownLines } from "../report/shown.ts";
import { addAudit } from "./commands/audit.ts";
import { addCatalogue } from "./commands/catalogue.ts";
import { addCheck } from "./commands/check.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addHistory } from "./commands/history.ts";
import { addInit } from "./commands/init.ts";
import { addPractice } from "./commands/practice.ts";
import { exitCodes, exitOfError } from "./exit.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("fencepost")
  .description("Repairs open mail relays: tests a mailer and proves what it found by delivery.")
  .version(manifest.version)
  .showHelpAfterError("(fencepost COMMAND --help shows examples)")
  .exitOverride()
  .configureHelp({ showGlobalOptions: false });
addCheck(program);
addAudit(program);
addInit(program);
addDoctor(program);
addHistory(program);
addCatalogue(program);
addPractice(program);
addDemo(program);
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
