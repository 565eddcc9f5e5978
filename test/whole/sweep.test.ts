// The sweep, with real sockets on loopback: what listens is found, whatever stops it, and nobody else is knocked at.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SweepDocument } from "../../src/sweep/result.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const port = 20_000 + (process.pid % 10_000);
let folder = "";
const servers: net.Server[] = [];

/** A listener that greets with this, or says nothing. */
async function listen(address: string, greeting: string | null): Promise<void> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    if (greeting !== null) socket.write(greeting);
    socket.on("data", (chunk) => {
      socket.write(/^(EHLO|HELO)/i.test(chunk.toString()) ? "250 mx.example\r\n" : "221 bye\r\n");
      if (/^QUIT/i.test(chunk.toString())) socket.end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sweep-"));
  const site = `name: Sweep\ndomains: [ourcollege.example]\nnetworks: [127.7.0.0/16]\nmailers:\n  - {name: mx, addresses: [127.7.1.5, 127.7.1.6], ports: [${port}]}\n`;
  await writeFile(join(folder, "site.yaml"), site);
  await listen("127.7.1.5", "220 mx.ourcollege.example ESMTP Postfix\r\n");
  await listen("127.7.2.9", "220-forgotten.example ESMTP Sendmail 8.12\r\n220 \x1b[31mhello\r\n");
  await listen("127.7.2.10", "554 go away\r\n");
  await listen("127.7.2.11", "SSH-2.0-OpenSSH_9.2\r\n");
});

afterAll(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const start = (args: readonly string[]) => launch(["sweep", ...args]);
const run = (args: readonly string[]): Promise<Ran> => launch(args).ended;

function launch(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ran> } {
  const child = spawn(process.execPath, [cli, ...args, "--site", join(folder, "site.yaml")], {
    env: { ...process.env, XDG_STATE_HOME: folder },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const ended = new Promise<Ran>((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  return { child, ended };
}

const found = ({ listeners }: SweepDocument): readonly string[] =>
  listeners.map(({ address, speaks, expected }) => `${address} ${speaks}${expected ? " expected" : ""}`);

const all = ["127.7.1.5 smtp expected", "127.7.2.9 smtp", "127.7.2.10 smtp", "127.7.2.11 other"];

test("finds all that listens, and tells what it is", async () => {
  const { code, out } = await start(["127.7.0.0/22", "--ports", String(port), "--json", "--no-store"]).ended;
  const result = JSON.parse(out) as SweepDocument;
  expect(found(result)).toEqual(all);
  expect([code, result.verdict, result.vantage]).toEqual([1, "unexpected", "internal"]);
  expect(result.missing).toEqual([{ mailer: "mx", address: "127.7.1.6", port, state: "closed" }]);
  expect(result.counts).toMatchObject({ open: 4, closed: 1020, filtered: 0, pending: 0 });
  expect(result.findings.map(({ tag }) => tag)).toEqual([
    "SWEEP_UNEXPECTED_INSIDE",
    "SWEEP_UNEXPECTED_INSIDE",
    "SWEEP_MISSING",
  ]);
  expect(result.maps[0]?.rows[2]?.runs).toEqual([
    ["closed", 9],
    ["unexpected", 2],
    ["other", 1],
    ["closed", 244],
  ]);
});

test("the text and the page hold nothing that steers a terminal or a browser", async () => {
  const text = await start(["127.7.0.0/22", "--ports", String(port), "--no-store", "--quiet"]).ended;
  expect(text.out).toMatch(/127\.7\.2\.9:\d+ +unexpected/);
  expect(text.out).not.toMatch(/\x1b\[31m/);
  expect(text.out).toMatch(/x{9}##\?x+/);
  const page = await start(["127.7.0.0/22", "--ports", String(port), "--no-store", "--format", "html"]).ended;
  expect(page.out).toMatch(/<svg /);
  expect(page.out).not.toMatch(/<script|\x1b/);
});

test("nobody else's networks are swept", async () => {
  const { code, err } = await start(["192.0.2.0/24", "--no-store"]).ended;
  expect([code, err]).toEqual([64, expect.stringMatching(/192\.0\.2\.0\/24 is not within the networks/)]);
});

/** The last line: the summary, if the sweep came to one. */
const summaryOf = (out: string): Partial<SweepDocument> => JSON.parse(out.trimEnd().split("\n").at(-1) ?? "{}");
const args = (): readonly string[] => ["127.7.0.0/17", "--ports", String(port)];

test("Ctrl-C keeps what is known, and --resume goes on to the same result", { timeout: 60_000 }, async () => {
  const first = start([...args(), "--format", "jsonl"]);
  first.child.stdout?.once("data", () => first.child.kill("SIGINT"));
  const stopped = await first.ended;
  const before = summaryOf(stopped.out);
  expect([stopped.code, before.ended]).toEqual([130, "interrupted"]);
  expect(before.counts?.pending).toBeGreaterThan(0);
  const resumed = await start([...args(), "--json", "--resume"]).ended;
  const after = JSON.parse(resumed.out) as SweepDocument;
  expect(found(after)).toEqual(all);
  expect(after.counts).toMatchObject({ open: 4, closed: 32_764, pending: 0 });
  expect(after.ended).toBe("finished");
  expect(JSON.parse((await run(["history", "latest", "--json"])).out)).toEqual(after);
  const again = await start([...args(), "--json", "--resume"]).ended;
  expect([again.code, again.err]).toEqual([64, expect.stringMatching(/nothing to go on with/)]);
});

test("what was found before a kill is not lost", { timeout: 60_000 }, async () => {
  const slow = ["127.7.0.0/20", "--ports", `${port},${port + 1}`];
  const first = start([...slow, "--format", "jsonl"]);
  let lines = "";
  first.child.stdout?.on("data", (chunk) => {
    lines += chunk;
    first.child.kill("SIGKILL");
  });
  await first.ended;
  const told = lines.split("\n").filter((line) => line.startsWith('{"kind":"listener"'));
  expect(told.length).toBeGreaterThan(0);
  const history = await run(["history", "--json"]);
  const runs = (JSON.parse(history.out) as { runs: { tool: string; targets: number }[] }).runs;
  expect(runs.find(({ tool }) => tool === "sweep")?.targets).toBeGreaterThanOrEqual(told.length);
});
