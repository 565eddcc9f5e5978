// How a product is started, and how long to wait before its silence means that nothing was relayed.
import type { ProductName } from "./variant.ts";

export type Product = {
  readonly name: ProductName;
  /** Shell, run inside the mailer's root after the variant's files are in place. */
  readonly start: string;
  /** How long an accepted message may take to leave. */
  readonly settleMs: number;
};
