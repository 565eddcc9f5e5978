/** Mends what can be mended, one hole after the other, each edit tried by an audit of what it makes. On a copy: nothing is written. */
import type { ConfigTree } from "../ports.ts";
import { examineTree } from "./examine.ts";
import { edited } from "./mend.ts";
import type { TreeRequest } from "./request.ts";
import type { Fixed } from "./result.ts";

/** More holes than any configuration has that a person wrote. */
const maxRounds = 40;

export interface FixedTree {
  readonly tree: ConfigTree;
  /** In the order in which they were made. */
  readonly fixed: readonly Fixed[];
}

export function fixTree(name: string, tree: ConfigTree, request: TreeRequest): FixedTree {
  const fixed: Fixed[] = [];
  let current = tree;
  for (let round = 0; round < maxRounds; round += 1) {
    const { result, repairs } = examineTree(name, current, request);
    const finding = result.findings.find(({ key }) => repairs.has(key));
    const edits = finding === undefined ? undefined : repairs.get(finding.key);
    if (finding === undefined || edits === undefined) break;
    fixed.push({ tag: finding.tag, key: finding.key, says: finding.says, patch: finding.patch ?? "" });
    current = edited(current, edits);
  }
  return { tree: current, fixed };
}
