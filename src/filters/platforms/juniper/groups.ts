/**
 * Configuration groups: what `apply-groups` at a level of the hierarchy takes from `groups G` at the same path, names in
 * angle brackets standing for any that fit. What is written itself wins; the first group named wins over later ones;
 * inherited members of ordered lists (terms, policies) come behind those that are written.
 */
import { active, at, GrowingNode, type Node } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";
import { wildcardFits } from "./wildcard.ts";

/** Where a missing group matters to filters; elsewhere it is none of our business. */
const looked = new Set(["interfaces", "firewall", "policy-options", "security", "applications", "forwarding-options"]);

const own = ["apply-groups", "apply-groups-except", "apply-macro", "apply-flags"] as const;

/** So much may be inherited in all. */
const maxInherited = 300_000;

/** What one group has for a level of the hierarchy. */
export interface Applied {
  readonly name: string;
  /** The group's nodes at this path: several, because of its wildcards. */
  readonly nodes: readonly Node[];
}

interface Visit {
  readonly node: GrowingNode;
  readonly applied: readonly Applied[];
  readonly path: readonly string[];
}

/** `ranges`: what is inherited by way of `interface-range`, behind all groups. */
export function inheritGroups(tree: Tree, ranges: readonly Applied[]): void {
  const groups = at(tree.root, "groups");
  let left = maxInherited;
  const open: Visit[] = [{ node: tree.root, applied: ranges, path: [] }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { node, path } = visit;
    const excepted = new Set(active(at(node, "apply-groups-except")).map(({ word }) => word));
    const asked = active(at(node, "apply-groups")).map(({ word, line }) => ({ word, line }));
    for (const word of own) node.remove(word);
    const applied: Applied[] = [];
    // The nearest first: what is applied closer to a statement wins.
    for (const { word: name, line } of asked) {
      if (excepted.has(name)) continue;
      const group = groups?.children.get(name);
      if (group === undefined) {
        // Each routing engine and cluster node takes its own: what the other one has is not there.
        if (
          !/^(re[01]|node[01]|\$\{node\}|member\d+|junos-defaults)$/.test(name) &&
          (path.length === 0 || looked.has(path[0] ?? ""))
        )
          tree.trouble(line, `the group ${name} is not there`);
      } else if (!group.inactive) applied.push({ name, nodes: nodesAt(group, path) });
    }
    applied.push(
      ...visit.applied.filter(({ name }) => !excepted.has(name) && !asked.some(({ word }) => word === name)),
    );
    const present = applied.filter(({ nodes }) => nodes.length > 0);
    if (present.length > 0) left = inherit(tree, node, present, left);
    if (left <= 0) {
      tree.trouble(node.line, `more than ${maxInherited} statements are inherited from groups: the rest is left out`);
      return;
    }
    for (const child of node.children.values()) {
      if (child.inactive || (path.length === 0 && child.word === "groups")) continue;
      if (child.children.size === 0 && present.length === 0) continue;
      open.push({
        node: child,
        path: [...path, child.word],
        applied: applied.map(({ name, nodes }) => ({ name, nodes: nodes.flatMap((one) => fitting(one, child.word)) })),
      });
    }
  }
}

/** Adds what is missing of the groups' statements at this level. */
function inherit(tree: Tree, node: GrowingNode, applied: readonly Applied[], budget: number): number {
  let left = budget;
  const single = singles.has(node.word);
  if (single && active(node).length > 0) return left;
  for (const { nodes } of applied) {
    for (const group of nodes)
      for (const child of group.children.values()) {
        if (child.inactive || isWildcard(child.word) || node.children.has(child.word)) continue;
        if ((own as readonly string[]).includes(child.word)) continue;
        if (single && active(node).length > 0) return left;
        left -= 1;
        if (left <= 0) return left;
        const made = new GrowingNode(child.word, child.line, 0);
        node.add(made);
        tree.set(node, [child.word], child.line);
      }
  }
  return left;
}

/** Statements with one value: a group's is not taken where one is written. */
const singles: ReadonlySet<string> = new Set(["input", "output", "default-policy", "protocol-number", "mode"]);

/** The nodes of the tree at this path, its wildcards standing for what fits. */
function nodesAt(group: Node, path: readonly string[]): readonly Node[] {
  let nodes: readonly Node[] = [group];
  for (const word of path) nodes = nodes.flatMap((node) => fitting(node, word));
  return nodes;
}

function fitting(node: Node, word: string): readonly Node[] {
  const same = node.children.get(word);
  const found: Node[] = same === undefined || same.inactive ? [] : [same];
  if (node.children.size > 200) return found; // no group has so many patterns side by side
  for (const child of node.children.values())
    if (!child.inactive && isWildcard(child.word) && wildcardFits(child.word.slice(1, -1), word)) found.push(child);
  return found;
}

const isWildcard = (word: string): boolean => word.length > 2 && word.startsWith("<") && word.endsWith(">");
