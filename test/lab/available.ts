// Can this machine run the lab at all, and if not, what is missing?
import { run } from "./run.ts";

export type Available = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Tries what the lab will need; leaves nothing behind. */
export async function available(): Promise<Available> {
  const no = (reason: string): Available => ({ ok: false, reason: `the lab of real mailers needs ${reason}` });
  if (process.platform !== "linux") return no("Linux");
  if (process.getuid?.() !== 0) return no("root, to make network and mount namespaces");
  for (const program of ["apt-get", "dpkg", "unshare", "nsenter", "ip", "tar", "perl"])
    if ((await run(["sh", "-c", `command -v ${program}`])).code !== 0) return no(`the program ${program}`);
  const mounted = await run(["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-ec", overlay]);
  if (mounted.code !== 0) return no(`namespaces and overlay mounts: ${mounted.stderr.trim()}`);
  const probe = `fp${process.pid}-probe`;
  const namespace = await run(["ip", "netns", "add", probe]);
  if (namespace.code !== 0) return no(`named network namespaces: ${namespace.stderr.trim()}`);
  await run(["ip", "netns", "del", probe]);
  return { ok: true };
}

const overlay = `
D=$(mktemp -d)
trap 'umount "$D"; rmdir "$D"' EXIT
mount -t tmpfs tmpfs "$D"
mkdir "$D/up" "$D/wk" "$D/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$D/up,workdir=$D/wk" "$D/root"
umount "$D/root"
`;
