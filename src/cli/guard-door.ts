/** What the doors of the guard have in common on the command line: where they listen, what they log, how they end. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Door } from "../guard/event.ts";
import type { House } from "../guard/house.ts";
import { metricsText } from "../guard/metrics.ts";
import { readText } from "../io/files.ts";
import { serveMetrics } from "../io/metrics.ts";
import { localListener, tcpListener } from "../io/tcp.ts";
import { formatHostPort } from "../net/host-port.ts";
import { type Connection, type Endpoint, ListenError, type Listener } from "../ports.ts";
import type { Site } from "../site/site.ts";
import { SiteError, Unavailable, UsageError } from "../tasks/errors.ts";
import { type DoorPlace, type GuardLogEvent, type GuardPorts, openDoor, openHouse } from "../tasks/guard.ts";
import { exitCodes } from "./exit.ts";
import { interruptSignal } from "./interrupt.ts";
import {
  addSiteOption,
  addStoreOptions,
  endpointArgument,
  realPorts,
  type SharedOptions,
  siteAtHand,
  storeAtHand,
} from "./surroundings.ts";

export interface DoorOptions extends SharedOptions {
  readonly listen: readonly DoorPlace[];
  readonly observe?: boolean;
  readonly metrics?: Endpoint;
  readonly log: "off" | "info" | "debug";
}

const maxRecipientBytes = 256 * 1024 * 1024;

/** systemd hands over what it listens on from this descriptor on (sd_listen_fds(3)). */
const firstDescriptor = 3;

/** Options of every door. Each also reads `FENCEPOST_<OPTION>`. */
export function addDoorOptions(command: Command): Command {
  return addStoreOptions(addSiteOption(command))
    .addOption(
      new Option("--listen <place>", "ADDR:PORT, a socket file, or systemd (repeatable)")
        .env("FENCEPOST_LISTEN")
        .argParser(collectPlaces)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--observe", "let everything pass, and count what would have been refused").env("FENCEPOST_OBSERVE"),
    )
    .addOption(
      new Option("--metrics <addr:port>", "serve counts to Prometheus at /metrics")
        .env("FENCEPOST_METRICS")
        .argParser(endpointArgument),
    )
    .addOption(
      new Option("--log <level>", "JSON lines on stderr: info tells refusals, debug every decision")
        .env("FENCEPOST_LOG")
        .choices(["off", "info", "debug"])
        .default("info"),
    );
}

function collectPlaces(text: string, before: readonly DoorPlace[] = []): readonly DoorPlace[] {
  if (text === "systemd") return [...before, ...handedOver()];
  // A path holds a slash, an address never does.
  return [...before, text.includes("/") ? { path: resolve(text) } : endpointArgument(text)];
}

function handedOver(): readonly DoorPlace[] {
  const count = Number(process.env.LISTEN_FDS ?? "0");
  if (process.env.LISTEN_PID !== String(process.pid) || !Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError("systemd has handed over no socket (LISTEN_FDS): use a .socket unit.");
  return Array.from({ length: count }, (_, index) => ({ descriptor: firstDescriptor + index }));
}

/** How a door serves, once the rule is in force. */
export interface Serving {
  readonly serve: (connection: Connection, signal: AbortSignal) => Promise<void>;
  /** What it runs beside its connections. */
  readonly beside?: AsyncDisposable;
}

interface Opening {
  readonly house: House;
  readonly site: () => Site;
  readonly log: (event: GuardLogEvent) => void;
  readonly connections: () => number;
  readonly signal: AbortSignal;
}

/** Runs a door until it is ended; gives the exit code. */
export async function runDoor(
  door: Door,
  options: DoorOptions,
  open: (opening: Opening) => Serving,
  listener: Listener = tcpListener(),
): Promise<number> {
  let reload = async (): Promise<void> => {};
  const signal = interruptSignal(() => void reload());
  const log = logTo(options.log);
  const files = await filesOf(options);
  await using store = await storeAtHand(options, await files.site());
  const ports: GuardPorts = {
    files,
    listener,
    localListener,
    clock: realPorts.clock,
    store,
    log,
  };
  await using running = await openHouse(door, options.observe === true, ports);
  reload = running.reload;
  let connections = (): number => 0;
  try {
    const { house, site } = running;
    const { serve, beside } = open({ house, site, log, signal, connections: () => connections() });
    await using _beside = beside;
    await using opened = await openDoor(door, options.listen, serve, ports, signal);
    connections = opened.connections;
    await using _metrics =
      options.metrics === undefined
        ? null
        : await serveMetrics(options.metrics, () => metricsText(running.state(opened.connections())));
    if (options.quiet !== true) process.stdout.write(`${readyWords(door, options)}\n`);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  } catch (error) {
    if (error instanceof ListenError)
      throw new Unavailable(`${error.message}. Choose another --listen.`, { cause: error });
    throw error;
  }
  return exitCodes.interrupted;
}

function readyWords(door: Door, { listen, observe }: DoorOptions): string {
  const places = listen.map((place) =>
    "address" in place
      ? formatHostPort({ host: { kind: "address", address: place.address }, port: place.port })
      : "path" in place
        ? place.path
        : `descriptor ${place.descriptor}`,
  );
  return `guard ${door} listens on ${places.join(", ")} until Ctrl-C${observe === true ? "; it only observes" : ""}.`;
}

async function filesOf(options: SharedOptions): Promise<GuardPorts["files"]> {
  const { file } = await siteAtHand(options, () => {});
  if (file === null)
    throw new UsageError("a guard needs the site file: --site FILE says what is internal (fencepost init writes one)");
  const stampOf = async (path: string): Promise<string> => {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  };
  return {
    site: async () => {
      const { site } = await siteAtHand({ ...options, site: file }, () => {});
      if (site === null) throw new SiteError(`${file}: it is gone`);
      return site;
    },
    recipients: (path) => readText(path, maxRecipientBytes),
    stamp: async (recipients) => `${await stampOf(file)} ${recipients === null ? "" : await stampOf(recipients)}`,
  };
}

function logTo(level: DoorOptions["log"]): (event: GuardLogEvent) => void {
  return (event) => {
    if (level === "off" || (level === "info" && event.event === "decision" && event.action === "pass")) return;
    process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
  };
}
