/** Fortinet FortiOS: policies in the order of the text, with state; what none accepts is denied. */
import type { Platform } from "../../platform.ts";
import { readFortios } from "./read.ts";
import { renderFortios } from "./render.ts";

export const fortios: Platform = {
  id: "fortios",
  title: "Fortinet FortiOS",
  versions: "FortiOS 5 to 7; written for 6.4 and later",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "wan1",
  inside: null,
  residuals: [
    "Sessions that are open already go on: diagnose sys session filter dport 25, diagnose sys session clear.",
    "Traffic to the FortiGate itself is local-in, and meets no policy.",
  ],
  read: readFortios,
  render: renderFortios,
};
