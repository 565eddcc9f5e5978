/** Exim. */
import type { Product } from "../../product.ts";
import { readExim } from "./exim.ts";
import { explainHole, rows } from "./explain.ts";
import { remarksOf } from "./remarks.ts";
import { repairsOf } from "./repair.ts";

export const exim: Product = {
  name: "exim",
  read: readExim,
  rows,
  explain: explainHole,
  repairs: repairsOf,
  remarks: remarksOf,
};
