// The real rbldnsd on loopback, from the lab's root: it serves lists as their operators do.
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recipeFor } from "../lab/recipes.ts";
import { ensureRoots } from "../lab/roots.ts";
import { mustRun } from "../lab/run.ts";

export interface RblZone {
  readonly zone: string;
  readonly type: "ip4set" | "ip6trie" | "dnset";
  /** rbldnsd's own format: `:127.0.0.2:text` sets the answer, lines are entries. */
  readonly data: string;
}

export interface Rbldnsd extends AsyncDisposable {
  readonly port: number;
}

export async function startRbldnsd(zones: readonly RblZone[]): Promise<Rbldnsd> {
  const folder = await mkdtemp(join(tmpdir(), `fp${process.pid}-rbldnsd-`));
  let child: ChildProcess | undefined;
  try {
    const [root] = await ensureRoots([recipeFor("rbldnsd")]);
    if (root === undefined) throw new Error("no root was built");
    await mustRun(["tar", "-C", folder, "-xf", root.tar, "./usr/sbin/rbldnsd"]);
    // It gives up root, and reads its files again as whoever it has become.
    await chmod(folder, 0o755);
    const specs = await Promise.all(
      zones.map(async ({ zone, type, data }, index) => {
        const name = `zone${index}`;
        await writeFile(join(folder, name), data);
        return `${zone}:${type}:${name}`;
      }),
    );
    const port = await freePort();
    child = spawn(
      join(folder, "usr/sbin/rbldnsd"),
      ["-n", "-u", "nobody", "-w", folder, "-b", `127.0.0.1/${port}`, "-t", "300", ...specs],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    await started(child);
    return {
      port,
      async [Symbol.asyncDispose]() {
        await ended(child);
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** It says that it started when all zones are loaded. */
function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (bytes: Buffer): void => {
      said += bytes.toString();
      if (/started/.test(said)) resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`rbldnsd ended with ${code}: ${said.slice(-2000)}`)));
  });
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}
