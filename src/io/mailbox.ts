/**
 * Messages from mailboxes as they lie on disk: mbox files, Maildirs, folders of files, single files, standard input. Read as a
 * stream: of each message no more is kept than the bound, and no more than one message at a time. Nothing is moved or marked.
 */
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { UnreadableFile, unreadable } from "./files.ts";
import { MboxSplitter } from "./mbox.ts";

/** One message, or the beginning of it. */
export interface StoredMessage {
  readonly file: string;
  /** From 1, in its file. */
  readonly number: number;
  readonly bytes: Buffer;
  /** The bound cut it off. */
  readonly cut: boolean;
  /** `null`: a mail; else the media type of a file that is none. */
  readonly type: string | null;
}

const maxFiles = 1_000_000;
const maxDepth = 8;

/** What mails attach and people save: no mails. */
const bareTypes: readonly (readonly [RegExp, string])[] = [
  [/\.json$/i, "application/json"],
  [/\.csv$/i, "text/csv"],
  [/\.zip$/i, "application/zip"],
  [/\.gz$/i, "application/gzip"],
];

/** Reads a path; `-` is standard input. Throws `UnreadableFile` for a path that cannot be opened. */
export async function* readMailbox(path: string, maxBytes: number, signal: AbortSignal): AsyncGenerator<StoredMessage> {
  if (path === "-") {
    yield* messagesIn("stdin", process.stdin, maxBytes, signal);
    return;
  }
  const kind = await kindOf(path);
  if (kind === "folder") yield* readFolder(path, maxBytes, signal, { files: 0 }, 0);
  else yield* readFile(path, maxBytes, signal);
}

async function kindOf(path: string): Promise<"folder" | "file"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A Maildir's `cur` and `new` (never `tmp`: its messages are not complete), or whatever files there are. */
async function* readFolder(
  path: string,
  maxBytes: number,
  signal: AbortSignal,
  seen: { files: number },
  depth: number,
): AsyncGenerator<StoredMessage> {
  const entries = (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const maildir = names.has("cur") && names.has("new");
  for (const entry of entries) {
    if (signal.aborted || seen.files >= maxFiles) return;
    const inner = join(path, entry.name);
    if (entry.isDirectory()) {
      const skipped = maildir && entry.name === "tmp";
      // Dot folders of a Maildir are its sub-folders; elsewhere they are nobody's mail.
      const hidden = entry.name.startsWith(".") && !maildir;
      if (!skipped && !hidden && depth < maxDepth) yield* readFolder(inner, maxBytes, signal, seen, depth + 1);
    } else if (
      entry.isFile() &&
      !entry.name.startsWith(".") &&
      !(maildir && /^(?:dovecot|maildir|subscriptions|courier)/.test(entry.name))
    ) {
      seen.files += 1;
      try {
        yield* readFile(inner, maxBytes, signal);
      } catch (error) {
        // Other programs move files of a mailbox while it is read.
        if (!(error instanceof UnreadableFile)) throw error;
      }
    }
  }
}

async function* readFile(path: string, maxBytes: number, signal: AbortSignal): AsyncGenerator<StoredMessage> {
  const bare = bareTypes.find(([name]) => name.test(path))?.[1] ?? null;
  if (bare === null) {
    yield* messagesIn(path, createReadStream(path, { highWaterMark: 256 * 1024 }), maxBytes, signal);
    return;
  }
  const { bytes, cut } = await beginningOf(path, maxBytes);
  yield { file: path, number: 1, bytes, cut, type: bare };
}

async function beginningOf(path: string, maxBytes: number): Promise<{ bytes: Buffer; cut: boolean }> {
  try {
    await using handle = await open(path, "r");
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return { bytes: bytes.subarray(0, bytesRead), cut: size > maxBytes };
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* messagesIn(
  file: string,
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<StoredMessage> {
  const splitter = new MboxSplitter(maxBytes);
  let number = 0;
  const named = ({ bytes, cut }: { bytes: Buffer; cut: boolean }): StoredMessage => {
    number += 1;
    return { file, number, bytes, cut, type: null };
  };
  try {
    for await (const chunk of stream) {
      if (signal.aborted) return;
      for (const message of splitter.push(chunk)) yield named(message);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
  for (const message of splitter.end()) yield named(message);
}
