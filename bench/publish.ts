/**
 * A list of 1,000,000 relays: how long the files take to write, and how large they are; with rbldnsd's path as an argument,
 * how long that takes to load them: `node bench/publish.ts [/usr/sbin/rbldnsd]`.
 */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePieces } from "../src/io/write-file.ts";
import { masterFile, rbldnsdIp4, rbldnsdIp6, type ZoneHead } from "../src/lists/publish/zone.ts";
import type { IpAddress } from "../src/net/ip.ts";

const entries = 1_000_000;

const head: ZoneHead = {
  zone: "relays.nren.example",
  nameServers: ["ns1.nren.example"],
  contact: "csirt@nren.example",
  page: "https://nren.example/relays",
  ttl: 3600,
  serial: Math.floor(Date.now() / 1000),
};

/** Nine in ten IPv4, scattered: neighbours would be kind to a trie. */
function* addresses(): Generator<IpAddress> {
  for (let n = 0; n < entries; n++)
    yield n % 10 === 0
      ? { family: 6, bits: (0x20010db8n << 96n) | ((BigInt(n) * 0x9e3779b97f4a7c15n) % 2n ** 64n) }
      : { family: 4, bits: (BigInt(n) * 2_654_435_761n) % 2n ** 32n };
}

const folder = await mkdtemp(join(tmpdir(), "fencepost-publish-"));
await chmod(folder, 0o755);
try {
  for (const [name, pieces] of [
    ["zone", masterFile(head, addresses())],
    ["ip4set", rbldnsdIp4(head, addresses())],
    ["ip6trie", rbldnsdIp6(head, addresses())],
  ] as const) {
    const began = performance.now();
    const bytes = await writePieces(join(folder, name), pieces);
    console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s, ${(bytes / 1e6).toFixed(0)} MB`);
  }
  const [, , rbldnsd] = process.argv;
  if (rbldnsd !== undefined) console.log(await loadedBy(rbldnsd));
} finally {
  await rm(folder, { recursive: true });
}

/** It says itself how long it took. */
function loadedBy(rbldnsd: string): Promise<string> {
  const { zone } = head;
  const arguments_ = [
    // It gives up being root, and then has to read the files.
    ...(process.getuid?.() === 0 ? ["-u", "nobody"] : []),
    "-n",
    "-b",
    "127.0.0.1/5355",
    `${zone}:ip4set:${folder}/ip4set`,
    `${zone}:ip6trie:${folder}/ip6trie`,
  ];
  const server = spawn(rbldnsd, arguments_, { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => server.kill(), 60_000);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString("utf8");
      if (/zones? reloaded|time /.test(said)) server.kill();
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.on("error", reject);
    server.on("exit", () => {
      clearTimeout(timer);
      resolve(said.trim());
    });
  });
}
