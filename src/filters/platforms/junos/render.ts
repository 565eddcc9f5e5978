/**
 * Writes Junos filters in the brace form, for `load replace`: prefix lists with exceptions, so that the terms only ever
 * discard. Where a filter stands already ours goes before it in an `input-list`, without its last term.
 */
import { ipSet } from "../../../net/ip-set.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { Direction } from "../../packet.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, stamp } from "../writing/words.ts";

interface Filter {
  readonly name: string;
  readonly direction: Direction;
  readonly family: "inet" | "inet6";
  readonly terms: readonly string[];
}

export function renderJunos(job: RenderJob): Rendered {
  const [device, unit] = unitOf(job.outside);
  const lists: string[] = [];
  const filters = job.families.flatMap((family) => filtersOf(family, job, lists));
  const text = [
    `# ${stamp(job)}`,
    "# Load: load replace terminal, then commit check, then commit confirmed 5, then commit.",
    ...(lists.length === 0 ? [] : ["policy-options {", ...lists, "}"]),
    "firewall {",
    ...filters.flatMap(({ name, family, terms }) => [
      `    family ${family} {`,
      `        /* ${stamp(job)} */`,
      `        replace: filter ${name} {`,
      ...terms.map((line) => `            ${line}`),
      "        }",
      "    }",
    ]),
    "}",
    "interfaces {",
    `    ${device} {`,
    `        unit ${unit} {`,
    ...filters.flatMap((filter) => attachment(filter, job.into).map((line) => `            ${line}`)),
    "        }",
    "    }",
    "}",
    "",
  ].join("\n");
  return {
    text,
    rollback: rollback(filters, device, unit, lists, job),
    notes: notesOf(job),
    rules: filters.reduce((sum, { terms }) => sum + terms.filter((line) => line.startsWith("term ")).length, 0),
  };
}

function unitOf(outside: string): readonly [string, string] {
  const parts = /^(.+)\.(\d+)$/.exec(outside);
  return [parts?.[1] ?? outside, parts?.[2] ?? "0"];
}

function filtersOf(job: FamilyJob, { revision, into }: RenderJob, lists: string[]): readonly Filter[] {
  const tail = job.family === 4 ? "" : "6";
  const family = job.family === 4 ? "inet" : "inet6";
  const list = (name: string, prefixes: readonly Prefix[]): string => {
    const full = `${name}${tail}`;
    const rows = prefixes.map((prefix) => `        ${formatPrefix(prefix)};`);
    lists.push(`    replace: prefix-list ${full} {`, ...rows, "    }");
    return full;
  };
  const protocol = job.family === 4 ? "protocol tcp;" : "payload-protocol tcp;";
  const term = (name: string, from: readonly string[], counter: string): readonly string[] => [
    `term ${name} {`,
    "    from {",
    ...from.map((line) => `        ${line}`),
    `        ${protocol}`,
    "        destination-port 25;",
    "    }",
    "    then {",
    `        count ${counter}-${revision};`,
    "        discard;",
    "    }",
    "}",
  ];
  /** The site without some of its hosts: the longest match makes holes, so that few prefixes say it. */
  const siteBut = (name: string, side: string, hosts: readonly Prefix[]): readonly string[] | null => {
    const taken = ipSet(hosts);
    const site = job.site.filter((prefix) => !taken.includes(ipSet([prefix])));
    const left = ipSet(site);
    const within = hosts.filter((host) => left.includes(ipSet([host])));
    if (site.length === 0) return null;
    const all = `${list(`${name}-SITE`, site)};`;
    const except = within.length === 0 ? [] : [`${list(`${name}-MAILERS`, within)} except;`];
    return [`${side}-prefix-list {`, ...[all, ...except].map((line) => `    ${line}`), "}"];
  };
  const rest = into === null ? ["term rest {", "    then accept;", "}"] : [];
  const { limited } = limitsOf(job);
  const mailers = job.reachable.flatMap((group) => group.mailers);
  const blocked = siteBut("FP25-IN", "destination", mailers);
  const inTerms = [
    ...(blocked === null ? [] : term("block", blocked, "fp25-in")),
    ...limited.flatMap((group, index) => {
      const from = [
        `source-address ${job.family === 4 ? "0.0.0.0/0" : "::/0"};`,
        `source-prefix-list ${list(`FP25-FROM-${index + 1}`, group.from)} except;`,
        `destination-prefix-list ${list(`FP25-LIMITED-${index + 1}`, group.mailers)};`,
      ];
      return term(`limited-${index + 1}`, from, `fp25-limited-${index + 1}`);
    }),
    ...rest,
  ];
  const incoming = { name: `FP25-IN${tail}`, direction: "in", family, terms: inTerms } as const;
  if (job.senders === null) return [incoming];
  const sent = siteBut("FP25-OUT", "source", job.senders);
  const outTerms = [...(sent === null ? [] : term("block", sent, "fp25-out")), ...rest];
  return [incoming, { name: `FP25-OUT${tail}`, direction: "out", family, terms: outTerms }].filter(
    ({ terms }) => terms.length > 0,
  ) as readonly Filter[]; // both rows are filters
}

function attachment({ name, direction, family }: Filter, into: string | null): readonly string[] {
  const way = direction === "in" ? "input" : "output";
  const lines =
    into === null || direction === "out"
      ? [`${way} ${name};`]
      : [`delete: ${way};`, `${way}-list [ ${name} ${into} ];`];
  return [`family ${family} {`, "    filter {", ...lines.map((line) => `        ${line}`), "    }", "}"];
}

function rollback(
  filters: readonly Filter[],
  device: string,
  unit: string,
  lists: readonly string[],
  job: RenderJob,
): string {
  const at = `interfaces ${device} unit ${unit}`;
  return [
    `# Takes ${stamp(job)} back: load set terminal, commit confirmed 5, commit.`,
    ...filters.flatMap(({ name, direction, family }) => {
      const way = `${at} family ${family} filter ${direction === "in" ? "input" : "output"}`;
      return job.into === null || direction === "out"
        ? [`delete ${way} ${name}`]
        : [`delete ${way}-list`, `set ${way} ${job.into}`];
    }),
    ...filters.map(({ name, family }) => `delete firewall family ${family} filter ${name}`),
    ...lists.flatMap((line) => {
      const name = /prefix-list (\S+)/.exec(line)?.[1];
      return name === undefined ? [] : [`delete policy-options prefix-list ${name}`];
    }),
    "",
  ].join("\n");
}

function notesOf(job: RenderJob): readonly string[] {
  return [
    "Load with `load replace terminal`; `show | compare`, `commit check`, `commit confirmed 5`, then `commit`. Undo: `rollback 1`.",
    job.into === null
      ? "If the interface has a filter already, `input` would replace it: say --into its name, and ours is put before it in an input-list."
      : `${job.into} has to exist in each family; a unit that had it as \`input\` gets an input-list with ours before it. An output filter that is there already is not kept: put ours before it by hand.`,
    ...(job.families.some(({ family }) => family === 6)
      ? [
          "`payload-protocol` looks behind extension headers, but EX and most QFX do not know it: where `commit check` refuses it, write `next-header tcp`; then a packet with an extension header passes.",
        ]
      : []),
    "EX and QFX count each prefix and port in TCAM (512 to some thousand entries, fewer on egress): see `show pfe filter hw summary`.",
  ];
}
