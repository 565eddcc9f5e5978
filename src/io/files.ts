/** Files of the machine: bounded reading, the shipped catalogue, and places that only their owner may read. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file could not be read, in words for a person. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** The text of a file. Throws `UnreadableFile`, also if it is larger than `maxBytes`. */
export async function readText(path: string, maxBytes: number): Promise<string> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const buffer = Buffer.alloc(Math.min(maxBytes + 1, 64 * 1024 * 1024));
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxBytes) throw new UnreadableFile(`${path}: larger than ${maxBytes} bytes`);
    return buffer.toString("utf8", 0, length);
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw unreadable(path, error);
  } finally {
    await handle.close();
  }
}

/** What the system says of a path that cannot be read, in words for a person. */
export function unreadable(path: string, error: unknown): UnreadableFile {
  return new UnreadableFile(`${path}: ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "this is a folder, not a file";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** The catalogue that ships with the program: every YAML file below `catalogue/`. The path is the same from `src/` and `dist/`. */
export async function shippedCatalogue(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const root = fileURLToPath(new URL("../../catalogue/", import.meta.url));
  const entries = await readdir(root, { recursive: true });
  const paths = entries.filter((entry) => entry.endsWith(".yaml")).sort();
  return Promise.all(
    paths.map(async (path) => ({ path: path.replaceAll("\\", "/"), text: await readFile(join(root, path), "utf8") })),
  );
}

/** The same as one JSON text, checked when the package was built; `null` where the sources run as they are. */
export async function compiledCatalogue(): Promise<string | null> {
  return readFile(new URL("../catalogue.json", import.meta.url), "utf8").catch(() => null);
}

/** Makes sure the file exists and only its owner may read it; folders on the way are made for the owner alone. */
export function makePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
}
