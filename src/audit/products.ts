/** The products that the auditor reads. The first that recognises its files reads them. */
import type { Product } from "./product.ts";
import { readExim } from "./products/exim/exim.ts";
import { explainHole as explainExim } from "./products/exim/explain.ts";
import { repairsOf as repairsOfExim } from "./products/exim/repair.ts";
import { explainHole as explainPostfix } from "./products/postfix/explain.ts";
import { readPostfix } from "./products/postfix/postfix.ts";
import { repairsOf as repairsOfPostfix } from "./products/postfix/repair.ts";

export const products: readonly Product[] = [
  { name: "postfix", read: readPostfix, explain: explainPostfix, repairs: repairsOfPostfix },
  { name: "exim", read: readExim, explain: explainExim, repairs: repairsOfExim },
];
