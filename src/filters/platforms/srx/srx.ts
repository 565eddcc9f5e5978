/** Juniper SRX and vSRX: policies between zones, with state; what no policy permits is denied. */
import type { Platform } from "../../platform.ts";
import { readSrx } from "./read.ts";
import { renderSrx } from "./render.ts";

export const srx: Platform = {
  id: "srx",
  title: "Juniper SRX (security policies)",
  versions: "Junos 12.1X and later on SRX and vSRX",
  checkedAgainst: "documents",
  sees: "inside",
  outside: "untrust",
  inside: "trust",
  residuals: [
    "Sessions that are open already go on: clear security flow session destination-port 25.",
    "Traffic to the SRX itself is host-inbound-traffic, and no policy of these zones.",
  ],
  read: readSrx,
  render: renderSrx,
};
