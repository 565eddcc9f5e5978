/**
 * `site.yaml` as a schema: which keys there are, what may stand at each, and what holds if it is left out. What one
 * value has to do with another is checked in `consistency.ts`.
 */
import { z } from "zod";
import {
  domainName,
  domainPattern,
  fileName,
  ipAddress,
  label,
  listenAddress,
  mailbox,
  network,
  prefix,
  readRoute,
  server,
  submitRoute,
} from "./values.ts";

/** No list of a site is longer: an ISP's, every customer network in it. */
const maxEntries = 100_000;

/** `mx` takes mail from strangers, `submission` from users who log in, `smarthost` from named machines. */
export const listenerRoles = ["mx", "submission", "smarthost"] as const;
export type ListenerRole = (typeof listenerRoles)[number];

/** The role of a port that is written as a bare number. */
export function roleOfPort(port: number): ListenerRole {
  return port === 465 || port === 587 ? "submission" : "mx"; // RFC 8314 §3.3, RFC 6409 §3.1
}

const portNumber = z.int().min(1).max(65535).meta({ description: "a port number from 1 to 65535" });

const port = z
  .union([portNumber, z.strictObject({ port: portNumber, role: z.enum(listenerRoles) })])
  .transform((value) => (typeof value === "number" ? { port: value, role: roleOfPort(value) } : value));

function list<T extends z.ZodType>(item: T, description: string) {
  return z.array(item).max(maxEntries).meta({ description });
}

const mailer = z
  .strictObject({
    name: label,
    host: domainName.exactOptional(),
    addresses: list(ipAddress, "a list of IP addresses, such as [192.0.2.25]").default([]),
    ports: z
      .array(port.meta({ description: "a port number, such as 25, or {port: 25, role: smarthost}" }))
      .min(1)
      .max(64)
      .meta({ description: "a list of ports, such as [25, 587]" })
      .prefault([25]),
    domains: list(
      domainPattern,
      "a list of the domains that this mailer serves, such as [ourcollege.ac.uk]",
    ).exactOptional(),
    product: z.string().min(1).max(100).meta({ description: "a product, such as postfix" }).exactOptional(),
    acceptFrom: z
      .union([z.literal("any"), list(prefix, "a list of prefixes")])
      .meta({ description: "any, or a list of the prefixes that alone may deliver to it, such as [203.0.113.0/24]" })
      .default("any"),
    inside: list(ipAddress, "a list of its addresses behind NAT, such as [10.1.1.2]").default([]),
    sendsFrom: list(ipAddress, "a list of the addresses others see when it sends, such as [192.0.2.26]").default([]),
    handsTo: list(label, "a list of names of mailers, such as [hub]").default([]),
  })
  .refine((value) => value.host !== undefined || value.addresses.length > 0, {
    error: "expected a host or addresses, or nobody can tell where this mailer is",
    path: ["name"],
  });

const policy = z.strictObject({
  /** May internal clients pass mail to internal addresses? */
  internalToInternal: z.enum(["permit", "managed-only", "refuse"]).default("permit"),
  /** Must mail to outside have a sender in our domains? It never grants anything. */
  internalSenderOnly: z.boolean().meta({ description: "true or false" }).default(false),
  outboundPort25: z.enum(["open", "managed-only"]).default("open"),
  /**
   * `refuse`: the site gives out no logins, so a login that succeeds makes nobody internal. `upstream`: as `permit`, and
   * the guard's proxy passes logins on to the mailer behind it.
   */
  auth: z.enum(["permit", "refuse", "upstream"]).default("permit"),
});

const contacts = z.strictObject({
  /** Who answers reports of abuse (RFC 2142 §4). Default: the postmaster, else abuse at the first domain. */
  abuse: mailbox.exactOptional(),
  postmaster: mailbox.exactOptional(),
  csirt: mailbox.exactOptional(),
  tester: mailbox.exactOptional(),
});

const check = z.strictObject({
  /** Default: postmaster at the mailer's first domain. */
  localRecipient: mailbox.exactOptional(),
  /** A consenting listener elsewhere, which proves that port 25 can be reached at all. */
  control: server.exactOptional(),
  /** A PEM file with certificate and key, shown to mailers that ask for one. */
  clientCertificate: fileName.exactOptional(),
});

const catcher = z.strictObject({
  domain: domainName.exactOptional(),
  listen: listenAddress.exactOptional(),
  address: z
    .union([ipAddress.transform((address) => [address]), z.array(ipAddress).min(1).max(16)])
    .meta({ description: "an IP address, such as 198.51.100.9, or a list of them" })
    .exactOptional(),
  senderDomain: domainName.exactOptional(),
  /** A domain whose MX records are the catcher and then the target. */
  backupDomain: domainName.exactOptional(),
});

const mail = z.strictObject({
  submit: submitRoute.exactOptional(),
  /** A route through somebody else's network, for those who refuse ours. */
  alternative: submitRoute.exactOptional(),
  abuseMailbox: readRoute.exactOptional(),
  /** The password of all routes on a line; or a line each: submit=…, alternative=…, abuseMailbox=… */
  passwordFile: fileName.exactOptional(),
  /** A YAML file with answers to reports in the site's own words. */
  wordings: fileName.exactOptional(),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .meta({ description: "a language tag, such as en" })
    .default("en"),
});

export const siteSchema = z
  .strictObject({
    name: z.string().min(1).max(200).meta({ description: "the name of the organisation" }),
    domains: list(domainPattern, "a list of your mail domains, such as [ourcollege.ac.uk]").min(1),
    networks: list(network, "a list of your own networks, such as [192.0.2.0/24]").min(1),
    mailers: list(
      mailer.meta({ description: "a mailer, such as {name: mx1, addresses: [192.0.2.25]}" }),
      "a list of mailers",
    ).default([]),
    policy: policy.meta({ description: "a map of policy keys, such as {internalToInternal: permit}" }).prefault({}),
    contacts: contacts
      .meta({ description: "a map of contacts, such as {postmaster: postmaster@ourcollege.ac.uk}" })
      .prefault({}),
    check: check.meta({ description: "a map of keys for check, such as {control: mx.nren.example:25}" }).prefault({}),
    catcher: catcher.meta({ description: "a map, such as {domain: catch.fencepost-tests.example}" }).exactOptional(),
    mail: mail.meta({ description: "a map, such as {submit: smtp://user@mx1.ourcollege.ac.uk}" }).prefault({}),
    /** The file of valid recipients, one a line, that the guard reads. */
    recipients: fileName.exactOptional(),
    /** MX hosts run by a provider: never a target. */
    hostedMx: list(
      domainPattern,
      "a list of host names or *.suffixes, such as [*.mail.protection.outlook.com]",
    ).default([]),
  })
  .meta({ title: "Fencepost site file", description: "a map with at least name, domains and networks" });

/** What the schema makes of a file. */
export type SiteValues = z.output<typeof siteSchema>;

/** The JSON Schema of `site.yaml`, for editors (`schemas/site.json`). */
export function siteJsonSchema(): unknown {
  return z.toJSONSchema(siteSchema, { io: "input" });
}
