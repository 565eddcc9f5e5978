/** What is wrong with a site file, and the words for it: what was found, what is expected, the way out. */
import type { z } from "zod";
import { nearest } from "../text/nearest.ts";
import { shorten } from "./values.ts";

/** A fault, or something that is probably one. Lines and columns count from 1. */
export interface SiteProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** `site.yaml:4:5: networks: 10.1.1.2/23: host bits are set. Did you mean 10.1.0.0/23?` */
export function formatSiteProblem({ file, line, column, message }: SiteProblem): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** One thing to say about one place in the file. */
export interface Remark {
  readonly path: readonly PropertyKey[];
  /** Whether the place is the value or, for a key that should not be there, the key. */
  readonly on: "value" | "key";
  readonly message: string;
}

/** Puts what the schema found into words. `value` is the whole document. */
export function remarksOf(issues: readonly z.core.$ZodIssue[], value: unknown, schema: z.ZodType): readonly Remark[] {
  return issues.flatMap((outer): readonly Remark[] => {
    const issue = (outer.code === "invalid_union" ? insideUnion(outer) : null) ?? outer;
    const { path } = issue;
    const expected = schemaAt(schema, path);
    if (issue.code === "unrecognized_keys") {
      const known = keysOf(expected);
      return issue.keys.map((key) => ({ path: [...path, key], on: "key", message: unknownKey(path, key, known) }));
    }
    const found = valueAt(value, path);
    if (found === undefined && issue.code !== "custom") {
      return [{ path: path.slice(0, -1), on: "value", message: missing(path, describe(expected)) }];
    }
    return [{ path, on: "value", message: messageOf(issue, found, expected) }];
  });
}

function messageOf(issue: z.core.$ZodIssue, found: unknown, expected: z.ZodType | null): string {
  const { path } = issue;
  switch (issue.code) {
    case "custom":
      return withPath(path, issue.message);
    case "invalid_value":
      return withPath(path, notOneOf(found, issue.values.map(String)));
    case "too_big":
      if (issue.origin === "array") return withPath(path, `expected at most ${issue.maximum} entries`);
      return unexpected(path, found, expected);
    case "invalid_type": {
      // YAML reads 42 and true as what they look like.
      const bare = issue.expected === "string" && (typeof found === "number" || typeof found === "boolean");
      return unexpected(path, found, expected) + (bare ? `. Put it in quotes: "${found}"` : "");
    }
    default:
      return unexpected(path, found, expected);
  }
}

function unexpected(path: readonly PropertyKey[], found: unknown, expected: z.ZodType | null): string {
  return withPath(path, `expected ${describe(expected)}; found ${nameOf(found)}`);
}

/** `mailers[0].ports` */
export function withPath(path: readonly PropertyKey[], message: string): string {
  const name = path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}${text === "" ? "" : "."}${String(step)}`),
    "",
  );
  return name === "" ? message : `${name}: ${message}`;
}

function missing(path: readonly PropertyKey[], what: string): string {
  return withPath(path.slice(0, -1), `"${String(path.at(-1))}" is missing: expected ${what}`);
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const way = meant === null ? `Known: ${known.join(", ")}` : `Did you mean "${meant}"?`;
  return withPath(path, `unknown key "${shorten(key)}". ${way}`);
}

function notOneOf(found: unknown, values: readonly string[]): string {
  const meant = typeof found === "string" ? nearest(found, values) : null;
  return `expected ${values.join(", ")}; found ${nameOf(found)}${meant === null ? "" : `. Did you mean ${meant}?`}`;
}

/** Of the branches of a union, the issue of the one that read on into the value, or failed in a parser of ours. */
function insideUnion(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | null {
  for (const branch of issue.errors) {
    const first = branch[0];
    if (first === undefined || (first.code !== "custom" && (first.code !== "invalid_value" || first.path.length === 0)))
      continue;
    return { ...first, path: [...issue.path, ...first.path] };
  }
  return null;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") {
    // Unquoted, an IPv6 address that ends in a colon is the key of a map to YAML.
    const [key, ...others] = Object.keys(value);
    if (key !== undefined && others.length === 0 && key.includes(":"))
      return `a map. Put it in quotes: "${shorten(key)}:"`;
    return "a map";
  }
  if (typeof value === "string") return `"${shorten(value)}"`;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "something else";
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[step]; // own data, parsed from YAML
  }
  return here;
}

type Inner = { readonly def: { readonly innerType?: z.ZodType; readonly in?: z.ZodType } };

/** The schema without defaults and transformations around it, unless it says by itself what it expects. */
function unwrap(schema: z.ZodType): z.ZodType {
  let here = schema;
  for (;;) {
    // zod types `def` per kind of schema; the two ways of wrapping are told by their fields.
    const { def } = here as unknown as Inner;
    const inner = def.innerType ?? def.in;
    if (inner === undefined) return here;
    here = inner;
  }
}

function describe(schema: z.ZodType | null): string {
  let here = schema;
  while (here !== null) {
    const description = here.meta()?.description;
    if (description !== undefined) return description;
    const { def } = here as unknown as Inner;
    here = def.innerType ?? def.in ?? null;
  }
  return "something else";
}

function keysOf(schema: z.ZodType | null): readonly string[] {
  const inner = schema === null ? null : unwrap(schema);
  return inner !== null && "shape" in inner ? Object.keys(inner.shape as object) : [];
}

function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | null {
  let here: z.ZodType | null = schema;
  for (const step of path) {
    if (here === null) return null;
    const inner: z.ZodType = unwrap(here);
    if ("shape" in inner) here = (inner.shape as Record<PropertyKey, z.ZodType>)[step] ?? null;
    else if ("element" in inner) here = inner.element as z.ZodType;
    else here = null;
  }
  return here;
}
