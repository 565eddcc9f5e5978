/** Edits that may mend a hole, the smallest first. Whether one does is found out by auditing what it makes. */
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Hole } from "../../hole.ts";
import type { FileEdit } from "../../product.ts";
import { accessOf } from "./access.ts";
import { courierPlace } from "./explain.ts";
import { courierFolderOf, databaseOf, linesOf } from "./files.ts";

export function repairsOf(hole: Hole, tree: ConfigTree): readonly (readonly FileEdit[])[] {
  const folder = courierFolderOf(tree);
  const place = courierPlace(hole);
  if (folder === null || hole.certainty === "unknown") return [];
  const all: (readonly FileEdit[])[] = [];
  if (hole.kind === "copied-destination") {
    const percent = [
      ...databaseOf("esmtppercentrelay.dir", folder).map(({ where }) => where),
      ...(linesOf("esmtppercentrelay", folder) ?? [])
        .filter(({ text }) => text.trim() !== "")
        .map(({ where }) => where),
    ];
    if (percent.length > 0) all.push(percent.map(removed));
  }
  // Every entry that lets such clients relay: what a longer one leaves, a shorter one may take.
  const entries = accessOf("smtpaccess", folder).entries.filter(
    ({ does, set }) => does === "relay" && !set.intersect(hole.clients).isEmpty,
  );
  if (place?.file.includes("/smtpaccess/") === true)
    all.push(
      [removed(place)],
      entries.map(({ where }) => removed(where)),
    );
  else if (place !== null && /^\s*(?:export\s+)?RELAYCLIENT=/.test(place.text)) all.push([removed(place)]);
  else if (place?.file.includes("esmtpacceptmailfor") === true) all.push([removed(place)]);
  return all.filter((edits) => edits.length > 0);
}

const removed = ({ file, start, end }: Span): FileEdit => ({
  path: file,
  edit: { from: start.line, to: end.line, with: [] },
});
