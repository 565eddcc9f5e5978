import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { logBytes } from "./log-bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "fencepost-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function textOf(bytes: Uint8Array): Promise<string> {
  // The name says nothing of what is in it: rotation and people rename.
  const path = join(folder, "log");
  writeFileSync(path, bytes);
  const parts: Uint8Array[] = [];
  for await (const chunk of (await logBytes(path)).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString("utf8");
}

const text = "first\nsecond ü\n".repeat(50_000);

test.each([
  ["plain", Buffer.from(text)],
  ["gzip", gzipSync(text)],
  // Rotation may append one packed file to another (RFC 1952 §2.2).
  ["gzip, twice", Buffer.concat([gzipSync(text.slice(0, 1000)), gzipSync(text.slice(1000))])],
  ["zstd", zstdCompressSync(text)],
  // PowerShell's `>`.
  ["UTF-16", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])],
] as const)("%s", async (_name, bytes) => expect(await textOf(bytes)).toBe(text));

test("an empty file is one", async () => expect(await textOf(Buffer.alloc(0))).toBe(""));

test.each([
  ["cut off", gzipSync(text).subarray(0, 500), "unexpected end of file"],
  ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), "unpack it first"],
  ["bzip2", Buffer.from("BZh91AY"), "unpack it first"],
] as const)("told: %s", async (_name, bytes, why) => {
  await expect(textOf(bytes)).rejects.toThrow(why);
});

test("a folder, and nothing at all", async () => {
  await expect(logBytes(folder)).rejects.toThrow("this is a folder");
  await expect(logBytes(join(folder, "none"))).rejects.toThrow("there is no such file");
});
