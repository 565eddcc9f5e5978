/**
 * The bytes of a log: from a file or standard input, unpacked where they are packed (told by their first bytes, not by the
 * name), UTF-16 made UTF-8. Streams: a log may be larger than memory.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { PassThrough, type Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { UnreadableFile } from "./files.ts";

/** More is not read of one file: what unpacks to more is no log. */
const maxBytes = 64 * 1024 * 1024 * 1024;

const packed: readonly {
  readonly starts: readonly number[];
  readonly name: string;
  readonly open: (() => NodeJS.ReadWriteStream) | null;
}[] = [
  { starts: [0x1f, 0x8b], name: "gzip", open: createGunzip },
  { starts: [0x28, 0xb5, 0x2f, 0xfd], name: "zstd", open: createZstdDecompress },
  { starts: [0x42, 0x5a, 0x68], name: "bzip2", open: null },
  { starts: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: "xz", open: null },
];

export interface LogBytes {
  /** When it was last written, in milliseconds; null: standard input. */
  readonly latest: number | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** `-` is standard input. Throws `UnreadableFile`, also while it is read. */
export async function logBytes(path: string): Promise<LogBytes> {
  if (path === "-") return { latest: null, chunks: unpacked("standard input", process.stdin) };
  let latest: number;
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new UnreadableFile(`${path}: this is a folder, not a file`);
    latest = found.mtimeMs;
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new UnreadableFile(`${path}: ${missing ? "there is no such file" : (error as Error).message}`, {
      cause: error,
    });
  }
  return { latest, chunks: unpacked(path, createReadStream(path, { highWaterMark: 1024 * 1024 })) };
}

async function* unpacked(path: string, raw: Readable): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    const head = await firstBytes(raw);
    const form = packed.find(({ starts }) => starts.every((byte, at) => head[at] === byte));
    if (form?.open === null) throw new UnreadableFile(`${path}: packed with ${form.name}: unpack it first`);
    const source = form === undefined ? raw : through(raw, form.open());
    const wide = form === undefined && head[0] === 0xff && head[1] === 0xfe ? new TextDecoder("utf-16le") : null;
    for await (const chunk of source) {
      const bytes = chunk as Uint8Array; // no encoding was set
      total += bytes.length;
      if (total > maxBytes) throw new UnreadableFile(`${path}: larger than ${maxBytes} bytes`);
      yield wide === null ? bytes : Buffer.from(wide.decode(bytes, { stream: true }));
    }
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(`${path}: cannot be read on (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    });
  } finally {
    raw.destroy();
  }
}

/** Looks at the first bytes and puts them back. */
async function firstBytes(raw: Readable): Promise<Uint8Array> {
  for (;;) {
    const chunk: unknown = raw.read();
    if (chunk instanceof Uint8Array) {
      raw.unshift(chunk);
      return chunk;
    }
    if (raw.readableEnded || raw.destroyed) return new Uint8Array(0);
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => () => {
        raw.off("readable", ready).off("end", ready).off("error", failed);
        end();
      };
      const ready = settle(resolve);
      const failed = (error: Error) => settle(() => reject(error))();
      raw.once("readable", ready).once("end", ready).once("error", failed);
    });
  }
}

/** An error of the file reaches who reads the unpacked bytes. */
function through(raw: Readable, unpack: NodeJS.ReadWriteStream): AsyncIterable<unknown> {
  const out = new PassThrough();
  raw.on("error", (error) => out.destroy(error));
  unpack.on("error", (error) => out.destroy(error));
  raw.pipe(unpack).pipe(out);
  return out;
}
