/**
 * Writes a table of its own, with base chains that come a little before those of others. Mailers return to the chain
 * they came from and the rest of the site is dropped, so that nothing is granted that another table stops.
 */

import { formatIp } from "../../../net/ip.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { isHost, limitsOf, plainText, stamp } from "../writing/words.ts";

const table = "inet fencepost25";

export function renderNftables(job: RenderJob): Rendered {
  const outside = interfaceName(job.outside);
  const filtersOut = job.families.some(({ senders }) => senders !== null);
  const parts = job.families.map(familyPart);
  const incoming = parts.flatMap((part) => part.incoming);
  const outgoing = parts.flatMap((part) => part.outgoing);
  const text = [
    `# ${stamp(job, 120)}`,
    "# Port 25 from outside reaches managed mailers alone. Check with `nft -c -f FILE`, load with `nft -f FILE`.",
    `table ${table} {}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...parts.flatMap((part) => part.sets),
    "\tchain forward {",
    "\t\ttype filter hook forward priority filter - 5; policy accept;",
    `\t\tiifname "${outside}" tcp dport 25 jump smtp_in`,
    ...(filtersOut ? [`\t\toifname "${outside}" tcp dport 25 jump smtp_out`] : []),
    "\t}",
    "\tchain smtp_in {",
    ...incoming,
    "\t}",
    ...(filtersOut ? ["\tchain smtp_out {", ...outgoing, "\t}"] : []),
    "}",
    "",
  ].join("\n");
  return {
    text,
    rollback: `nft delete table ${table}\n`,
    notes: notesOf(job, outside, filtersOut),
    rules: incoming.length + outgoing.length + (filtersOut ? 2 : 1),
  };
}

function notesOf(job: RenderJob, outside: string, filtersOut: boolean): readonly string[] {
  return [
    "The file is one transaction: with a mistake anywhere in it nothing changes. Loaded again it replaces its own table alone.",
    "To try it: `nft -f FILE && sleep 300 && nft delete table inet fencepost25`, stopped with Ctrl-C if all is well.",
    "To keep it over a restart, include it from /etc/nftables.conf after `flush ruleset`.",
    ...(job.into === null
      ? []
      : [
          `Nothing is inserted into ${plainText(job.into, 60)}: a drop in this table is final whatever other chains accept, and it grants nothing that they drop.`,
        ]),
    "Sessions to unmanaged hosts that are open are cut as well: the rules look at no state. Offloaded flows (flowtables) live on until they end.",
    "The rules see addresses behind NAT (after dnat, before snat); they are about packets that pass through this machine, not about a mailer on it.",
    ...(filtersOut ? ["Clients that are stopped get a TCP reset, so that they fail at once."] : []),
    ...(outside === job.outside
      ? []
      : [`“${plainText(job.outside, 40)}” is no name of an interface: it is written ${outside}.`]),
  ];
}

interface FamilyPart {
  readonly sets: readonly string[];
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
}

function familyPart(job: FamilyJob): FamilyPart {
  const { family, site, senders } = job;
  const ip = family === 4 ? "ip" : "ip6";
  const { limited, open } = limitsOf(job);
  const sets = [set(`site${family}`, family, site)];
  const incoming: string[] = [];
  const returns = (match: string, direction: string): string =>
    `\t\t${match} counter return comment "fencepost:${direction}:mailer"`;
  if (open.length > 0) {
    sets.push(set(`mailers${family}`, family, open));
    incoming.push(returns(`${ip} daddr @mailers${family}`, "in"));
  }
  for (const [index, { mailers, from }] of limited.entries()) {
    const name = `${index + 1}_${family}`;
    sets.push(set(`limited${name}`, family, mailers), set(`from${name}`, family, from));
    incoming.push(returns(`${ip} saddr @from${name} ${ip} daddr @limited${name}`, "in"));
  }
  incoming.push(
    `\t\t${ip} daddr @site${family} limit rate 10/minute log prefix "fencepost25-in "`,
    `\t\t${ip} daddr @site${family} counter drop comment "fencepost:in:block"`,
  );
  const outgoing: string[] = [];
  if (senders !== null) {
    if (senders.length > 0) {
      sets.push(set(`senders${family}`, family, senders));
      outgoing.push(returns(`${ip} saddr @senders${family}`, "out"));
    }
    outgoing.push(`\t\t${ip} saddr @site${family} counter reject with tcp reset comment "fencepost:out:block"`);
  }
  return { sets: sets.flat(), incoming, outgoing };
}

/** The fewest prefixes do not overlap, so `auto-merge` is not needed. */
function set(name: string, family: 4 | 6, prefixes: readonly Prefix[]): string {
  const elements = prefixes.map((prefix) => (isHost(prefix) ? formatIp(prefix.address) : formatPrefix(prefix)));
  return [
    `\tset ${name} {`,
    `\t\ttype ${family === 4 ? "ipv4_addr" : "ipv6_addr"}; flags interval;`,
    `\t\telements = { ${elements.join(",\n\t\t\t")} }`,
    "\t}",
  ].join("\n");
}

/** What the kernel takes for an interface's name (dev_valid_name), without what would end a string. */
function interfaceName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_.@-]/g, "").slice(0, 15);
  return name === "" || name === "." || name === ".." ? "wan0" : name;
}
