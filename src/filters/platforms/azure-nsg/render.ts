/**
 * Writes an ARM template of security rules as resources of their own, so that the group's other rules stay. Mailers are
 * allowed and the rest of the site is denied before whatever else allows port 25 from the Internet.
 */
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { limitsOf, plainText, stamp } from "../writing/words.ts";

/** More addresses than this in one rule Azure may refuse (4000 in a group). */
const mostAddresses = 4000;

interface Rule {
  readonly name: string;
  readonly priority: number;
  readonly direction: "Inbound" | "Outbound";
  readonly access: "Allow" | "Deny";
  /** Null: the Internet. */
  readonly sources: readonly Prefix[] | null;
  readonly destinations: readonly Prefix[] | null;
}

export function renderAzureNsg(job: RenderJob): Rendered {
  const nsg = groupName(job.into ?? "fencepost25-nsg");
  const rules = job.families.flatMap((family) => rulesOf(family, job.into !== null));
  const total = rules.reduce(
    (sum, { sources, destinations }) => sum + (sources?.length ?? 0) + (destinations?.length ?? 0),
    0,
  );
  const text = `${JSON.stringify(
    {
      $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      contentVersion: "1.0.0.0",
      metadata: { description: `${stamp(job, 120)}. Port 25 from outside reaches managed mailers alone.` },
      parameters: {
        nsg: { type: "string", defaultValue: nsg, metadata: { description: "The group to put the rules into" } },
      },
      resources: rules.map((rule) => resourceOf(rule, job)),
    },
    null,
    2,
  )}\n`;
  return {
    text,
    rollback: rules
      .map(({ name }) => `az network nsg rule delete --resource-group GROUP --nsg-name ${nsg} --name ${name}\n`)
      .join(""),
    notes: [
      "Look first: `az deployment group what-if --resource-group GROUP --template-file FILE --parameters nsg=NAME`; load with `az deployment group create` and the same words. Deployed again it changes nothing; other rules of the group stay.",
      `Priorities 200 to ${Math.max(...rules.map(({ priority }) => priority), 200)} must be free, and lower than those of rules that allow port 25.`,
      ...(job.into === null
        ? [
            "The allow rules open port 25 to the mailers if nothing did so before: without them Azure denies what comes in from the Internet.",
          ]
        : [
            "Only denies are written: the mailers are reached if the group's own rules allow them. Read alone, without those rules, the template therefore stops the mailers as well.",
            ...(job.families.some((family) => limitsOf(family).limited.length > 0)
              ? [
                  "Mailers that only some may reach cannot be limited by denies alone (a rule has no “all but these”): limit the rule that allows them.",
                ]
              : []),
          ]),
      "With a group on the subnet and one on the network interface both must allow: put the rules into one that all hosts of the site have.",
      "Sessions that are open live on until they end: the group knows state.",
      ...(total > mostAddresses
        ? [`${total} addresses and prefixes are written; a group takes ${mostAddresses}.`]
        : []),
      ...(job.into !== null && nsg !== job.into
        ? [`“${plainText(job.into, 40)}” is no name of a group: it is written ${nsg}.`]
        : []),
    ],
    rules: rules.length,
  };
}

/** Prefixes of the two families may not stand in one rule. */
function rulesOf(job: FamilyJob, deniesOnly: boolean): readonly Rule[] {
  const { family, site, senders, denied } = job;
  const { limited, open } = limitsOf(job);
  const first = family === 4 ? 0 : 1;
  const name = (what: string): string => `fp25-${what}-ipv${family}`;
  const incoming: Rule[] = [];
  const inbound = { direction: "Inbound", sources: null } as const;
  if (deniesOnly) {
    if (denied.in.length > 0)
      incoming.push({
        ...inbound,
        name: name("in-block"),
        priority: 300 + first,
        access: "Deny",
        destinations: denied.in,
      });
  } else {
    if (open.length > 0)
      incoming.push({
        ...inbound,
        name: name("in-mailers"),
        priority: 200 + first,
        access: "Allow",
        destinations: open,
      });
    for (const [index, { mailers, from }] of limited.entries())
      incoming.push({
        ...inbound,
        name: name(`in-limited${index + 1}`),
        priority: 202 + 2 * index + first,
        access: "Allow",
        sources: from,
        destinations: mailers,
      });
    incoming.push({
      ...inbound,
      name: name("in-block"),
      priority: 202 + 2 * limited.length + 98 + first,
      access: "Deny",
      destinations: site,
    });
  }
  if (senders === null || denied.out.length === 0) return incoming;
  return [
    ...incoming,
    {
      name: name("out-block"),
      priority: 300 + first,
      direction: "Outbound",
      access: "Deny",
      sources: denied.out,
      destinations: null,
    },
  ];
}

function resourceOf(rule: Rule, job: RenderJob): unknown {
  const side = (
    which: "source" | "destination",
    prefixes: readonly Prefix[] | null,
  ): Readonly<Record<string, unknown>> =>
    prefixes === null
      ? { [`${which}AddressPrefix`]: "Internet" }
      : { [`${which}AddressPrefixes`]: prefixes.map(formatPrefix) };
  return {
    type: "Microsoft.Network/networkSecurityGroups/securityRules",
    apiVersion: "2023-09-01",
    name: `[concat(parameters('nsg'), '/${rule.name}')]`,
    properties: {
      description: stamp(job, 140),
      priority: rule.priority,
      direction: rule.direction,
      access: rule.access,
      protocol: "Tcp",
      sourcePortRange: "*",
      destinationPortRange: "25",
      ...side("source", rule.sources),
      ...side("destination", rule.destinations),
    },
  };
}

/** Letters, digits, underscores, periods and hyphens, 80 at most. */
const groupName = (text: string): string => {
  const name = text.replace(/[^A-Za-z0-9_.-]/g, "").slice(0, 80);
  return name === "" ? "fencepost25-nsg" : name;
};
