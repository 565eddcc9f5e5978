/**
 * Knocking made real: one plain socket each, without anything that a conversation would need. Large sweeps spread their
 * knocks over threads of this same file, because opening sockets is all that they do.
 */
import net from "node:net";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Knock, Knocker } from "../ports.ts";

interface ClosableKnocker extends Knocker, AsyncDisposable {}

/** Fewer knocks are done before a thread has started. */
const worthThreads = 4096;

const maxThreads = 4;

export function tcpKnocker(source: IpAddress | null): ClosableKnocker {
  const from = source === null ? null : formatIp(source);
  const cores = availableParallelism(); // asks the system each time
  let knocks = 0;
  let threads: ClosableKnocker | null = null;
  return {
    knock(to, done) {
      knocks += 1;
      if (knocks < worthThreads || cores < 2) return knockOnce(formatIp(to.address), to.port, from, done);
      threads ??= threadedKnocker(from, Math.min(maxThreads, cores));
      return threads.knock(to, done);
    },
    async [Symbol.asyncDispose]() {
      await threads?.[Symbol.asyncDispose]();
    },
  };
}

let underWay = 0;
let traces = Error.stackTraceLimit;

function knockOnce(host: string, port: number, from: string | null, done: (met: Knock) => void): () => void {
  // Each refusal is an Error, and most of its cost is a trace that nobody reads.
  if (underWay === 0) traces = Error.stackTraceLimit;
  underWay += 1;
  Error.stackTraceLimit = 0;
  const socket = new net.Socket();
  let settled = false;
  const settle = (met: Knock | null): void => {
    if (settled) return;
    settled = true;
    underWay -= 1;
    if (underWay === 0) Error.stackTraceLimit = traces;
    // A reset leaves nothing behind, on either side.
    if (met === "open") socket.resetAndDestroy();
    else socket.destroy();
    if (met !== null) done(met);
  };
  socket.on("connect", () => settle("open"));
  socket.on("error", (error: NodeJS.ErrnoException) => settle(metBy(error.code)));
  socket.connect({ host, port, autoSelectFamily: false, ...(from === null ? {} : { localAddress: from }) });
  return () => settle(null);
}

function metBy(code: string | undefined): Knock {
  switch (code) {
    case "ECONNREFUSED":
    case "ECONNRESET":
      return "closed";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EACCES":
      return "unreachable";
    case "ETIMEDOUT":
      return "filtered";
    default:
      return "refused-here"; // no descriptor, no port, no address of ours, or our own filter (EPERM)
  }
}

/** What a thread is told: knocks to begin, and numbers of knocks to stop. */
interface Order {
  readonly begin: readonly (readonly [id: number, host: string, port: number])[];
  readonly stop: readonly number[];
}

/** What a thread answers: numbers of knocks, and what each met. */
type Report = readonly (readonly [id: number, met: Knock])[];

/** Messages are gathered for so long: one for each knock would cost more than the knock. */
const gatherMs = 2;

const role = "fencepost knocks";

function threadedKnocker(from: string | null, threads: number): ClosableKnocker {
  const waiting = new Map<number, (met: Knock) => void>();
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { role, from } });
    worker.on("message", (report: Report) => {
      for (const [id, met] of report) {
        const done = waiting.get(id);
        waiting.delete(id);
        done?.(met);
      }
    });
    return { worker, begin: [] as [number, string, number][], stop: [] as number[] };
  });
  let last = 0;
  let flushing = false;
  const flush = (): void => {
    flushing = false;
    for (const one of workers) {
      if (one.begin.length === 0 && one.stop.length === 0) continue;
      one.worker.postMessage({ begin: one.begin, stop: one.stop } satisfies Order);
      one.begin = [];
      one.stop = [];
    }
  };
  const soon = (): void => {
    if (flushing) return;
    flushing = true;
    setTimeout(flush, gatherMs);
  };
  return {
    knock({ address, port }, done) {
      const id = ++last;
      const mine = workers[id % workers.length]!;
      waiting.set(id, done);
      mine.begin.push([id, formatIp(address), port]);
      soon();
      return () => {
        if (!waiting.delete(id)) return;
        mine.stop.push(id);
        soon();
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
    },
  };
}

/** In a thread: does what it is told, and reports in batches. */
function serve(port: NonNullable<typeof parentPort>, from: string | null): void {
  const stops = new Map<number, () => void>();
  let report: [number, Knock][] = [];
  const send = (): void => {
    port.postMessage(report satisfies Report);
    report = [];
  };
  port.on("message", ({ begin, stop }: Order) => {
    for (const id of stop) {
      stops.get(id)?.();
      stops.delete(id);
    }
    for (const [id, host, number] of begin)
      stops.set(
        id,
        knockOnce(host, number, from, (met) => {
          stops.delete(id);
          if (report.length === 0) setTimeout(send, gatherMs);
          report.push([id, met]);
        }),
      );
  });
}

// A test runner has threads of its own: only what this file started is told to knock.
const told = workerData as { readonly role?: unknown; readonly from?: string | null } | null;
if (!isMainThread && parentPort !== null && told?.role === role) serve(parentPort, told.from ?? null);
