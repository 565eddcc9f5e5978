/** Cisco ASA, and what FTD's packet engine (LINA) shows of its rules. */
import type { Platform } from "../../platform.ts";
import { read } from "./read.ts";
import { render } from "./render.ts";

export const asa: Platform = {
  id: "asa",
  title: "Cisco ASA, and FTD's LINA (read only)",
  versions: "read: PIX 6 to ASA 9, FTD 6 and 7; written: ASA 9",
  checkedAgainst: "documents",
  sees: "inside",
  outside: "outside",
  inside: null,
  residuals: [
    "Traffic of VPN tunnels passes interface lists by (`sysopt connection permit-vpn`), unless a tunnel has a filter of its own.",
    "Sessions that are open when a list changes live on until they end or are cleared.",
  ],
  read,
  render,
};
