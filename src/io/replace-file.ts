/** Puts a new text in a file's place, and keeps the old one beside it. */
import { chmod, chown, copyFile, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What was found in the file is not what was read before: somebody else has written it. */
export class FileChanged extends Error {
  override readonly name = "FileChanged";
}

/**
 * Replaces the text of a file as a whole: a reader sees the old text or the new one, never a part. Owner and mode stay; a
 * link stays a link. Returns the path of the copy that keeps the old text. Throws `FileChanged`, or what the system says.
 */
export async function replaceFile(path: string, before: string, after: string, stamp: string): Promise<string> {
  const real = await realpath(path);
  const { mode, uid, gid } = await stat(real);
  const backup = `${real}.${stamp}.bak`;
  const fresh = join(dirname(real), `.${stamp}.${process.pid}.tmp`);
  await using old = await open(real, "r");
  const bytes = await old.readFile();
  if (bytes.toString("utf8") !== before)
    throw new FileChanged(`${path} has changed since it was read: nothing was written to it`);
  // Read and written as UTF-8 it would not be the same.
  if (!bytes.equals(Buffer.from(before, "utf8")))
    throw new Error(`${path} holds bytes that are not UTF-8: it has to be mended by hand`);
  try {
    await using file = await open(fresh, "wx", 0o600);
    await file.writeFile(after, "utf8");
    await chown(fresh, uid, gid);
    await chmod(fresh, mode & 0o7777);
    await file.sync();
    // The copy has to be there before the original is not.
    await copyFile(real, backup);
    await chown(backup, uid, gid);
    await rename(fresh, real);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  return backup;
}
