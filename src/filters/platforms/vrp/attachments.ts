/** What is applied to interfaces, VLANs and the whole device: filters by access list, and traffic policies. */
import type { Direction, Family } from "../../packet.ts";
import type { Block, Line } from "./lines.ts";

export interface Attachment {
  readonly kind: "filter" | "policy" | "qos";
  readonly name: string;
  /** Null: both (a traffic policy, a list for frames). */
  readonly family: Family | null;
  readonly direction: Direction;
  readonly line: number;
  /** `packet-filter` of Comware, whose default may be to deny. */
  readonly packetFilter: boolean;
  /** Only this rule of the list. */
  readonly rule: number | null;
}

export interface Place {
  readonly name: string;
  readonly attachments: readonly Attachment[];
  /** Statements about filters that are not understood. */
  readonly odd: readonly number[];
}

export interface Attachments {
  readonly interfaces: readonly Place[];
  readonly vlans: ReadonlyMap<string, Place>;
  readonly device: Place;
  /** `packet-filter default deny`. */
  readonly deniesByDefault: number | null;
  /** Interfaces in zones, whose policies are not read. */
  readonly zoned: ReadonlyMap<string, number>;
}

const ours = /^(undo )?(traffic-(filter|secure|policy)|packet-filter|firewall packet-filter|qos apply policy)\b/;

export function attachmentsOf(blocks: readonly Block[]): Attachments {
  const interfaces = new Map<string, Growing>();
  const vlans = new Map<string, Growing>();
  const device: Growing = { attachments: [], odd: [] };
  const zoned = new Map<string, number>();
  let denies: number | null = null;
  const grow = (map: Map<string, Growing>, name: string): Growing => {
    const known = map.get(name) ?? { attachments: [], odd: [] };
    map.set(name, known);
    return known;
  };
  for (const { header, body } of blocks) {
    const [first, ...rest] = header.words;
    if (first === "interface") {
      const name = rest.join("");
      const place = grow(interfaces, name);
      for (const line of body) {
        apply(place, line);
        if (line.words[0] === "zone" && body.length > 0) zoned.set(name, line.line);
      }
    } else if (first === "vlan" && rest.length === 1) for (const line of body) apply(grow(vlans, rest[0] ?? ""), line);
    else if ((first === "firewall" && rest[0] === "zone") || first === "security-zone") {
      for (const line of body)
        if (/^(add|import) interface/.test(line.words.slice(0, 2).join(" ")))
          zoned.set(line.words.slice(2).join(""), line.line);
    } else {
      const standing = /^(firewall )?packet-filter default (deny|permit)/.exec(header.words.join(" "));
      if (standing !== null) denies = standing[2] === "deny" ? header.line : null;
      else {
        const vlan = header.words.indexOf("vlan");
        const target =
          vlan > 0 && ours.test(header.words.join(" ")) ? grow(vlans, header.words[vlan + 1] ?? "") : device;
        apply(
          target,
          vlan > 0 ? { ...header, words: header.words.filter((_, at) => at !== vlan && at !== vlan + 1) } : header,
        );
      }
    }
  }
  const place = ([name, { attachments, odd }]: readonly [string, Growing]): Place => ({ name, attachments, odd });
  return {
    interfaces: [...interfaces].map(place),
    vlans: new Map([...vlans].map((entry) => [entry[0], place(entry)])),
    device: place(["the device", device]),
    deniesByDefault: denies,
    zoned,
  };
}

interface Growing {
  attachments: Attachment[];
  readonly odd: number[];
}

function apply(place: Growing, { words, line }: Line): void {
  const text = words.join(" ");
  if (!ours.test(text)) return;
  const undone = words[0] === "undo";
  const read = attachmentOf(undone ? words.slice(1) : words, line);
  if (read === null) {
    // `packet-filter filter route` and the like look at nothing by themselves.
    if (!undone && !/packet-filter (filter|statistics|default)/.test(text)) place.odd.push(line);
    return;
  }
  place.attachments = place.attachments.filter(
    (one) =>
      one.kind !== read.kind ||
      one.direction !== read.direction ||
      (read.name !== "" && one.name !== read.name) ||
      (read.family !== null && one.family !== read.family),
  );
  if (!undone) place.attachments.push(read);
}

/** Null: not understood. An empty name: the one that is there, whatever it is called. */
function attachmentOf(words: readonly string[], line: number): Attachment | null {
  const left = words.filter((word) => word !== "firewall");
  const [kind = ""] = left;
  const inbound = left.some((word) => word === "inbound" || word === "input");
  const outbound = left.some((word) => word === "outbound" || word === "output");
  if (inbound === outbound) return null;
  const direction = inbound ? "in" : "out";
  const base = { direction, line, packetFilter: kind === "packet-filter", rule: null } as const;
  const plain = left.filter((word) => !/^(inbound|outbound|input|output|global)$/.test(word));
  if (kind === "traffic-policy") return { ...base, kind: "policy", name: plain[1] ?? "", family: null };
  if (kind === "qos") return { ...base, kind: "qos", name: plain[3] ?? "", family: null };
  const rest = plain
    .slice(1)
    .filter((word) => !/^(acl|number|ip-group|hardware-count|share-mode|route|all)$/.test(word));
  const six = rest[0] === "ipv6" || rest[0] === "ipv6-group";
  const mac = rest[0] === "mac" || rest[0] === "link-group";
  const names = rest.slice(six || mac ? 1 : 0).filter((word) => word !== "name");
  const rule = names[1] === "rule" && /^\d+$/.test(names[2] ?? "") ? Number(names[2]) : null;
  if (names.length > (names[1] === "rule" ? 3 : 1)) return null;
  return { ...base, kind: "filter", name: names[0] ?? "", family: mac ? null : six ? 6 : 4, rule };
}
