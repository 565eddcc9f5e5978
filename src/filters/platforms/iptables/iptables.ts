/** iptables, ip6tables and ipset, the older packet filters of Linux. */
import type { Platform } from "../../platform.ts";
import { readIptables } from "./read.ts";
import { renderIptables } from "./render.ts";

export const iptables = {
  id: "iptables",
  title: "Linux iptables, ip6tables and ipset",
  versions: "iptables 1.6 to 1.8 (legacy and nf_tables), ipset 6 and 7",
  checkedAgainst: "running",
  sees: "inside",
  outside: "wan0",
  inside: null,
  residuals: [
    "Later fragments: without connection tracking nf_tables takes their bytes for ports (seen on Linux 6.18). Nothing is put together without the first one, which is judged as it is.",
  ],
  read: readIptables,
  render: renderIptables,
} as const satisfies Platform;
