/**
 * The members of a ZIP archive (APPNOTE 6.3), and gzip (RFC 1952), as far as feeds use them: stored or deflated. Sizes that the
 * archive declares are not believed: what counts is what comes out, and no more comes out than the bound. Never throws.
 */
import { gunzipSync, inflateRawSync } from "node:zlib";
import { limits } from "../limits.ts";

export interface Member {
  readonly name: string;
  readonly bytes: Buffer;
}

export function membersOf(archive: Buffer, problems: Set<string>): readonly Member[] {
  if (archive[0] === 0x1f && archive[1] === 0x8b) {
    const bytes = attempt(() => gunzipSync(archive, { maxOutputLength: limits.inflatedBytes }), problems);
    return bytes === null ? [] : [{ name: "", bytes }];
  }
  const found: Member[] = [];
  let left: number = limits.inflatedBytes;
  for (const { name, method, encrypted, start, length } of directory(archive)) {
    if (found.length >= limits.archiveMembers) {
      problems.add(`An archive has more than ${limits.archiveMembers} members: the rest was left out.`);
      break;
    }
    if (encrypted) {
      problems.add("An archive is encrypted: it cannot be read.");
      continue;
    }
    const raw = archive.subarray(start, start + length);
    const bytes =
      method === 0
        ? raw.subarray(0, left)
        : method === 8
          ? attempt(() => inflateRawSync(raw, { maxOutputLength: Math.max(1, left) }), problems)
          : null;
    if (bytes === null) continue;
    left -= bytes.length;
    found.push({ name, bytes });
    if (left <= 0) break;
  }
  return found;
}

function attempt(inflate: () => Buffer, problems: Set<string>): Buffer | null {
  try {
    return inflate();
  } catch {
    problems.add("An archive is damaged, or holds more than may be unpacked: it was left out.");
    return null;
  }
}

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly start: number;
  readonly length: number;
}

/** The central directory names the lengths; local headers may leave them open (bit 3). */
function* directory(archive: Buffer): Generator<DirectoryEntry> {
  const end = archive.lastIndexOf("PK\x05\x06", undefined, "latin1");
  if (end < 0 || end + 22 > archive.length) return;
  let at = archive.readUInt32LE(end + 16);
  const count = archive.readUInt16LE(end + 10);
  for (let number = 0; number < count; number += 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== 0x02014b50) return;
    const nameLength = archive.readUInt16LE(at + 28);
    const local = archive.readUInt32LE(at + 42);
    if (local + 30 <= archive.length)
      yield {
        name: archive.toString("latin1", at + 46, at + 46 + nameLength).slice(0, limits.value),
        method: archive.readUInt16LE(at + 10),
        encrypted: (archive.readUInt16LE(at + 8) & 1) === 1,
        start: local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28),
        length: archive.readUInt32LE(at + 20),
      };
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}
