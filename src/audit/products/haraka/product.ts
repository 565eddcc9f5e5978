/** Haraka. */
import type { Product } from "../../product.ts";
import { explainHole, rows } from "./explain.ts";
import { readHaraka } from "./haraka.ts";
import { repairsOf } from "./repair.ts";

export const haraka: Product = {
  name: "haraka",
  read: readHaraka,
  rows,
  explain: explainHole,
  repairs: repairsOf,
};
