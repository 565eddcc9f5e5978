/**
 * Writes a shell script: chains of our own, refreshed as one transaction for each family, and one jump to each from the
 * head of FORWARD. Mailers return to where the packet came from, so that nothing is granted that a later rule drops.
 * Long lists become sets, since iptables looks at rules one by one.
 */
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, plainText, stamp } from "../writing/words.ts";

/** More addresses than this in one family are put into sets. */
const mostAsRules = 50;

export function renderIptables(job: RenderJob): Rendered {
  const outside = interfaceName(job.outside);
  const chain = job.into === null ? "FORWARD" : chainName(job.into);
  // IPv6 first: each family is a transaction of its own, and the one more often forgotten is not to be the later one.
  const parts = [...job.families]
    .sort((a, b) => b.family - a.family)
    .map((family) => familyPart(family, outside, chain));
  const sets = parts.flatMap((part) => part.sets);
  const text = [
    "#!/bin/sh",
    `# ${stamp(job, 120)}`,
    "# Port 25 from outside reaches managed mailers alone. Run as root; run again it changes nothing.",
    "set -e",
    ...(sets.length === 0 ? [] : ["ipset restore -exist <<'SETS'", ...sets, "SETS"]),
    ...parts.flatMap((part) => part.lines),
    "",
  ].join("\n");
  return {
    text,
    rollback: `${parts.flatMap((part) => part.rollback).join("\n")}\n`,
    notes: notesOf(job, { outside, chain, hasSets: sets.length > 0 }),
    rules: parts.reduce((sum, part) => sum + part.rules, 0),
  };
}

function notesOf(
  job: RenderJob,
  { outside, chain, hasSets }: { readonly outside: string; readonly chain: string; readonly hasSets: boolean },
): readonly string[] {
  return [
    "Each family is one transaction (`iptables-restore --noflush` touches only our chains); the jumps are put in if they are not there.",
    `If other tools have since put rules before our jump in ${chain}, look where it stands: \`iptables -nL ${chain} --line-numbers | head\`.`,
    "Try it first: `sh -n FILE`, then run it with the rollback waiting: `(sleep 300; sh ROLLBACK) & sh FILE`; kill the waiting one if all is well.",
    "To keep it over a restart, run it after your own rules are loaded, or save with `iptables-save` and `ip6tables-save`.",
    ...(hasSets
      ? [`More than ${mostAsRules} addresses are held in sets: ipset and its kernel module (xt_set) must be there.`]
      : []),
    ...(job.into === null
      ? [
          "Where Docker runs, forwarded packets pass DOCKER-USER: let it be inserted there (`--into DOCKER-USER`) if FORWARD is rewritten.",
        ]
      : ["Our chains grant nothing: what they let go on still meets every rule behind the jump."]),
    "Sessions to unmanaged hosts that are open are cut as well, since the jump stands before what accepts them.",
    "The rules see addresses behind NAT, and are about packets that pass through this machine, not about a mailer on it.",
    ...(job.into !== null && chain !== job.into
      ? [`“${plainText(job.into, 40)}” is no name of a chain: it is written ${chain}.`]
      : []),
    ...(outside === job.outside
      ? []
      : [`“${plainText(job.outside, 40)}” is no name of an interface: it is written ${outside}.`]),
  ];
}

interface FamilyPart {
  readonly sets: readonly string[];
  readonly lines: readonly string[];
  readonly rollback: readonly string[];
  readonly rules: number;
}

function familyPart(job: FamilyJob, outside: string, into: string): FamilyPart {
  const { family, site, senders } = job;
  const program = family === 4 ? "iptables" : "ip6tables";
  const { limited, open } = limitsOf(job);
  const all = [site, open, senders ?? [], ...limited.flatMap(({ mailers, from }) => [mailers, from])];
  const asSets = all.reduce((sum, list) => sum + list.length, 0) > mostAsRules;
  const sets: string[] = [];
  const names: string[] = [];
  /** Ways to say "one of these": a word for each rule that is needed. */
  const ways = (name: string, prefixes: readonly Prefix[], side: "src" | "dst"): readonly string[] => {
    const option = side === "src" ? "-s" : "-d";
    if (!asSets) return prefixes.map((prefix) => `${option} ${formatPrefix(prefix)}`);
    const set = `fp25-${name}${family}`;
    if (!names.includes(set)) {
      names.push(set);
      sets.push(...setLines(set, family, prefixes));
    }
    return [`-m set --match-set ${set} ${side}`];
  };
  const comment = (what: string): string => `-m comment --comment "fencepost:${what}"`;
  const incoming = [
    ...ways("open", open, "dst").map((way) => `-A FP25-IN ${way} ${comment("in:mailer")} -j RETURN`),
    ...limited.flatMap(({ mailers, from }, index) =>
      ways(`from${index + 1}-`, from, "src").flatMap((source) =>
        ways(`limited${index + 1}-`, mailers, "dst").map(
          (way) => `-A FP25-IN ${source} ${way} ${comment("in:mailer")} -j RETURN`,
        ),
      ),
    ),
    ...ways("site", site, "dst").map((way) => `-A FP25-IN ${way} ${comment("in:block")} -j DROP`),
  ];
  const outgoing =
    senders === null
      ? []
      : [
          ...(senders.length === 0 ? [] : ways("senders", senders, "src")).map(
            (way) => `-A FP25-OUT ${way} ${comment("out:mailer")} -j RETURN`,
          ),
          ...ways("site", site, "src").map(
            (way) => `-A FP25-OUT -p tcp ${way} ${comment("out:block")} -j REJECT --reject-with tcp-reset`,
          ),
        ];
  const jumpOut = `${into} -o ${outside} -p tcp -m tcp --dport 25 -j FP25-OUT`;
  const jumps = [`${into} -i ${outside} -p tcp -m tcp --dport 25 -j FP25-IN`, ...(senders === null ? [] : [jumpOut])];
  return {
    sets,
    lines: [
      `${program}-restore --noflush <<'RULES'`,
      "*filter",
      ":FP25-IN - [0:0]",
      ...(senders === null ? [] : [":FP25-OUT - [0:0]"]),
      ...incoming,
      ...outgoing,
      "COMMIT",
      "RULES",
      ...jumps.map((jump) => `${program} -C ${jump} 2>/dev/null || ${program} -I ${jump.replace(" ", " 1 ")}`),
      // A policy of before, that is no more.
      ...(senders === null ? [`${program} -D ${jumpOut} 2>/dev/null || true`] : []),
    ],
    rollback: [
      ...jumps.map((jump) => `${program} -D ${jump}`),
      ...["FP25-IN", ...(senders === null ? [] : ["FP25-OUT"])].flatMap((chain) => [
        `${program} -F ${chain}`,
        `${program} -X ${chain}`,
      ]),
      ...names.map((name) => `ipset destroy ${name}`),
    ],
    rules: incoming.length + outgoing.length + jumps.length,
  };
}

/** Filled beside the one in use and then exchanged: rules that look at it never see half of it. */
function setLines(name: string, family: 4 | 6, prefixes: readonly Prefix[]): readonly string[] {
  const options = `hash:net family ${family === 4 ? "inet" : "inet6"} maxelem ${Math.max(65536, prefixes.length)}`;
  const beside = `${name}-new`;
  return [
    `create ${name} ${options}`,
    `create ${beside} ${options}`,
    `flush ${beside}`,
    ...prefixes.map((prefix) => `add ${beside} ${formatPrefix(prefix)}`),
    `swap ${beside} ${name}`,
    `destroy ${beside}`,
  ];
}

/** What the kernel takes for an interface's name, without what a shell would read otherwise. */
function interfaceName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_.@-]/g, "").slice(0, 15);
  return name === "" || name.startsWith("-") ? "wan0" : name;
}

const chainName = (text: string): string => {
  const name = text.replace(/[^A-Za-z0-9_.-]/g, "").slice(0, 28);
  return name === "" || name.startsWith("-") ? "FORWARD" : name;
};
