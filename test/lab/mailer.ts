// A real mailer, started in its network namespace from its unpacked root. Each start has a fresh upper layer, so a
// restart is also a reset. All its processes share a pid namespace: when its first process ends, all end.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MailerPlace, resolver } from "./addresses.ts";
import { startChild } from "./child.ts";
import type { Network } from "./network.ts";
import type { Product } from "./product.ts";
import { run } from "./run.ts";
import { scratchFolder, type Unpacked } from "./unpacked.ts";
import type { Mailer } from "./variant.ts";

export type RunningMailer = AsyncDisposable & {
  /** What it logged, by syslog or on its own output. */
  readonly log: () => string;
};

const BANNER_MS = 40_000;

/** Starts the mailer and returns when each of its listeners greets strangers. */
export async function startMailer(
  mailer: Mailer,
  options: {
    readonly product: Product;
    readonly unpacked: Unpacked;
    readonly network: Network;
    readonly seat: "a" | "b";
    readonly place: MailerPlace;
  },
): Promise<RunningMailer> {
  const { product, unpacked, network, seat, place } = options;
  const stage = await scratchFolder(`stage${seat}`);
  for (const [path, text] of Object.entries({ ...commonFiles(place), ...mailer.files })) {
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeFile(join(stage, path), text);
  }
  await mkdir(join(stage, "fp"), { recursive: true });
  await writeFile(join(stage, "fp/init"), initScript(place));
  await writeFile(join(stage, "fp/start"), `set -e\n${product.start}`);
  await writeFile(join(stage, "fp/syslog"), syslogScript);

  const child = await startChild(
    [
      ...["ip", "netns", "exec", seat === "a" ? network.names.mailerA : network.names.mailerB],
      ...unpacked.enter,
      ...["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=KILL"],
      ...["/bin/sh", "-ec", mountScript, "mount", join(unpacked.folder, seat), join(unpacked.folder, "low"), stage],
      process.execPath,
    ],
    null,
  );
  const running: RunningMailer = {
    log: child.said,
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await rm(stage, { recursive: true, force: true });
    },
  };
  try {
    const failed = new Promise<never>((_, reject) => {
      const fail = (): void => reject(new Error(`${mailer.product} did not start:\n${child.said().slice(-6000)}`));
      child.onLine((line) => line.startsWith("start ended") && fail());
      child.closed.then(fail);
    });
    failed.catch(() => {}); // After the start, its end is no failure.
    await Promise.race([failed, awaitBanners(mailer, network, child.said)]);
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
  return running;
}

async function awaitBanners(mailer: Mailer, network: Network, log: () => string): Promise<void> {
  const script = fileURLToPath(new URL("await-banner.ts", import.meta.url));
  const listeners = JSON.stringify(mailer.listeners);
  const world = ["ip", "netns", "exec", network.names.world];
  const waited = await run([...world, process.execPath, script, String(BANNER_MS), listeners]);
  if (waited.code !== 0) throw new Error(`${mailer.product}: ${waited.stderr}Its log:\n${log().slice(-6000)}`);
}

/** What every mailer finds on its machine, whatever the product. */
function commonFiles(place: MailerPlace): Readonly<Record<string, string>> {
  return {
    "/etc/resolv.conf": `nameserver ${resolver}\n`,
    "/etc/hosts": `127.0.0.1 localhost\n::1 localhost\n${place.v4} ${place.host}\n${place.v6} ${place.host}\n`,
    "/etc/hostname": `${place.host}\n`,
    "/etc/mailname": "ourcollege.ac.uk\n",
    // postmaster is a person; bob's mail goes elsewhere on his own wish, which is no relaying.
    "/etc/aliases": "postmaster: alice\nabuse: alice\nmailer-daemon: alice\nbob: bob@forwarded.example\n",
  };
}

/** Runs as the first process of the pid namespace. Arguments: place to mount on, product's layer, files, node. */
const mountScript = `
I=$1 LOW=$2 STAGE=$3 NODE=$4
mount -t tmpfs -o mode=755 tmpfs "$I"
mkdir "$I/up" "$I/wk" "$I/root"
R=$I/root
mount -t overlay overlay -o "lowerdir=$LOW:/,upperdir=$I/up,workdir=$I/wk" "$R"
mount -t proc proc "$R/proc"
mount -t tmpfs -o mode=755 tmpfs "$R/dev"
mount -t tmpfs -o mode=755 tmpfs "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp"
for D in null zero full random urandom tty; do
  [ -e "/dev/$D" ] || continue
  : >"$R/dev/$D"
  mount --bind "/dev/$D" "$R/dev/$D"
done
mkdir -m 1777 "$R/dev/shm" "$R/run/lock"
ln -s /proc/self/fd "$R/dev/fd"
ln -s /proc/self/fd/0 "$R/dev/stdin"
ln -s /proc/self/fd/1 "$R/dev/stdout"
ln -s /proc/self/fd/2 "$R/dev/stderr"
cp -R "$STAGE/." "$R/"
: >"$R/fp/node"
mount --bind "$NODE" "$R/fp/node"
# Nothing of the test's own surroundings: Haraka sends no mail where NODE_ENV is "test".
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$R" /bin/sh /fp/init
`;

/** Reaps what the mailer orphans (the shell waits for any child) and ends when the test lets go of its stdin. */
function initScript(place: MailerPlace): string {
  return `
hostname ${place.host}
# Daemons close every descriptor they could have inherited: up to the limit, one by one.
ulimit -n 1024
perl /fp/syslog &
N=0; while [ ! -S /dev/log ] && [ $((N += 1)) -lt 200 ]; do sleep 0.01; done
(/bin/sh /fp/start >&2 || echo "start ended with $?") &
cat >/dev/null
`;
}

/** Node has no datagram sockets of the Unix kind; perl-base is in every Debian. */
const syslogScript = `
use Socket;
my $s;
socket($s, AF_UNIX, SOCK_DGRAM, 0) && bind($s, sockaddr_un("/dev/log")) or die $!;
chmod 0666, "/dev/log";
$| = 1;
while (defined recv($s, my $line, 65536, 0)) { $line =~ s/[\\0\\n]+$//; print STDERR "$line\\n"; }
`;
