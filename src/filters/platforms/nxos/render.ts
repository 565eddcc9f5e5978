/** Writes filters for NX-OS. */
import type { Rendered, RenderJob } from "../../platform.ts";
import { withLength } from "../cisco/addresses-text.ts";
import { renderLists } from "../cisco/render.ts";
import type { Style } from "../cisco/style.ts";

const style: Style = {
  title: "Cisco NX-OS",
  list: (family, name) => `${family === 4 ? "ip" : "ipv6"} access-list ${name}`,
  options: ["statistics per-entry"],
  number: (_family, number) => `${number} `,
  remark: "numbered",
  everything: (family) => (family === 4 ? "ip" : "ipv6"),
  address: withLength,
  attach: (family, name, direction) =>
    family === 4 ? `ip access-group ${name} ${direction}` : `ipv6 traffic-filter ${name} ${direction}`,
  interface: (name) => `interface ${name}`,
  indent: "  ",
  insert: "groups",
  group: (family, name, members) => {
    const opens = `object-group ${family === 4 ? "ip" : "ipv6"} address ${name}`;
    return {
      lines: [opens, ...members.map((one, index) => `  ${(index + 1) * 10} ${withLength(one)}`)],
      reference: `addrgroup ${name}`,
      undo: `no ${opens}`,
    };
  },
  notes: [
    "Load it with a way back: `checkpoint before-fp25` first, `rollback running-config checkpoint before-fp25 atomic` after; or in a `configure session fp25` with `verify` before `commit`.",
    "For routed interfaces (`no switchport`, or a VLAN's). At a port that switches, `ip port access-group … in` takes its place, coming in only.",
    "The tables for lists must be carved (`hardware access-list tcam region ing-racl`, `ipv6-racl`), which needs a reload; an entry of IPv6 takes twice the room, and room for both versions is needed while one takes the other's place.",
    "Entries with ports and later fragments: documents do not say that a permit with ports takes them; they come to the last entry, which permits.",
  ],
};

export const render = (job: RenderJob): Rendered => renderLists(job, style);
