/** Groups of names with groups in them, followed to their ends: no circle, no endless growth. */

export interface Followed<T> {
  readonly leaves: readonly T[];
  /** Why something is left out. */
  readonly trouble: string | null;
}

/** So many members may a group have, all told. */
const maxMembers = 100_000;

/** `resolve` gives a name's value or the names in it; null: there is no such name. */
export function follow<T>(
  name: string,
  resolve: (name: string) => { readonly leaf: T } | { readonly members: readonly string[] } | null,
): Followed<T> {
  const leaves: T[] = [];
  const seen = new Set<string>([name]);
  const open = [name];
  let trouble: string | null = null;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const found = resolve(next);
    if (found === null) trouble ??= `${next} is not there`;
    else if ("leaf" in found) leaves.push(found.leaf);
    else
      for (const member of found.members) {
        // A name met twice adds nothing; a circle neither.
        if (seen.has(member)) continue;
        if (seen.size >= maxMembers) return { leaves, trouble: `${name} has more than ${maxMembers} members` };
        seen.add(member);
        open.push(member);
      }
  }
  return { leaves, trouble };
}
