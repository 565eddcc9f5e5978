/**
 * Writes a CloudFormation template of network ACLs. An ACL stands before whole subnets and cannot name hosts in them, so
 * there is one for each kind of host, and each kind must have subnets of its own.
 */
import { type IpSet, ipSet } from "../../../net/ip-set.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { everyone, template } from "../aws/template.ts";
import { hostTags } from "../cloud/places.ts";
import { limitsOf, plainText, stamp } from "../writing/words.ts";

/** Hosts that are treated alike. */
interface Kind {
  readonly name: string;
  readonly hosts: readonly Prefix[];
  /** Who may reach them at port 25; null: anyone. */
  readonly from: readonly Prefix[] | null;
  readonly maySend: boolean;
}

interface Line {
  readonly allow: boolean;
  readonly smtp: boolean;
  readonly network: string;
}

export function renderAwsNacl(job: RenderJob): Rendered {
  const site = job.families.flatMap((family) => family.site);
  const kinds = job.into === null ? kindsOf(job) : [];
  const resources: Record<string, unknown> = {};
  const notes: string[] = [];
  let rules = 0;
  let longest = 0;
  const entries = (acl: string, owner: unknown, egress: boolean, lines: readonly Line[]): void => {
    longest = Math.max(longest, lines.length);
    for (const [index, line] of lines.entries()) {
      rules += 1;
      resources[`${acl}${egress ? "Out" : "In"}${index + 1}`] = {
        Type: "AWS::EC2::NetworkAclEntry",
        Properties: {
          NetworkAclId: owner,
          RuleNumber: 50 + index,
          Protocol: line.smtp ? 6 : -1,
          RuleAction: line.allow ? "allow" : "deny",
          Egress: egress,
          [line.network.includes(":") ? "Ipv6CidrBlock" : "CidrBlock"]: line.network,
          ...(line.smtp ? { PortRange: { From: 25, To: 25 } } : {}),
        },
      };
    }
  };
  const block: readonly Line[] = [everyone[4], everyone[6]].map((network) => ({ allow: false, smtp: true, network }));
  const rest: readonly Line[] = [everyone[4], everyone[6]].map((network) => ({ allow: true, smtp: false, network }));
  const inner: readonly Line[] = site.map((prefix) => ({ allow: true, smtp: true, network: formatPrefix(prefix) }));
  for (const { name, hosts, from, maySend } of kinds) {
    const tags = hostTags(hosts);
    if (tags === null) notes.push(`${name}: too many hosts to tell them in tags.`);
    resources[name] = {
      Type: "AWS::EC2::NetworkAcl",
      Properties: { VpcId: { Ref: "Vpc" }, Tags: [{ Key: "Name", Value: stamp(job, 80) }, ...(tags ?? [])] },
    };
    const allowed: readonly Line[] = (from ?? []).map((prefix) => ({
      allow: true,
      smtp: true,
      network: formatPrefix(prefix),
    }));
    entries(name, { Ref: name }, false, from === null ? rest : [...allowed, ...inner, ...block, ...rest]);
    entries(name, { Ref: name }, true, maySend ? rest : [...inner, ...block, ...rest]);
  }
  if (job.into !== null) {
    entries("Fp25", { Ref: "Acl" }, false, block);
    if (job.families.some(({ senders }) => senders !== null)) entries("Fp25", { Ref: "Acl" }, true, block);
  }
  return {
    text: template(
      job,
      job.into === null
        ? { Vpc: { Type: "AWS::EC2::VPC::Id", Description: "The network that the subnets are in" } }
        : {
            Acl: {
              Type: "String",
              Description: "The ACL of subnets without mailers",
              Default: plainText(job.into, 60),
            },
          },
      resources,
    ),
    rollback: "aws cloudformation delete-stack --stack-name fencepost25\n",
    notes: [
      "Load: `aws cloudformation deploy --stack-name fencepost25 --template-file FILE --parameter-overrides NAME=VALUE`; add `--no-execute-changeset` to look first. Deployed again it changes nothing.",
      "An ACL stands before whole subnets and cannot name hosts: mailers must have subnets of their own, or the hosts' security groups must do it (aws-sg).",
      ...(job.into === null
        ? [
            "Associate each ACL with the subnets of the hosts that its tags fencepost:hosts-N say (`aws ec2 replace-network-acl-association`): nothing is filtered until then. It takes the place of the ACL that stood there: take over what that one denied.",
          ]
        : [
            `Only denies are put into ${plainText(job.into, 60)}, which must stand before subnets without mailers; numbers 50 and up must be free, and come before what allows port 25. Other subnets lose port 25 to these as well, unless a lower number allows it.`,
          ]),
      "The ACL knows no state: answers to a mailer's own sessions come in at high ports, which all the rest being allowed leaves open.",
      `An ACL holds 20 entries each way unless raised (to 40)${longest > 20 ? `; the longest here has ${longest}` : ""}.`,
      ...notes,
    ],
    rules,
  };
}

/** Every host of the site in exactly one kind. */
function kindsOf(job: RenderJob): readonly Kind[] {
  const kinds = new Map<string, { from: readonly Prefix[] | null; maySend: boolean; hosts: IpSet }>();
  const put = (from: readonly Prefix[] | null, maySend: boolean, hosts: IpSet): void => {
    if (hosts.isEmpty) return;
    const key = `${from === null ? "anyone" : from.map(formatPrefix).join(" ")} ${maySend}`;
    const known = kinds.get(key);
    kinds.set(key, { from, maySend, hosts: known === undefined ? hosts : known.hosts.union(hosts) });
  };
  for (const family of job.families) {
    const site = ipSet(family.site);
    const { limited, open } = limitsOf(family);
    const senders = family.senders === null ? site : ipSet(family.senders);
    let left = site;
    const both = (from: readonly Prefix[] | null, hosts: IpSet): void => {
      const here = left.intersect(hosts);
      put(from, true, here.intersect(senders));
      put(from, false, here.subtract(senders));
      left = left.subtract(here);
    };
    both(null, ipSet(open));
    for (const { mailers, from } of limited) both(from, ipSet(mailers));
    both([], left);
  }
  return [...kinds.values()].map(({ from, maySend, hosts }, index) => ({
    name: `Fp25Kind${index + 1}`,
    from,
    maySend,
    hosts: hosts.toPrefixes(),
  }));
}
