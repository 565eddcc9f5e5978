/**
 * Writes rules for an anchor of their own: what must not pass is blocked quickly, and nothing else is said, so that the
 * rules around it go on deciding about everything else. Tables with negated entries hold the site without its mailers.
 */
import { formatIp } from "../../../net/ip.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { isHost, limitsOf, plainText, stamp } from "../writing/words.ts";

export function renderPf(job: RenderJob): Rendered {
  const anchor = job.into === null ? "fencepost" : anchorName(job.into);
  const outside = interfaceName(job.outside);
  const all = (pick: (family: RenderJob["families"][number]) => readonly Prefix[]): readonly Prefix[] =>
    job.families.flatMap(pick);
  const site = all((family) => family.site);
  const mailers = all((family) => family.reachable.flatMap((group) => group.mailers));
  const filtersOut = job.families.some(({ senders }) => senders !== null);
  const tables = [table("fp25_block", site, mailers)];
  const rules = [`block drop in quick on ${outside} proto tcp from any to <fp25_block> port 25 label "fencepost-in"`];
  // Mailers that only some may reach: the others are blocked, whichever family they come in.
  const limited = job.families.flatMap((family) =>
    limitsOf(family).limited.map((one) => ({ ...one, family: family.family })),
  );
  for (const [index, { mailers: some, from, family }] of limited.entries()) {
    tables.push(table(`fp25_limited${index + 1}`, some, []), table(`fp25_from${index + 1}`, from, []));
    rules.push(
      `block drop in quick on ${outside} ${family === 4 ? "inet" : "inet6"} proto tcp from ! <fp25_from${index + 1}> to <fp25_limited${index + 1}> port 25 label "fencepost-in"`,
    );
  }
  if (filtersOut) {
    tables.push(
      table(
        "fp25_quiet",
        site,
        all((family) => family.senders ?? []),
      ),
    );
    rules.push(`block return out quick on ${outside} proto tcp from <fp25_quiet> to any port 25 label "fencepost-out"`);
  }
  return {
    text: [
      `# ${stamp(job, 120)}`,
      "# Port 25 from outside reaches managed mailers alone.",
      `# Check: pfctl -n -a ${anchor} -f FILE    Load: pfctl -a ${anchor} -f FILE`,
      ...tables,
      ...rules,
      "",
    ].join("\n"),
    rollback: `pfctl -a ${anchor} -F rules\npfctl -a ${anchor} -F Tables\n`,
    notes: [
      `pf.conf needs the line \`anchor "${anchor}"\` before its first quick rule, or these rules are never asked; then the file is loaded as one transaction, and again with the same outcome.`,
      "The rules only block: what they let go on is decided by the rules around the anchor. Alone, with pf's default, all else passes.",
      "To try it: `pfctl -a ANCHOR -f FILE && sleep 300 && pfctl -a ANCHOR -F rules`, stopped with Ctrl-C if all is well.",
      "States that are there already live on: end them with `pfctl -k 0.0.0.0/0 -k HOST` for each host that must no longer be reached.",
      "Addresses are those that strangers use. On FreeBSD rdr comes before the filter, and with nat on the outside interface the rule for what goes out sees the translated source: put it on the inside interface, with `in`.",
      `In the main pf.conf the interface may be a group: ${outside} stands for the outside one (egress on OpenBSD).`,
      ...(outside === job.outside
        ? []
        : [`“${plainText(job.outside, 40)}” is no name of an interface: it is written ${outside}.`]),
      ...(job.into !== null && anchor !== job.into
        ? [`“${plainText(job.into, 40)}” is no name of an anchor: it is written ${anchor}.`]
        : []),
    ],
    rules: rules.length,
  };
}

/** Of two entries that hold an address the longer one decides (pf.conf(5), TABLES). */
function table(name: string, prefixes: readonly Prefix[], except: readonly Prefix[]): string {
  const text = (prefix: Prefix): string => (isHost(prefix) ? formatIp(prefix.address) : formatPrefix(prefix));
  const same = new Set(except.map(text));
  const entries = [...prefixes.map(text).filter((one) => !same.has(one)), ...[...same].map((one) => `!${one}`)];
  return `table <${name}> persist { ${entries.join(", ")} }`;
}

function interfaceName(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_.]/g, "").slice(0, 15);
  return /^[A-Za-z]/.test(name) ? name : "egress";
}

const anchorName = (text: string): string => {
  const name = text.replace(/[^A-Za-z0-9_./-]/g, "").slice(0, 60);
  return name === "" ? "fencepost" : name;
};
