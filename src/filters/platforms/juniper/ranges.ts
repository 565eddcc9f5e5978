/** `interface-range`: one text for many interfaces, which their own statements override. */
import { active, at, GrowingNode } from "../tree/node.ts";
import type { Tree } from "../tree/tree.ts";
import type { Applied } from "./groups.ts";
import { wildcardFits } from "./wildcard.ts";

/** So many interfaces may the ranges of a configuration name. */
const maxMembers = 20_000;

/** As groups that are applied at the top. */
export function interfaceRanges(tree: Tree): readonly Applied[] {
  const interfaces = tree.find(tree.root, ["interfaces"]);
  const ranges = interfaces?.children.get("interface-range");
  if (interfaces === null || ranges === undefined || ranges.inactive) return [];
  interfaces.remove("interface-range");
  const names = [...interfaces.children.keys()];
  let left = maxMembers;
  return active(ranges).map((range) => {
    const top = new GrowingNode(range.word, range.line, 0);
    const below = top.add(new GrowingNode("interfaces", range.line, 0));
    for (const name of membersOf(range as GrowingNode, names)) {
      left -= 1;
      if (left < 0) {
        tree.trouble(range.line, `more than ${maxMembers} interfaces in ranges: the rest is left out`);
        break;
      }
      const one = below.add(new GrowingNode(name, range.line, 0));
      for (const child of active(range)) if (!/^member(-range)?$/.test(child.word)) one.add(child as GrowingNode);
    }
    return { name: `interface-range ${range.word}`, nodes: [top] };
  });
}

function membersOf(range: GrowingNode, names: readonly string[]): readonly string[] {
  const members = active(at(range, "member")).flatMap(({ word }) =>
    /[*?[]/.test(word) ? names.filter((name) => wildcardFits(word, name)) : [word],
  );
  const runs = active(at(range, "member-range")).flatMap((from) =>
    active(at(from, "to")).flatMap((to) => runOf(from.word, to.word)),
  );
  return [...new Set([...members, ...runs])];
}

/** `ge-0/0/0` to `ge-0/0/7`: they differ in the last number. */
function runOf(from: string, to: string): readonly string[] {
  const first = /^(.*?)(\d+)$/.exec(from);
  const last = /^(.*?)(\d+)$/.exec(to);
  const low = Number(first?.[2]);
  const high = Number(last?.[2]);
  if (first === null || first[1] !== last?.[1] || !(low <= high && high - low < 1000)) return [from, to];
  return Array.from({ length: high - low + 1 }, (_, index) => `${first[1]}${low + index}`);
}
