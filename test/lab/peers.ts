// Other people's testers (nmap, swaks), run from their own root in one of the lab's namespaces, to compare with.
import type { Network } from "./network.ts";
import { type Ran, run } from "./run.ts";
import type { Unpacked } from "./unpacked.ts";

export function runPeer(
  argv: readonly string[],
  { unpacked, network }: { readonly unpacked: Unpacked; readonly network: Network },
): Promise<Ran> {
  return run([
    ...["ip", "netns", "exec", network.names.world],
    ...unpacked.enter,
    ...["unshare", "--mount", "/bin/sh", "-ec", script, "peer", unpacked.folder, ...argv],
  ]);
}

const script = `
F=$1
shift
mount -t tmpfs tmpfs "$F/a"
mkdir "$F/a/up" "$F/a/wk" "$F/a/root"
mount -t overlay overlay -o "lowerdir=$F/low:/,upperdir=$F/a/up,workdir=$F/a/wk" "$F/a/root"
mount -t proc proc "$F/a/root/proc"
mount --rbind /dev "$F/a/root/dev"
exec chroot "$F/a/root" "$@"
`;
