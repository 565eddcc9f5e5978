/**
 * The algebra of conditions: what the filters of Unix systems write as one word after another holds together, and what
 * they write in braces holds one by one.
 */
import { ipSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import { prefixRange } from "../../../net/prefix.ts";
import type { Addresses, Match, Names, Range } from "../../model.ts";
import type { Family } from "../../packet.ts";

/** A condition before it is known where in the packet's way its chain stands. */
export interface Condition extends Match {
  readonly family?: Family;
  /** Whether the packet is for an address of this machine, or from one. */
  readonly toSelf?: boolean;
  readonly fromSelf?: boolean;
}

/** Conditions grow as a product of lists: beyond this nobody wrote them by hand. */
const mostConditions = 200_000;

/** What holds where both hold; null: nowhere. */
export function both(a: Condition, b: Condition): Condition | null {
  const made: Record<string, unknown> = { ...a, ...b };
  for (const key of ["family", "toSelf", "fromSelf", "laterFragment", "extended"] as const)
    if (a[key] !== undefined && b[key] !== undefined && a[key] !== b[key]) return null;
  for (const key of ["source", "destination"] as const) {
    const [x, y] = [a[key], b[key]];
    if (x === undefined || y === undefined) continue;
    const common = intersection(x, y);
    if (common.set.isEmpty && common.masked.length === 0) return null;
    made[key] = common;
  }
  for (const key of ["protocols", "sourcePorts", "destinationPorts"] as const) {
    const [x, y] = [a[key], b[key]];
    if (x === undefined || y === undefined) continue;
    const common = overlap(x, y);
    if (common.length === 0) return null;
    made[key] = common;
  }
  if (a.states !== undefined && b.states !== undefined) {
    const common = a.states.filter((state) => b.states?.includes(state));
    if (common.length === 0) return null;
    made.states = common;
  }
  if (a.flags !== undefined && b.flags !== undefined) {
    const common = a.flags.flatMap((x) =>
      (b.flags ?? []).flatMap((y) =>
        ((x.value ^ y.value) & x.mask & y.mask) === 0 ? [{ mask: x.mask | y.mask, value: x.value | y.value }] : [],
      ),
    );
    if (common.length === 0) return null;
    made.flags = common;
  }
  let doubt = [...new Set([a.unsure, b.unsure].filter((one) => one !== undefined))].join("; ");
  for (const key of ["from", "to"] as const) {
    const [x, y] = [a[key], b[key]];
    if (x === undefined || y === undefined) continue;
    const common = bothNames(x, y);
    if (common === null) doubt = [doubt, "two conditions on one interface"].filter((one) => one !== "").join("; ");
    else if (!common.except && common.names.length === 0) return null;
    else made[key] = common;
  }
  if (doubt !== "") made.unsure = doubt;
  return made as Condition; // the fields of two conditions, each of its own type
}

/** One of each list, in all ways; null: too many ways. */
export function product(lists: readonly (readonly Condition[])[]): readonly Condition[] | null {
  let all: readonly Condition[] = [{}];
  for (const list of lists) {
    if (all.length * list.length > mostConditions) return null;
    const one = list.length === 1 ? list[0] : undefined;
    // The usual case: nothing is known yet, and the list is long.
    if (all.length === 1 && Object.keys(all[0] ?? {}).length === 0) all = list;
    else if (one !== undefined && Object.keys(one).length === 0) continue;
    else
      all = all.flatMap((x) =>
        list.flatMap((y) => {
          const made = both(x, y);
          return made === null ? [] : [made];
        }),
      );
  }
  return all;
}

/** As wide as the conditions understood so far, but it may hold for fewer packets. */
export const doubtful = (conditions: readonly Condition[], why: string): readonly Condition[] =>
  conditions.map((one) => ({ ...one, unsure: one.unsure === undefined ? why : `${one.unsure}; ${why}` }));

const whole = {
  4: ipSetOfRanges([{ family: 4, first: 0n, last: 0xffffffffn }]),
  6: ipSetOfRanges([{ family: 6, first: 0n, last: (1n << 128n) - 1n }]),
} as const;

/** All addresses of a family. */
export const everywhere = (family: Family): Addresses => ({ set: whole[family], masked: [] });

/** Addresses of the family that are not among these. With holes in their masks: null. */
export function otherThan(addresses: Addresses, family: Family): Addresses | null {
  if (addresses.masked.length === 1 && addresses.set.isEmpty) {
    const { value, care } = addresses.masked[0]!;
    // One bit at least is another one.
    const masked = [];
    for (let bit = 1n; bit <= care; bit <<= 1n)
      if ((care & bit) !== 0n) masked.push({ family, value: (value & bit) ^ bit, care: bit });
    return { set: ipSet([]), masked };
  }
  if (addresses.masked.length > 0) return null;
  return { set: whole[family].subtract(addresses.set), masked: [] };
}

/** The numbers from 0 to `last` that are in none of these. */
export function complementOf(ranges: readonly Range[], last: number): readonly Range[] {
  const rest: Range[] = [];
  let next = 0;
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    if (range.first > next) rest.push({ first: next, last: range.first - 1 });
    next = Math.max(next, range.last + 1);
  }
  if (next <= last) rest.push({ first: next, last });
  return rest;
}

/** Any value of the bits under `mask` but this one. */
export const otherFlags = (mask: number, value: number): readonly { mask: number; value: number }[] =>
  [1, 2, 4, 8, 16, 32].flatMap((bit) => ((mask & bit) === 0 ? [] : [{ mask: bit, value: ~value & bit }]));

/**
 * The same conditions with fewer of them: what differs in its addresses alone, or in its ports alone, is one. Large sets
 * of pairs become as many as there are ports.
 */
export function merged(conditions: readonly Condition[]): readonly Condition[] {
  if (conditions.length < 2) return conditions;
  return mergedBy(mergedBy(mergedBy(conditions, "source"), "destination"), "destinationPorts", "sourcePorts");
}

function mergedBy(conditions: readonly Condition[], ...keys: readonly (keyof Condition)[]): readonly Condition[] {
  let all = conditions;
  for (const key of keys) {
    const groups = new Map<string, Condition[]>();
    for (const one of all) {
      const name = nameWithout(one, key);
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [one]);
      else group.push(one);
    }
    all = [...groups.values()].flatMap((group) => together(group, key));
  }
  return all;
}

function together(group: readonly Condition[], key: keyof Condition): readonly Condition[] {
  const [first] = group;
  if (first === undefined || group.length === 1 || group.some((one) => one[key] === undefined)) return group;
  if (key === "source" || key === "destination") {
    const all = group.map((one) => one[key]!);
    const set = ipSetOfRanges(all.flatMap(({ set }) => set.ranges));
    return [{ ...first, [key]: { set, masked: all.flatMap(({ masked }) => masked) } }];
  }
  if (key === "destinationPorts" || key === "sourcePorts")
    return [{ ...first, [key]: group.flatMap((one) => one[key] ?? []) }];
  return group;
}

/** All but one part of a condition, as text. */
const nameWithout = (condition: Condition, key: keyof Condition): string =>
  JSON.stringify({ ...condition, [key]: condition[key] === undefined ? "absent" : "" }, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );

/** So many ways to be none of them are written out. */
const mostWays = 4096;

/** Where none of these holds, for packets of one family. Too many ways at once: it may hold anywhere. */
export function noneOf(conditions: readonly Condition[], family: Family): readonly Condition[] {
  let all: readonly Condition[] = [{}];
  for (const one of merged(conditions)) {
    const next = product([all, otherWays(one, family)]);
    if (next === null || next.length > mostWays) return [{ unsure: "none of many elements" }];
    all = next;
  }
  return all;
}

function otherWays(one: Condition, family: Family): readonly Condition[] {
  const ways: Condition[] = [];
  for (const key of ["source", "destination"] as const) {
    const addresses = one[key];
    if (addresses === undefined) continue;
    const others = otherThan(addresses, family);
    ways.push(others === null ? { unsure: "other addresses than under several masks" } : { [key]: others });
  }
  if (one.protocols !== undefined) ways.push({ protocols: complementOf(one.protocols, 255) });
  for (const key of ["sourcePorts", "destinationPorts"] as const) {
    const ports = one[key];
    if (ports !== undefined) ways.push({ [key]: complementOf(ports, 65535) }, { laterFragment: true });
  }
  for (const key of ["from", "to"] as const) {
    const names = one[key];
    if (names !== undefined) ways.push({ [key]: { ...names, except: !names.except } });
  }
  return one.unsure === undefined ? ways : [...ways, { unsure: one.unsure }];
}

/** Family and place are settled: a condition that the prover can use. */
export function matchOf(condition: Condition): Match {
  const { family, toSelf: _to, fromSelf: _from, ...match } = condition;
  if (family === undefined || match.source !== undefined || match.destination !== undefined) return match;
  return { ...match, source: everywhere(family) };
}

const overlap = (a: readonly Range[], b: readonly Range[]): readonly Range[] =>
  a.flatMap((x) =>
    b.flatMap((y) => {
      const first = Math.max(x.first, y.first);
      const last = Math.min(x.last, y.last);
      return first <= last ? [{ first, last }] : [];
    }),
  );

type Masked = Addresses["masked"][number];

function intersection(a: Addresses, b: Addresses): Addresses {
  const set = a.set.intersect(b.set);
  if (a.masked.length === 0 && b.masked.length === 0) return { set, masked: [] };
  const of = (set: Addresses["set"]): readonly Masked[] =>
    set.toPrefixes().map((prefix) => {
      const { family, first, last } = prefixRange(prefix);
      return { family, value: first, care: ((1n << (family === 4 ? 32n : 128n)) - 1n) & ~(last - first) };
    });
  const meet = (xs: readonly Masked[], ys: readonly Masked[]): readonly Masked[] =>
    xs.flatMap((x) =>
      ys.flatMap((y) =>
        x.family === y.family && ((x.value ^ y.value) & x.care & y.care) === 0n
          ? [{ family: x.family, value: x.value | y.value, care: x.care | y.care }]
          : [],
      ),
    );
  return {
    set,
    masked: [...meet(a.masked, b.masked), ...meet(a.masked, of(b.set)), ...meet(of(a.set), b.masked)],
  };
}

const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

/** Null: it cannot be said as names. */
function bothNames(a: Names, b: Names): Names | null {
  if (a.except && b.except) return { names: [...a.names, ...b.names], except: true };
  const [some, other] = a.except ? [b, a] : [a, b];
  if (other.except) {
    if (some.names.some((name) => name.endsWith("*"))) return null;
    return { names: some.names.filter((name) => !other.names.some((one) => fits(one, name))), except: false };
  }
  const names = [
    ...some.names.filter((name) => other.names.some((one) => fits(one, name))),
    ...other.names.filter((name) => some.names.some((one) => fits(one, name))),
  ];
  return { names: [...new Set(names)], except: false };
}
