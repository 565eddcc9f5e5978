/**
 * One snapshot of the files of a configuration, taken before anything is read out of them: the audit never opens a
 * file. Bounded in count, bytes and depth; what lies outside is missing, and said to be.
 */
import { posix } from "node:path";
import type { ConfigTree, TreeFile } from "../ports.ts";

/**
 * The file that a configuration names by an absolute path. The folder may have been copied from another machine, so a
 * file below `home` (where the configuration lives there, such as `/etc/postfix`) is looked for below the root.
 */
export function fileAt(
  tree: ConfigTree,
  path: string,
  home: string,
): { readonly path: string; readonly file: TreeFile } | null {
  const exact = tree.files.get(path);
  if (exact !== undefined) return { path, file: exact };
  const inside = posix.relative(home, path);
  const candidates = inside.startsWith("..")
    ? [posix.join(tree.root, path)]
    : [posix.join(tree.root, inside), posix.join(tree.root, path)];
  for (const candidate of candidates) {
    const file = tree.files.get(candidate);
    if (file !== undefined) return { path: candidate, file };
  }
  return null;
}

/** A tree of texts at hand: for tests, standard input, and configurations made up in memory. */
export function treeOf(root: string, texts: Readonly<Record<string, string>>): ConfigTree {
  const files = Object.entries(texts).map(([path, text]): [string, TreeFile] => [path, { kind: "text", text }]);
  return { root, files: new Map(files), incomplete: false };
}
