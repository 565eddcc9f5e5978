/**
 * Writes VRP access lists for `traffic-filter`, which forwards what no rule names: no permit of the rest is needed. Into
 * a list that exists only denies are put, with numbers below its own.
 */
import { formatIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import type { Prefix } from "../../../net/prefix.ts";
import type { Direction } from "../../packet.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { inverseMask, isHost, limitsOf, stamp } from "../writing/words.ts";

/** So many rules fit before the first one of a list whose step is the usual one. */
const beforeFirst = 5;

interface List {
  readonly name: string;
  readonly six: boolean;
  readonly direction: Direction;
  readonly rules: readonly string[];
}

const addressText = (prefix: Prefix): string => {
  const address = formatIp(prefix.address);
  if (prefix.address.family === 6) return `${address}/${prefix.length}`;
  return isHost(prefix) ? `${address} 0` : `${address} ${inverseMask(prefix.length)}`;
};

export function renderVrp(job: RenderJob): Rendered {
  return job.into === null ? wholeLists(job) : intoList(job, job.into);
}

const acl = ({ six, name }: Pick<List, "six" | "name">): string => `acl ${six ? "ipv6 " : ""}name ${name}`;
const filter = ({ six, name, direction }: List): string =>
  `traffic-filter ${direction}bound acl ${six ? "ipv6 " : ""}name ${name}`;

function wholeLists(job: RenderJob): Rendered {
  const lists = job.families.flatMap(listsOf);
  const stamped = stamp(job);
  const removal = [
    `interface ${job.outside}`,
    ...lists.map((list) => ` undo ${filter(list)}`),
    "quit",
    ...lists.map((list) => `undo ${acl(list)}`),
  ];
  return {
    text: [
      `# ${stamped}`,
      "# The undo lines make a second load the same as the first; at the first load they say that nothing is there.",
      ...removal,
      ...lists.flatMap((list) => [
        `${acl(list)} advance`,
        ` description ${stamped}`,
        ...list.rules.map((rule) => ` ${rule}`),
        "quit",
      ]),
      `interface ${job.outside}`,
      ...lists.map((list) => ` ${filter(list)}`),
      "quit",
      "",
    ].join("\n"),
    rollback: [`# Takes ${stamped} back.`, ...removal, ""].join("\n"),
    notes: [
      ...notes,
      "An interface takes one list per direction and family on many models: if it has one, say --into its name.",
    ],
    rules: lists.reduce((sum, { rules }) => sum + rules.length, 0),
  };
}

function listsOf(job: FamilyJob): readonly List[] {
  const six = job.family === 6;
  const tail = six ? "6" : "";
  const { limited, open } = limitsOf(job);
  const numbered = (first: number, rules: readonly string[]): readonly string[] =>
    rules.map((rule, index) => `rule ${first + index * 5} ${rule}`);
  /** Denies come behind all permits, however many there are. */
  const behind = (permits: readonly string[], denies: readonly string[]): readonly string[] => [
    ...numbered(1000, permits),
    ...numbered(Math.max(50_000, Math.ceil((1000 + permits.length * 5) / 10_000) * 10_000), denies),
  ];
  const to = (prefix: Prefix): string => `destination ${addressText(prefix)} destination-port eq 25`;
  // A mailer outside of the networks that not everyone may reach is denied to the others too.
  const denied = ipSet([...job.site, ...limited.flatMap(({ mailers }) => mailers)]).toPrefixes();
  const incoming = behind(
    [
      ...open.map((mailer) => `permit tcp ${to(mailer)}`),
      ...limited.flatMap(({ mailers, from }) =>
        from.flatMap((source) => mailers.map((mailer) => `permit tcp source ${addressText(source)} ${to(mailer)}`)),
      ),
    ],
    denied.map((network) => `deny tcp ${to(network)}`),
  );
  const lists: List[] = [{ name: `FP25-IN${tail}`, six, direction: "in", rules: incoming }];
  if (job.senders !== null) {
    const from = (prefix: Prefix): string => `source ${addressText(prefix)} destination-port eq 25`;
    lists.push({
      name: `FP25-OUT${tail}`,
      six,
      direction: "out",
      rules: behind(
        job.senders.map((sender) => `permit tcp ${from(sender)}`),
        job.site.map((network) => `deny tcp ${from(network)}`),
      ),
    });
  }
  return lists;
}

function intoList(job: RenderJob, into: string): Rendered {
  const name = /^\d+$/.test(into) ? `number ${into}` : `name ${into}`;
  const stamped = stamp(job);
  const text: string[] = [`# ${stamped}`];
  const rollback: string[] = [`# Takes ${stamped} back.`];
  let rules = 0;
  for (const { family, denied } of job.families) {
    const six = family === 6 ? "ipv6 " : "";
    const fits = denied.in.length <= beforeFirst;
    if (denied.in.length === 0) continue;
    const pool = `FP25-BLOCK${family === 6 ? "6" : ""}`;
    if (!fits)
      text.push(
        `undo acl ip${family === 6 ? "v6" : ""}-pool ${pool}`,
        `acl ip${family === 6 ? "v6" : ""}-pool ${pool}`,
        ...denied.in.map((prefix) => ` ip${family === 6 ? "v6" : ""} address ${addressText(prefix)}`),
        "quit",
      );
    const lines = fits
      ? denied.in.map((prefix) => `deny tcp destination ${addressText(prefix)} destination-port eq 25`)
      : [`deny tcp destination-pool ${pool} destination-port eq 25`];
    text.push(`acl ${six}${name}`, ...lines.map((line, index) => ` rule ${index} ${line}`), "quit");
    rollback.push(`acl ${six}${name}`, ...lines.map((_, index) => ` undo rule ${index}`), "quit");
    rules += lines.length;
  }
  return {
    text: [...text, ""].join("\n"),
    rollback: [...rollback, ""].join("\n"),
    notes: [
      ...notes,
      `The rules have the numbers 0 to ${beforeFirst - 1}: those have to be free in ${into}, and its first rule has to be a later one.`,
      "Where more are needed a pool of addresses is used, which CE and NE know, and S and AR do not.",
      "Only incoming packets to hosts that are no mailer are denied: who may reach a mailer, and who may send, cannot be put in front of foreign rules by denies of few addresses.",
    ],
    rules,
  };
}

const notes = [
  "VRP 8 (CE, NE): commit trial 300, then commit; back with rollback configuration last 1. VRP 5 applies each line at once: between undo and traffic-filter nothing is filtered.",
  "traffic-filter forwards what no rule names. On models without traffic-filter use if-match acl in a classifier, with a behavior that permits.",
  "Hardware of S5700 and the like holds some hundred to 4,000 rules.",
];
