/** Cisco IOS-XR: lists on interfaces. */
import type { Platform } from "../../platform.ts";
import { read } from "./read.ts";
import { render } from "./render.ts";

export const iosxr: Platform = {
  id: "iosxr",
  title: "Cisco IOS-XR",
  versions: "IOS-XR 5 to 24",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "GigabitEthernet0/0/0/0",
  inside: null,
  residuals: [
    "Some line cards look at the first header of IPv6 only; tunnels through the border hide port 25 from it.",
  ],
  read,
  render,
};
