/** Mail stacks and images that are run in containers. */
import type { Product } from "../../product.ts";
import { rows } from "../postfix/explain.ts";
import { readContainers } from "./containers.ts";
import { explainHole } from "./explain.ts";
import { repairsOf } from "./repair.ts";

export const containers: Product = {
  name: "containers",
  read: readContainers,
  rows,
  explain: explainHole,
  repairs: repairsOf,
};
