/**
 * Writes RouterOS rules: two chains that drop or return, and jumps to them at the beginning of `forward`. They accept
 * nothing, so that every other rule still decides what it decided.
 */
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, stamp } from "../writing/words.ts";

/** A list of interfaces is written in capitals, as in the default configuration. */
const isList = (name: string): boolean => /^[A-Z][A-Z_-]*$/.test(name);

export function renderRouteros(job: RenderJob): Rendered {
  const stamped = stamp(job);
  const families = job.families.map((family) => linesOf(family, job, stamped));
  const removal = (menu: string): readonly string[] => [
    `/${menu} firewall filter remove [find comment~"^fencepost"]`,
    `/${menu} firewall address-list remove [find comment~"^fencepost"]`,
  ];
  const menus = job.families.map(({ family }) => (family === 4 ? "ip" : "ipv6"));
  return {
    text: [
      `# ${stamped}`,
      "# Paste in safe mode (Ctrl-X), or /import. The removals make a second load the same as the first.",
      ...menus.flatMap(removal),
      ...families.flatMap(({ lines }) => lines),
      "",
    ].join("\n"),
    rollback: [`# Takes ${stamped} back.`, ...menus.flatMap(removal), ""].join("\n"),
    notes: notesOf(job),
    rules: families.reduce((sum, { rules }) => sum + rules, 0),
  };
}

function linesOf(job: FamilyJob, { outside, into }: RenderJob, stamped: string) {
  const menu = job.family === 4 ? "ip" : "ipv6";
  const comment = `comment="${stamped}"`;
  const addresses: string[] = [];
  const list = (name: string, prefixes: readonly Prefix[]): string => {
    addresses.push(...prefixes.map((prefix) => `add list=${name} address=${formatPrefix(prefix)} ${comment}`));
    return name;
  };
  const { limited } = limitsOf(job);
  const mailers = job.reachable.flatMap((group) => group.mailers);
  const incoming = [
    ...limited.map(({ mailers: some, from }, index) => {
      const [source, target] = [list(`FP25-FROM-${index + 1}`, from), list(`FP25-LIMITED-${index + 1}`, some)];
      return `add chain=fp25-in action=drop src-address-list=!${source} dst-address-list=${target} ${comment}`;
    }),
    ...(mailers.length === 0
      ? []
      : [`add chain=fp25-in action=return dst-address-list=${list("FP25-MAILERS", mailers)} ${comment}`]),
    `add chain=fp25-in action=drop dst-address-list=${list("FP25-SITE", job.site)} ${comment}`,
  ];
  const reject = "action=reject reject-with=tcp-reset protocol=tcp";
  const outgoing =
    job.senders === null
      ? []
      : [
          ...(job.senders.length === 0
            ? []
            : [`add chain=fp25-out action=return src-address-list=${list("FP25-SENDERS", job.senders)} ${comment}`]),
          `add chain=fp25-out ${reject} src-address-list=FP25-SITE ${comment}`,
        ];
  const device = (way: "in" | "out"): string => `${way}-interface${isList(outside) ? "-list" : ""}=${quoted(outside)}`;
  const chain = into ?? "forward";
  const jump = (way: "in" | "out"): string =>
    `add chain=${quoted(chain)} action=jump jump-target=fp25-${way} protocol=tcp dst-port=25 ${device(way)} comment="fencepost jump ${way}"`;
  const rules = [...incoming, ...outgoing];
  const jumps = [jump("in"), ...(outgoing.length === 0 ? [] : [jump("out")])];
  return {
    lines: [
      `/${menu} firewall address-list`,
      ...addresses,
      `/${menu} firewall filter`,
      ...rules,
      ...jumps,
      'move [find comment~"^fencepost jump"] destination=0',
    ],
    rules: rules.length + jumps.length,
  };
}

const quoted = (text: string): string => (/^[A-Za-z0-9._-]+$/.test(text) ? text : `"${text.replace(/["\\$?]/g, "")}"`);

function notesOf({ outside, into }: RenderJob): readonly string[] {
  return [
    `${outside} is taken for ${isList(outside) ? "a list of interfaces (it is written in capitals)" : "an interface"}.`,
    "In safe mode (Ctrl-X) the changes are undone if the session breaks; keep `/export` and `/system backup save` besides.",
    "The jumps go to the beginning of the table. Look at `/ip firewall filter print` afterwards: they have to stand before every accept that sees new connections.",
    ...(into === null ? [] : [`The jumps are in the chain ${into}; packets that never get there are not blocked.`]),
    "The chains drop or return and accept nothing: whatever was dropped before still is. Rules see addresses behind destination NAT.",
    "A bridge needs use-ip-firewall=yes, and hardware offload of routing (l3hw) has to be off, for rules to see its packets.",
  ];
}
