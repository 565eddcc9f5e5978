/** Cisco IOS and IOS-XE: lists on interfaces, zone-based firewalls, VLAN maps. */
import type { Platform } from "../../platform.ts";
import { read } from "./read.ts";
import { render } from "./render.ts";

export const ios: Platform = {
  id: "ios",
  title: "Cisco IOS and IOS-XE",
  versions: "IOS 12.4 to 15.9, IOS-XE 3 to 17",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "GigabitEthernet0/0/0",
  inside: null,
  residuals: [
    "Packets that the router itself sends or receives by another interface do not meet the list; tunnels through the border hide port 25 from it.",
    "Some hardware looks at the first header of IPv6 only.",
  ],
  read,
  render,
};
