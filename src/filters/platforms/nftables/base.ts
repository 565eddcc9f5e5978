/** `type filter hook forward device eth0 priority filter - 5`: where a chain is hooked in. */
import { type HeldBase, priorityOf } from "./tables.ts";
import type { Token } from "./tokens.ts";

/** Reads what stands behind `type`. */
export function readBase(tokens: readonly Token[]): { readonly base: HeldBase; readonly wrong: boolean } {
  const words = tokens.map(({ text }) => text);
  const hook = words.indexOf("hook");
  const from = words.indexOf("priority");
  const priority = from < 0 ? null : priorityOf(words.slice(from + 1).join(" "));
  const device = words.findIndex((word) => word === "device" || word === "devices");
  const devices =
    device < 0 ? [] : words.slice(device + 1, from).filter((word) => /^[^{}=,]+$/.test(word) && word !== "\n");
  return {
    base: { type: words[0] ?? "", hook: hook < 0 ? "" : (words[hook + 1] ?? ""), priority: priority ?? 0, devices },
    wrong: priority === null || hook < 0,
  };
}
