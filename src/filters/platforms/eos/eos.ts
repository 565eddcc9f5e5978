/** Arista EOS: lists on interfaces, and traffic policies. */
import type { Platform } from "../../platform.ts";
import { read } from "./read.ts";
import { render } from "./render.ts";

export const eos: Platform = {
  id: "eos",
  title: "Arista EOS",
  versions: "EOS 4.20 to 4.32",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "Ethernet1",
  inside: null,
  residuals: ["The hardware looks at the first header of IPv6; tunnels through the border hide port 25 from it."],
  read,
  render,
};
