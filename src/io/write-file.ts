/** Writes a new file piece by piece: who reads it sees the old one or the whole new one. */
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Returns how many bytes were written. */
export async function writePieces(path: string, pieces: Iterable<string>): Promise<number> {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let bytes = 0;
  try {
    await using file = await open(fresh, "wx", 0o644);
    for (const piece of pieces) bytes += (await file.write(piece)).bytesWritten;
    await file.sync();
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  return bytes;
}
