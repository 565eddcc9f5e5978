/**
 * Values as `ConvertTo-Json` writes them: Windows PowerShell 5 and PowerShell 7, a session on the server (objects and
 * numbers) and a remote one (texts). One object stands for a list of one; a list may be wrapped as `{value, Count}`.
 */
import type { Json } from "./json.ts";

/** The first of these properties that an object has. */
export function field(object: Json | undefined, ...names: readonly string[]): Json | undefined {
  if (object?.kind !== "object") return undefined;
  for (const name of names) {
    const value = object.entries.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A list, however it is wrapped; nothing for `null`. */
export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || (value.kind === "scalar" && value.value === null)) return [];
  if (value.kind === "array") return value.items;
  const inner = field(value, "value");
  return inner !== undefined && field(value, "Count") !== undefined ? listOf(inner) : [value];
}

/** The text of a value, or of what an object is written as; `null`: it has none. */
export function textOf(value: Json | undefined): string | null {
  if (value?.kind === "scalar") return value.value === null ? null : String(value.value);
  return value === undefined
    ? null
    : textOf(field(value, "Value", "value", "RawIdentity", "DistinguishedName", "Name"));
}

/** `true` or `false`, also as text; `null`: neither. */
export function flagOf(value: Json | undefined): boolean | null {
  const text = textOf(value)?.toLowerCase();
  return text === "true" ? true : text === "false" ? false : null;
}

/**
 * The members of a set of flags: `"Tls, BasicAuth"`, a list of texts, or the number of their bits. `null`: not told, or
 * with a bit that is not known.
 */
export function flagsOf(value: Json | undefined, names: readonly string[]): ReadonlySet<string> | null {
  const numeric = value?.kind === "scalar" ? Number(value.value) : Number.NaN;
  if (value?.kind === "scalar" && value.value !== null && value.value !== "" && Number.isInteger(numeric)) {
    if (numeric < 0 || numeric >= 2 ** names.length) return null;
    return new Set(names.filter((_, bit) => (numeric & (1 << bit)) !== 0));
  }
  const texts = listOf(value).flatMap((one) => textOf(one)?.split(",") ?? []);
  return texts.length === 0 ? null : new Set(texts.map((one) => one.trim()).filter((one) => one !== ""));
}

/**
 * A name as a literal of PowerShell, to be pasted: in single quotes nothing is expanded, and every character that
 * PowerShell takes for one is doubled (about_Quoting_Rules).
 */
export function quoted(text: string): string {
  return `'${text.replace(/[\0-\x1f\x7f]/g, " ").replace(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
}
