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
  residuals: [],
  read: readIptables,
  render: renderIptables,
} as const satisfies Platform;
