/** One configuration: recognised, read, searched, and told. */
import type { ConfigTree } from "../ports.ts";
import { readDeployment } from "./deployment/deployment.ts";
import { deriveListeners, placeOf, verdictOfListeners } from "./derive.ts";
import { type Found, findingsOf } from "./findings.ts";
import type { Product } from "./product.ts";
import { products } from "./products.ts";
import type { TreeRequest } from "./request.ts";
import type { Assumption, AuditResult } from "./result.ts";
import type { Configuration } from "./rules.ts";
import { strangersNamed } from "./strangers-named.ts";

export const productNames: readonly string[] = products.map(({ name }) => name);

/** A result, and the edits behind its patches. */
export interface Examined extends Pick<Found, "repairs"> {
  readonly result: AuditResult;
}

/** Audits one snapshot. */
export function auditTree(name: string, tree: ConfigTree, request: TreeRequest): AuditResult {
  return examineTree(name, tree, request).result;
}

/** The same, with the edits by which it can be mended. */
export function examineTree(name: string, tree: ConfigTree, request: TreeRequest): Examined {
  const files = [...tree.files.keys()];
  const nothing = (text: string): Examined => ({
    repairs: new Map(),
    result: {
      name,
      product: request.product,
      version: null,
      checkedAgainst: "documents",
      verdict: "unknown",
      because: text,
      listeners: [],
      findings: [],
      assumes: [],
      unknowns: [{ text, where: null }],
      files,
      sessions: 0,
    },
  });
  const named = strangersNamed(tree);
  if (named !== null)
    return nothing(
      `${named.file}:${named.start.line} names ${named.text}, by which an audit means a stranger: what he may do cannot be told from what others may. Write another name there for the audit.`,
    );
  const read = readTree(tree, request);
  if (read !== null) return examined(name, tree, read.product, read.configuration, request);
  return nothing(
    request.product === null
      ? `No configuration of a known mailer was found (known: ${productNames.join(", ")}); name it with --product.`
      : `No configuration of ${request.product} was found.`,
  );
}

/** The first product that recognises its files, and what it reads out of them. */
export function readTree(
  tree: ConfigTree,
  { product: wanted, version }: Pick<TreeRequest, "product" | "version">,
): { readonly product: Product; readonly configuration: Configuration } | null {
  for (const product of products) {
    if (wanted !== null && product.name !== wanted) continue;
    const configuration = product.read(tree, version);
    if (configuration !== null) return { product, configuration };
  }
  return null;
}

function examined(
  name: string,
  tree: ConfigTree,
  product: Product,
  configuration: Configuration,
  request: TreeRequest,
): Examined {
  const deployment = request.deployment ?? readDeployment(tree);
  const derived = deriveListeners(configuration, request.site, deployment, request.follow);
  const listeners = derived.map(({ result }) => result);
  const empty = listeners.length === 0;
  const verdict = empty ? "unknown" : verdictOfListeners(listeners);
  const { findings, repairs } = findingsOf(name, tree, product, derived, {
    ...request,
    version: configuration.version,
  });
  const worst = listeners.find((one) => one.verdict === verdict);
  const assumes: Assumption[] = verdict === "open" ? [] : configuration.assumes.map((text) => ({ text, clients: [] }));
  const result: AuditResult = {
    name,
    product: configuration.product,
    version: configuration.version,
    checkedAgainst: configuration.checkedAgainst,
    verdict,
    because: empty ? "No listener for mail was found in the files." : `${worst?.because ?? ""}`,
    listeners,
    findings: [...findings],
    assumes: [...assumes, ...distinct(listeners.flatMap((one) => one.assumes))],
    unknowns: [
      ...[...configuration.unreadable, ...(deployment?.unreadable ?? [])].map(({ unknown, where }) => ({
        text: unknown,
        where: placeOf(where),
      })),
      ...(tree.incomplete
        ? [{ text: "some files were left out: the folder is larger than an audit reads", where: null }]
        : []),
    ],
    files: [...tree.files.keys()],
    sessions: derived.reduce((sum, { search }) => sum + search.sessions, 0),
  };
  return { result, repairs };
}

function distinct(assumptions: readonly Assumption[]): readonly Assumption[] {
  return [...new Map(assumptions.map((one) => [one.text, one])).values()];
}
