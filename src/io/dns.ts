/** DNS made real: the `Resolver` port on `node:dns`, asking the servers it is given or those of the system. */
import { Resolver as NodeResolver } from "node:dns/promises";
import { type IpAddress, parseIp, reverseName } from "../net/ip.ts";
import type { Answer, Resolver } from "../ports.ts";

export interface DnsPatience {
  /** How long the first try may take; the second takes twice as long. */
  readonly timeoutMs: number;
  readonly tries: number;
}

const usualPatience: DnsPatience = { timeoutMs: 5000, tries: 2 };

/** @param servers `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`; none for the system's own. A truncated answer is asked for again over TCP. */
export function dnsResolver(servers: readonly string[], patience: DnsPatience = usualPatience): Resolver {
  const resolver = new NodeResolver({ timeout: patience.timeoutMs, tries: patience.tries });
  if (servers.length > 0) resolver.setServers(servers);

  async function ask<Raw, T>(
    question: () => Promise<readonly Raw[]>,
    read: (raw: Raw) => T | null,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    signal.throwIfAborted();
    // The caller's signal may live for a whole run: what is left on it would be walked through by every later wait.
    let cancel = (): void => {};
    const cancelled = new Promise<never>((_, reject) => {
      cancel = () => reject(signal.reason as Error);
      signal.addEventListener("abort", cancel, { once: true });
    });
    try {
      const raw = await Promise.race([question(), cancelled]);
      const records = raw.flatMap((one) => read(one) ?? []) as T[];
      return records.length === 0 ? { kind: "nodata" } : { kind: "answer", records, ttl: ttlOf(raw) };
    } catch (error) {
      signal.throwIfAborted();
      return failureOf((error as NodeJS.ErrnoException).code);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  const address = (record: { address: string }): IpAddress | null => {
    const parsed = parseIp(record.address);
    return parsed.ok ? parsed.value : null;
  };
  return {
    a: (name, signal) => ask(() => resolver.resolve4(name, { ttl: true }), address, signal),
    aaaa: (name, signal) => ask(() => resolver.resolve6(name, { ttl: true }), address, signal),
    mx: (name, signal) =>
      ask(
        () => resolver.resolveMx(name),
        (record) => ({ preference: record.priority, exchange: record.exchange }),
        signal,
      ),
    txt: (name, signal) =>
      ask(
        () => resolver.resolveTxt(name),
        (record) => record.join(""),
        signal,
      ),
    ptr: (ip, signal) =>
      ask(
        () => resolver.resolvePtr(reverseName(ip)),
        (name) => name,
        signal,
      ),
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
