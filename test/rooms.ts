/** The rooms and their floors: a room may import only from floors below, never from a room of its own floor, never in a circle. */

export const floors = {
  net: 1,
  text: 1,
  smtp: 2,
  message: 2,
  "ports.ts": 2,
  site: 3,
  witness: 3,
  knowledge: 3,
  finding: 4,
  relaying: 4,
  dialogue: 4,
  io: 4,
  audit: 5,
  check: 5,
  complaints: 5,
  filters: 5,
  guard: 5,
  lists: 5,
  practice: 5,
  repair: 5,
  sweep: 5,
  report: 6,
  store: 6,
  tasks: 7,
  cli: 9,
} as const satisfies Record<string, number>;

export type Room = keyof typeof floors;

/** The one pair on a floor where one may lean on the other: addresses and names are parsed from text. */
const neighbours: readonly (readonly [Room, Room])[] = [["net", "text"]];

/** Modules of Node and packages that only some rooms may import. */
export const guarded: readonly { readonly module: RegExp; readonly rooms: readonly Room[] }[] = [
  { module: /^node:(net|tls|dns|fs|http|https|child_process|dgram)(\/|$)/, rooms: ["io", "cli"] },
  { module: /^(node:sqlite|kysely|pg)(\/|$)/, rooms: ["store"] },
  { module: /^commander$/, rooms: ["cli"] },
  { module: /^(nodemailer|imapflow)(\/|$)/, rooms: ["io"] },
];

export interface Import {
  /** Path below `src/`. */
  readonly from: string;
  readonly specifier: string;
}

/** The room of a path below `src/`. */
export function roomOf(path: string): Room | null {
  const first = path.split("/")[0] ?? "";
  return first in floors ? (first as Room) : null;
}

/** All import specifiers in a source text, types and `import("…")` included. */
export function importsIn(from: string, text: string): readonly Import[] {
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\s[^"']*?from\s*["']([^"']+)["']/gm),
    ...text.matchAll(/^\s*import\s*["']([^"']+)["']/gm),
    ...text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g),
  ];
  return found.map((match) => ({ from, specifier: match[1] ?? "" }));
}

/** The path below `src/` that a relative specifier means, or null for a module from elsewhere. */
export function targetOf({ from, specifier }: Import): string | null {
  if (!specifier.startsWith(".")) return null;
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** What is wrong with these imports; empty if nothing is. */
export function violations(imports: readonly Import[]): readonly string[] {
  const problems: string[] = [];
  const edges = new Map<string, Set<string>>();
  for (const one of imports) {
    const room = roomOf(one.from);
    const isTest = /\.test\.ts$/.test(one.from);
    if (room === null) {
      problems.push(`${one.from}: lies in no room`);
      continue;
    }
    const target = targetOf(one);
    if (target === null) {
      for (const { module, rooms } of guarded)
        if (module.test(one.specifier) && !rooms.includes(room) && !isTest)
          problems.push(`${one.from}: ${one.specifier} may be imported only in ${rooms.join(", ")}`);
      continue;
    }
    if (isTest) continue;
    const other = roomOf(target);
    if (other === null) {
      problems.push(`${one.from}: ${one.specifier} leads out of the rooms`);
      continue;
    }
    edges.set(one.from, (edges.get(one.from) ?? new Set()).add(target));
    if (other === room) continue;
    if (floors[other] > floors[room]) problems.push(`${one.from}: imports upward from ${other}/`);
    else if (floors[other] === floors[room] && !neighbours.some(([a, b]) => a === room && b === other))
      problems.push(`${one.from}: imports sideways from ${other}/`);
  }
  return [...problems, ...circles(edges)];
}

/** Files that import each other in a circle. */
function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    if (done.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push(`circle: ${[...path.slice(at), file].join(" → ")}`);
      return;
    }
    path.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return found;
}
