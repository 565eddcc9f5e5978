// A program that runs beside the tests. It is told to end by the end of its stdin, so it ends with us, however we end.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export type Child = AsyncDisposable & {
  readonly pid: number;
  /** Everything said so far on either stream. */
  readonly said: () => string;
  /** Hands on each line of stdout from now on. */
  readonly onLine: (listen: (line: string) => void) => void;
  readonly write: (text: string) => void;
  /** Settles when it has ended. */
  readonly closed: Promise<void>;
};

/** What a child may say before we forget its beginning. */
const MOST_SAID = 512 * 1024;

/** Starts `argv` and waits until it prints a line that is exactly `ready`; with `null` it does not wait. */
export async function startChild(argv: readonly string[], ready: string | null = "ready"): Promise<Child> {
  const [program = "", ...rest] = argv;
  const process_ = spawn(program, rest, { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  let partial = "";
  let code: number | undefined;
  const listeners = new Set<(line: string) => void>();
  const hear = (text: string): void => {
    said = (said + text).slice(-MOST_SAID);
  };
  process_.stdin.on("error", () => {});
  process_.stderr.setEncoding("utf8").on("data", hear);
  process_.stdout.setEncoding("utf8").on("data", (text: string) => {
    hear(text);
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) for (const listen of listeners) listen(line);
  });
  const closed = new Promise<void>((resolve) => {
    process_.once("close", (status) => {
      code = status ?? 128;
      resolve();
    });
    process_.once("error", (error) => {
      hear(`${error.message}\n`);
      code = 127;
      resolve();
    });
  });

  const child: Child = {
    pid: process_.pid ?? 0,
    said: () => said,
    onLine: (listen) => {
      listeners.add(listen);
    },
    write: (text) => {
      process_.stdin.write(text);
    },
    closed,
    async [Symbol.asyncDispose]() {
      await end(process_, closed);
    },
  };
  if (ready !== null) {
    const isReady = new Promise<void>((resolve) => child.onLine((line) => line === ready && resolve()));
    await Promise.race([isReady, closed]);
    if (code !== undefined) throw new Error(`${argv.slice(0, 8).join(" ")} ended at once:\n${said}`);
  }
  return child;
}

async function end(child: ChildProcess, closed: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  const patience = setTimeout(() => child.kill("SIGKILL"), 2000);
  await closed;
  clearTimeout(patience);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
