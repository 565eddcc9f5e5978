/** OpenSMTPD. */
import type { Product } from "../../product.ts";
import { explainHole, rows } from "./explain.ts";
import { readOpensmtpd } from "./opensmtpd.ts";
import { repairsOf } from "./repair.ts";

export const opensmtpd: Product = {
  name: "opensmtpd",
  read: readOpensmtpd,
  rows,
  explain: explainHole,
  repairs: repairsOf,
};
