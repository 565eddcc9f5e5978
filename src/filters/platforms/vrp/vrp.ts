/** Huawei VRP, and Comware's packet filters: access lists on interfaces; what no rule is about is forwarded. */
import type { Platform } from "../../platform.ts";
import { readVrp } from "./read.ts";
import { renderVrp } from "./render.ts";

export const vrp: Platform = {
  id: "vrp",
  title: "Huawei VRP",
  versions: "VRP 5 and 8 (S, AR, CE, NE); reads packet filters of H3C Comware too",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "GigabitEthernet0/0/1",
  inside: null,
  residuals: [
    "The same access list denies what it does not name where it is used for logins, SNMP or routes: here it forwards.",
    "Which extension headers the hardware looks behind differs by series.",
  ],
  read: readVrp,
  render: renderVrp,
};
