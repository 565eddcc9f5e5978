/** Tables of addresses: of two entries that hold an address the longer one decides, a negated one too (pf.conf(5)). */
import { type IpSet, ipSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import { addressesOf } from "../unix/values.ts";
import { Cursor, type Token } from "./tokens.ts";

export interface Table {
  readonly set: IpSet;
  /** What of it is not in the text. */
  readonly missing: string | null;
}

/** `<name> [persist] [const] [counters] [file "path"] [{ … }]`, behind the word `table`. */
export function readTable(tokens: readonly Token[]): { readonly name: string; readonly table: Table } | null {
  const cursor = new Cursor(tokens);
  if (!cursor.accept("<")) return null;
  const name = cursor.take();
  if (!cursor.accept(">")) return null;
  let missing: string | null = null;
  const entries: { readonly set: IpSet; readonly negated: boolean; readonly size: bigint }[] = [];
  while (!cursor.done) {
    if (cursor.accept("persist", "const", "counters")) continue;
    if (cursor.accept("file")) missing = `table <${name}> is read from ${cursor.take()}`;
    else if (cursor.text === "{" && !cursor.quoted) {
      const inner = cursor.group("{", "}");
      if (inner === null) return null;
      let negated = false;
      for (const { text } of inner) {
        if (text === "," || text === "\n" || text === "{" || text === "}") continue;
        if (text === "!") {
          negated = !negated;
          continue;
        }
        const addresses = addressesOf(text.replace(/^!/, ""));
        if (addresses === null) missing ??= `table <${name}> holds ${text}, whose addresses are not in the text`;
        else {
          const size = addresses.set.ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
          entries.push({ set: addresses.set, negated: negated !== text.startsWith("!"), size });
        }
        negated = false;
      }
    } else return null;
  }
  if (!entries.some(({ negated }) => negated))
    return { name, table: { set: ipSetOfRanges(entries.flatMap(({ set }) => set.ranges)), missing } };
  let set = ipSet([]);
  for (const entry of entries.sort((a, b) => (a.size < b.size ? 1 : a.size > b.size ? -1 : 0)))
    set = entry.negated ? set.subtract(entry.set) : set.union(entry.set);
  return { name, table: { set, missing } };
}
