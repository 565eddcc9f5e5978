/** MikroTik RouterOS: chains of `/ip firewall` and `/ipv6 firewall`, accept at their ends. */
import type { Platform } from "../../platform.ts";
import { readRouteros } from "./read.ts";
import { renderRouteros } from "./render.ts";

export const routeros: Platform = {
  id: "routeros",
  title: "MikroTik RouterOS",
  versions: "RouterOS 6 and 7, text of /export",
  checkedAgainst: "documents",
  sees: "inside",
  outside: "WAN",
  inside: null,
  residuals: [
    "Bridged packets are filtered only with use-ip-firewall=yes, and hardware-offloaded ones not at all.",
    "Packets out of IPsec tunnels are not counted as coming from outside.",
    "Fasttracked sessions that are open already skip the rules.",
  ],
  read: readRouteros,
  render: renderRouteros,
};
