// Runs one program to its end. Whatever happened is a value: the caller judges the exit code.
import { spawn } from "node:child_process";

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly timeoutMs?: number;
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the program early; its code is then 127. */
  readonly signal?: AbortSignal;
};

/** Exit code given when the program was ended because its time was up, as timeout(1) does. */
export const TIMED_OUT = 124;

/** Runs `argv`; a program that cannot be started gives code 127, one that took too long 124. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [program = "", ...rest] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs ?? 600_000);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => {}); // The program may end before it read its input.
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ code: 127, stdout, stderr: `${stderr}${error.message}\n` });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: timedOut ? TIMED_OUT : (code ?? 128), stdout, stderr });
    });
    child.stdin.end(options.input ?? "");
  });
}

/** As `run`, but a failure is an exception that shows what the program said. */
export async function mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await run(argv, options);
  if (ran.code !== 0)
    throw new Error(`${argv.slice(0, 6).join(" ")} ended with ${ran.code}:\n${ran.stderr}${ran.stdout}`.slice(0, 4000));
  return ran.stdout;
}
