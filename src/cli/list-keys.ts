/** Keys of DNS lists: secrets, only from a file or the environment, and never shown. */
import { readText, UnreadableFile } from "../io/files.ts";
import type { List } from "../knowledge/list.ts";
import { keyNames, parseListKeys } from "../lists/keys.ts";
import type { ListKeys } from "../lists/plan.ts";
import { DataError, InputMissing } from "../tasks/errors.ts";

const maxKeyBytes = 64 * 1024;

/** The environment first, then the file: what is named last counts. */
export async function keysAtHand(file: string | null, lists: readonly List[]): Promise<ListKeys> {
  const names = keyNames(lists);
  const keys = new Map<string, string>();
  const add = (text: string, source: string): void => {
    const read = parseListKeys(text, names);
    if (!read.ok) throw new DataError(`${source}: ${read.expected}.`);
    for (const [name, key] of read.value) keys.set(name, key);
  };
  add(process.env.FENCEPOST_LIST_KEYS ?? "", "FENCEPOST_LIST_KEYS");
  for (const name of names) {
    const variable = `FENCEPOST_LIST_KEY_${name.toUpperCase().replaceAll("-", "_")}`;
    const key = process.env[variable] ?? "";
    if (key !== "") add(`${name}=${key}`, variable);
  }
  if (file !== null) add(await keyText(file), file);
  return keys;
}

async function keyText(path: string): Promise<string> {
  try {
    return await readText(path, maxKeyBytes);
  } catch (error) {
    if (error instanceof UnreadableFile) throw new InputMissing(error.message, { cause: error });
    throw error;
  }
}
