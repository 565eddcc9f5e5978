/** The products that the auditor reads. The first that recognises its files reads them. */
import type { Product } from "./product.ts";
import { readContainers } from "./products/containers/containers.ts";
import { explainHole as explainContainers } from "./products/containers/explain.ts";
import { repairsOf as repairsOfContainers } from "./products/containers/repair.ts";
import { readCourier } from "./products/courier/courier.ts";
import { explainHole as explainCourier } from "./products/courier/explain.ts";
import { repairsOf as repairsOfCourier } from "./products/courier/repair.ts";
import { readExchange } from "./products/exchange/exchange.ts";
import { explainHole as explainExchange, repairsOf as repairsOfExchange } from "./products/exchange/explain.ts";
import { readExim } from "./products/exim/exim.ts";
import { explainHole as explainExim } from "./products/exim/explain.ts";
import { remarksOf as remarksOfExim } from "./products/exim/remarks.ts";
import { repairsOf as repairsOfExim } from "./products/exim/repair.ts";
import { explainHole as explainHaraka } from "./products/haraka/explain.ts";
import { readHaraka } from "./products/haraka/haraka.ts";
import { repairsOf as repairsOfHaraka } from "./products/haraka/repair.ts";
import { explainHole as explainOpensmtpd } from "./products/opensmtpd/explain.ts";
import { readOpensmtpd } from "./products/opensmtpd/opensmtpd.ts";
import { repairsOf as repairsOfOpensmtpd } from "./products/opensmtpd/repair.ts";
import { explainHole as explainPostfix } from "./products/postfix/explain.ts";
import { readPostfix } from "./products/postfix/postfix.ts";
import { remarksOf as remarksOfPostfix } from "./products/postfix/remarks.ts";
import { repairsOf as repairsOfPostfix } from "./products/postfix/repair.ts";
import { explainHole as explainSendmail } from "./products/sendmail/explain.ts";
import { repairsOf as repairsOfSendmail } from "./products/sendmail/repair.ts";
import { readSendmail } from "./products/sendmail/sendmail.ts";

export const products: readonly Product[] = [
  // First: a stack brings a main.cf along, which is not yet the one that its container runs with.
  { name: "containers", read: readContainers, explain: explainContainers, repairs: repairsOfContainers },
  {
    name: "postfix",
    read: readPostfix,
    explain: explainPostfix,
    repairs: repairsOfPostfix,
    remarks: remarksOfPostfix,
  },
  { name: "exim", read: readExim, explain: explainExim, repairs: repairsOfExim, remarks: remarksOfExim },
  { name: "sendmail", read: readSendmail, explain: explainSendmail, repairs: repairsOfSendmail },
  { name: "opensmtpd", read: readOpensmtpd, explain: explainOpensmtpd, repairs: repairsOfOpensmtpd },
  { name: "haraka", read: readHaraka, explain: explainHaraka, repairs: repairsOfHaraka },
  { name: "courier", read: readCourier, explain: explainCourier, repairs: repairsOfCourier },
  { name: "exchange", read: readExchange, explain: explainExchange, repairs: repairsOfExchange },
];
