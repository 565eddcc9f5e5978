/**
 * Writes a CloudFormation template of groups. A group can only allow, so what is written is who may be reached at port 25
 * and, where senders are limited, what everybody may send; which groups stand in the way of that, a note says.
 */
import type { Prefix } from "../../../net/prefix.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { cidr, cidrOf, everyone, template } from "../aws/template.ts";
import { hostTags } from "../cloud/places.ts";
import { limitsOf, plainText, stamp } from "../writing/words.ts";

const keys = { 4: "CidrIp", 6: "CidrIpv6" } as const;
const families = [4, 6] as const;

type Permission = Readonly<Record<string, string | number>>;

export function renderAwsSg(job: RenderJob): Rendered {
  const all = (pick: (family: RenderJob["families"][number]) => readonly Prefix[]): readonly Prefix[] =>
    job.families.flatMap(pick);
  const site = all((family) => family.site);
  const open = all((family) => limitsOf(family).open);
  const limited = job.families.flatMap((family) => limitsOf(family).limited);
  const managedOnly = job.families.some(({ senders }) => senders !== null);
  const senders = all((family) => family.senders ?? []);
  const notes: string[] = [];
  let rules = 0;
  const group = (
    what: string,
    hosts: readonly Prefix[],
    permissions: { readonly ingress?: readonly Permission[]; readonly egress: readonly Permission[] | null },
  ): Readonly<Record<string, unknown>> => {
    const tags = hostTags(hosts);
    if (tags === null)
      notes.push(
        `${what}: too many hosts to tell them in tags; put the group on their network interfaces by your own list.`,
      );
    rules += (permissions.ingress?.length ?? 0) + (permissions.egress?.length ?? 0);
    return {
      Type: "AWS::EC2::SecurityGroup",
      Properties: {
        GroupDescription: `${plainText(what, 100)} (${stamp(job, 100)})`,
        VpcId: { Ref: "Vpc" },
        ...(permissions.ingress === undefined ? {} : { SecurityGroupIngress: permissions.ingress }),
        ...(permissions.egress === null ? {} : { SecurityGroupEgress: permissions.egress }),
        Tags: tags ?? [],
      },
    };
  };
  const smtp = (where: Permission): Permission => ({ IpProtocol: "tcp", FromPort: 25, ToPort: 25, ...where });
  const resources: Record<string, unknown> = {};
  if (open.length > 0)
    resources.Fp25Mailers = group("Mailers that anyone may reach at port 25", open, {
      ingress: families.map((family) => smtp(cidr(family, everyone[family], keys))),
      egress: nothing,
    });
  for (const [index, { mailers, from }] of limited.entries())
    resources[`Fp25Limited${index + 1}`] = group("Mailers that some may reach at port 25", mailers, {
      ingress: from.map((prefix) => smtp(cidrOf(prefix, keys))),
      egress: nothing,
    });
  resources.Fp25Site = group("All hosts: what they may send", site, {
    egress: managedOnly ? [...families.flatMap(allButSmtp), ...site.map((prefix) => smtp(cidrOf(prefix, keys)))] : null,
  });
  if (managedOnly && senders.length > 0)
    resources.Fp25Senders = group("Mailers that may send to port 25", senders, {
      egress: families.map((family) => smtp(cidr(family, everyone[family], keys))),
    });
  return {
    text: template(
      job,
      { Vpc: { Type: "AWS::EC2::VPC::Id", Description: "The network that the hosts are in" } },
      resources,
    ),
    rollback: "aws cloudformation delete-stack --stack-name fencepost25\n",
    notes: [
      "Load: `aws cloudformation deploy --stack-name fencepost25 --template-file FILE --parameter-overrides Vpc=vpc-…`; add `--no-execute-changeset` to look first. Deployed again it changes nothing.",
      "A group does nothing until it is on a network interface, and cannot name the hosts it is for: the tags fencepost:hosts-N say which. A host is stopped only if none of its groups allows port 25.",
      "Look for others that allow it: `aws ec2 describe-security-groups --query 'SecurityGroups[].[GroupId,GroupName,IpPermissions]'`, and prove the whole with what describe-security-groups and describe-network-interfaces print, one behind the other.",
      ...(managedOnly
        ? [
            "Outgoing: a group that lets everything out (the default of every group) has to be taken off, or its rule out of it: groups add up. Fp25Site lists what remains; protocols beside TCP, UDP, ICMP, ESP, AH and GRE are not in it.",
          ]
        : []),
      ...(job.into === null
        ? []
        : [
            `Nothing can be denied in the group ${plainText(job.into, 60)}: take its permission of port 25 out, and use these groups.`,
          ]),
      `Limits: 60 rules each way in a group and 5 groups on an interface, unless raised${rules > 60 ? `; these are ${rules}` : ""}.`,
      ...notes,
    ],
    rules,
  };
}

/** An empty list would be taken for everything. */
const nothing: readonly Permission[] = [{ IpProtocol: "-1", CidrIp: "127.0.0.1/32" }];

function allButSmtp(family: 4 | 6): readonly Permission[] {
  const to = cidr(family, everyone[family], keys);
  return [
    { IpProtocol: "tcp", FromPort: 0, ToPort: 24, ...to },
    { IpProtocol: "tcp", FromPort: 26, ToPort: 65535, ...to },
    { IpProtocol: "udp", FromPort: 0, ToPort: 65535, ...to },
    { IpProtocol: family === 4 ? "icmp" : "icmpv6", FromPort: -1, ToPort: -1, ...to },
    ...["50", "51", "47"].map((protocol) => ({ IpProtocol: protocol, ...to })),
  ];
}
