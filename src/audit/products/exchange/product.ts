/** Exchange on-premises. */
import type { Product } from "../../product.ts";
import { readExchange } from "./exchange.ts";
import { explainHole, repairsOf, rows } from "./explain.ts";

export const exchange: Product = {
  name: "exchange",
  read: readExchange,
  rows,
  explain: explainHole,
  repairs: repairsOf,
};
