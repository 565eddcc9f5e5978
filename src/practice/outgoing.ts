/**
 * The outgoing side: a short queue in memory, and a small SMTP client. Mail leaves only by a route, and routes lead only
 * to loopback; what has no route stays here and is forgotten.
 */
import { Dialogue } from "../dialogue/client.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import { type Clock, DialError, type Dialer, type Endpoint } from "../ports.ts";
import { stuffed } from "../smtp/data.ts";
import type { MailDomain } from "../smtp/path.ts";
import { isPositive, isTransient } from "../smtp/reply.ts";
import { type Route, routeFor } from "./loopback.ts";

/** A message on its way out. */
export interface Mail {
  /** With brackets, as MAIL FROM wants it. */
  readonly reversePath: string;
  readonly to: readonly { readonly address: string; readonly domain: MailDomain }[];
  /** CRLF line ends, dots not stuffed. */
  readonly content: string;
}

/** What became of one address. */
export interface Sent {
  readonly address: string;
  readonly what: "delivered" | "refused" | "no-route" | "failed";
}

export interface OutgoingOptions {
  readonly hostName: string;
  /** The address connections come from, where the family fits. */
  readonly source: IpAddress;
  readonly routes: readonly Route[];
  /** Everything goes here, whatever the domain. */
  readonly smarthost: Endpoint | null;
}

export interface OutgoingPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly tell: (sent: Sent) => void;
}

const maxQueue = 200;
const attempts = 3;
const retryMs = 300;
const waitMs = 10_000;

export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #ports: OutgoingPorts;
  readonly #signal: AbortSignal;
  readonly #queue: Mail[] = [];
  #working = false;

  constructor(options: OutgoingOptions, ports: OutgoingPorts, signal: AbortSignal) {
    this.#options = options;
    this.#ports = ports;
    this.#signal = signal;
  }

  get full(): boolean {
    return this.#queue.length >= maxQueue;
  }

  /** Whether there was room for it. */
  enqueue(mail: Mail): boolean {
    if (this.full) return false;
    this.#queue.push(mail);
    if (!this.#working) {
      this.#working = true;
      void this.#work();
    }
    return true;
  }

  async #work(): Promise<void> {
    for (let mail = this.#queue.shift(); mail !== undefined && !this.#signal.aborted; mail = this.#queue.shift()) {
      // Whatever happens to one message, the next has its turn.
      await this.#send(mail).catch(() => {});
    }
    this.#working = false;
  }

  async #send(mail: Mail): Promise<void> {
    const byHost = new Map<string, { endpoint: Endpoint; addresses: string[] }>();
    for (const { address, domain } of mail.to) {
      const endpoint = this.#options.smarthost ?? routeFor(domain, this.#options.routes);
      if (endpoint === null) {
        this.#ports.tell({ address, what: "no-route" });
        continue;
      }
      const key = `${formatIp(endpoint.address)} ${endpoint.port}`;
      const group = byHost.get(key) ?? { endpoint, addresses: [] };
      byHost.set(key, group);
      group.addresses.push(address);
    }
    for (const { endpoint, addresses } of byHost.values()) {
      let left = addresses;
      for (let attempt = 1; left.length > 0; attempt += 1) {
        left = await this.#deliver(endpoint, mail, left);
        if (left.length === 0) break;
        if (attempt >= attempts) {
          for (const address of left) this.#ports.tell({ address, what: "failed" });
          break;
        }
        await this.#ports.clock.sleep(retryMs * attempt, this.#signal);
      }
    }
  }

  /** One session; gives the addresses that may be tried again. */
  async #deliver(endpoint: Endpoint, mail: Mail, addresses: readonly string[]): Promise<string[]> {
    const { source, hostName } = this.#options;
    const { dialer, clock, tell } = this.#ports;
    let connection: Awaited<ReturnType<Dialer["connect"]>>;
    try {
      connection = await dialer.connect(
        endpoint,
        { timeoutMs: waitMs, ...(source.family === endpoint.address.family ? { source } : {}) },
        this.#signal,
      );
    } catch (error) {
      if (error instanceof DialError) return [...addresses];
      throw error;
    }
    await using dialogue = new Dialogue(connection, clock, this.#signal);
    const took = async (line: string): Promise<"yes" | "no" | "later"> => {
      const heard = line === "" ? await dialogue.hear(waitMs) : await dialogue.command(line, waitMs);
      if (heard.kind === "lost" || isTransient(heard.reply)) return "later";
      return isPositive(heard.reply) || heard.reply.code === 354 ? "yes" : "no";
    };
    const refuse = (refused: readonly string[]): void => {
      for (const address of refused) tell({ address, what: "refused" });
    };
    for (const line of ["", `EHLO ${hostName}`, `MAIL FROM:${mail.reversePath}`]) {
      const answer = await took(line);
      if (answer === "later") return [...addresses];
      if (answer === "no") {
        refuse(addresses);
        return [];
      }
    }
    const later: string[] = [];
    const accepted: string[] = [];
    for (const address of addresses) {
      const answer = await took(`RCPT TO:<${address}>`);
      if (answer === "yes") accepted.push(address);
      else if (answer === "later") later.push(address);
      else refuse([address]);
    }
    if (accepted.length === 0) return later;
    const granted = await took("DATA");
    if (granted === "yes") {
      await dialogue.sayData(
        `${stuffed(mail.content)}${mail.content.endsWith("\r\n") ? "" : "\r\n"}.\r\n`,
        "[message]",
      );
      const end = await took("");
      if (end === "yes") for (const address of accepted) tell({ address, what: "delivered" });
      else if (end === "later") later.push(...accepted);
      else refuse(accepted);
    } else if (granted === "later") later.push(...accepted);
    else refuse(accepted);
    return later;
  }
}
