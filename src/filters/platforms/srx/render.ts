/**
 * Writes security policies in the set form. Denies first, of the site without its mailers, so that they override no
 * other policy's deny; permits are added last, where they grant only what no policy decided before.
 */
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, stamp } from "../writing/words.ts";

interface Policy {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly destination: string;
  readonly sourceExcluded: boolean;
  readonly action: "permit" | "deny" | "reject";
}

export function renderSrx(job: RenderJob): Rendered {
  const sets = new Map<string, readonly Prefix[]>();
  const policies = job.insides.flatMap((inside) => policiesOf(job, inside, sets));
  const book = "security address-book global";
  const pair = ({ from, to }: Policy): string => `security policies from-zone ${from} to-zone ${to}`;
  const stamped = stamp(job);
  const denies = policies.filter(({ action }) => action !== "permit");
  const text = [
    `# ${stamped}`,
    "# Load: load set terminal, show | compare, commit check, commit confirmed 5, commit.",
    "# The deletes make a second load the same as the first; at the first load they only warn.",
    ...policies.map((policy) => `delete ${pair(policy)} policy ${policy.name}`),
    ...[...sets].flatMap(([name, prefixes]) => [
      `delete ${book} address-set ${name}`,
      ...prefixes.map((_, index) => `delete ${book} address ${name}-${index + 1}`),
    ]),
    "delete applications application FP25-SMTP",
    "set applications application FP25-SMTP protocol tcp",
    "set applications application FP25-SMTP destination-port 25",
    ...[...sets].flatMap(([name, prefixes]) =>
      prefixes.flatMap((prefix, index) => [
        `set ${book} address ${name}-${index + 1} ${formatPrefix(prefix)}`,
        `set ${book} address-set ${name} address ${name}-${index + 1}`,
      ]),
    ),
    ...policies.flatMap((policy) => {
      const start = `set ${pair(policy)} policy ${policy.name}`;
      return [
        `${start} description "${stamped}"`,
        `${start} match source-address ${policy.source}`,
        ...(policy.sourceExcluded ? [`${start} match source-address-excluded`] : []),
        `${start} match destination-address ${policy.destination}`,
        `${start} match application FP25-SMTP`,
        ...(policy.action === "permit" ? [] : [`${start} then count`]),
        `${start} then ${policy.action}`,
      ];
    }),
    "# In front of the policies that are there already (the name of the first one of each pair is to be put in):",
    ...denies.map((policy) => `# insert ${pair(policy)} policy ${policy.name} before policy FIRST-POLICY`),
    "",
  ].join("\n");
  const rollback = [
    `# Takes ${stamped} back: load set terminal, commit confirmed 5, commit.`,
    ...policies.map((policy) => `delete ${pair(policy)} policy ${policy.name}`),
    ...[...sets].flatMap(([name, prefixes]) => [
      `delete ${book} address-set ${name}`,
      ...prefixes.map((_, index) => `delete ${book} address ${name}-${index + 1}`),
    ]),
    "delete applications application FP25-SMTP",
    "",
  ].join("\n");
  return { text, rollback, notes: notesOf(job), rules: policies.length };
}

function policiesOf(job: RenderJob, inside: string, sets: Map<string, readonly Prefix[]>): readonly Policy[] {
  const set = (name: string, prefixes: readonly Prefix[]): string => {
    sets.set(name, prefixes);
    return name;
  };
  const inward = { from: job.outside, to: inside, sourceExcluded: false };
  const outward = { from: inside, to: job.outside, sourceExcluded: false, destination: "any" };
  const blocked = job.families.flatMap(({ denied }) => denied.in);
  const silenced = job.families.flatMap(({ denied }) => denied.out);
  const open = job.families.flatMap((family) => limitsOf(family).open);
  const senders = job.families.flatMap((family) => family.senders ?? family.site);
  const limited = job.families.flatMap((family) =>
    limitsOf(family).limited.map((limit, index) => ({ ...limit, tail: `${family.family}-${index + 1}` })),
  );
  const denies: readonly Policy[] = [
    ...(blocked.length === 0
      ? []
      : [
          {
            ...inward,
            name: "FP25-IN-BLOCK",
            source: "any",
            destination: set("FP25-BLOCK", blocked),
            action: "deny",
          } as const,
        ]),
    ...limited.map(({ mailers, from, tail }): Policy => {
      const source = set(`FP25-FROM-${tail}`, from);
      const destination = set(`FP25-LIMITED-${tail}`, mailers);
      return { ...inward, name: `FP25-IN-LIMIT-${tail}`, source, sourceExcluded: true, destination, action: "deny" };
    }),
    ...(silenced.length === 0
      ? []
      : [{ ...outward, name: "FP25-OUT-BLOCK", source: set("FP25-SILENT", silenced), action: "reject" } as const]),
  ];
  if (job.into !== null) return denies;
  return [
    ...denies,
    ...(open.length === 0
      ? []
      : [
          {
            ...inward,
            name: "FP25-IN-ALLOW",
            source: "any",
            destination: set("FP25-MAILERS", open),
            action: "permit",
          } as const,
        ]),
    ...limited.map(({ tail }): Policy => {
      const [source, destination] = [`FP25-FROM-${tail}`, `FP25-LIMITED-${tail}`];
      return { ...inward, name: `FP25-IN-ALLOW-${tail}`, source, destination, action: "permit" };
    }),
    ...(senders.length === 0
      ? []
      : [{ ...outward, name: "FP25-OUT-ALLOW", source: set("FP25-SENDERS", senders), action: "permit" } as const]),
  ];
}

function notesOf(job: RenderJob): readonly string[] {
  return [
    "Look at the order first: `show security policies from-zone UNTRUST to-zone TRUST | display set`. New policies come last; the denies work only in front of policies that permit SMTP or everything, so put the name of the first policy into the insert lines.",
    job.into === null
      ? "The permits stay at the end: they grant port 25 only where no policy decided before. If a deny of everything ends the pair, they never match, and what it permitted before is still permitted."
      : "Only denies were written; what is permitted stays as it is.",
    "Addresses are those behind destination NAT, as policies see them.",
    "Where zones have address books of their own, older Junos does not take a global one beside them: move the addresses into the zones' books.",
    "Limits differ by model: some thousand policies, 1,024 to 4,096 addresses in a set.",
  ];
}
