/** Cisco NX-OS: lists on ports and routed interfaces, VLAN maps. */
import type { Platform } from "../../platform.ts";
import { read } from "./read.ts";
import { render } from "./render.ts";

export const nxos: Platform = {
  id: "nxos",
  title: "Cisco NX-OS",
  versions: "NX-OS 6 to 10 (Nexus)",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "Ethernet1/1",
  inside: null,
  residuals: ["The hardware looks at the first header of IPv6; tunnels through the border hide port 25 from it."],
  read,
  render,
};
