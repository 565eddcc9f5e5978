/** Edits that may mend a hole: made on a copy of the files, and tried by auditing what they make. */
import type { ConfigTree } from "../ports.ts";
import { applyEdits, unifiedDiff } from "../text/diff.ts";
import { readDeployment } from "./deployment/deployment.ts";
import { type DerivedListener, deriveListeners } from "./derive.ts";
import { type Decision, decide } from "./evaluate.ts";
import type { Hole } from "./hole.ts";
import { holeIdentity } from "./holes.ts";
import type { FileEdit, Product } from "./product.ts";
import type { TreeRequest } from "./request.ts";

/**
 * What the audit of the edited files says: `mends` if it no longer has the hole, has no new one, still takes mail for our
 * domains and still sends that of our clients; `cuts-off` if only the last is missing.
 */
export function tried(
  edits: readonly FileEdit[],
  hole: Hole,
  tree: ConfigTree,
  product: Product,
  before: readonly DerivedListener[],
  request: TreeRequest,
): "mends" | "cuts-off" | "no" {
  const patched = edited(tree, edits);
  const configuration = product.read(patched, request.version);
  if (configuration === null) return "no";
  const after = deriveListeners(
    configuration,
    request.site,
    request.deployment ?? readDeployment(patched),
    request.follow,
  );
  const known = new Set(before.flatMap(({ search }) => search.holes.map(holeIdentity)));
  // A hole that a wider one hid is not new: its session got through before.
  const isNew = (one: Hole): boolean => {
    if (known.has(holeIdentity(one))) return false;
    const listener = before.find(({ search }) => search.listener.name === one.listener.name)?.search.listener;
    const outcome = listener === undefined ? "refuse" : decide(listener, one.session).outcome;
    return outcome === "refuse" || outcome === "defer";
  };
  if (after.length !== before.length) return "no";
  let cutsOff = false;
  for (const { search, result, plain } of after) {
    if (search.holes.some((one) => holeIdentity(one) === holeIdentity(hole) || isNew(one))) return "no";
    const earlier = before.find((one) => one.result.name === result.name);
    const same = earlier?.result;
    if (same === undefined) return "no";
    // Through a listener for logins mail from outside came only because of the hole.
    if (
      same.role === "mx" &&
      same.cells["external-to-internal"] === "permit" &&
      result.cells["external-to-internal"] !== "permit"
    )
      return "no";
    const sends = ({ decision }: { readonly decision: Decision }): boolean => decision.outcome === "permit";
    if (earlier?.plain.insiders.some((one, index) => sends(one) && !plain.insiders.slice(index, index + 1).some(sends)))
      cutsOff = true;
  }
  return cutsOff ? "cuts-off" : "mends";
}

/** The files with the edits made. */
export function edited(tree: ConfigTree, edits: readonly FileEdit[]): ConfigTree {
  const files = new Map(tree.files);
  for (const path of new Set(edits.map((one) => one.path))) {
    const file = files.get(path);
    if (file?.kind !== "text") continue;
    const own = edits.filter((one) => one.path === path).map(({ edit }) => edit);
    files.set(path, { kind: "text", text: applyEdits(file.text, own) });
  }
  return { ...tree, files };
}

/** The edits as unified diffs, one a file. */
export function patchOf(edits: readonly FileEdit[], tree: ConfigTree): string {
  return [...new Set(edits.map((one) => one.path))]
    .map((path) => {
      const file = tree.files.get(path);
      return file?.kind === "text"
        ? unifiedDiff(
            path,
            file.text,
            edits.filter((one) => one.path === path).map(({ edit }) => edit),
          )
        : "";
    })
    .join("");
}
