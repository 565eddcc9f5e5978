/** One bounded look at a file or folder: every text in it, and for the rest why it was not read. */
import { lstat, open, readdir, realpath } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { ConfigTree, TreeFile } from "../ports.ts";

const limits = { files: 2000, fileBytes: 48 * 1024 * 1024, totalBytes: 128 * 1024 * 1024, depth: 6 } as const;

/** Reads what lies at a path; links are followed only within it. Throws what `lstat` throws where there is nothing. */
export async function takeSnapshot(path: string): Promise<ConfigTree> {
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
      if (real === null || !(real === top || real.startsWith(`${top}${sep}`))) {
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
  return { root: isFolder ? start : dirname(top), files, incomplete };
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

/** Bytes with a NUL among them are no text. */
function textOfBytes(bytes: Buffer): TreeFile {
  return bytes.includes(0) ? { kind: "binary" } : { kind: "text", text: bytes.toString("utf8") };
}
