/**
 * Reads the catalogue: texts in, checked rows out. A row that asks for something this version does not know is kept
 * apart, so that a newer catalogue still serves an older program; anything else wrong is an error with file and line.
 */
import { isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { type Hosted, hostedSchema } from "./hosted.ts";
import { type Later, laterSchema } from "./later.ts";
import { type List, listSchema } from "./list.ts";
import { placeholders, placeholdersIn } from "./placeholders.ts";
import { judges, type Probe, probeSchema, templatesOf, usesPass } from "./probe.ts";
import { type Product, productSchema } from "./product.ts";
import { type Profile, profileSchema } from "./profile.ts";
import { type Receiver, receiverSchema } from "./receiver.ts";
import { type Remedy, remedySchema } from "./remedy.ts";
import { readSelector } from "./selector.ts";

export interface CatalogueText {
  /** Below the catalogue's folder: `probes/plain.yaml`. */
  readonly path: string;
  readonly text: string;
}

export interface CatalogueError {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A row that only a newer version can run. */
export interface Unsupported {
  readonly id: string;
  readonly reason: string;
}

export interface Catalogue {
  /** Grows with every change; results record it. */
  readonly serial: number;
  readonly date: string;
  readonly probes: readonly Probe[];
  readonly unsupported: readonly Unsupported[];
  readonly profiles: readonly Profile[];
  readonly remedies: readonly Remedy[];
  readonly products: readonly Product[];
  readonly hosted: readonly Hosted[];
  readonly later: readonly Later[];
  readonly lists: readonly List[];
  readonly receivers: readonly Receiver[];
}

export type CatalogueRead =
  | { readonly ok: true; readonly catalogue: Catalogue }
  | { readonly ok: false; readonly errors: readonly CatalogueError[] };

const headSchema = z.strictObject({ serial: z.int().min(1), date: z.iso.date() });

export function loadCatalogue(texts: readonly CatalogueText[]): CatalogueRead {
  const errors: CatalogueError[] = [];
  const files = [...texts]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .filter(({ path }) => /^([a-z-]+\.yaml|(probes|products|lists)\/[a-z0-9-]+\.yaml)$/.test(path))
    .map((file) => readFile(file, errors));
  const rows = (path: RegExp) => files.filter((file) => path.test(file.path)).flatMap(rowsOf);
  const list = <T>(path: RegExp, schema: z.ZodType<T>): readonly T[] =>
    rows(path).flatMap((row) => {
      const read = schema.safeParse(row.value);
      if (!read.success) errors.push(...read.error.issues.map((issue) => row.error(issue.path, issue.message)));
      return read.success ? [read.data] : [];
    });

  const heads = list(/^catalogue\.yaml$/, headSchema);
  const remedies = list(/^remedies\.yaml$/, remedySchema);
  const profiles = list(/^profiles\.yaml$/, profileSchema);
  const products = list(/^products\//, productSchema);
  const hosted = list(/^hosted\.yaml$/, hostedSchema);
  const later = list(/^later\.yaml$/, laterSchema);
  const lists = list(/^lists\//, listSchema);
  const receivers = list(/^receivers\.yaml$/, receiverSchema);
  const probes: Probe[] = [];
  const unsupported: Unsupported[] = [];
  for (const row of rows(/^probes\//)) {
    const read = readProbe(row);
    if (read.kind === "probe") probes.push(read.probe);
    else if (read.kind === "unsupported") unsupported.push(read.unsupported);
    else errors.push(...read.errors);
  }

  const whole = (path: string, message: string) => errors.push({ path, line: 1, message });
  const head = heads[0];
  if (head === undefined) whole("catalogue.yaml", "expected serial and date of the catalogue");
  if (probes.length === 0) whole("probes/", "the catalogue holds no probe");
  for (const [path, ids] of [
    ["probes/", [...probes, ...unsupported, ...later].map(({ id }) => id)],
    ["remedies.yaml", remedies.map(({ id }) => id)],
    ["profiles.yaml", profiles.map(({ id }) => id)],
    ["products/", products.map(({ id }) => id)],
    ["hosted.yaml", hosted.map(({ id }) => id)],
    ["lists/", lists.map(({ id }) => id)],
    ["receivers.yaml", receivers.map(({ id }) => id)],
  ] as const) {
    for (const id of repeated(ids)) whole(path, `the id "${id}" is used twice`);
  }
  const remedyIds = new Set(remedies.map(({ id }) => id));
  for (const { id, remedy } of probes) {
    if (!remedyIds.has(remedy)) whole("probes/", `${id}: no remedy is called "${remedy}"`);
  }
  for (const { id, remedies: words = {} } of products) {
    for (const remedy of Object.keys(words)) {
      if (!remedyIds.has(remedy)) whole(`products/${id}.yaml`, `no remedy is called "${remedy}"`);
    }
  }
  const listIds = new Set(lists.map(({ id }) => id));
  for (const { id, within, codes } of lists) {
    for (const other of [within, ...codes.map(({ part }) => part)])
      if (other !== undefined && !listIds.has(other)) whole("lists/", `${id}: no list is called "${other}"`);
  }
  const byId = new Map(probes.map((probe) => [probe.id, probe]));
  const unsupportedIds = new Set(unsupported.map(({ id }) => id));
  for (const profile of profiles) {
    for (const text of "select" in profile ? profile.select : []) {
      const selector = readSelector(text, byId);
      if (!selector.ok && !unsupportedIds.has(text.split("/")[0] ?? "")) {
        whole("profiles.yaml", `${profile.id}: ${selector.reason}`);
      }
    }
  }

  if (errors.length > 0 || head === undefined) return { ok: false, errors };
  return {
    ok: true,
    catalogue: { ...head, probes, unsupported, profiles, remedies, products, hosted, later, lists, receivers },
  };
}

interface Row {
  readonly value: unknown;
  readonly error: (path: readonly PropertyKey[], message: string) => CatalogueError;
}

interface File {
  readonly path: string;
  readonly value: unknown;
  readonly lineAt: (path: readonly PropertyKey[]) => number;
}

function readFile({ path, text }: CatalogueText, errors: CatalogueError[]): File {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const { pos, message } of document.errors) {
    errors.push({ path, line: lines.linePos(pos[0]).line, message: message.split("\n")[0] ?? message });
  }
  const lineAt = (at: readonly PropertyKey[]) => {
    // The nearest node above that is there: a missing key is told at its row.
    for (let length = at.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(at.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  return { path, value: document.errors.length > 0 ? [] : document.toJS({ maxAliasCount: 1000 }), lineAt };
}

/** A file is a list of rows, or one row. */
function rowsOf({ path, value, lineAt }: File): readonly Row[] {
  const row = (value: unknown, prefix: readonly PropertyKey[]): Row => ({
    value,
    error: (at, message) => ({
      path,
      line: lineAt([...prefix, ...at]),
      message: [at.join("."), message].filter(Boolean).join(": "),
    }),
  });
  return Array.isArray(value) ? value.map((item: unknown, index) => row(item, [index])) : [row(value, [])];
}

type ProbeRead =
  | { readonly kind: "probe"; readonly probe: Probe }
  | { readonly kind: "unsupported"; readonly unsupported: Unsupported }
  | { readonly kind: "errors"; readonly errors: readonly CatalogueError[] };

/** What a newer catalogue may bring that this version cannot read. */
const growing: ReadonlySet<PropertyKey> = new Set(["class", "era", "safety", "judge", "needs", "passes", "steps"]);

function readProbe(row: Row): ProbeRead {
  const read = probeSchema.safeParse(row.value);
  const claim = z.object({ id: z.string(), fencepost: z.string().optional() }).safeParse(row.value);
  const unsupported = (what: string): ProbeRead => ({
    kind: "unsupported",
    unsupported: {
      id: claim.data?.id ?? "?",
      reason: `needs ${claim.data?.fencepost === undefined ? "a newer Fencepost" : `Fencepost ≥ ${claim.data.fencepost}`} (${what})`,
    },
  });
  if (!read.success) {
    const { issues } = read.error;
    const newer = issues.every(({ code, path }) => code === "unrecognized_keys" || growing.has(path[0] ?? ""));
    if (claim.success && newer) return unsupported(unknownWord(row.value) ?? issues[0]?.message ?? "unknown form");
    return { kind: "errors", errors: issues.map(({ path, message }) => row.error(path, message)) };
  }
  const probe = read.data;
  const unknown = probe.steps
    .flatMap(templatesOf)
    .flatMap(placeholdersIn)
    .find((name) => !Object.hasOwn(placeholders, name));
  if (unknown !== undefined) return unsupported(`unknown placeholder {${unknown}}`);
  if (usesPass(probe) !== probe.passes.length > 0) {
    const message = usesPass(probe)
      ? "expected the passes that {pass} stands for"
      : "no step holds {pass}: expected []";
    return { kind: "errors", errors: [row.error(["passes"], message)] };
  }
  return { kind: "probe", probe };
}

const stepNames = new Set("preface ehlo helo starttls auth mail rcpt rset message raw pipeline".split(" "));

/** The step or judge that is not known, in words. */
function unknownWord(value: unknown): string | null {
  const row = z
    .object({ judge: z.string().optional(), steps: z.array(z.record(z.string(), z.unknown())) })
    .safeParse(value);
  if (!row.success) return null;
  const step = row.data.steps.flatMap((step) => Object.keys(step)).find((name) => !stepNames.has(name));
  if (step !== undefined) return `unknown step "${step}"`;
  const { judge } = row.data;
  return judge !== undefined && !judges.some((known) => known === judge) ? `unknown judge "${judge}"` : null;
}

function repeated(ids: readonly string[]): readonly string[] {
  return [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))];
}
