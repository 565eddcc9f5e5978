/**
 * A mailer that misbehaves on demand, for demonstrations, tests and training. It listens and connects on loopback only
 * and passes mail on by named routes only, so it can never be a relay for anyone but the machine's own user.
 */

import { DeadlinePassed, withDeadline } from "../dialogue/deadline.ts";
import { type ServerLimits, serveSession } from "../dialogue/server.ts";
import type { DomainName } from "../net/domain.ts";
import { type IpAddress, isLoopback, sameIp } from "../net/ip.ts";
import type { Clock, Connection, Dialer, Endpoint, Listener } from "../ports.ts";
import type { MailDomain } from "../smtp/path.ts";
import { readProxyHeader } from "../smtp/proxy-header.ts";
import { type Behaviour, type BehaviourId, behaviourOf } from "./behaviours.ts";
import { loopbackDialer, loopbackListener, type Route } from "./loopback.ts";
import { Outgoing, type Sent } from "./outgoing.ts";
import { type Mailer, type Paces, type PracticeCounts, practicePolicy, sessionOptions } from "./session.ts";
import { combined, type House } from "./traits.ts";

export interface PracticeConfig {
  /** Loopback; port 0 takes a free one. */
  readonly listen: Endpoint;
  readonly hostName: string;
  readonly domains: readonly DomainName[];
  /** Several are laid over one another. */
  readonly behaviours: readonly BehaviourId[];
  readonly routes: readonly Route[];
  /** Whether the listener that is handed in holds a certificate. */
  readonly startTls: boolean;
  /** Where the second mailer lives, for behaviours that need one. */
  readonly secondHop?: IpAddress;
  readonly paces?: Partial<Paces>;
}

export interface PracticePorts {
  readonly listener: Listener;
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** What became of mail that was passed on. */
  readonly tell?: (sent: Sent) => void;
}

export interface Practice extends AsyncDisposable {
  readonly local: Endpoint;
  readonly counts: Readonly<PracticeCounts>;
  /** From the next session on it behaves like this. */
  behave(behaviours: readonly BehaviourId[]): void;
  /** One more way for mail to leave, for a port that was not known at the start. */
  addRoute(route: Route): void;
}

const usualPaces: Paces = { tarpitMs: 3000, greylistMs: 60_000, proxyMs: 3000, banAfter: 20 };
const limits: ServerLimits = { idleMs: 300_000, sessionMs: 1_800_000, maxLine: 4096 };
const maxConnections = 50;
const ourSecondAddress: IpAddress = { family: 4, bits: 0x7f000003n }; // 127.0.0.3

/**
 * Runs a practice mailer until the signal aborts; `started` is told when it listens. Throws `NotLoopback` and
 * `ListenError`.
 */
export async function runPractice(
  config: PracticeConfig,
  ports: PracticePorts,
  signal: AbortSignal,
  started: (practice: Practice) => void = () => {},
): Promise<void> {
  await using practice = await startPractice(config, ports);
  started(practice);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Starts a practice mailer; it stops when the handle is disposed. Throws `NotLoopback` and `ListenError`. */
export async function startPractice(config: PracticeConfig, ports: PracticePorts): Promise<Practice> {
  const listener = loopbackListener(ports.listener);
  const dialer = loopbackDialer(ports.dialer);
  let traits = traitsOf(config.behaviours);
  const second = traits.secondHop === true ? await startSecond(config, ports) : null;
  const stop = new AbortController();
  const routes = [...config.routes];
  const house: House = {
    hostName: config.hostName,
    address: config.listen.address,
    domains: config.domains,
    isOwn: (domain) => isOwn(domain, config),
  };
  let ids = 0;
  const mailer: Mailer = {
    house,
    traits: () => traits,
    paces: { ...usualPaces, ...config.paces },
    clock: ports.clock,
    outgoing: new Outgoing(
      {
        hostName: config.hostName,
        source: config.listen.address,
        routes,
        smarthost: second?.local ?? null,
      },
      { dialer, clock: ports.clock, tell: ports.tell ?? (() => {}) },
      stop.signal,
    ),
    seen: new Map(),
    refusals: new Map(),
    nextId: () => (ids += 1).toString(36).toUpperCase().padStart(6, "0"),
    counts: { sessions: 0, accepted: 0, refused: 0, messages: 0 },
  };
  const listening = await listener.listen(
    config.listen,
    (connection) => serve(connection, mailer, config.startTls, stop.signal),
    {
      maxConnections,
    },
  );
  return {
    local: listening.local,
    counts: mailer.counts,
    behave: (behaviours) => {
      traits = traitsOf(behaviours);
    },
    addRoute: (route) => {
      routes.push(route);
      second?.addRoute(route);
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the practice mailer stops"));
      await listening[Symbol.asyncDispose]();
      await second?.[Symbol.asyncDispose]();
    },
  };
}

/** The mailer behind the mailer: it takes mail from everyone on this machine and delivers from an address of its own. */
function startSecond(config: PracticeConfig, ports: PracticePorts): Promise<Practice> {
  const listen = { address: config.secondHop ?? ourSecondAddress, port: 0 };
  return startPractice({ ...config, listen, hostName: `second.${config.hostName}`, behaviours: ["wide-open"] }, ports);
}

const traitsOf = (ids: readonly BehaviourId[]) =>
  combined(ids.map(behaviourOf).flatMap((row: Behaviour | null) => (row === null ? [] : [row.traits])));

function isOwn(domain: MailDomain, { listen, hostName, domains }: PracticeConfig): boolean {
  if (domain.kind === "literal")
    return (
      sameIp(domain.address, listen.address) || (isLoopback(domain.address) && domain.address.bits === 0x7f000001n)
    );
  return domain.name === hostName || domain.name === "localhost" || domains.some((own) => own === domain.name);
}

async function serve(connection: Connection, mailer: Mailer, startTls: boolean, signal: AbortSignal): Promise<void> {
  const { proxyHeader, endOfData, keepsInput } = mailer.traits();
  const behind = new BehindProxy(connection);
  if (proxyHeader === "required") {
    // Silent until a header came, and gone if none does.
    const came = await withDeadline(signal, mailer.paces.proxyMs, (within) => behind.header(within)).catch(
      (error: unknown) => {
        if (error instanceof DeadlinePassed) return false;
        throw error;
      },
    );
    if (!came) {
      connection.close();
      return;
    }
  }
  await serveSession(
    proxyHeader === undefined ? connection : behind,
    sessionOptions(mailer, startTls),
    practicePolicy(mailer, connection, () => behind.claimed),
    signal,
    { limits, ...(endOfData === undefined ? {} : { endOfData }), ...(keepsInput === true ? { keepsInput } : {}) },
  );
}

/** A connection whose first bytes may be a PROXY header, which is taken off and believed. */
class BehindProxy implements Connection {
  readonly #inner: Connection;
  #pending: Uint8Array | null = null;
  #looked = false;
  claimed: IpAddress | null = null;

  constructor(inner: Connection) {
    this.#inner = inner;
  }

  get peer(): Endpoint {
    return this.#inner.peer;
  }

  get local(): Endpoint {
    return this.#inner.local;
  }

  get tls(): Connection["tls"] {
    return this.#inner.tls;
  }

  /** Reads until it is clear whether there is a header; whether there was one. */
  async header(signal: AbortSignal): Promise<boolean> {
    this.#looked = true;
    let bytes: Uint8Array = new Uint8Array(0);
    for (;;) {
      const chunk = await this.#inner.read(signal);
      if (chunk !== null) bytes = Buffer.concat([bytes, chunk]);
      const found = readProxyHeader(bytes);
      if (found.kind === "more" && chunk !== null) continue;
      this.#pending = found.kind === "header" ? found.rest : bytes;
      if (found.kind === "header") this.claimed = found.address;
      return found.kind === "header";
    }
  }

  async read(signal: AbortSignal): Promise<Uint8Array | null> {
    if (!this.#looked) await this.header(signal);
    const pending = this.#pending;
    this.#pending = null;
    return pending !== null && pending.length > 0 ? pending : this.#inner.read(signal);
  }

  write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#inner.write(bytes, signal);
  }

  startTls(options: Parameters<Connection["startTls"]>[0], signal: AbortSignal): ReturnType<Connection["startTls"]> {
    return this.#inner.startTls(options, signal);
  }

  close(): void {
    this.#inner.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
