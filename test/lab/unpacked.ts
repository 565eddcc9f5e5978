// A product's root, unpacked into a tmpfs that lives in a mount namespace of its own. A small process holds the
// namespace; when it ends, the kernel takes the mounts away, also after a crash. Nothing is mounted on the machine.
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import { lives } from "./network.ts";
import type { Root } from "./roots.ts";

export type Unpacked = AsyncDisposable & {
  readonly name: Root["name"];
  /** Put before a command to run it among these mounts. */
  readonly enter: readonly string[];
  /** The tmpfs: `low` is the product's layer, `a` and `b` are free places to mount on. */
  readonly folder: string;
};

export async function unpack(root: Root): Promise<Unpacked> {
  const folder = await mkdtemp(join(tmpdir(), `fp${process.pid}-${root.name}-`));
  const holder = await startChild([
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "/bin/sh",
    "-ec",
    'mount -t tmpfs -o mode=755 tmpfs "$1"; mkdir "$1/low" "$1/a" "$1/b"; ' +
      'tar --numeric-owner --xattrs --xattrs-include="trusted.*" -C "$1/low" -xpf "$2"; echo ready; exec cat',
    "hold",
    folder,
    root.tar,
  ]);
  return {
    name: root.name,
    enter: ["nsenter", `--mount=/proc/${holder.pid}/ns/mnt`],
    folder,
    async [Symbol.asyncDispose]() {
      await holder[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder for files of this process's tests; `sweepFolders` of a later run removes it after a crash. */
export async function scratchFolder(purpose: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `fp${process.pid}-${purpose}-`));
  await mkdir(folder, { recursive: true });
  return folder;
}

export async function sweepFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^fp(\d+)-[a-z]+-/.exec(name)?.[1];
    if (pid !== undefined && !lives(Number(pid))) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
