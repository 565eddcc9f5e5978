/** Sendmail. */
import type { Product } from "../../product.ts";
import { explainHole, rows } from "./explain.ts";
import { remarksOf } from "./remarks.ts";
import { repairsOf } from "./repair.ts";
import { readSendmail } from "./sendmail.ts";

export const sendmail: Product = {
  name: "sendmail",
  read: readSendmail,
  rows,
  explain: explainHole,
  repairs: repairsOf,
  remarks: remarksOf,
};
