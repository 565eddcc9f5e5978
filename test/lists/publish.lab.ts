// The zone files of a published list, loaded by the servers that they are for: rbldnsd, BIND, Knot and unbound give the
// same answers, also to the test points of RFC 5782 §5.
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { masterFile, rbldnsdIp4, rbldnsdIp6, type ZoneHead } from "../../src/lists/publish/zone.ts";
import { labelsOf, questionName, subjectOfAddress } from "../../src/lists/question.ts";
import { ip } from "../fakes/resolver.ts";
import { available } from "../lab/available.ts";
import { recipeFor } from "../lab/recipes.ts";
import { ensureRoots } from "../lab/roots.ts";
import { mustRun } from "../lab/run.ts";
import { startRbldnsd } from "./rbldnsd.ts";

const lab = await available();
const can = lab.ok ? undefined : lab.reason;
const zone = "relays.nren.example";
const head: ZoneHead = {
  zone,
  nameServers: ["ns1.nren.example", "ns2.nren.example"],
  contact: "csirt.team@nren.example",
  page: "https://nren.example/relays",
  ttl: 300,
  serial: Math.floor(Date.now() / 1000),
};
const listed = ["192.0.2.25", "198.51.100.255", "2001:db8::25", "2001:db8:ffff:1::9"];
const unlisted = ["192.0.2.24", "203.0.113.9", "2001:db8::26"];

/** What each server has to say: addresses, or none. */
const wanted: readonly (readonly [string, boolean])[] = [
  ...listed.map((one) => [one, true] as const),
  ...unlisted.map((one) => [one, false] as const),
  ["127.0.0.2", true],
  ["127.0.0.1", false],
  ["::ffff:7f00:2", true],
  ["::ffff:7f00:1", false],
];

interface Server extends AsyncDisposable {
  readonly port: number;
}

type Start = (folder: string, port: number) => Promise<readonly string[]>;

const servers: Readonly<Record<"bind" | "knot" | "unbound", Start>> = {
  bind: async (folder, port) => {
    const conf = `options { directory "${folder}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
recursion no; notify no; pid-file none; session-keyfile none; dnssec-validation no; };
controls { };
zone "${zone}" { type primary; file "${zone}.zone"; };\n`;
    await writeFile(join(folder, "named.conf"), conf);
    return ["usr/sbin/named", "-g", "-c", join(folder, "named.conf")];
  },
  knot: async (folder, port) => {
    const conf = `server:
    rundir: "${folder}"
    listen: 127.0.0.1@${port}
database:
    storage: "${folder}"
template:
  - id: default
    storage: "${folder}"
    file: "%s.zone"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: ${zone}\n`;
    await writeFile(join(folder, "knot.conf"), conf);
    return ["usr/sbin/knotd", "-c", join(folder, "knot.conf")];
  },
  unbound: async (folder, port) => {
    const conf = `server:
  interface: 127.0.0.1@${port}
  chroot: ""
  username: ""
  directory: "${folder}"
  pidfile: ""
  do-not-query-localhost: no
  module-config: "iterator"
auth-zone:
  name: "${zone}"
  zonefile: "${join(folder, `${zone}.zone`)}"
  for-downstream: yes
  for-upstream: no
  fallback-enabled: no\n`;
    await writeFile(join(folder, "unbound.conf"), conf);
    return ["usr/sbin/unbound", "-d", "-c", join(folder, "unbound.conf")];
  },
};

async function start(which: keyof typeof servers): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), `fp${process.pid}-${which}-`));
  await chmod(folder, 0o755);
  const [root] = await ensureRoots([recipeFor("nameservers")]);
  if (root === undefined) throw new Error("no root was built");
  await mustRun(["tar", "-C", folder, "-xf", root.tar, "./usr"]);
  await writeFile(join(folder, `${zone}.zone`), [...masterFile(head, listed.map(ip))].join(""));
  const port = await freePort();
  const [program = "", ...rest] = await servers[which](folder, port);
  const child = spawn(join(folder, program), rest, {
    cwd: folder,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: ["x86_64", "aarch64"].map((arch) => join(folder, `usr/lib/${arch}-linux-gnu`)).join(":"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4000);
    });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  for (let round = 0; round < 100; round += 1) {
    if (child.exitCode !== null) break;
    if ((await answer(port, "127.0.0.2")) !== null) return { port, [Symbol.asyncDispose]: stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`${which} does not answer:\n${said}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

const nameOf = (address: string): string => questionName(labelsOf(subjectOfAddress(ip(address))), zone) ?? "";

/** True: it is listed. Null: the server said nothing of use. */
async function answer(port: number, address: string): Promise<boolean | null> {
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    const found = await resolver.resolve4(nameOf(address));
    return found.length === 1 && found[0] === "127.0.0.2" ? true : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOTFOUND" || code === "ENODATA" ? false : null;
  }
}

async function textOf(port: number, address: string): Promise<string> {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return (await resolver.resolveTxt(nameOf(address))).flat().join("");
}

beforeAll(async () => {
  if (can === undefined) await ensureRoots([recipeFor("nameservers"), recipeFor("rbldnsd")]);
});

for (const which of ["rbldnsd", "bind", "knot", "unbound"] as const)
  test(`${which} serves what is published`, { timeout: 120_000 }, async ({ skip }) => {
    if (can !== undefined && process.env.CI !== "true") skip(can);
    expect(can).toBeUndefined();
    await using server =
      which === "rbldnsd"
        ? await startRbldnsd([
            { zone, type: "ip4set", data: [...rbldnsdIp4(head, listed.map(ip))].join("") },
            { zone, type: "ip6trie", data: [...rbldnsdIp6(head, listed.map(ip))].join("") },
          ])
        : await start(which);
    for (const [address, is] of wanted) expect([address, await answer(server.port, address)]).toEqual([address, is]);
    expect(await textOf(server.port, "192.0.2.25")).toContain("https://nren.example/relays");
  });
