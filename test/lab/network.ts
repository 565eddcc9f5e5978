// Network namespaces in which real mailers and a tester meet, with no way out.
//
//   world ── 10.1.1.1 ──┐            the world's loopback also carries the stranger, the catcher, the second sink,
//                       br0 (inside) DNS and the neighbour; its route to the site makes the stranger the default source
//   mailer A ── .2 ─────┤
//   mailer B ── .3 ─────┘
//
// Names begin with the process that made them, so that a later run can clear up after a crash.
import { spawnSync } from "node:child_process";
import { catcher, gateway, inside, mailerA, mailerB, neighbour, outsideSink, resolver, stranger } from "./addresses.ts";
import { mustRun, run } from "./run.ts";

export type NamespaceName = "world" | "inside" | "mailerA" | "mailerB";

export type Network = AsyncDisposable & {
  readonly prefix: string;
  /** The kernel's name of a namespace, for `ip netns exec`. */
  readonly names: Readonly<Record<NamespaceName, string>>;
};

let made = 0;

/** Makes one network. It holds until it is disposed of or the process ends. */
export async function createNetwork(): Promise<Network> {
  await sweepStale();
  const prefix = `fp${process.pid}-${++made}`;
  const names = {
    world: `${prefix}-world`,
    inside: `${prefix}-inside`,
    mailerA: `${prefix}-a`,
    mailerB: `${prefix}-b`,
  };
  const all = Object.values(names);
  const takeDown = (): void => {
    for (const name of all) spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
  };
  process.once("exit", takeDown);
  try {
    await batch(undefined, layout(names));
    await batch(names.inside, insideLines);
    await batch(names.world, worldLines);
    await batch(names.mailerA, mailerLines(mailerA.v4, mailerA.v6));
    await batch(names.mailerB, mailerLines(mailerB.v4, mailerB.v6));
  } catch (error) {
    takeDown();
    throw error;
  }
  return {
    prefix,
    names,
    async [Symbol.asyncDispose]() {
      process.off("exit", takeDown);
      await Promise.all(all.map((name) => run(["ip", "netns", "del", name])));
    },
  };
}

/** Removes the namespaces of test processes that no longer live. */
export async function sweepStale(): Promise<void> {
  const listed = await run(["ip", "netns", "list"]);
  for (const line of listed.stdout.split("\n")) {
    const [name = ""] = line.split(" ");
    const pid = /^fp(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !lives(Number(pid))) await run(["ip", "netns", "del", name]);
  }
}

export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0); // Signal 0 only asks.
    return true;
  } catch {
    return false;
  }
}

async function batch(namespace: string | undefined, lines: readonly string[]): Promise<void> {
  const where = namespace === undefined ? [] : ["-n", namespace];
  await mustRun(["ip", ...where, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

function layout(names: Network["names"]): readonly string[] {
  const wires = (["world", "mailerA", "mailerB"] as const).map(
    (end) => `link add eth0 netns ${names[end]} type veth peer name to-${end} netns ${names.inside}`,
  );
  return [...Object.values(names).map((name) => `netns add ${name}`), ...wires];
}

const insideLines = [
  "link set lo up",
  "link add br0 type bridge",
  ...["world", "mailerA", "mailerB"].flatMap((end) => [`link set to-${end} master br0`, `link set to-${end} up`]),
  "link set br0 up",
  `addr add ${inside.v4}/24 dev br0`,
  `addr add ${inside.v6}/64 dev br0 nodad`,
  `route add default via ${gateway.v4}`,
  `route add ::/0 via ${gateway.v6}`,
];

const worldLines = [
  "link set lo up",
  "link set eth0 up",
  `addr add ${gateway.v4}/24 dev eth0`,
  `addr add ${gateway.v6}/64 dev eth0 nodad`,
  ...[stranger, catcher, outsideSink, neighbour].flatMap(({ v4, v6 }) => [
    `addr add ${v4}/32 dev lo`,
    `addr add ${v6}/128 dev lo nodad`,
  ]),
  `addr add ${resolver}/32 dev lo`,
  // Without a source of its own choice a program in the world is a stranger, not the site's router.
  `route replace 10.1.1.0/24 dev eth0 src ${stranger.v4}`,
  `route replace 2001:db8:1::/64 dev eth0 src ${stranger.v6} metric 1`,
];

function mailerLines(v4: string, v6: string): readonly string[] {
  return [
    "link set lo up",
    "link set eth0 up",
    `addr add ${v4}/24 dev eth0`,
    `addr add ${v6}/64 dev eth0 nodad`,
    `route add default via ${gateway.v4}`,
    `route add ::/0 via ${gateway.v6}`,
  ];
}
