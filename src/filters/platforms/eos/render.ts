/** Writes filters for EOS. */
import type { Rendered, RenderJob } from "../../platform.ts";
import { withLength } from "../cisco/addresses-text.ts";
import { renderLists } from "../cisco/render.ts";
import type { Style } from "../cisco/style.ts";

const style: Style = {
  title: "Arista EOS",
  list: (family, name) => `${family === 4 ? "ip" : "ipv6"} access-list ${name}`,
  options: ["statistics per-entry"],
  number: (_family, number) => `${number} `,
  remark: "numbered",
  everything: (family) => (family === 4 ? "ip" : "ipv6"),
  address: withLength,
  attach: (family, name, direction) => `${family === 4 ? "ip" : "ipv6"} access-group ${name} ${direction}`,
  interface: (name) => `interface ${name}`,
  indent: "   ",
  // Lists know no groups of addresses; those of traffic policies are not for them.
  insert: "renumber",
  group: (_family, name) => ({ lines: [], reference: name, undo: "" }),
  notes: [
    "In a session with a way back: `configure session fp25`, the text, `show session-config diffs`, `commit timer 00:05:00`, then `configure session fp25 commit`.",
    "Lists of IPv6 going out need a platform and a TCAM profile that have them: `show platform … tcam` or the log tells.",
    "Where traffic policies are in use (`traffic-policy input …` on the interface), these lists come besides them.",
  ],
};

export const render = (job: RenderJob): Rendered => renderLists(job, style);
