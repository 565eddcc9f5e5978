/** One bounded look at a file or folder: every text in it, and for the rest why it was not read. */
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { ConfigTree, TreeFile } from "../ports.ts";

const limits = { files: 2000, fileBytes: 48 * 1024 * 1024, totalBytes: 128 * 1024 * 1024, depth: 6 } as const;

/** Other files that the texts of a configuration name. */
const named = { files: 200, fileBytes: 8 * 1024 * 1024 } as const;

export interface SnapshotOptions {
  /**
   * Also what the files name by absolute path, and where links lead: only for the configuration of this machine itself,
   * because a copy of another one's must not make us read ours.
   */
  readonly follow: boolean;
}

/** Reads what lies at a path; links are followed only within it. Throws what `lstat` throws where there is nothing. */
export async function takeSnapshot(path: string, { follow }: SnapshotOptions): Promise<ConfigTree> {
  const start = resolve(path);
  const files = new Map<string, TreeFile>();
  let bytes = 0;
  let incomplete = false;
  const top = await realpath(start);
  const isFolder = (await lstat(top)).isDirectory();

  const visit = async (at: string, depth: number): Promise<void> => {
    if (files.size >= limits.files || bytes >= limits.totalBytes) {
      incomplete = true;
      return;
    }
    let target = at;
    let found = await lstat(at).catch(() => null);
    if (found?.isSymbolicLink() === true) {
      const real = await realpath(at).catch(() => null);
      if (real === null || (!follow && !(real === top || real.startsWith(`${top}${sep}`)))) {
        files.set(at, { kind: "unreadable", why: "a link that leads out of the folder" });
        return;
      }
      target = real;
      found = await lstat(real).catch(() => null);
      if (found?.isDirectory() === true) return; // its files are visited where they are
    }
    if (found === null) return;
    if (found.isDirectory()) {
      if (depth >= limits.depth) {
        incomplete = true;
        return;
      }
      const names = await readdir(at).catch(() => null);
      if (names === null) files.set(at, { kind: "unreadable", why: "permission denied" });
      else for (const name of names.sort()) await visit(join(at, name), depth + 1);
      return;
    }
    if (!found.isFile()) return;
    if (found.size > limits.fileBytes || bytes + found.size > limits.totalBytes) {
      files.set(at, { kind: "too-large", bytes: found.size });
      return;
    }
    const file = await contentOf(target);
    if (file.kind === "text") bytes += file.text.length;
    files.set(at, file);
  };
  await visit(isFolder ? start : top, 0);
  if (follow) {
    const wanted = [...files.values()].flatMap((file) => (file.kind === "text" ? pathsIn(file.text) : []));
    let added = 0;
    for (const other of new Set(wanted)) {
      if (files.has(other) || added >= named.files) continue;
      const real = await realpath(other).catch(() => null);
      const found = real === null ? null : await lstat(real).catch(() => null);
      // A program that a configuration names decides nothing by its text.
      if (found?.isFile() !== true || found.size > named.fileBytes || (found.mode & 0o111) !== 0) continue;
      await visit(other, 0);
      added += 1;
    }
  }
  return { root: isFolder ? start : dirname(top), files, incomplete };
}

/** What looks like an absolute path of a configuration's own file. */
function pathsIn(text: string): readonly string[] {
  return [...text.slice(0, named.fileBytes).matchAll(/(?<![\w./])\/(?:etc|usr|opt|srv|var)(?:\/[\w.+@-]+)+/g)].map(
    ([path]) => path.replace(/[.]+$/, ""),
  );
}

async function contentOf(path: string): Promise<TreeFile> {
  try {
    await using handle = await open(path, "r");
    const buffer = await handle.readFile();
    if (buffer.length > limits.fileBytes) return { kind: "too-large", bytes: buffer.length };
    return textOfBytes(buffer);
  } catch (error) {
    return { kind: "unreadable", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Bytes with a NUL among them are no text, but for what PowerShell 5 writes: UTF-16 with a byte order mark. */
function textOfBytes(bytes: Buffer): TreeFile {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { kind: "text", text: bytes.subarray(2).toString("utf16le") };
  return bytes.includes(0) ? { kind: "binary" } : { kind: "text", text: bytes.toString("utf8") };
}
