/** `fencepost demo`: the whole thing on this machine alone. */
import type { Command } from "commander";
import { tcpDialer, tcpListener } from "../../io/tcp.ts";
import { formatHostPort } from "../../net/host-port.ts";
import { practiceCertificate } from "../../practice/certificate.ts";
import { checkFace } from "../../report/check.ts";
import { code } from "../../report/document.ts";
import { memoryDrop } from "../../store/store.ts";
import { type DemoForm, demoTask } from "../../tasks/demo.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { catalogueAtHand, realPorts } from "../surroundings.ts";
import { terminal } from "../terminal.ts";
import { version } from "../version.ts";

const examples = `
Examples:
  $ fencepost demo

Needs no root, no port 25 and no DNS, and takes some seconds. Nothing leaves this machine.
Exit codes: 0 the two verdicts were open and closed, as they must be; 70 they were not; 130 interrupted.`;

const nextSteps = `
What to do next

  fencepost init YOUR-DOMAIN   writes a first site.yaml from DNS
  fencepost doctor             tells what this machine and DNS lack for a test
  fencepost check              tests the mailers of site.yaml for real
  fencepost practice --list    the other ways to be open, to try by hand
`;

const mending: Readonly<Record<DemoForm, string>> = {
  open: "1. A mailer with a hole, on this machine only",
  closed: "2. The same mailer, mended",
};

export function addDemo(program: Command): void {
  program
    .command("demo")
    .summary("see it all on this machine alone")
    .description(
      "Starts a practice mailer with a hole and checks it, mends it, and checks it again: the real test, on loopback.",
    )
    .option("--quiet", "no progress")
    .addHelpText("after", examples)
    .action(async (options: { readonly quiet?: boolean }) => {
      process.exitCode = await runDemo(options.quiet === true);
    });
}

async function runDemo(quiet: boolean): Promise<number> {
  const progress = progressLine(quiet);
  const catalogue = await catalogueAtHand();
  const write = (text: string): void => {
    progress.clear();
    if (text !== "") process.stdout.write(text);
  };
  const ports = {
    dialer: tcpDialer,
    listener: tcpListener(),
    mailerListener: tcpListener(practiceCertificate),
    ...realPorts,
    newDrop: memoryDrop,
  };
  let face = checkFace("text", { catalogue, stored: false, version, ...terminal() });
  for await (const event of demoTask(catalogue, ports, interruptSignal())) {
    switch (event.kind) {
      case "form": {
        face = checkFace("text", { catalogue, stored: false, version, ...terminal() });
        const { address, port } = event.mailer;
        const at = formatHostPort({ host: { kind: "address", address }, port });
        const { title, does } = event.behaviour;
        write(`${event.form === "open" ? "" : "\n"}${mending[event.form]}\n\n`);
        write(face.note([code(at), ` ${title}: ${does}`]));
        break;
      }
      case "progress":
        progress.update(event.doing);
        break;
      case "target":
        write(face.target(event.result, 1));
        break;
      case "checked":
        write(face.end(event.document));
        break;
      case "end":
        if (event.interrupted) return exitCodes.interrupted;
        if (!event.asExpected) {
          process.stderr.write(
            "fencepost: the verdicts were not open and then closed. This is a bug in Fencepost; please report it.\n",
          );
          return exitCodes.bug;
        }
        write(nextSteps);
    }
  }
  return exitCodes.well;
}
