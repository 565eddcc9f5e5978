// A border to try filters at: a router's namespace between an outside and an inside one, with no way out of them.
//
//   outside ── eth0 … wan0 ── router ── lan0 … eth0 ── inside
//
// Neither end answers: frames are written and seen on packet sockets, so that every address is possible on both sides.
// The router knows its neighbours beforehand and passes on what its filter lets through.
import { spawnSync } from "node:child_process";
import { type Child, startChild } from "../../lab/child.ts";
import { sweepStale } from "../../lab/network.ts";
import { recipeFor } from "../../lab/recipes.ts";
import { ensureRoots } from "../../lab/roots.ts";
import { mustRun } from "../../lab/run.ts";
import { unpack } from "../../lab/unpacked.ts";
import { frameOf, type Sent } from "./packets.ts";

export type Border = AsyncDisposable & {
  /** Runs a shell script on the router, with nft, iptables and ipset; what it says. Throws if it fails. */
  readonly onRouter: (script: string) => Promise<string>;
  /** Sends all at once; which of them came out on the other side. */
  readonly send: (packets: readonly Sent[]) => Promise<ReadonlySet<number>>;
};

/** What the site has, and what is elsewhere. */
export const insideNets = ["192.0.2.0/24", "198.51.100.0/25", "2001:db8:25::/48"] as const;

const macs = {
  outside: "02:00:00:00:00:01",
  wan: "02:00:00:00:00:02",
  lan: "02:00:00:00:00:03",
  inside: "02:00:00:00:00:04",
};

/** So long the router may take to pass on what was sent, twice. */
const routerMs = 15;

let made = 0;

export async function createBorder(): Promise<Border> {
  await sweepStale();
  const stack = new AsyncDisposableStack();
  const prefix = `fp${process.pid}-k${++made}`;
  const names = { outside: `${prefix}-outside`, router: `${prefix}-router`, inside: `${prefix}-inside` };
  const takeDown = (): void => {
    for (const name of Object.values(names)) spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
  };
  process.once("exit", takeDown);
  stack.defer(() => {
    process.off("exit", takeDown);
    takeDown();
  });
  try {
    const [root] = await ensureRoots([recipeFor("filters")]);
    if (root === undefined) throw new Error("The root with nft, iptables and ipset was not built.");
    const unpacked = stack.use(await unpack(root));
    await batch(null, [
      ...Object.values(names).map((name) => `netns add ${name}`),
      `link add wan0 netns ${names.router} address ${macs.wan} type veth peer name eth0 address ${macs.outside} netns ${names.outside}`,
      `link add lan0 netns ${names.router} address ${macs.lan} type veth peer name eth0 address ${macs.inside} netns ${names.inside}`,
    ]);
    // Before the links are up: nothing is to be sent that no test sent.
    for (const name of Object.values(names))
      await mustRun(["ip", "netns", "exec", name, "sh", "-ec", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"]);
    await batch(names.outside, ["link set eth0 up"]);
    await batch(names.inside, ["link set eth0 up"]);
    await mustRun(["ip", "netns", "exec", names.router, "sh", "-ec", settings]);
    await batch(names.router, routerLines);
    const router = stack.use(
      await startChild([
        ...["ip", "netns", "exec", names.router, ...unpacked.enter],
        ...["unshare", "--mount", "/bin/sh", "-ec", routerShell, "router", unpacked.folder],
      ]),
    );
    const outside = stack.use(await startPort(names.outside));
    const inside = stack.use(await startPort(names.inside));
    return {
      onRouter: askerOf(router),
      send: senderOf({ outside, inside }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function batch(namespace: string | null, lines: readonly string[]): Promise<void> {
  const where = namespace === null ? [] : ["-n", namespace];
  await mustRun(["ip", ...where, "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

/** Strangers of every address are let in, and what is no session yet is told apart from one in the middle. */
const settings = `
cd /proc/sys/net
echo 0 >ipv6/conf/all/disable_ipv6
echo 0 >ipv6/conf/default/accept_dad
for i in wan0 lan0; do
  echo 0 >ipv6/conf/$i/disable_ipv6
  echo 0 >ipv6/conf/$i/accept_dad
  echo 0 >ipv6/conf/$i/router_solicitations
done
echo 1 >ipv4/ip_forward
echo 1 >ipv6/conf/all/forwarding
for i in all wan0 lan0; do echo 0 >ipv4/conf/$i/rp_filter; done
echo 0 >netfilter/nf_conntrack_tcp_loose
`;

const routerLines = [
  "link set lo up",
  "link set wan0 up",
  "link set lan0 up",
  // The wires' own addresses are the last of the documentation ranges, which no packet of a test bears.
  "addr add 203.0.113.254/32 peer 203.0.113.255 dev wan0",
  "addr add 198.51.100.254/32 peer 198.51.100.255 dev lan0",
  "addr add 2001:db8:ffff::1/127 dev wan0 nodad",
  "addr add 2001:db8:fffe::1/127 dev lan0 nodad",
  `neigh replace 203.0.113.255 lladdr ${macs.outside} nud permanent dev wan0`,
  `neigh replace 198.51.100.255 lladdr ${macs.inside} nud permanent dev lan0`,
  `neigh replace 2001:db8:ffff:: lladdr ${macs.outside} nud permanent dev wan0`,
  `neigh replace 2001:db8:fffe:: lladdr ${macs.inside} nud permanent dev lan0`,
  "route add default via 203.0.113.255 dev wan0",
  "route add ::/0 via 2001:db8:ffff:: dev wan0",
  ...insideNets.map(
    (net) => `route add ${net} via ${net.includes(":") ? "2001:db8:fffe::" : "198.51.100.255"} dev lan0`,
  ),
];

/** Reads scripts in base64, a line each, and runs them where the programs are. */
const routerShell = `
F=$1
mount -t tmpfs tmpfs "$F/a"
mkdir "$F/a/up" "$F/a/wk" "$F/a/root"
mount -t overlay overlay -o "lowerdir=$F/low:/,upperdir=$F/a/up,workdir=$F/a/wk" "$F/a/root"
mount -t proc proc "$F/a/root/proc"
mount --rbind /dev "$F/a/root/dev"
mount -t tmpfs tmpfs "$F/a/root/run"
exec chroot "$F/a/root" /bin/sh -c '
PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo ready
while read -r line; do
  printf %s "$line" | base64 -d >/run/script
  sh /run/script 2>&1
  echo "rc=$?"
done'
`;

/** One question after the other. */
function askerOf(router: Child): Border["onRouter"] {
  let lines: string[] = [];
  let settle: ((code: string) => void) | null = null;
  router.onLine((line) => {
    const code = /^rc=(\d+)$/.exec(line)?.[1];
    if (code === undefined) lines.push(line);
    else settle?.(code);
  });
  return async (script) => {
    lines = [];
    const code = await new Promise<string>((resolve) => {
      settle = resolve;
      void router.closed.then(() => resolve("closed"));
      router.write(`${Buffer.from(script).toString("base64")}\n`);
    });
    const said = `${lines.join("\n")}\n`;
    if (code !== "0")
      throw new Error(`On the router (${code}):\n${said}\n${script}\n${code === "closed" ? router.said() : ""}`);
    return said;
  };
}

/** Writes frames that come as hexadecimal lines, and prints the number of each marked frame that arrives. */
const port = String.raw`
use strict;
$| = 1;
socket(my $wire, 17, 3, unpack("S", pack("n", 3))) or die "socket: $!";
open(my $index, "<", "/sys/class/net/eth0/ifindex") or die $!;
bind($wire, pack("S n i S C C a8", 17, 3, <$index> + 0, 0, 0, 0, "")) or die "bind: $!";
sub heard {
  my ($from, $frame) = @_;
  # 4: a frame that went out.
  if (unpack("x10 C", $from) != 4 && $frame =~ /FP25:(\d+);/) { print "got $1\n" }
}
print "ready\n";
my $typed = "";
while (1) {
  my $wait = "";
  vec($wait, 0, 1) = 1;
  vec($wait, fileno($wire), 1) = 1;
  select($wait, undef, undef, undef);
  if (vec($wait, fileno($wire), 1)) {
    my $from = recv($wire, my $frame, 65535, 64);
    heard($from, $frame) if defined $from;
  }
  if (vec($wait, 0, 1)) {
    sysread(STDIN, $typed, 65536, length $typed) or exit 0;
    while ($typed =~ s/^([0-9a-f]*|\?)\n//) {
      if ($1 ne "?") { send($wire, pack("H*", $1), 0); next }
      # All that came so far is told before the answer.
      while (defined(my $from = recv($wire, my $frame, 65535, 64))) { heard($from, $frame) }
      print "told\n";
    }
  }
}
`;

const startPort = (name: string): Promise<Child> => startChild(["ip", "netns", "exec", name, "perl", "-e", port]);

/** Both ends, and what is heard at them. */
function senderOf(ports: { readonly outside: Child; readonly inside: Child }): Border["send"] {
  const sides = ["outside", "inside"] as const;
  let heard: (side: "outside" | "inside", id: number) => void = () => {};
  const told: { outside: () => void; inside: () => void } = { outside: () => {}, inside: () => {} };
  for (const side of sides)
    ports[side].onLine((line) => {
      const id = /^got (\d+)$/.exec(line)?.[1];
      if (id !== undefined) heard(side, Number(id));
      else if (line === "told") told[side]();
    });
  /** Both ends have done all that they were told, and said all that they heard. */
  const settled = (): Promise<unknown> =>
    Promise.all(
      sides.map(
        (side) =>
          new Promise<void>((resolve) => {
            told[side] = resolve;
            ports[side].write("?\n");
          }),
      ),
    );
  return async (packets) => {
    const arrived = new Set<number>();
    const wanted = { outside: new Set<number>(), inside: new Set<number>() };
    for (const { id, direction } of packets) wanted[direction === "in" ? "inside" : "outside"].add(id);
    heard = (side, id) => {
      // An ICMP error goes back to the sender and quotes what it sent.
      if (wanted[side].has(id)) arrived.add(id);
    };
    for (const side of sides) {
      const ends = side === "outside" ? { to: macs.wan, from: macs.outside } : { to: macs.lan, from: macs.inside };
      const frames = packets
        .filter(({ direction }) => (direction === "in") === (side === "outside"))
        .map((packet) => frameOf(packet, ends));
      if (frames.length > 0) ports[side].write(`${frames.join("\n")}\n`);
    }
    for (let times = 0; times < 2; times += 1) {
      await settled();
      await new Promise((resolve) => setTimeout(resolve, routerMs));
    }
    await settled();
    heard = () => {};
    return arrived;
  };
}
