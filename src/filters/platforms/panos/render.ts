/**
 * Writes PAN-OS rules in the set form. The denies go to the top and are about the site without its mailers, so that they
 * override no other rule's deny; the allows stay at the end, where they grant only what no rule decided before.
 */
import { formatIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import type { Prefix } from "../../../net/prefix.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, stamp } from "../writing/words.ts";

interface PanRule {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly source: string;
  readonly negated: boolean;
  readonly destination: string;
  readonly action: "allow" | "drop" | "reset-client";
}

export function renderPanos(job: RenderJob): Rendered {
  const groups = new Map<string, readonly Prefix[]>();
  const rules = rulesOf(job, groups);
  const stamped = stamp(job);
  const base = "rulebase security rules";
  const word = (text: string): string => (/^[A-Za-z0-9._-]+$/.test(text) ? text : `"${text.replaceAll('"', "")}"`);
  const list = (words: readonly string[]): string =>
    words.length === 1 ? word(words[0] ?? "any") : `[ ${words.map(word).join(" ")} ]`;
  const objects = [...groups].map(([name, prefixes]) => ({
    name,
    members: ipSet(prefixes).ranges.map(({ family, first, last }, index) => ({
      name: `${name}-${index + 1}`,
      value: `${formatIp({ family, bits: first })}-${formatIp({ family, bits: last })}`,
    })),
  }));
  const removal = [
    ...rules.map(({ name }) => `delete ${base} ${name}`),
    ...objects.flatMap(({ name, members }) => [
      `delete address-group ${name}`,
      ...members.map((member) => `delete address ${member.name}`),
    ]),
    "delete service FP25-SMTP",
  ];
  const denies = rules.filter(({ action }) => action !== "allow").map(({ name }) => name);
  const text = [
    ...removal,
    "set service FP25-SMTP protocol tcp port 25",
    ...objects.flatMap(({ name, members }) => [
      ...members.map((member) => `set address ${member.name} ip-range ${member.value}`),
      `set address-group ${name} static [ ${members.map((member) => member.name).join(" ")} ]`,
      `set address-group ${name} description "${stamped}"`,
    ]),
    ...rules.flatMap((rule) => {
      const start = `set ${base} ${rule.name}`;
      return [
        `${start} from ${list(rule.from)}`,
        `${start} to ${list(rule.to)}`,
        `${start} source ${rule.source}`,
        ...(rule.negated ? [`${start} negate-source yes`] : []),
        `${start} destination ${rule.destination}`,
        `${start} application any`,
        `${start} service FP25-SMTP`,
        `${start} log-end yes`,
        `${start} description "${stamped}"`,
        `${start} action ${rule.action}`,
      ];
    }),
    ...denies.toReversed().map((name) => `move ${base} ${name} top`),
    "",
  ];
  return {
    text: text.join("\n"),
    rollback: [...removal, ""].join("\n"),
    notes: notesOf(job),
    rules: rules.length,
  };
}

function rulesOf(job: RenderJob, groups: Map<string, readonly Prefix[]>): readonly PanRule[] {
  const group = (name: string, prefixes: readonly Prefix[]): string => {
    groups.set(name, prefixes);
    return name;
  };
  const inward = { from: [job.outside], to: job.insides, source: "any", negated: false } as const;
  const outward = { from: job.insides, to: [job.outside], negated: false, destination: "any" } as const;
  const blocked = job.families.flatMap(({ denied }) => denied.in);
  const silenced = job.families.flatMap(({ denied }) => denied.out);
  const open = job.families.flatMap((family) => limitsOf(family).open);
  const senders = job.families.flatMap((family) => family.senders ?? family.site);
  const limited = job.families.flatMap((family) =>
    limitsOf(family).limited.map((limit, index) => ({ ...limit, tail: `${family.family}-${index + 1}` })),
  );
  const denies: PanRule[] = [];
  if (blocked.length > 0)
    denies.push({ ...inward, name: "FP25-IN-BLOCK", destination: group("FP25-BLOCK", blocked), action: "drop" });
  for (const { mailers, from, tail } of limited)
    denies.push({
      ...inward,
      name: `FP25-IN-LIMIT-${tail}`,
      source: group(`FP25-FROM-${tail}`, from),
      negated: true,
      destination: group(`FP25-LIMITED-${tail}`, mailers),
      action: "drop",
    });
  if (silenced.length > 0)
    denies.push({ ...outward, name: "FP25-OUT-BLOCK", source: group("FP25-SILENT", silenced), action: "reset-client" });
  if (job.into !== null) return denies;
  const allows: PanRule[] = [];
  if (open.length > 0)
    allows.push({ ...inward, name: "FP25-IN-ALLOW", destination: group("FP25-MAILERS", open), action: "allow" });
  for (const { tail } of limited)
    allows.push({
      ...inward,
      name: `FP25-IN-ALLOW-${tail}`,
      source: `FP25-FROM-${tail}`,
      destination: `FP25-LIMITED-${tail}`,
      action: "allow",
    });
  if (senders.length > 0)
    allows.push({ ...outward, name: "FP25-OUT-ALLOW", source: group("FP25-SENDERS", senders), action: "allow" });
  return [...denies, ...allows];
}

function notesOf(job: RenderJob): readonly string[] {
  return [
    "Paste in configuration mode; the first lines delete what an earlier version left and say so where there is nothing. Then `validate full`, `commit`; back: `load config last-saved` or `revert config`, and `commit`.",
    "The service is TCP 25 with application any: a rule with App-ID smtp would let the handshake through.",
    job.into === null
      ? "The allows stay at the end and grant port 25 only where no rule decided before. If a rule that denies everything stands before them they never match: what it let through before still passes."
      : "Only denies were written; what is allowed stays as it is.",
    "On Panorama put `device-group NAME pre-rulebase` in the place of `rulebase`: pre-rules stand before the firewall's own, and a pre-rule that allows port 25 stands before these.",
    "Addresses are those before NAT, the zone is the one behind it. Limits differ by model: some hundred rules, 2,500 addresses, 500 members of a group on the smallest.",
  ];
}
