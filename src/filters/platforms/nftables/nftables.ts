/** nftables, the packet filter of Linux. */
import type { Platform } from "../../platform.ts";
import { readNftables } from "./read.ts";
import { renderNftables } from "./render.ts";

export const nftables = {
  id: "nftables",
  title: "Linux nftables",
  versions: "nft 0.9 to 1.1",
  checkedAgainst: "running",
  sees: "inside",
  outside: "wan0",
  inside: null,
  residuals: [
    "Later fragments: without connection tracking nf_tables takes their bytes for ports (seen on Linux 6.18). Nothing is put together without the first one, which is judged as it is.",
  ],
  read: readNftables,
  render: renderNftables,
} as const satisfies Platform;
