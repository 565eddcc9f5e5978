/** Grows a tree: what the commands and the braces of a configuration do to it. */
import { GrowingNode } from "./node.ts";

export interface TreeTrouble {
  readonly line: number;
  readonly says: string;
}

export class Tree {
  readonly root = new GrowingNode("", 0, 0);
  readonly troubles: TreeTrouble[] = [];
  #order = 0;

  /** The node at the end of the path, made if it is not there. */
  ensure(from: GrowingNode, path: readonly string[], line: number): GrowingNode {
    let here = from;
    for (const word of path) here = here.children.get(word) ?? here.add(new GrowingNode(word, line, ++this.#order));
    return here;
  }

  /** A value is set: it is the latest now. */
  set(from: GrowingNode, path: readonly string[], line: number): GrowingNode {
    const node = this.ensure(from, path, line);
    if (node.children.size === 0) node.line = line;
    node.order = ++this.#order;
    return node;
  }

  find(from: GrowingNode, path: readonly string[]): GrowingNode | null {
    let here: GrowingNode | undefined = from;
    for (const word of path) here = here?.children.get(word);
    return here ?? null;
  }

  delete(from: GrowingNode, path: readonly string[]): void {
    const last = path.at(-1);
    if (last !== undefined) this.find(from, path.slice(0, -1))?.remove(last);
  }

  trouble(line: number, says: string): void {
    // A file that is none of ours is no reason to tell a thousand troubles.
    if (this.troubles.length < 1000) this.troubles.push({ line, says });
  }
}
