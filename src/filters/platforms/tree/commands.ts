/**
 * Configuration as commands, one a line: `set a b c`, `delete …`, `deactivate …`, Junos' `insert … before …`, PAN-OS'
 * `move … top`, and what goes up and down the tree between them.
 */
import type { GrowingNode } from "./node.ts";
import type { Tree } from "./tree.ts";

export const commandWords: ReadonlySet<string> = new Set([
  ...["set", "delete", "activate", "deactivate", "insert", "move", "rename", "copy", "edit", "top", "up", "exit"],
  ...["annotate", "protect", "unprotect", "wildcard", "override", "clone"],
]);

/** Typed beside a configuration, and no part of it. */
export const otherCommands: ReadonlySet<string> = new Set([
  ...["show", "configure", "commit", "run", "load", "rollback", "save", "quit", "request", "validate", "revert"],
]);

/** A word of a line; in a list (`[ a b ]`) it stands for each of its words. */
export type Words = readonly (string | readonly string[])[];

export class Commands {
  readonly #tree: Tree;
  /** Where `edit` went. */
  #path: readonly string[] = [];

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  run(command: string, words: Words, line: number): void {
    const tree = this.#tree;
    const here = tree.ensure(tree.root, this.#path, line);
    switch (command) {
      case "set":
        for (const path of pathsOf(words)) tree.set(here, path, line);
        return;
      case "delete":
        for (const path of pathsOf(words)) tree.delete(here, path);
        return;
      case "activate":
      case "deactivate":
        for (const path of pathsOf(words)) {
          const node = tree.find(here, path);
          if (node !== null) node.inactive = command === "deactivate";
          else if (command === "deactivate") tree.trouble(line, "what is deactivated is not there");
        }
        return;
      case "insert":
      case "move":
        this.#move(here, pathsOf(words)[0] ?? [], line);
        return;
      case "rename":
      case "copy":
      case "clone":
        this.#rename(here, pathsOf(words)[0] ?? [], line, command === "rename");
        return;
      case "edit":
        this.#path = [...this.#path, ...(pathsOf(words)[0] ?? [])];
        return;
      case "top":
        this.#path = [];
        return;
      case "up":
        this.#path = this.#path.slice(0, -Number(/^\d+$/.test(String(words[0])) ? words[0] : 1));
        return;
      case "exit":
        this.#path = [];
        return;
      case "annotate":
      case "protect":
      case "unprotect":
        return;
      default:
        tree.trouble(line, `the command "${command}" is not read`);
    }
  }

  /** `PATH before|after [KEYWORD] NAME`, `PATH top|bottom`. */
  #move(here: GrowingNode, words: readonly string[], line: number): void {
    const at = words.findLastIndex((word) => word === "before" || word === "after");
    const last = words.at(-1);
    const end = last === "top" || last === "bottom";
    const path = end ? words.slice(0, -1) : words.slice(0, Math.max(at, 0));
    const word = path.at(-1);
    const parent = this.#tree.find(here, path.slice(0, -1));
    const moved =
      word !== undefined &&
      parent !== null &&
      (end
        ? parent.move(word, last === "top" ? "before" : "after", null)
        : at > 0 &&
          at < words.length - 1 &&
          parent.move(word, words[at] === "before" ? "before" : "after", last ?? ""));
    if (!moved) this.#tree.trouble(line, "what is to be moved, or its new neighbour, is not there");
  }

  /** `PATH to [KEYWORD] NAME`. */
  #rename(here: GrowingNode, words: readonly string[], line: number, takesAway: boolean): void {
    const at = words.lastIndexOf("to");
    const path = words.slice(0, Math.max(at, 0));
    const name = words.at(-1);
    const old = this.#tree.find(here, path);
    const parent = this.#tree.find(here, path.slice(0, -1));
    const word = path.at(-1);
    if (at < 1 || name === undefined || name === "to" || old === null || parent === null || word === undefined) {
      this.#tree.trouble(line, "what is to be renamed is not there");
      return;
    }
    copyInto(this.#tree, old, this.#tree.ensure(parent, [name], line));
    if (!takesAway) return;
    parent.move(name, "before", word);
    parent.remove(word);
  }
}

/** Copies a subtree, without recursion. */
function copyInto(tree: Tree, from: GrowingNode, to: GrowingNode): void {
  const open: [GrowingNode, GrowingNode][] = [[from, to]];
  to.inactive = from.inactive;
  for (let pair = open.pop(); pair !== undefined; pair = open.pop())
    for (const child of pair[0].children.values()) {
      const made = tree.set(pair[1], [child.word], child.line);
      made.inactive = child.inactive;
      open.push([child, made]);
    }
}

/** Each path that the words with their lists mean. */
export function pathsOf(words: Words): readonly (readonly string[])[] {
  const lists = words.filter((word) => typeof word !== "string").length;
  if (lists === 0) return [words as readonly string[]]; // none of them is a list
  const list = words.findIndex((word) => typeof word !== "string");
  const rest = pathsOf(words.slice(list + 1).filter((word) => typeof word === "string"));
  return (words[list] as readonly string[]).flatMap(
    (
      member, // the index was found as that of a list
    ) => rest.map((path) => [...(words.slice(0, list) as readonly string[]), member, ...path]),
  );
}
