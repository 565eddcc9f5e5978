/**
 * The package as npm installs it, its launcher, and how a run ends early. These need the built program: `dist/` is built
 * if a source is newer, and no other test uses it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/io/clock.ts";
import { tcpDialer, tcpListener } from "../../src/io/tcp.ts";
import type { BehaviourId } from "../../src/practice/behaviours.ts";
import { practiceCertificate } from "../../src/practice/certificate.ts";
import { type Practice, startPractice } from "../../src/practice/practice.ts";
import { historySchema } from "../../src/report/results/history.ts";
import { address, catchDomain, ourDomain } from "./rehearse.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fencepost-package-"));
const launcher = join(folder, "package", "bin", "fencepost.js");
const olderNode = firstOlderNode();
const children: ChildProcess[] = [];
let packed: readonly string[] = [];

beforeAll(() => {
  buildIfStale();
  // Scripts would build once more.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [tarball] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: "pipe" })) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ];
  packed = tarball.files.map(({ path }) => path);
  execFileSync("tar", ["-xzf", join(folder, tarball.filename), "-C", folder]);
  symlinkSync(join(root, "node_modules"), join(folder, "package", "node_modules"));
}, 120_000);

afterAll(() => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

test("the package holds the program and its data, and nothing else", () => {
  const tops = new Set(packed.map((path) => path.split("/")[0]));
  expect([...tops].sort()).toEqual(["LICENSE", "README.md", "bin", "catalogue", "dist", "package.json", "schemas"]);
  expect(
    packed.filter((path) => path.startsWith("dist/") && !/(\.js|\.d\.ts|^dist\/catalogue\.json)$/.test(path)),
  ).toEqual([]);
  expect(packed.filter((path) => /\.test\.|\.lab\./.test(path))).toEqual([]);
});

for (const [name, node] of [
  ["the Node that is running", process.execPath],
  ["an older Node", olderNode],
] as const)
  test.skipIf(node === null)(`the unpacked package runs under ${name}`, { timeout: 60_000 }, async () => {
    const run = (...args: readonly string[]) => ended(start(args, { node: node ?? "" }));
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
    expect(await run("--version")).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
    expect(await run("catalogue", "list", "--profile", "quick")).toMatchObject({ code: 0, err: "" });
    expect(await run("frobnicate")).toMatchObject({ code: 64, out: "" });
    const demo = await run("demo");
    expect([demo.code, demo.err]).toEqual([0, ""]);
    expect(demo.out).toMatch(/OPEN RELAY\n[\s\S]* CLOSED\n/);
  });

describe.skipIf(olderNode === null || process.platform === "win32")("the launcher under an older Node", () => {
  const practice = async () => {
    const port = await freePort();
    const child = start(["practice", "--listen", `127.0.0.1:${port}`]);
    await once(child.stdout!, "data");
    return { child, port };
  };

  test("Ctrl-C ends the program with 130, and nothing of it is left", async () => {
    const { child, port } = await practice();
    const program = childOf(child);
    child.kill("SIGINT");
    expect((await ended(child)).code).toBe(130);
    expect([await listens(port), program !== null && existsSync(`/proc/${program}`)]).toEqual([false, false]);
  });

  test("a launcher that was killed takes the program with it", async () => {
    const { child, port } = await practice();
    const since = Date.now();
    child.kill("SIGKILL");
    while (await listens(port)) {
      expect(Date.now() - since).toBeLessThan(2000);
      await systemClock.sleep(20, AbortSignal.timeout(5000));
    }
  });
});

describe.skipIf(process.platform === "win32")("a check that is ended early", () => {
  /** The check's arguments for practice mailers, the slow one last. */
  const checkOf = (store: string, catcher: number, targets: readonly string[], ...more: readonly string[]) => [
    ...["check", "--vantage", "external", "--parallel", "1", "--store", store],
    ...["--catch-listen", `127.0.0.1:${catcher}`, "--catch-domain", catchDomain],
    ...more,
    ...targets,
  ];
  const node = olderNode ?? process.execPath;

  /** The mailer can be tested again at once, and the interrupted run is on record. */
  async function expectReleased(store: string, slow: string): Promise<void> {
    const listed = await ended(start(["history", "--store", store, "--json"], { node: process.execPath }));
    expect(historySchema.parse(JSON.parse(listed.out)).runs?.map(({ state }) => state)).toEqual(["interrupted"]);
    const args = checkOf(store, await freePort(), [slow], "--deadline", "1");
    expect(await ended(start(args, { node: process.execPath }))).toMatchObject({ code: 2, err: "" });
  }

  test("Ctrl-C tells what is known, and gives the mailer back", { timeout: 60_000 }, async () => {
    await using slow = await mailer("127.0.0.1", ["tarpit"]);
    const store = join(folder, "ctrl-c.sqlite");
    // A terminal sends Ctrl-C to the whole group: to the launcher, and to the program behind it.
    const child = start(checkOf(store, await freePort(), [at(slow)]), { node, group: true });
    const run = ended(child);
    await until(() => slow.counts.refused > 0);
    process.kill(-(child.pid ?? 0), "SIGINT");
    const { code, out, err } = await run;
    expect([code, err]).toEqual([130, ""]);
    expect(out).toContain("The run was interrupted; what was learned until then counts.");
    await expectReleased(store, at(slow));
  });

  test("a reader that goes away ends the run, and gives the mailer back", { timeout: 60_000 }, async () => {
    await using quick = await mailer("127.0.0.2", ["closed"]);
    await using slow = await mailer("127.0.0.1", ["tarpit"]);
    const store = join(folder, "head.sqlite");
    // Nothing listens at the first, the second takes a moment, and the third would take minutes.
    const targets = [`127.0.0.4:${await freePort()}`, at(quick), at(slow)];
    const child = start(checkOf(store, await freePort(), targets, "--format", "jsonl"), { node });
    const since = Date.now();
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await ended(child)).toMatchObject({ code: 130, err: "" });
    expect(Date.now() - since).toBeLessThan(30_000);
    await expectReleased(store, at(slow));
  });

  test.runIf(existsSync("/dev/full"))("a result that cannot be written is no success", () => {
    const { status, stderr } = spawnSync("sh", ["-c", `"$0" "$1" catalogue list > /dev/full`, node, launcher], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([69, expect.stringContaining("could not be written")]);
  });
});

function buildIfStale(): void {
  const built = join(root, "dist", "cli", "main.js");
  const builtAt = existsSync(built) ? statSync(built).mtimeMs : 0;
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
    /(?<!\.test)\.ts$/.test(file),
  );
  if (sources.every((file) => statSync(join(root, "src", file)).mtimeMs <= builtAt)) return;
  const { status, stdout } = spawnSync("npm", ["run", "build"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`the build failed:\n${stdout}`);
}

/** A Node on the path that cannot run the program itself; null where there is none. */
function firstOlderNode(): string | null {
  for (const place of (process.env.PATH ?? "").split(delimiter)) {
    const { status, stdout } = spawnSync(join(place, "node"), ["--version"], { encoding: "utf8" });
    const major = status === 0 ? Number(/^v(\d+)/.exec(stdout)?.[1]) : Number.NaN;
    if (major >= 20 && major < 24) return join(place, "node");
  }
  return null;
}

function start(
  args: readonly string[],
  { node = olderNode ?? process.execPath, group = false }: { readonly node?: string; readonly group?: boolean } = {},
): ChildProcess {
  const env = { ...process.env, XDG_STATE_HOME: folder, HOME: folder };
  const child = spawn(node, [launcher, ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: group,
  });
  children.push(child);
  return child;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

/** The program behind a launcher, where the system tells. */
function childOf(child: ChildProcess): number | null {
  try {
    return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0]) || null;
  } catch {
    return null;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", settle(true)).once("error", settle(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  server.close();
  await once(server, "close");
  if (bound === null || typeof bound === "string") throw new Error("no port");
  return bound.port;
}

async function until(holds: () => boolean): Promise<void> {
  for (const signal = AbortSignal.timeout(20_000); !holds(); ) await systemClock.sleep(20, signal);
}

const mailer = (on: string, behaviours: readonly BehaviourId[]): Promise<Practice> =>
  startPractice(
    {
      listen: { address: address(on), port: 0 },
      hostName: "practice.example",
      domains: [ourDomain],
      behaviours,
      routes: [],
      startTls: true,
    },
    { listener: tcpListener(practiceCertificate), dialer: tcpDialer, clock: systemClock },
  );

const at = ({ local }: Practice): string => `127.0.0.${local.address.bits & 0xffn}:${local.port}`;
