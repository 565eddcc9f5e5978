/**
 * Writes FortiOS policies. The denies are about the site without its mailers, as ranges, and are to be moved to the
 * front; the accepts stay last, where they grant only what no policy decided before.
 */
import type { Prefix } from "../../../net/prefix.ts";
import type { Family } from "../../packet.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, runsOf, stamp } from "../writing/words.ts";

interface Policy {
  readonly id: number;
  readonly name: string;
  readonly family: Family;
  readonly inward: boolean;
  readonly source: string;
  readonly negated: boolean;
  readonly destination: string;
  readonly action: "accept" | "deny";
}

/** Numbers are keys, not the order; these are far from those that people and the web interface give. */
const firstId = 250_025_000;

export function renderFortios(job: RenderJob): Rendered {
  const groups = new Map<string, { readonly family: Family; readonly prefixes: readonly Prefix[] }>();
  const policies = policiesOf(job, groups);
  const stamped = stamp(job);
  const quoted = (words: readonly string[]): string => words.map((word) => `"${word.replace(/["\\]/g, "")}"`).join(" ");
  const outside = quoted([job.outside]);
  const inside = quoted(job.insides.length === 0 ? ["any"] : job.insides);
  const members = [...groups].map(([name, { family, prefixes }]) => ({
    name,
    family,
    runs: runsOf(prefixes).map((run, index) => ({ ...run, name: `${name}-${index + 1}` })),
  }));
  const tables = ([4, 6] as const).flatMap((family) => {
    const mine = members.filter((one) => one.family === family);
    const six = family === 6 ? "6" : "";
    if (mine.length === 0) return [];
    return [
      `config firewall address${six}`,
      ...mine.flatMap(({ runs }) =>
        runs.flatMap((run) => [
          `    edit "${run.name}"`,
          "        set type iprange",
          `        set start-ip ${run.first}`,
          `        set end-ip ${run.last}`,
          "    next",
        ]),
      ),
      "end",
      `config firewall addrgrp${six}`,
      ...mine.flatMap(({ name, runs }) => [
        `    edit "${name}"`,
        `        set member ${quoted(runs.map((run) => run.name))}`,
        `        set comment "${stamped}"`,
        "    next",
      ]),
      "end",
    ];
  });
  const text = [
    `# ${stamped}`,
    "# FortiOS 6.4 and later; on older ones the IPv6 policies belong into config firewall policy6, with srcaddr and dstaddr.",
    ...tables,
    "config firewall service custom",
    '    edit "FP25-SMTP"',
    "        set tcp-portrange 25",
    "    next",
    "end",
    "config firewall policy",
    ...policies.flatMap((policy) => {
      const six = policy.family === 6 ? "6" : "";
      return [
        `    edit ${policy.id}`,
        `        set name "${policy.name}"`,
        `        set srcintf ${policy.inward ? outside : inside}`,
        `        set dstintf ${policy.inward ? inside : outside}`,
        `        set srcaddr${six} "${policy.source}"`,
        ...(policy.negated ? [`        set srcaddr${six}-negate enable`] : []),
        `        set dstaddr${six} "${policy.destination}"`,
        `        set action ${policy.action}`,
        '        set schedule "always"',
        '        set service "FP25-SMTP"',
        ...(policy.action === "deny" ? ["        set match-vip enable"] : []),
        "        set logtraffic all",
        `        set comments "${stamped}"`,
        "    next",
      ];
    }),
    "    # In front of the policies that are there already (put in the number of the first one):",
    ...policies.filter(({ action }) => action === "deny").map(({ id }) => `    # move ${id} before FIRST`),
    "end",
    "",
  ];
  const rollback = [
    `# Takes ${stamped} back.`,
    "config firewall policy",
    ...policies.map(({ id }) => `    delete ${id}`),
    "end",
    ...members.flatMap(({ name, family, runs }) => {
      const six = family === 6 ? "6" : "";
      return [
        `config firewall addrgrp${six}`,
        `    delete "${name}"`,
        "end",
        `config firewall address${six}`,
        ...runs.map((run) => `    delete "${run.name}"`),
        "end",
      ];
    }),
    "config firewall service custom",
    '    delete "FP25-SMTP"',
    "end",
    "",
  ];
  return { text: text.join("\n"), rollback: rollback.join("\n"), notes: notesOf(job), rules: policies.length };
}

function policiesOf(
  job: RenderJob,
  groups: Map<string, { readonly family: Family; readonly prefixes: readonly Prefix[] }>,
): readonly Policy[] {
  const denies: Omit<Policy, "id">[] = [];
  const accepts: Omit<Policy, "id">[] = [];
  for (const family of job.families) {
    const six = family.family === 6 ? "6" : "";
    const group = (name: string, prefixes: readonly Prefix[]): string => {
      groups.set(`${name}${six}`, { family: family.family, prefixes });
      return `${name}${six}`;
    };
    const inward = { family: family.family, inward: true, source: "all", negated: false } as const;
    const outward = { family: family.family, inward: false, destination: "all", negated: false } as const;
    const { denied } = family;
    const { limited, open } = limitsOf(family);
    const senders = family.senders ?? family.site;
    if (denied.in.length > 0)
      denies.push({
        ...inward,
        name: `FP25-IN-BLOCK${six}`,
        destination: group("FP25-BLOCK", denied.in),
        action: "deny",
      });
    limited.forEach(({ mailers, from }, index) => {
      const source = group(`FP25-FROM-${index + 1}`, from);
      const destination = group(`FP25-LIMITED-${index + 1}`, mailers);
      const name = `FP25-IN-LIMIT${six}-${index + 1}`;
      denies.push({ ...inward, name, source, negated: true, destination, action: "deny" });
      accepts.push({ ...inward, name: `FP25-IN-ALLOW${six}-${index + 1}`, source, destination, action: "accept" });
    });
    if (denied.out.length > 0)
      denies.push({
        ...outward,
        name: `FP25-OUT-BLOCK${six}`,
        source: group("FP25-SILENT", denied.out),
        action: "deny",
      });
    if (open.length > 0 && job.into === null)
      accepts.push({
        ...inward,
        name: `FP25-IN-ALLOW${six}`,
        destination: group("FP25-MAILERS", open),
        action: "accept",
      });
    if (senders.length > 0 && job.into === null)
      accepts.push({
        ...outward,
        name: `FP25-OUT-ALLOW${six}`,
        source: group("FP25-SENDERS", senders),
        action: "accept",
      });
  }
  const all = job.into === null ? [...denies, ...accepts] : denies;
  return all.map((policy, index) => ({ ...policy, id: firstId + index + 1 }));
}

function notesOf(job: RenderJob): readonly string[] {
  return [
    `Look first: \`show firewall policy\` for the order and for numbers from ${firstId + 1} on, which have to be free. New policies come last: the denies work only in front of policies that accept SMTP or everything, so put the number of the first policy into the move lines.`,
    "`set` replaces: loaded twice it is as loaded once. Policies that an earlier version had more of stay: run its rollback first.",
    job.into === null
      ? "The accepts stay last and grant port 25 only where no policy decided before, without source NAT; if a policy that denies everything stands before them they never match."
      : "Only denies were written; what is accepted stays as it is.",
    "Denies have match-vip: behind a virtual IP a deny of plain addresses is otherwise passed over. A mailer behind a virtual IP is accepted by a policy that names the virtual IP, not by ours.",
    "If the outside interface is in a zone or in SD-WAN, policies take the zone's name: say that one.",
    "Try it safely: config system global, set cfg-save revert, set cfg-revert-timeout 600; then execute cfg save.",
    "Address groups hold 300 to 5,000 members, by model.",
  ];
}
