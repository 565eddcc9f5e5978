/**
 * A first site file from what DNS says of a domain. Networks come only from `ip4` and `ip6` of its own SPF record:
 * whatever lies behind `include`, `redirect`, `a` or `mx` may be a provider's, and a network that is not ours would make
 * strangers count as internal. All of it is a proposal for a person to confirm.
 */
import { type Hosted, hostedService } from "../knowledge/hosted.ts";
import { type DomainName, parseDomain } from "../net/domain.ts";
import { formatIp, type IpAddress, isLoopback, isUnspecified } from "../net/ip.ts";
import { contains, formatPrefix, type Prefix } from "../net/prefix.ts";
import type { Answer, MxRecord, Resolver } from "../ports.ts";
import type { InitResult } from "../report/results/init.ts";
import { shown } from "../report/shown.ts";
import { spfRecordOf } from "../smtp/spf.ts";
import { Unavailable, UsageError } from "./errors.ts";
import { addressesOf } from "./targets.ts";

export interface ProposePorts {
  readonly resolver: Resolver;
  readonly hosted: readonly Hosted[];
}

/** A wider prefix would trust half the Internet; the site file refuses it as well. */
const widest = { 4: 8, 6: 19 } as const;

/** More MX hosts than any domain needs. */
const maxExchanges = 20;

/** Trusts nobody who exists (RFC 5737), until a person writes the real one. */
const placeholder = "192.0.2.0/24";

type Proposal = Omit<InitResult, "schema" | "site" | "todo" | "file">;

/** @param file the name of the file it is meant for. Throws `UsageError` if there is no such domain, `Unavailable` if DNS does not answer. */
export async function proposeSite(
  name: string,
  file: string | null,
  { resolver, hosted }: ProposePorts,
  signal: AbortSignal,
): Promise<InitResult> {
  const domain = parseDomain(name);
  if (!domain.ok) throw new UsageError(`"${shown(name.slice(0, 100))}" is no domain: ${domain.expected}.`);
  const mx = await resolver.mx(domain.value, signal);
  if (mx.kind === "nxdomain")
    throw new UsageError(
      `DNS knows no domain ${domain.value}. Is it spelt right? --resolver ADDR asks another DNS server.`,
    );
  if (mx.kind === "failed")
    throw new Unavailable(
      `the DNS question for the MX records of ${domain.value} failed (${mx.cause}). Try again, or ask another DNS server with --resolver ADDR.`,
    );
  const spf = await networksOf(domain.value, resolver, signal);
  const warnings = [...spf.warnings];
  const found = await mailersOf(domain.value, mx, spf.prefixes, hosted, resolver, signal);
  warnings.push(...found.warnings);
  const proposal: Proposal = {
    domain: domain.value,
    networks: spf.networks,
    leftOut: spf.leftOut,
    mailers: found.mailers,
    hostedMx: found.hostedMx,
    warnings,
  };
  return { schema: "fencepost/init/1", ...proposal, file, site: siteText(proposal), todo: todoOf(proposal) };
}

interface Networks {
  readonly prefixes: readonly Prefix[];
  readonly networks: InitResult["networks"];
  readonly leftOut: InitResult["leftOut"];
  readonly warnings: readonly string[];
}

async function networksOf(domain: DomainName, resolver: Resolver, signal: AbortSignal): Promise<Networks> {
  const texts = await resolver.txt(domain, signal);
  const none = (warning: string): Networks => ({ prefixes: [], networks: [], leftOut: [], warnings: [warning] });
  if (texts.kind === "failed")
    return none(`the DNS question for the SPF record of ${domain} failed (${texts.cause}): no network is proposed`);
  const record = spfRecordOf(texts.kind === "answer" ? texts.records : []);
  if (record.kind === "none") return none(`${domain} has no SPF record: no network is proposed`);
  if (record.kind === "several")
    return none(
      `${domain} has more than one SPF record, which every receiver takes for an error (RFC 7208 §4.5): no network is proposed`,
    );
  const kept = new Map<string, { readonly prefix: Prefix; readonly from: string }>();
  const leftOut: { term: string; reason: string }[] = [];
  const warnings: string[] = [];
  for (const term of record.terms) {
    const text = shown(term.text).slice(0, 200);
    const leave = (reason: string): void => {
      leftOut.push({ term: text, reason });
    };
    if (term.kind === "network") {
      const { prefix, qualifier } = term;
      const least = widest[prefix.address.family];
      if (qualifier !== "+") leave("the record does not say that it may send");
      else if (prefix.length < least) {
        leave(`wider than /${least}: every client in it would count as internal`);
        warnings.push(`${text} was refused: it is wider than /${least}`);
      } else if (isLoopback(prefix.address) || isUnspecified(prefix.address)) leave("it names no network");
      else kept.set(formatPrefix(prefix), { prefix, from: text });
    } else if (term.kind === "all") {
      if (term.qualifier === "+")
        warnings.push(`the SPF record of ${domain} ends with +all: it lets everybody send in your name`);
    } else if (term.kind !== "other")
      leave("what lies behind it may belong to a provider: add it by hand if it is yours");
    else if (/^[+?~-]?ip[46]:/i.test(term.text)) leave("not readable as a network");
  }
  if (kept.size === 0)
    warnings.push(`the SPF record of ${domain} names no network of its own (ip4, ip6): none is proposed`);
  return {
    prefixes: [...kept.values()].map(({ prefix }) => prefix),
    networks: [...kept].map(([prefix, { from }]) => ({ prefix, from })),
    leftOut,
    warnings,
  };
}

interface Mailers {
  readonly mailers: InitResult["mailers"];
  readonly hostedMx: InitResult["hostedMx"];
  readonly warnings: readonly string[];
}

async function mailersOf(
  domain: DomainName,
  mx: Exclude<Answer<MxRecord>, { kind: "failed" }>,
  networks: readonly Prefix[],
  hosted: readonly Hosted[],
  resolver: Resolver,
  signal: AbortSignal,
): Promise<Mailers> {
  const mailers: InitResult["mailers"][number][] = [];
  const hostedMx: InitResult["hostedMx"][number][] = [];
  const warnings: string[] = [];
  const records = mx.kind === "answer" ? [...mx.records].sort((a, b) => a.preference - b.preference) : [];
  // RFC 7505: "0 ." says that the domain takes no mail.
  const takesNone = records.length === 1 && /^\.?$/.test(records[0]?.exchange ?? "");
  if (takesNone) warnings.push(`${domain} says that it takes no mail (null MX, RFC 7505): no mailer is proposed`);
  // RFC 5321 §5.1: without MX records the domain's own address takes its mail.
  const implicit = records.length === 0;
  const exchanges = takesNone ? [] : implicit ? [domain as string] : records.map(({ exchange }) => exchange);
  if (exchanges.length > maxExchanges)
    warnings.push(`only the first ${maxExchanges} MX hosts of ${domain} are looked at`);
  const seen = new Set<string>();
  for (const exchange of exchanges.slice(0, maxExchanges)) {
    const host = parseDomain(exchange);
    if (!host.ok) {
      warnings.push(`the MX host "${shown(exchange.slice(0, 100))}" is no host name and was left out`);
      continue;
    }
    const service = hostedService(host.value, hosted);
    if (service !== null) {
      hostedMx.push({ host: host.value, service: service.name, kind: service.kind });
      continue;
    }
    const addresses = await addressesOf(host.value, resolver, signal);
    const fresh = addresses.filter((address) => !seen.has(formatIp(address)));
    for (const address of fresh) seen.add(formatIp(address));
    if (addresses.length === 0)
      warnings.push(
        implicit
          ? `${domain} has neither MX records nor an address: no mailer is proposed`
          : `the MX host ${host.value} has no address in DNS and was left out`,
      );
    else if (fresh.length === 0)
      warnings.push(`the MX host ${host.value} has the addresses of another one and was left out`);
    else
      mailers.push({
        name: nameFor(host.value, mailers),
        host: host.value,
        addresses: fresh.map(formatIp),
        outside: fresh.filter((address) => !isIn(networks, address)).map(formatIp),
      });
  }
  return { mailers, hostedMx, warnings };
}

const isIn = (networks: readonly Prefix[], address: IpAddress): boolean =>
  networks.some((network) => contains(network, address));

/** The first label, unless another mailer has it; within what site.yaml takes for a name. */
function nameFor(host: string, others: readonly { readonly name: string }[]): string {
  const taken = (name: string): boolean => others.some((other) => other.name === name);
  const trimmed = (name: string): string => name.replace(/^[^A-Za-z0-9]+/, "").slice(0, 60) || "mailer";
  const short = trimmed(host.split(".")[0] ?? host);
  if (!taken(short)) return short;
  const long = trimmed(host);
  if (!taken(long)) return long;
  let number = 2;
  while (taken(`${short}-${number}`)) number += 1;
  return `${short}-${number}`;
}

/** The site file. Every value was parsed, so it is safe to write; what comes from DNS as text is in comments, made visible. */
function siteText({ domain, networks, leftOut, mailers, hostedMx }: Proposal): string {
  // Only what YAML cannot take for a number, a truth value or null goes without quotes.
  const quoted = (text: string): string =>
    /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/i.test(text) ||
    /^[0-9.]+\/[0-9]+$/.test(text) ||
    /^([0-9]+\.){3}[0-9]+$/.test(text)
      ? text
      : `"${text}"`;
  const lines = [
    `# Proposed by \`fencepost init ${domain}\` from DNS. Confirm every line, above all the networks.`,
    `name: ${quoted(domain)}  # the name of your organisation`,
    "",
    "# Your mail domains: all that your mailers serve, main domain and sub-domains.",
    "domains:",
    `  - ${quoted(domain)}`,
    "",
    "# Your own networks. A client in them counts as internal and may send mail anywhere, so list nothing that is not yours.",
    "networks:",
    ...networks.map(
      ({ prefix, from }) => `  - ${quoted(prefix)}  # ${from} in the SPF record; confirm that it is yours`,
    ),
    ...(networks.length === 0
      ? [`  - ${placeholder}  # PLACEHOLDER: DNS proposes no network. Write your own here`]
      : []),
    ...leftOut.map(({ term, reason }) => `  # left out: ${term} (${reason})`),
    "",
    "# The mailers that you manage. Strangers reach them on port 25; add 587 and 465 if users log in there.",
  ];
  if (mailers.length === 0) lines.push("mailers: []");
  else {
    lines.push("mailers:");
    for (const { name, host, addresses, outside } of mailers) {
      lines.push(
        `  - name: ${/^[a-z]+[0-9]*$/i.test(name) && !/^(true|false|null|inf|nan)$/i.test(name) ? name : quoted(name)}`,
        `    host: ${quoted(host)}`,
      );
      if (outside.length > 0) {
        lines.push(`    # ${outside.join(", ")}: in none of the networks above. If it is yours, add its network;`);
        lines.push("    # if a provider runs it, move the host to hostedMx: then it is never tested.");
      }
      lines.push(`    addresses: [${addresses.map(quoted).join(", ")}]`, "    ports: [25]");
    }
  }
  if (hostedMx.length > 0) {
    lines.push("", "# MX hosts that a provider runs. They are never tested.");
    if (hostedMx.some(({ kind }) => kind === "filter"))
      lines.push(
        "# A filter hands mail on to a mailer of yours that DNS does not show: add it above, with acceptFrom.",
      );
    lines.push("hostedMx:", ...hostedMx.map(({ host, service }) => `  - ${quoted(host)}  # ${service}`));
  }
  lines.push(
    "",
    "# Who is asked about test messages. RFC 5321 §4.5.1: every domain has a postmaster.",
    "contacts:",
    `  postmaster: postmaster@${domain}`,
    "",
    "# Where proof arrives: a domain and an address outside your own. `fencepost doctor` shows the DNS records.",
    "# catcher:",
    "#   domain: catch.example.net",
    '#   listen: "0.0.0.0:25"',
    "#   address: 198.51.100.9",
    "",
    "# A mailbox that takes mail from outside, for the controls (default: postmaster at the mailer's first domain), and a",
    "# listener elsewhere, with its owner's consent, that proves that port 25 can be reached from here.",
    "# check:",
    `#   localRecipient: postmaster@${domain}`,
    "#   control: mx.example.net:25",
  );
  return `${lines.join("\n")}\n`;
}

function todoOf({ networks, leftOut, mailers, hostedMx }: Proposal): string[] {
  const outside = mailers.filter((mailer) => mailer.outside.length > 0);
  return [
    networks.length === 0
      ? "Write your own networks in place of the placeholder: DNS proposes none."
      : "Confirm each network: whoever is in it may send mail anywhere through your mailers.",
    ...(leftOut.length > 0 ? ["Look at what was left out of the SPF record; add what is yours."] : []),
    "Add your other mail domains, sub-domains included.",
    ...(mailers.length === 0
      ? [
          hostedMx.length > 0
            ? "All MX hosts belong to a provider and are never tested. Add the mailers that you run yourself, if there are any."
            : "Add your mailers: DNS shows none.",
        ]
      : ["Complete the mailers: ports 587 and 465 where users log in, and mailers that DNS does not show."]),
    ...outside.map(
      ({ host, outside: addresses }) =>
        `${host} (${addresses.join(", ")}) is in none of the networks: add its network if it is yours, or move it to hostedMx.`,
    ),
    "Choose a catcher domain outside yours, and run `fencepost doctor`: it shows the DNS records to create.",
    "Then test: `fencepost check`.",
  ];
}
