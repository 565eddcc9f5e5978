/** Postfix. */
import type { Product } from "../../product.ts";
import { explainHole, rows } from "./explain.ts";
import { readPostfix } from "./postfix.ts";
import { remarksOf } from "./remarks.ts";
import { repairsOf } from "./repair.ts";

export const postfix: Product = {
  name: "postfix",
  read: readPostfix,
  rows,
  explain: explainHole,
  repairs: repairsOf,
  remarks: remarksOf,
};
