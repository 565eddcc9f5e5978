/** Edits that may mend a hole, the smallest first. Whether one does is found out by auditing what it makes. */

import { ipSetOfRanges } from "../../../net/ip-set.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Hole } from "../../hole.ts";
import type { FileEdit } from "../../product.ts";
import { harakaPlace } from "./explain.ts";
import { configFolderOf } from "./files.ts";
import { pluginsOf } from "./plugins.ts";
import { type AclEntry, policyOf } from "./policy.ts";

export function repairsOf(hole: Hole, tree: ConfigTree): readonly (readonly FileEdit[])[] {
  const folder = configFolderOf(tree);
  if (folder === null || hole.certainty === "unknown") return [];
  const policy = policyOf(folder, pluginsOf(folder));
  const place = harakaPlace(hole);
  const all: (readonly FileEdit[])[] = [];
  // All lines that hold such clients: a network may be written in parts.
  const lines = policy.acl.filter(({ range }) => !ipSetOfRanges([range]).intersect(hole.clients).isEmpty);
  const odd = lines.filter(({ odd: isOdd, text }) => isOdd && text.includes(":"));
  if (place?.file.endsWith("relay_acl_allow")) {
    if (odd.length > 0) all.push(odd.map(lengthened));
    all.push(lines.map(({ where }) => removed(where)));
  }
  if (place?.text.startsWith("all")) all.push([replaced(place, "all=false")]);
  const marking = [...(policy.destinations?.values() ?? [])].filter(({ where }) => where.file === place?.file);
  if (marking.length > 0) {
    const setting = folder.ini("relay.ini").get("relay", "dest_domains");
    if (setting !== null) all.push([replaced(setting.where, "dest_domains=false")]);
  }
  if (place?.file.endsWith("host_list_regex")) {
    all.push([replaced(place, anchored(place.text))], [removed(place)]);
  }
  if (hole.kind === "impersonation" && place !== null) all.push([removed(place)]);
  const believing = policy.plugins.find(({ kind }) => kind === "believes");
  if (believing !== undefined && place?.start.line === believing.where.start.line) all.push([removed(believing.where)]);
  return all.filter((edits) => edits.length > 0);
}

const removed = ({ file, start, end }: Span): FileEdit => ({
  path: file,
  edit: { from: start.line, to: end.line, with: [] },
});

const replaced = ({ file, start, end }: Span, text: string): FileEdit => ({
  path: file,
  edit: { from: start.line, to: end.line, with: [text] },
});

const lengthened = ({ where }: AclEntry): FileEdit => replaced(where, where.text.replace(/^([0-9a-f:.]+)/i, "$1/128"));

/** Without what matches anything at either end. */
const anchored = (pattern: string): string =>
  pattern.replace(/^\^?(?:\.[*+])+/, "(?:[^.]+\\.)*").replace(/(?:\.[*+])+\$?$/, "");
