/** A text given to the person's own editor, as version control does it. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const maxText = 100_000;

/** What the person left in the file; null: the editor failed, and nothing is changed. */
export async function editText(text: string): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "fencepost-answer-"));
  try {
    const file = join(folder, "answer.txt");
    await writeFile(file, text, { mode: 0o600 });
    const editor = process.env.VISUAL ?? process.env.EDITOR ?? "vi";
    const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "editor", file], { stdio: "inherit" });
    const code = await new Promise<number | null>((resolve) => {
      child.once("error", () => resolve(127));
      child.once("close", resolve);
    });
    return code === 0 ? (await readFile(file, "utf8")).slice(0, maxText) : null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
