/** A Juniper configuration, in braces or as `display set`, with its groups and ranges worked in. */
import { type Source, sourceOf } from "../../../text/source.ts";
import { Draft } from "../reading/draft.ts";
import { readBraces } from "../tree/braces.ts";
import type { Node } from "../tree/node.ts";
import { inheritGroups } from "./groups.ts";
import { interfaceRanges } from "./ranges.ts";

export interface JuniperText {
  readonly root: Node;
  readonly draft: Draft;
}

export function readJuniper(file: string, text: string): JuniperText {
  const source: Source = sourceOf(file, text);
  const tree = readBraces(source);
  inheritGroups(tree, interfaceRanges(tree));
  const draft = new Draft(source);
  for (const { line, says } of tree.troubles) draft.trouble(line, says);
  return { root: tree.root, draft };
}
