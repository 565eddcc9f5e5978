/**
 * A configuration as a tree of words. The brace form, the lines of `display set`, and XML all say paths of words, and
 * the same path written twice is the same node: several blocks merge by themselves.
 */

export interface Node {
  readonly word: string;
  /** Where it was written; of a value that was set again, the last time. */
  readonly line: number;
  /** Grows with each setting: of values that exclude each other the latest holds. */
  readonly order: number;
  readonly inactive: boolean;
  /** In the order of their first appearance, or as `insert` and `move` left them. */
  readonly children: ReadonlyMap<string, Node>;
}

const none: ReadonlyMap<string, GrowingNode> = new Map<string, GrowingNode>();

export class GrowingNode implements Node {
  readonly word: string;
  line: number;
  order: number;
  inactive = false;
  #children: Map<string, GrowingNode> | null = null;

  constructor(word: string, line: number, order: number) {
    this.word = word;
    this.line = line;
    this.order = order;
  }

  get children(): ReadonlyMap<string, GrowingNode> {
    return this.#children ?? none;
  }

  add(child: GrowingNode): GrowingNode {
    this.#children ??= new Map();
    this.#children.set(child.word, child);
    return child;
  }

  remove(word: string): void {
    this.#children?.delete(word);
  }

  clear(): void {
    this.#children = null;
  }

  /** Puts the child before or behind another, or at the beginning (`before` null) or end (`after` null). */
  move(word: string, to: "before" | "after", other: string | null): boolean {
    const child = this.children.get(word);
    if (child === undefined || (other !== null && (!this.children.has(other) || other === word))) return false;
    const rest = [...this.children.values()].filter((one) => one !== child);
    const at =
      other === null
        ? to === "before"
          ? 0
          : rest.length
        : rest.findIndex((one) => one.word === other) + (to === "after" ? 1 : 0);
    this.#children = new Map([...rest.slice(0, at), child, ...rest.slice(at)].map((one) => [one.word, one]));
    return true;
  }
}

/** The active children, in order. */
export function active(node: Node | null | undefined): readonly Node[] {
  return node === null || node === undefined ? [] : [...node.children.values()].filter((child) => !child.inactive);
}

/** The active node at the end of this path. */
export function at(node: Node | null | undefined, ...path: readonly string[]): Node | null {
  let here: Node | null = node ?? null;
  for (const word of path) {
    const next: Node | undefined = here?.children.get(word);
    here = next === undefined || next.inactive ? null : next;
  }
  return here;
}

/** Of values that exclude each other, the one that was set last. */
export function latest(node: Node | null | undefined): Node | null {
  let last: Node | null = null;
  for (const child of active(node)) if (last === null || child.order >= last.order) last = child;
  return last;
}

/** Whether it was given values and all of them are inactive: then it is as if it were not there. */
export const isEmptied = (node: Node): boolean => node.children.size > 0 && active(node).length === 0;

/** The last word of a value such as `disabled yes`. */
export const wordAt = (node: Node | null | undefined, ...path: readonly string[]): string | null =>
  latest(at(node, ...path))?.word ?? null;

/**
 * A node's statements by name, each with its values. PAN-OS takes several on one line (`from a to b source c`), which
 * hang below each other's values: those that have one of the known names are found there too.
 */
export function statementsOf(node: Node, known: (word: string) => boolean): ReadonlyMap<string, readonly Node[]> {
  const all = new Map<string, Node[]>();
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const statement of active(next)) {
      if (next !== node && !known(statement.word)) continue;
      const values = active(statement);
      all.set(statement.word, (all.get(statement.word) ?? []).concat(values));
      for (const value of values) open.push(value);
    }
  return all;
}
