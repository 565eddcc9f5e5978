/**
 * Every behaviour of the practice mailer, tested by us and by nmap, beside what it really does. Runs in a network
 * namespace of the lab, because nmap does and has to reach the same loopback.
 *
 *     npm run bench:practice
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../src/io/tcp.ts";
import { parseDomain } from "../src/net/domain.ts";
import { type Behaviour, behaviours } from "../src/practice/behaviours.ts";
import { practiceCertificate } from "../src/practice/certificate.ts";
import { startPractice } from "../src/practice/practice.ts";
import { closeLab, type Lab, startLab } from "../test/lab/lab.ts";
import { variants } from "../test/lab/variants.ts";
import { AccuracyTable } from "./accuracy.ts";
import { nmap } from "./nmap.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const rows: readonly Behaviour[] = behaviours;
const addressOf = (index: number): string => `127.0.20.${index + 1}`;
/** For the one that looks at the client's family. */
const overIpv6 = "ipv6-only";

/** All practice mailers at once; it is ended from outside. */
async function serve(): Promise<void> {
  const ours = parseDomain("ourcollege.example");
  const catchDomain = parseDomain("catch.fencepost-tests.example");
  if (!ours.ok || !catchDomain.ok) throw new Error("the bench's own domains do not parse");
  for (const [index, row] of rows.entries()) {
    const v4 = { family: 4, bits: 0x7f001401n + BigInt(index) } as const;
    for (const address of row.id === overIpv6 ? [v4, { family: 6, bits: 1n } as const] : [v4])
      await startPractice(
        {
          listen: { address, port: 25 },
          hostName: "practice.example",
          domains: [ours.value],
          behaviours: [row.id as (typeof behaviours)[number]["id"]],
          routes: [{ domain: catchDomain.value, to: { address: { family: 4, bits: 0x7f000101n }, port: 2526 } }],
          startTls: true,
        },
        { listener: tcpListener(practiceCertificate), dialer: tcpDialer, clock: systemClock },
      );
  }
  await new Promise(() => setInterval(() => {}, 60_000));
}

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fencepost-bench-"));
  const stop = new AbortController();
  try {
    await using lab = await startLab(variants[0]!);
    const serving = lab.exec("world", [process.execPath, fileURLToPath(import.meta.url), "serve"], {
      signal: stop.signal,
      timeoutMs: 3_600_000,
    });
    await wait(3000);
    const table = new AccuracyTable("nmap (IPv4)");
    for (const [index, row] of rows.entries()) {
      const mine = await ours(lab, folder, row, addressOf(index));
      const theirs = await nmap(lab, addressOf(index), 25);
      table.add(row.id, row.truth === "relays" ? "open" : "closed", mine, theirs.verdict);
    }
    table.end();
    stop.abort();
    await serving;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ours(lab: Lab, folder: string, row: Behaviour, address: string): Promise<string> {
  const siteFile = join(folder, `${row.id}.yaml`);
  const addresses = row.id === overIpv6 ? `"${address}", "::1"` : `"${address}"`;
  const role = row.id === "submission" ? "submission" : "mx";
  writeFileSync(
    siteFile,
    [
      "name: Bench",
      "domains: [ourcollege.example]",
      "networks: [192.0.2.0/24]",
      `mailers: [{ name: practice, addresses: [${addresses}], ports: [{ port: 25, role: ${role} }] }]`,
    ].join("\n"),
  );
  const ran = await lab.exec("world", [
    ...[process.execPath, main, "check", "--site", siteFile, "--profile", row.expected.profile],
    ...["--vantage", "external", "--catch-listen", "127.0.1.1:2526"],
    ...["--catch-domain", "catch.fencepost-tests.example", "--resolver", "198.51.100.53", "--no-store", "--json"],
  ]);
  return (JSON.parse(ran.stdout) as { verdict: string }).verdict;
}

if (process.argv[2] === "serve") await serve();
else
  try {
    await compare();
  } finally {
    await closeLab();
  }
