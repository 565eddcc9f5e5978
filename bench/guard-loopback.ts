/**
 * The part of `bench/guard.ts` that runs in a root that has Postfix's smtp-source and smtp-sink, on its loopback: the bare
 * sink, a proxy of Node that only forwards bytes, Haraka with queue/smtp_forward, and the guard, in turns; then the
 * guard's memory with thousands of connections. Argument: a folder with `haraka/` and `site.yaml`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const [folder = "."] = process.argv.slice(2);
const ports = { sink: 2501, bytes: 2502, haraka: 2503, guard: 2504 } as const;
const rounds = 5;
const messages = 3000;

if (process.argv[2] === "bytes") {
  // In a process of its own, as the others are.
  createServer((client) => {
    const behind = connect(ports.sink, "127.0.0.1");
    for (const socket of [client, behind]) socket.setNoDelay(true);
    client.pipe(behind).pipe(client);
    client.on("error", () => behind.destroy());
    behind.on("error", () => client.destroy());
  }).listen(ports.bytes, "127.0.0.1");
} else await measure();

async function measure(): Promise<void> {
  const started = [
    spawn("smtp-sink", ["-u", "nobody", "-c", `127.0.0.1:${ports.sink}`, "1000"], { stdio: "ignore" }),
    spawn(process.execPath, [fileURLToPath(import.meta.url), "bytes"], { stdio: "ignore" }),
    spawn(
      process.execPath,
      [join(folder, "haraka/node_modules/Haraka/bin/haraka"), "-c", join(folder, "haraka/site")],
      {
        stdio: "ignore",
      },
    ),
  ];
  const guard = spawn(
    process.execPath,
    [
      ...[main, "guard", "proxy", "--listen", `127.0.0.1:${ports.guard}`, "--upstream", `127.0.0.1:${ports.sink}`],
      ...["--site", join(folder, "site.yaml"), "--no-store", "--log", "off"],
    ],
    { stdio: "ignore" },
  );
  try {
    for (const port of Object.values(ports)) await greeted(port);
    await throughput();
    await latency();
    await memory(guard);
  } finally {
    for (const child of [...started, guard]) child.kill();
  }
}

/** Messages a second; the best of several turns, because other work on the machine only ever slows one down. */
async function throughput(): Promise<void> {
  const best = new Map<string, number>();
  for (const [name, port] of Object.entries(ports)) best.set(name, (await source(port, 500)) * 0); // warm up
  for (let round = 0; round < rounds; round += 1)
    for (const [name, port] of Object.entries(ports))
      best.set(name, Math.max(best.get(name) ?? 0, await source(port, messages)));
  const sink = best.get("sink") ?? 1;
  console.log(`messages/s, smtp-source -s 20 -l 4000 -m ${messages}, best of ${rounds} turns`);
  for (const [name, rate] of best)
    console.log(`  ${name.padEnd(8)} ${rate.toFixed(0).padStart(6)}   ${(rate / sink).toFixed(2)} of the sink`);
}

/** One message at a time: what the proxy adds to it. */
async function latency(): Promise<void> {
  console.log("milliseconds a message, one at a time, best of 5 times 300");
  for (const [name, port] of Object.entries(ports)) {
    let best = 0;
    for (let turn = 0; turn < 5; turn += 1) best = Math.max(best, await source(port, 300, 1));
    console.log(`  ${name.padEnd(8)} ${(1000 / best).toFixed(2)}`);
  }
}

async function source(port: number, count: number, sessions = 20): Promise<number> {
  const began = performance.now();
  const child = spawn(
    "smtp-source",
    [
      ...["-s", String(sessions), "-l", "4000", "-m", String(count)],
      ...["-f", "a@out.example", "-t", "b@ourcollege.example", `127.0.0.1:${port}`],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`smtp-source to port ${port} ended with ${code}`);
  return (count / (performance.now() - began)) * 1000;
}

/** Resident memory with connections that have been greeted and say no more, and while they are there, one that does. */
async function memory(guard: ChildProcess): Promise<void> {
  const resident = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${guard.pid}/status`, "utf8"))?.[1] ?? "0") / 1024;
  const before = resident();
  console.log(`guard's memory: ${before.toFixed(0)} MB after the load above`);
  const idle: Socket[] = [];
  for (const count of [5000, 9000]) {
    while (idle.length < count) {
      const batch = Array.from({ length: 100 }, () => connect(ports.guard, "127.0.0.1"));
      await Promise.all(batch.map((socket) => once(socket, "data")));
      idle.push(...batch);
    }
    await wait(500);
    const now = resident();
    const rate = await source(ports.guard, 300);
    console.log(
      `  ${count} open connections: ${now.toFixed(0)} MB, ${(((now - before) * 1024) / count).toFixed(1)} kB each; others get ${rate.toFixed(0)} messages/s`,
    );
  }
  for (const socket of idle) socket.destroy();
}

async function greeted(port: number): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const spoke = await Promise.race([
      once(socket, "data").then(() => true),
      once(socket, "close").then(() => false),
      wait(5000).then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (spoke) return;
    await wait(200);
  }
  throw new Error(`nobody greets at port ${port}`);
}
