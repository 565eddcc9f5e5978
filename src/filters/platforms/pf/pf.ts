/** pf, the packet filter of OpenBSD and FreeBSD. */
import type { Platform } from "../../platform.ts";
import { readPfConf } from "./read.ts";
import { renderPf } from "./render.ts";

export const pf = {
  id: "pf",
  title: "OpenBSD and FreeBSD pf",
  versions: "OpenBSD 4.7 to 7, FreeBSD 9 to 14",
  checkedAgainst: "documents",
  sees: "outside",
  outside: "em0",
  inside: null,
  residuals: [],
  read: readPfConf,
  render: renderPf,
} as const satisfies Platform;
