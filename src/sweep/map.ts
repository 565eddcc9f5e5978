/** The address space as a picture: networks as rows of cells, each as bad as the worst address it stands for. Pure. */
import { formatIp } from "../net/ip.ts";
import { formatPrefix, type Prefix, prefixRange } from "../net/prefix.ts";
import { knockStates } from "./knocks.ts";
import type { Targets } from "./order.ts";
import type { AddressMap } from "./result.ts";

/** Cells of one row, and rows of one network, at most. */
const rowCells = 256;
const maxRows = 256;

/** What a cell shows, the most telling last: one listener stands out among thousands that are silent. */
export const cellKinds = [
  "pending",
  "refused-here",
  "filtered",
  "unreachable",
  "closed",
  "other",
  "expected",
  "unexpected",
] as const;
export type CellKind = (typeof cellKinds)[number];

export function addressMap(
  network: Prefix,
  targets: Targets,
  states: Uint8Array,
  ports: readonly number[],
  /** What listens at an index, where something does. */
  listeners: ReadonlyMap<number, CellKind>,
): AddressMap {
  const { family, first, last } = prefixRange(network);
  const size = Number(last - first) + 1;
  const perCell = Math.max(1, Math.ceil(size / (rowCells * maxRows)));
  const cells = Math.ceil(size / perCell);
  const start = targets.indexOf({ family, bits: first }, ports[0]!) ?? 0;
  const rows: AddressMap["rows"] = [];
  for (let row = 0; row * rowCells < cells; row += 1) {
    const runs: [string, number][] = [];
    for (let cell = row * rowCells; cell < Math.min(cells, (row + 1) * rowCells); cell += 1) {
      let worst = 0;
      const end = Math.min(size, (cell + 1) * perCell) * ports.length;
      for (let at = cell * perCell * ports.length; at < end; at += 1) {
        const kind = cellKinds.indexOf(listeners.get(start + at) ?? kindOf(states[start + at] ?? 0));
        if (kind > worst) worst = kind;
      }
      const name = cellKinds[worst]!;
      const open = runs.at(-1);
      if (open?.[0] === name) open[1] += 1;
      else runs.push([name, 1]);
    }
    rows.push({ first: formatIp({ family, bits: first + BigInt(row * rowCells * perCell) }), runs });
  }
  return { network: formatPrefix(network), perCell, rows };
}

function kindOf(state: number): CellKind {
  const name = knockStates[state] ?? "pending";
  return name === "open" ? "other" : name;
}
