/** The products that the auditor reads. The first that recognises its files reads them. */
import type { Product } from "./product.ts";
import { containers } from "./products/containers/product.ts";
import { courier } from "./products/courier/product.ts";
import { exchange } from "./products/exchange/product.ts";
import { exim } from "./products/exim/product.ts";
import { haraka } from "./products/haraka/product.ts";
import { opensmtpd } from "./products/opensmtpd/product.ts";
import { postfix } from "./products/postfix/product.ts";
import { sendmail } from "./products/sendmail/product.ts";

export const products: readonly Product[] = [
  // First: a stack brings a main.cf along, which is not yet the one that its container runs with.
  containers,
  postfix,
  exim,
  sendmail,
  opensmtpd,
  haraka,
  courier,
  exchange,
];
