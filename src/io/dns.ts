/** DNS made real: the `Resolver` port on `node:dns`, asking the servers it is given or those of the system. */
import { type MxRecord as NodeMxRecord, Resolver as NodeResolver } from "node:dns";
import { type IpAddress, parseIp, reverseName } from "../net/ip.ts";
import type { Answer, Resolver } from "../ports.ts";

export interface DnsPatience {
  /** How long the first try may take; the second takes twice as long. */
  readonly timeoutMs: number;
  readonly tries: number;
}

/** Zones that are asked apart, at most. */
const maxApart = 256;

const usualPatience: DnsPatience = { timeoutMs: 5000, tries: 2 };

/** @param servers `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`; none for the system's own. A truncated answer is asked for again over TCP. */
export function dnsResolver(servers: readonly string[], patience: DnsPatience = usualPatience): Resolver {
  const channel = (): NodeResolver => {
    const fresh = new NodeResolver({ timeout: patience.timeoutMs, tries: patience.tries });
    if (servers.length > 0) fresh.setServers(servers);
    return fresh;
  };
  const shared = channel();
  // One answer that cannot be read ends all questions that wait in the same channel (c-ares closes its socket). They are
  // asked again, each zone in a channel of its own from then on, so that nobody spoils the answers of others.
  const apart = new Map<string, NodeResolver>();

  function ask<Raw, T>(
    name: string,
    question: (channel: NodeResolver, done: Done<Raw>) => void,
    read: (raw: Raw) => T | null,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    // Three labels tell zones apart well enough.
    const zone = name.split(".").slice(-3).join(".");
    const own = apart.get(zone);
    const onItsOwn = (): NodeResolver => {
      if (apart.size >= maxApart) apart.clear(); // those under way live on until they are answered
      const fresh = apart.get(zone) ?? channel();
      apart.set(zone, fresh);
      return fresh;
    };
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const settled = whenAborted(signal, reject);
      const answered = (error: NodeJS.ErrnoException | null, raw: readonly Raw[]): void => {
        settled();
        resolve(error === null ? answerOf(raw, read) : failureOf(error.code));
      };
      question(own ?? shared, (error, raw) => {
        if (error?.code === "EBADRESP" && own === undefined && !signal.aborted) question(onItsOwn(), answered);
        else answered(error, raw);
      });
    });
  }

  const address = (record: { address: string }): IpAddress | null => {
    const parsed = parseIp(record.address);
    return parsed.ok ? parsed.value : null;
  };
  return {
    a: (name, signal) => ask(name, (channel, done) => channel.resolve4(name, { ttl: true }, done), address, signal),
    aaaa: (name, signal) => ask(name, (channel, done) => channel.resolve6(name, { ttl: true }, done), address, signal),
    mx: (name, signal) =>
      ask(
        name,
        (channel, done) => channel.resolveMx(name, done),
        (record: NodeMxRecord) => ({ preference: record.priority, exchange: record.exchange }),
        signal,
      ),
    txt: (name, signal) =>
      ask(
        name,
        (channel, done) => channel.resolveTxt(name, done),
        (record: string[]) => record.join(""),
        signal,
      ),
    ptr: (ip, signal) =>
      ask(
        reverseName(ip),
        (channel, done) => channel.resolvePtr(reverseName(ip), done),
        (name: string) => name,
        signal,
      ),
  };
}

type Done<Raw> = (error: NodeJS.ErrnoException | null, raw: Raw[]) => void;

function answerOf<Raw, T>(raw: readonly Raw[], read: (raw: Raw) => T | null): Answer<T> {
  const records = raw.flatMap((one) => read(one) ?? []) as T[];
  return records.length === 0 ? { kind: "nodata" } : { kind: "answer", records, ttl: ttlOf(raw) };
}

interface Waiting {
  readonly rejects: Set<(reason: Error) => void>;
  readonly tell: () => void;
}

/** Who waits by each signal: it has one listener from us, however many questions are under way. */
const waiting = new WeakMap<AbortSignal, Waiting>();

/** What it returns has to be called when the wait is over: a signal may live for a whole run. */
function whenAborted(signal: AbortSignal, reject: (reason: Error) => void): () => void {
  let mine = waiting.get(signal);
  if (mine === undefined) {
    const rejects = new Set<(reason: Error) => void>();
    const tell = (): void => {
      for (const one of rejects) one(signal.reason as Error);
    };
    mine = { rejects, tell };
    waiting.set(signal, mine);
  }
  const { rejects, tell } = mine;
  if (rejects.size === 0) signal.addEventListener("abort", tell, { once: true });
  rejects.add(reject);
  return () => {
    rejects.delete(reject);
    if (rejects.size === 0) signal.removeEventListener("abort", tell);
  };
}

const ttlOf = (raw: readonly unknown[]): number => {
  const ttls = raw.flatMap((one) => (typeof one === "object" && one !== null && "ttl" in one ? [Number(one.ttl)] : []));
  return ttls.length === 0 ? 0 : Math.min(...ttls);
};

function failureOf(code: string | undefined): Exclude<Answer<never>, { kind: "answer" }> {
  switch (code) {
    case "ENOTFOUND":
      return { kind: "nxdomain" };
    case "ENODATA":
      return { kind: "nodata" };
    case "ESERVFAIL":
      return { kind: "failed", cause: "servfail" };
    case "EREFUSED":
    case "ECONNREFUSED":
      return { kind: "failed", cause: "refused" };
    case "ETIMEOUT":
    case "ECANCELLED":
      return { kind: "failed", cause: "timeout" };
    default:
      return { kind: "failed", cause: "garbled" };
  }
}
