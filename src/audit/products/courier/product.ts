/** Courier. */
import type { Product } from "../../product.ts";
import { readCourier } from "./courier.ts";
import { explainHole, rows } from "./explain.ts";
import { repairsOf } from "./repair.ts";

export const courier: Product = {
  name: "courier",
  read: readCourier,
  rows,
  explain: explainHole,
  repairs: repairsOf,
};
