// All products and all variants of the lab.
import { courier, courierVariants } from "./mailers/courier.ts";
import { exim, eximVariants } from "./mailers/exim.ts";
import { haraka, harakaVariants } from "./mailers/haraka.ts";
import { opensmtpd, opensmtpdVariants } from "./mailers/opensmtpd.ts";
import { postfix, postfixVariants } from "./mailers/postfix.ts";
import { sendmail, sendmailVariants } from "./mailers/sendmail.ts";
import type { Product } from "./product.ts";
import type { ProductName, Variant } from "./variant.ts";

export const products: Readonly<Record<ProductName, Product>> = {
  postfix,
  exim,
  sendmail,
  opensmtpd,
  courier,
  haraka,
};

export const variants: readonly Variant[] = [
  ...postfixVariants,
  ...eximVariants,
  ...sendmailVariants,
  ...opensmtpdVariants,
  ...courierVariants,
  ...harakaVariants,
];
