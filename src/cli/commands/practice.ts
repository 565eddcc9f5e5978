/** `fencepost practice`: a mailer that misbehaves on demand, on loopback only. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { tcpDialer, tcpListener } from "../../io/tcp.ts";
import type { DomainName } from "../../net/domain.ts";
import { parseDomain } from "../../net/domain.ts";
import { formatHostPort } from "../../net/host-port.ts";
import { isLoopback } from "../../net/ip.ts";
import { type Endpoint, ListenError } from "../../ports.ts";
import { type BehaviourId, behaviourOf, behaviours } from "../../practice/behaviours.ts";
import { practiceCertificate } from "../../practice/certificate.ts";
import { parseRoute, type Route } from "../../practice/loopback.ts";
import { type Practice, runPractice } from "../../practice/practice.ts";
import { Unavailable } from "../../tasks/errors.ts";
import { nearest } from "../../text/nearest.ts";
import { exitCodes } from "../exit.ts";
import { interruptSignal } from "../interrupt.ts";
import { endpointArgument, realPorts } from "../surroundings.ts";

interface PracticeCliOptions {
  readonly listen: Endpoint;
  readonly behaviour?: readonly BehaviourId[];
  readonly domain?: readonly DomainName[];
  readonly route?: readonly Route[];
  readonly list?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  $ fencepost practice --list                                       the behaviours
  $ fencepost practice --behaviour trusts-local-sender --route catch.example=127.0.0.1:2526
      and in another terminal, with a site.yaml that names 127.0.0.1 port 2525 as a mailer:
  $ fencepost check --vantage external --catch-listen 127.0.0.1:2526 --catch-domain catch.example

It listens on loopback and connects to loopback only, and passes mail on by --route only: it relays for nobody else.
Exit codes: 130 ended by Ctrl-C, 64 usage, 69 the address cannot be listened on.`;

export function addPractice(program: Command): void {
  program
    .command("practice")
    .summary("run a mailer that misbehaves on demand (loopback only)")
    .description("Runs a mailer that misbehaves on demand, to practise on and to try the tester with.")
    .addOption(
      // The default needs words of its own: commander would write it as JSON, which knows no bigint.
      new Option("--listen <addr:port>", "an address of loopback")
        .argParser(loopbackArgument)
        .default(endpointArgument("127.0.0.1:2525"), "127.0.0.1:2525"),
    )
    .option("--behaviour <id>", "how it behaves (repeatable; --list shows all)", collectBehaviour)
    .option("--domain <domain>", "a domain it serves (repeatable; default: ourcollege.example)", collectDomain)
    .option("--route <domain=addr:port>", "where mail for a domain and all below it goes (repeatable)", collectRoute)
    .option("--list", "list the behaviours and end")
    .option("--json", "with --list: as one JSON document")
    .option("--quiet", "say nothing about the mail that passes")
    .addHelpText("after", examples)
    .action(async (options: PracticeCliOptions) => {
      process.exitCode = options.list === true ? listBehaviours(options.json === true) : await run(options);
    });
}

function listBehaviours(json: boolean): number {
  const rows = behaviours.map(({ traits: _traits, ...row }) => row);
  if (json) process.stdout.write(`${JSON.stringify({ schema: "fencepost/practice/1", behaviours: rows })}\n`);
  else {
    const width = Math.max(...rows.map(({ id }) => id.length));
    for (const { id, truth, does } of rows)
      process.stdout.write(`${id.padEnd(width)}  ${truth === "relays" ? "relays" : "      "}  ${does}\n`);
  }
  return exitCodes.well;
}

async function run(options: PracticeCliOptions): Promise<number> {
  const chosen: readonly BehaviourId[] = options.behaviour ?? ["wide-open"];
  const domains = options.domain ?? [domainArgument("ourcollege.example")];
  const routes = options.route ?? [];
  const say = (text: string): void => {
    if (options.quiet !== true) process.stdout.write(`${text}\n`);
  };
  let running: Practice | null = null;
  const started = (practice: Practice): void => {
    running = practice;
    const { address, port } = practice.local;
    const at = formatHostPort({ host: { kind: "address", address }, port });
    say(`A practice mailer for ${domains.join(", ")} listens on ${at} until Ctrl-C.`);
    for (const id of chosen) say(`${id}: ${behaviourOf(id)?.does ?? ""}`);
    if (routes.length === 0) say("No --route: what it passes on goes nowhere.");
  };
  try {
    await runPractice(
      { listen: options.listen, hostName: "practice.example", domains, behaviours: chosen, routes, startTls: true },
      {
        listener: tcpListener(practiceCertificate),
        dialer: tcpDialer,
        clock: realPorts.clock,
        tell: ({ address, what }) => say(`${what.padEnd(9)}  ${address.replace(/[^\x20-\x7e]/g, "?")}`),
      },
      interruptSignal(),
      started,
    );
  } catch (error) {
    if (error instanceof ListenError)
      throw new Unavailable(`${error.message}. Choose another --listen.`, { cause: error });
    throw error;
  }
  const { sessions, accepted, refused, messages } = countsOf(running);
  say(`${sessions} sessions, ${accepted} recipients accepted, ${refused} refused, ${messages} messages.`);
  return exitCodes.interrupted;
}

/** A callback sets the mailer, which the compiler cannot see. */
const countsOf = (practice: Practice | null): Practice["counts"] =>
  practice?.counts ?? { sessions: 0, accepted: 0, refused: 0, messages: 0 };

function loopbackArgument(text: string): Endpoint {
  const endpoint = endpointArgument(text);
  if (!isLoopback(endpoint.address))
    throw new InvalidArgumentError(
      "Expected an address of loopback (127.0.0.0/8 or [::1]): it relays on purpose, and must not do so for others.",
    );
  return endpoint;
}

function collectBehaviour(text: string, all: readonly BehaviourId[] = []): readonly BehaviourId[] {
  const row = behaviours.find(({ id }) => id === text);
  if (row !== undefined) return [...all, row.id];
  const close = nearest(
    text,
    behaviours.map(({ id }) => id),
  );
  throw new InvalidArgumentError(
    `Unknown behaviour.${close === null ? "" : ` Did you mean ${close}?`} --list shows them all.`,
  );
}

function domainArgument(text: string): DomainName {
  const parsed = parseDomain(text);
  if (!parsed.ok) throw new InvalidArgumentError(`${parsed.expected}.`);
  return parsed.value;
}

function collectDomain(text: string, all: readonly DomainName[] = []): readonly DomainName[] {
  return [...all, domainArgument(text)];
}

function collectRoute(text: string, all: readonly Route[] = []): readonly Route[] {
  const parsed = parseRoute(text);
  if (!parsed.ok) throw new InvalidArgumentError(`${parsed.expected}.`);
  return [...all, parsed.value];
}
