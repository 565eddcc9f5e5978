/**
 * The sweep beside nmap's connect scan: the same addresses and ports, from the same namespace, in the same run.
 *
 *     npm run bench:sweep
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SweepDocument } from "../src/sweep/result.ts";
import { mailerA } from "../test/lab/addresses.ts";
import { layGround } from "../test/lab/ground.ts";
import { runPeer } from "../test/lab/peers.ts";
import { mustRun, run } from "../test/lab/run.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "sweep-bench-"));
await using ground = await layGround();
await using loan = await ground.borrowWorld();
const { network } = loan.world;
const unpacked = await ground.unpacked("peers");

const listenerScript = `
const net = require("node:net");
const [port, ...addresses] = process.argv.slice(1);
let left = addresses.length;
for (const address of addresses)
  net.createServer((socket) => {
    socket.on("error", () => {});
    socket.write("220 mx.ourcollege.example ESMTP\\r\\n");
    socket.on("data", (data) => { socket.write("250 mx\\r\\n"); if (/QUIT/i.test(data)) socket.end(); });
  }).listen(Number(port), address, () => { if (--left === 0) console.log("ready"); });
`;

/** Listeners in a namespace; the child is ended by its pid. */
async function listen(namespace: string, port: number, addresses: readonly string[]) {
  const child = spawn(
    "ip",
    ["netns", "exec", namespace, process.execPath, "-e", listenerScript, String(port), ...addresses],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(child.stdout, "data");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

async function compare(title: string, networks: string, ports: string, listeners: number): Promise<void> {
  const file = join(folder, "site.yaml");
  await writeFile(file, `name: Sweep\ndomains: [ourcollege.example]\nnetworks: [${networks}]\nmailers: []\n`);
  const theirBegin = performance.now();
  const theirs = await runPeer(["nmap", "-sT", "-n", "-Pn", "-p", ports, "--open", networks], { unpacked, network });
  const theirMs = performance.now() - theirBegin;
  const theirFound = theirs.stdout.split("\n").filter((line) => /^\d+\/tcp +open/.test(line)).length;
  const began = performance.now();
  const ours = await run(
    [
      ...[
        "ip",
        "netns",
        "exec",
        network.names.world,
        process.execPath,
        main,
        "sweep",
        "--site",
        file,
        "--ports",
        ports,
      ],
      ...["--no-store", "--json", "--vantage", "external", "--rate", "1000000"],
    ],
    { timeoutMs: 900_000 },
  );
  const ourMs = performance.now() - began;
  const found = (JSON.parse(ours.stdout) as SweepDocument).listeners.length;
  const row = (who: string, ms: number, seen: number, ratio: string): void =>
    console.log(
      `${title.padEnd(46)} ${who.padEnd(10)} ${(ms / 1000).toFixed(2).padStart(8)}   ${seen} of ${listeners}   ${ratio}`,
    );
  row("nmap -sT", theirMs, theirFound, "1.0");
  row("sweep", ourMs, found, (theirMs / ourMs).toFixed(1));
}

try {
  console.log("seconds, whole commands; ours also hears each listener out; ratio = nmap's time / ours");
  console.log(`${"what".padEnd(46)} ${"who".padEnd(10)} ${"seconds".padStart(8)}   found      ratio`);
  {
    const addresses = Array.from({ length: 50 }, (_, n) => `127.1.${(n * 37) % 256}.${((n * 91) % 254) + 1}`);
    await using _listeners = await listen(network.names.world, 25, addresses);
    await compare("loopback /16, one port, the rest closed", "127.1.0.0/16", "25", addresses.length);
  }
  {
    // The mailer's namespace forwards nothing, and says nothing about it: a border that drops.
    const addresses = Array.from({ length: 5 }, (_, n) => `192.0.2.${n * 40 + 10}`);
    for (const address of addresses)
      await mustRun(["ip", "-n", network.names.mailerA, "addr", "add", `${address}/32`, "dev", "lo"]);
    await mustRun(["ip", "netns", "exec", network.names.mailerA, "sysctl", "-q", "-w", "net.ipv4.ip_forward=0"]);
    await mustRun(["ip", "-n", network.names.world, "route", "add", "192.0.2.0/24", "via", mailerA.v4]);
    await using _listeners = await listen(network.names.mailerA, 25, addresses);
    await compare("/24 behind a border that drops, one port", "192.0.2.0/24", "25", addresses.length);
    await compare("/24 behind a border that drops, 4 ports", "192.0.2.0/24", "25,465,587,2525", addresses.length);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
