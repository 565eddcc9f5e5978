/** The rule of the house: four cells, client side by recipient side. Everything that asks it reads it here. */

export const sides = ["internal", "external"] as const;
export type Side = (typeof sides)[number];

/** Client side, then recipient side. */
export type Cell = `${Side}-to-${Side}`;

/**
 * What each cell allows at most. Local policy may refuse more (`internalToInternal`, `internalSenderOnly`, unknown
 * recipients); nothing may permit more.
 */
export const relaying = {
  "internal-to-internal": "permit",
  "internal-to-external": "permit",
  "external-to-internal": "permit",
  "external-to-external": "forbid",
} as const satisfies Record<Cell, "permit" | "forbid">;

/** The cells, in the order in which reports show them. */
export const cells = Object.keys(relaying) as readonly Cell[]; // the keys of a record of all cells

export function cellOf(client: Side, recipient: Side): Cell {
  return `${client}-to-${recipient}`;
}
