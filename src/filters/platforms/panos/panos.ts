/** Palo Alto Networks PAN-OS: rules between zones, with state; between zones what no rule allows is denied. */
import type { Platform } from "../../platform.ts";
import { readPanos } from "./read.ts";
import { renderPanos } from "./render.ts";

export const panos: Platform = {
  id: "panos",
  title: "Palo Alto Networks PAN-OS",
  versions: "PAN-OS 8 to 11, firewalls and Panorama device groups; XML, set and brace form",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "untrust",
  inside: "trust",
  residuals: [
    "Sessions that are open already go on: clear session all filter destination-port 25.",
    "A rule with an application lets the handshake through before it decides.",
  ],
  read: readPanos,
  render: renderPanos,
};
