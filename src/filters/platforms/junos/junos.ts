/** Juniper Junos: firewall filters of MX, PTX, EX, QFX and ACX; no state, an implicit discard at the end. */
import type { Platform } from "../../platform.ts";
import { readJunos } from "./read.ts";
import { renderJunos } from "./render.ts";

export const junos: Platform = {
  id: "junos",
  title: "Juniper Junos (firewall filters)",
  versions: "Junos 12 and later, Junos Evolved; MX, PTX, EX, QFX, ACX",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "ge-0/0/0.0",
  inside: null,
  residuals: [
    "Tunnels and MPLS carry port 25 past an inet filter; so do interfaces of other logical systems.",
    "Filters of services (stateful firewalls of service sets) and of layer 2 are not read.",
  ],
  read: readJunos,
  render: renderJunos,
};
