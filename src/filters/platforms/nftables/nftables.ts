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
  residuals: [],
  read: readNftables,
  render: renderNftables,
} as const satisfies Platform;
