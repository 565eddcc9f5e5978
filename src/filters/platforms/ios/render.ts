/** Writes filters for IOS and IOS-XE. */
import type { Rendered, RenderJob } from "../../platform.ts";
import { withMask } from "../cisco/addresses-text.ts";
import { renderLists } from "../cisco/render.ts";
import type { Style } from "../cisco/style.ts";

const style: Style = {
  title: "Cisco IOS and IOS-XE",
  list: (family, name) => (family === 4 ? `ip access-list extended ${name}` : `ipv6 access-list ${name}`),
  options: [],
  number: (family, number) => (family === 4 ? `${number} ` : `sequence ${number} `),
  // Old trains take no number in front of a remark.
  remark: "taken out first",
  everything: (family) => (family === 4 ? "ip" : "ipv6"),
  address: (prefix) => withMask(prefix, "wildcard"),
  attach: (family, name, direction) =>
    family === 4 ? `ip access-group ${name} ${direction}` : `ipv6 traffic-filter ${name} ${direction}`,
  interface: (name) => `interface ${name}`,
  indent: " ",
  insert: "groups",
  group: (family, name, members) => {
    const opens = `object-group ${family === 4 ? "network" : "v6-network"} ${name}`;
    return {
      lines: [opens, ...members.map((one) => ` ${withMask(one, "netmask")}`)],
      reference: `object-group ${name}`,
      undo: `no ${opens}`,
    };
  },
  notes: [
    "Load it with a way back: `configure terminal revert timer 5`, then `configure confirm` (needs `archive`); or `reload in 10` before and `reload cancel` after.",
    "An attached list that does not exist lets everything pass: never remove a list before its attachment.",
    "Packets that the router itself sends are not filtered going out.",
    "Catalyst switches hold a few thousand entries in hardware; `log` on an entry sends packets to the processor and is left out.",
    "Look afterwards with `show ip access-lists` and `show ipv6 access-list`: the counters of the denies tell whom it hits.",
  ],
};

export function render(job: RenderJob): Rendered {
  if (job.into === null) return renderLists(job, style);
  // A list that is a number is of IPv4: names of IPv6 lists begin with a letter.
  const numbered = /^\d/.test(job.into);
  const made = renderLists(
    numbered ? { ...job, families: job.families.filter(({ family }) => family === 4) } : job,
    style,
  );
  return {
    ...made,
    notes: [
      ...made.notes,
      "Object groups need IOS 12.4(20)T, 15 or IOS-XE; groups of IPv6 (`v6-network`) a recent IOS-XE. Elsewhere write the members out as entries of their own.",
      ...(numbered && job.families.some(({ family }) => family === 6)
        ? [`${job.into} is a list of IPv4: insert into the list of IPv6 by its own name as well.`]
        : []),
      "A standard list (1 to 99, 1300 to 1999) looks at sources alone and cannot take these entries: put an extended one in its place.",
    ],
  };
}
