/**
 * A selector names instances of probes: `id`, `id/pass`, `id/pass/identity`, each with `/number` where a row has several
 * ways of writing; a row without passes has `id/identity`. `*` is any; the identity `first` is the first one, `host` the
 * name in the greeting or else the one under which the target was found. It may name a pass that the row does not list.
 */
import { type Pass, type Probe, passes, usesPass } from "./probe.ts";

/** `null` is any (of those the row lists). */
export interface Selector {
  readonly probe: Probe;
  readonly pass: Pass | null;
  readonly identity: string | null;
  readonly way: number | null;
}

type SelectorRead =
  | { readonly ok: true; readonly selector: Selector }
  | { readonly ok: false; readonly reason: string };

/** Reads a selector against the rows it may name. */
export function readSelector(text: string, probes: ReadonlyMap<string, Probe>): SelectorRead {
  const [id = "", ...rest] = text.split("/");
  const probe = probes.get(id);
  if (probe === undefined) return { ok: false, reason: `no probe is called "${id}"` };

  let pass: Pass | null = null;
  if (usesPass(probe) && rest.length > 0) {
    const word = rest.shift() ?? "*";
    pass = passes.find((known) => known === word) ?? null;
    if (pass === null && word !== "*") {
      return { ok: false, reason: `"${word}" is no pass of ${id}: expected ${passes.join(", ")} or *` };
    }
  }
  const last = rest.at(-1);
  const way = last !== undefined && /^[1-9][0-9]?$/.test(last) ? Number(rest.pop()) : null;
  if (rest.length > 1) return { ok: false, reason: `"${text}" has too many parts` };
  const identity = rest[0] === "*" ? null : (rest[0] ?? null);
  return { ok: true, selector: { probe, pass, identity, way } };
}
