/**
 * Many mailers at once: practice mailers on loopback addresses in one process, the command line in another, measured
 * from outside. Time per mailer must not grow with their number, memory must stay flat. Linux only.
 *
 *     npm run bench:many [NUMBER…]      default 100 1000 5000
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../src/io/tcp.ts";
import { parseDomain } from "../src/net/domain.ts";
import { startPractice } from "../src/practice/practice.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const self = fileURLToPath(import.meta.url);
const port = 2525;

/** 127.1.0.1, 127.1.0.2, … */
const bits = (index: number): bigint => 0x7f010001n + BigInt(index);
const address = (index: number): string => [24n, 16n, 8n, 0n].map((shift) => (bits(index) >> shift) & 255n).join(".");

/** The practice mailers; ends when its standard input does. */
async function serve(count: number): Promise<void> {
  const domain = parseDomain("ourcollege.example");
  const catchDomain = parseDomain("catch.example");
  if (!domain.ok || !catchDomain.ok) throw new Error("the bench's own domains do not parse");
  for (let index = 0; index < count; index += 1)
    await startPractice(
      {
        listen: { address: { family: 4, bits: bits(index) }, port },
        hostName: "mx.ourcollege.example",
        domains: [domain.value],
        // One in ten is open in a subtle way, so that proofs are part of the work.
        behaviours: [index % 10 === 0 ? "trusts-local-sender" : "closed"],
        routes: [{ domain: catchDomain.value, to: { address: { family: 4, bits: 0x7f000001n }, port: 2526 } }],
        startTls: false,
      },
      { listener: tcpListener(), dialer: tcpDialer, clock: systemClock },
    );
  console.log("ready");
  process.stdin.resume();
  await once(process.stdin, "end");
  process.exit(0);
}

interface Measured {
  readonly seconds: number;
  /** In the program, and in the kernel on its behalf. */
  readonly userSeconds: number;
  readonly kernelSeconds: number;
  readonly peakMb: number;
}

/** Runs the command line with its output thrown away, and looks at the kernel's own figures until it ends. */
async function measure(siteFile: string): Promise<Measured> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      main,
      "check",
      ...["--site", siteFile, "--vantage", "external", "--no-store", "--format", "jsonl", "--quiet"],
      ...["--catch-listen", "127.0.0.1:2526", "--catch-domain", "catch.example"],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  let userTicks = 0;
  let kernelTicks = 0;
  let peakKb = 0;
  const ended = once(child, "exit");
  for (let running = true; running; ) {
    running = await Promise.race([ended.then(() => false), wait(200).then(() => true)]);
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      userTicks = Number(stat[11]);
      kernelTicks = Number(stat[12]);
      peakKb = Math.max(
        peakKb,
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0),
      );
    } catch {
      // It has ended: what was read last stands.
    }
  }
  return {
    seconds: (performance.now() - began) / 1000,
    userSeconds: userTicks / 100,
    kernelSeconds: kernelTicks / 100,
    peakMb: peakKb / 1024,
  };
}

async function run(counts: readonly number[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-bench-"));
  console.log("mailers  seconds  mailers/s  ms each  user ms each  kernel ms each  peak MB");
  try {
    for (const count of counts) {
      const practice = spawn(process.execPath, [self, "serve", String(count)], { stdio: ["pipe", "pipe", "inherit"] });
      await once(practice.stdout, "data");
      const mailers = Array.from(
        { length: count },
        (_, index) => `  - { name: m${index}, addresses: [${address(index)}], ports: [${port}] }`,
      );
      const siteFile = join(folder, `site-${count}.yaml`);
      writeFileSync(
        siteFile,
        `name: Bench\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers:\n${mailers.join("\n")}\n`,
      );
      const { seconds, userSeconds, kernelSeconds, peakMb } = await measure(siteFile);
      console.log(
        [
          String(count).padStart(7),
          seconds.toFixed(1).padStart(8),
          (count / seconds).toFixed(1).padStart(10),
          ((seconds * 1000) / count).toFixed(1).padStart(8),
          ((userSeconds * 1000) / count).toFixed(1).padStart(13),
          ((kernelSeconds * 1000) / count).toFixed(1).padStart(15),
          peakMb.toFixed(0).padStart(8),
        ].join(" "),
      );
      practice.stdin.end();
      await once(practice, "exit");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === "serve") await serve(Number(rest[0]));
else await run(first === undefined ? [100, 1000, 5000] : [first, ...rest].map(Number));
