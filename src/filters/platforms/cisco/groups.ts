/** Object groups: named members, and groups in groups. A member that is not understood leaves the group half known. */
import { either } from "../../addresses.ts";
import type { Addresses, Match, Place } from "../../model.ts";
import type { End } from "./ends.ts";

/** A part of a condition that a service stands for. */
export type Service = Pick<Match, "protocols" | "sourcePorts" | "destinationPorts">;

export type Member<T> =
  | { readonly kind: "own"; readonly value: T }
  | { readonly kind: "group"; readonly name: string; readonly place: Place }
  /** What it stands for is not known, or not held by the model. */
  | { readonly kind: "open"; readonly why: string; readonly place: Place };

export interface Resolved<T> {
  readonly values: readonly T[];
  /** Why there may be more. */
  readonly doubt: string | null;
}

/** So many members are followed for all groups of a file together; a real one has some thousands. */
const maxSteps = 1_000_000;

export class Groups<T> {
  readonly #members = new Map<string, Member<T>[]>();
  readonly #resolved = new Map<string, Resolved<T>>();
  readonly #what: string;
  #steps = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** Members of this name, to be added to: several blocks of a name are one group. */
  open(name: string): Member<T>[] {
    const members = this.#members.get(name) ?? [];
    this.#members.set(name, members);
    return members;
  }

  add(name: string, member: Member<T>): void {
    this.open(name).push(member);
  }

  drop(name: string): void {
    this.#members.delete(name);
  }

  /** All members, those of groups in it too; a group that holds itself holds nothing more by that. */
  resolve(name: string): Resolved<T> {
    const known = this.#resolved.get(name);
    if (known !== undefined) return known;
    const values: T[] = [];
    const seen = new Set<string>();
    const open = [name];
    let doubt: string | null = null;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const members = this.#members.get(next);
      if (members === undefined) doubt ??= `${this.#what} ${next} is not in the configuration`;
      for (const member of members ?? []) {
        this.#steps += 1;
        if (member.kind === "own") values.push(member.value);
        else if (member.kind === "group") open.push(member.name);
        else doubt ??= member.why;
      }
      if (this.#steps > maxSteps) {
        doubt ??= `the groups are too large to be followed`;
        break;
      }
    }
    if (values.length === 0 && doubt === null) doubt = `${this.#what} ${name} is empty`;
    const resolved = { values, doubt };
    this.#resolved.set(name, resolved);
    return resolved;
  }
}

const ends = new WeakMap<Resolved<Addresses>, End>();

/** A group of addresses as one end of an entry. */
export function endOf(groups: Groups<Addresses>, name: string): End {
  const resolved = groups.resolve(name);
  const known = ends.get(resolved);
  if (known !== undefined) return known;
  const { values, doubt } = resolved;
  const made: End = { known: either(values), ...(doubt === null ? {} : { doubt }) };
  ends.set(resolved, made);
  return made;
}
