/** Writes filters for IOS-XR. */
import type { Rendered, RenderJob } from "../../platform.ts";
import { withLength } from "../cisco/addresses-text.ts";
import { renderLists } from "../cisco/render.ts";
import type { Style } from "../cisco/style.ts";

const style: Style = {
  title: "Cisco IOS-XR",
  list: (family, name) => `ipv${family} access-list ${name}`,
  options: [],
  number: (_family, number) => `${number} `,
  remark: "numbered",
  everything: (family) => `ipv${family}`,
  address: withLength,
  attach: (family, name, direction) => `ipv${family} access-group ${name} ${direction === "in" ? "ingress" : "egress"}`,
  interface: (name) => `interface ${name}`,
  indent: " ",
  insert: "groups",
  group: (family, name, members) => {
    const opens = `object-group network ipv${family} ${name}`;
    return {
      lines: [opens, ...members.map((one) => ` ${withLength(one)}`), "!"],
      reference: `net-group ${name}`,
      undo: `no ${opens}`,
    };
  },
  notes: [
    "All of it is one commit: `commit confirmed 120`, then `commit`; `rollback configuration last 1` takes it back.",
    "Some line cards take object groups only with `compress level` at the attachment, others not at all: `show access-lists ipv4 NAME hardware ingress location …` shows what is in the hardware.",
    "NCS 5500: some thousand entries of IPv4 and half as many of IPv6; lists of IPv6 going out are not supported by all cards.",
  ],
};

export const render = (job: RenderJob): Rendered => renderLists(job, style);
