/** The program as a person starts it, from its sources. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What the first process read and compiled, the others need not: halves the time of a start. */
const compiled = mkdtempSync(join(tmpdir(), "fencepost-compiled-"));
process.on("exit", () => rmSync(compiled, { recursive: true, force: true }));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Closes its standard output after so many bytes, as `head` does. */
  readonly closeAfter?: number;
}

/** Runs `fencepost` with its state in the folder it is started in. */
export function fencepost(
  args: readonly string[],
  { cwd = newFolder(), env = {}, closeAfter }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, NODE_COMPILE_CACHE: compiled, XDG_STATE_HOME: cwd, HOME: cwd, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (closeAfter !== undefined && out.length >= closeAfter) child.stdout.destroy();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

/** An empty folder, where no site file is near. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "fencepost-run-"));
}
