import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { FileChanged, replaceFile } from "./replace-file.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(name: string, text: string, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-replace-"));
  folders.push(folder);
  writeFileSync(join(folder, name), text, { mode });
  return folder;
}

test("the new text is in place, the old one beside it, the mode as it was", async () => {
  const folder = folderWith("main.cf", "old\n", 0o640);
  const backup = await replaceFile(join(folder, "main.cf"), "old\n", "new\n", "20261124T021500");
  expect(readFileSync(join(folder, "main.cf"), "utf8")).toBe("new\n");
  expect(readFileSync(backup, "utf8")).toBe("old\n");
  expect(statSync(join(folder, "main.cf")).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).sort()).toEqual(["main.cf", "main.cf.20261124T021500.bak"]);
});

test("a link stays a link", async () => {
  const folder = folderWith("real.cf", "old\n", 0o644);
  symlinkSync("real.cf", join(folder, "main.cf"));
  await replaceFile(join(folder, "main.cf"), "old\n", "new\n", "s");
  expect(lstatSync(join(folder, "main.cf")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, "real.cf"), "utf8")).toBe("new\n");
});

test("what somebody else has written since is not touched", async () => {
  const folder = folderWith("main.cf", "theirs\n", 0o644);
  await expect(replaceFile(join(folder, "main.cf"), "old\n", "new\n", "s")).rejects.toThrow(FileChanged);
  expect(readdirSync(folder)).toEqual(["main.cf"]);
  expect(readFileSync(join(folder, "main.cf"), "utf8")).toBe("theirs\n");
});
