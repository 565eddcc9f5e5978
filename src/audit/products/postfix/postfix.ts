/**
 * Postfix: main.cf and master.cf (or the output of `postconf -n`) into listeners with their rules. The reading follows
 * smtpd_check.c and trivial-rewrite of Postfix 3; `test/lab/audit-postfix.ts` compares it with the running program.
 */
import { posix } from "node:path";
import { type IpAddress, parseIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import { fixedIp, loopback } from "../../grounds.ts";
import type {
  Caveat,
  Condition,
  Configuration,
  Listener,
  NamedDomain,
  Recipient,
  RecipientEnd,
  Session,
  Stage,
  TextField,
  Truth,
  Unknown,
} from "../../rules.ts";
import { withoutExtension } from "./access.ts";
import { type AddressRules, orUnknown, readAddress } from "./address.ts";
import { partsOfDump } from "./dump.ts";
import { compareLevels } from "./expand.ts";
import { clientList, domainList } from "./lists.ts";
import { type MainCf, parseMainCf } from "./main-cf.ts";
import { type MasterCf, parseMasterCf, type Service } from "./master-cf.ts";
import { type Parameters, parametersOf } from "./parameters.ts";
import { type ListClass, notRunning, programOf, type RestrictionContext, startsWith } from "./restrictions.ts";
import { openTable, type Table, type TableContext } from "./tables.ts";

/** Assumed where the files do not say: the newest whose behaviour was read. */
const assumedVersion = "3.10";

export interface PostfixFiles {
  readonly main: MainCf;
  readonly master: MasterCf | null;
  readonly masterFile: string | null;
  readonly home: string;
}

/** Finds main.cf and master.cf in the snapshot; `null`: there is no Postfix in it. */
export function postfixFiles(tree: ConfigTree): PostfixFiles | null {
  const texts = [...tree.files].flatMap(([path, file]): { path: string; text: string }[] =>
    file.kind === "text" ? [{ path, text: file.text }] : [],
  );
  const named = (name: string) =>
    texts
      .filter(({ path }) => posix.basename(path) === name)
      .sort((a, b) => a.path.split("/").length - b.path.split("/").length)[0];
  const main = named("main.cf") ?? texts.find(({ text }) => looksLikeMain(text));
  if (main === undefined) return null;
  const dump = posix.basename(main.path) === "main.cf" ? null : partsOfDump(main.text);
  const other = named("master.cf");
  const services = dump?.master ?? null;
  const master = other ?? (services === null ? undefined : { path: main.path, text: services });
  return {
    main: parseMainCf(main.path, dump?.main ?? main.text),
    master: master === undefined ? null : parseMasterCf(master.path, master.text),
    masterFile: other?.path ?? null,
    home: "/etc/postfix",
  };
}

function looksLikeMain(text: string): boolean {
  const words =
    /^(smtpd_\w+_restrictions|mynetworks|mydestination|relay_domains|compatibility_level|smtpd_banner|inet_interfaces|myhostname|virtual_\w+|mailbox_size_limit)\s*=/gm;
  return (text.slice(0, 1_000_000).match(words)?.length ?? 0) >= 2;
}

export function readPostfix(tree: ConfigTree, version: string | null): Configuration | null {
  const files = postfixFiles(tree);
  if (files === null) return null;
  const told = version ?? files.main.settings.get("mail_version")?.value ?? null;
  const troubles = new Map<string, Unknown>();
  const trouble = (unknown: Unknown): void => {
    if (troubles.size < 200) troubles.set(`${unknown.unknown}|${unknown.where?.start.line}`, unknown);
  };
  for (const where of [...files.main.strange, ...(files.master?.strange ?? [])].slice(0, 20))
    trouble({ unknown: `the line "${where.text.slice(0, 60)}", which is no setting`, where });
  const services = listening(files.master, trouble);
  const hostName = files.main.settings.get("myhostname")?.value ?? "mail.this-machine.invalid";
  const tables: TableContext = { tree, home: files.home, cache: new Map(), trouble };
  const domains: NamedDomain[] = [];
  const listeners = services.flatMap((service) => {
    const parameters = parametersOf(files.main, service.service, told ?? assumedVersion, hostName);
    return listenersOf(service, parameters, tables, told ?? assumedVersion, domains);
  });
  const parameters = parametersOf(files.main, null, told ?? assumedVersion, hostName);
  const compiled = [...tables.cache.keys()].some((ref) => /^(proxy:)?(hash|btree|lmdb|cdb|dbm|sdbm):/.test(ref));
  const assumes = [
    ...(compiled ? ["the compiled tables were made from the sources that are here (postmap)"] : []),
    ...(told === null ? [`Postfix ${assumedVersion}: the files do not name the version`] : []),
    ...(files.master === null ? ["one smtpd on port 25: there is no master.cf among the files"] : []),
    ...(parameters.isSet("myhostname")
      ? []
      : ["the name of the machine is none of the domains that matter: myhostname is not set"]),
  ];
  return {
    product: "postfix",
    version: told,
    checkedAgainst: "running",
    listeners,
    domains: distinct(domains),
    hostNames: [parameters.value("myhostname")].filter((name) => !name.endsWith(".invalid")),
    assumes,
    unreadable: [...troubles.values()],
  };
}

interface Listening {
  readonly service: Service | null;
  /** What listens in front: postscreen hands its connections on. */
  readonly door: Service | null;
  readonly name: string;
  readonly address: IpAddress | null;
  readonly port: number;
}

const ports: Readonly<Record<string, number>> = { smtp: 25, smtps: 465, submissions: 465, submission: 587, urd: 465 };

function listening(master: MasterCf | null, trouble: (unknown: Unknown) => void): readonly Listening[] {
  if (master === null) return [{ service: null, door: null, name: "smtp", address: null, port: 25 }];
  const behind = master.services.find(({ type, command }) => type === "pass" && command === "smtpd") ?? null;
  return master.services.flatMap((service): readonly Listening[] => {
    if (service.type === "inet" && service.command === "qmqpd")
      trouble({ unknown: `the service "${service.name}": QMQP is not audited`, where: service.where });
    if (service.type !== "inet" || (service.command !== "smtpd" && service.command !== "postscreen")) return [];
    const parts = /^(?:\[([^\]]+)\]:|([^:]*):)?([^:]+)$/.exec(service.name);
    const host = parts?.[1] ?? parts?.[2] ?? "";
    const word = parts?.[3] ?? service.name;
    const port = ports[word] ?? Number(word);
    const known = Number.isInteger(port) && port >= 1 && port <= 65535;
    if (!known) trouble({ unknown: `the port of the service "${word}", which is taken for 25`, where: service.where });
    const address = host === "localhost" ? fixedIp("127.0.0.1") : ipOrNull(host);
    const screen = service.command === "postscreen";
    return [
      {
        service: screen ? behind : service,
        door: screen ? service : null,
        name: service.name,
        address,
        port: known ? port : 25,
      },
    ];
  });
}

function ipOrNull(text: string): IpAddress | null {
  const read = parseIp(text);
  return read.ok ? read.value : null;
}

function listenersOf(
  at: Listening,
  parameters: Parameters,
  tables: TableContext,
  version: string,
  named: NamedDomain[],
): readonly Listener[] {
  const interfaces = parameters.items("inet_interfaces").map(({ text }) => text);
  const onlyLoopback =
    interfaces.length > 0 &&
    interfaces.every((text) => ["loopback-only", "localhost", "127.0.0.1", "::1", "[::1]"].includes(text));
  const ownAddresses = [
    ...interfaces,
    ...parameters.items("proxy_interfaces").map(({ text }) => text),
    "127.0.0.1",
    "::1",
  ].flatMap((text) => {
    const address = ipOrNull(text.replace(/^\[(.*)\]$/, "$1"));
    return address === null ? [] : [address];
  });
  const parents = new Set(parameters.items("parent_domain_matches_subdomains").map(({ text }) => text));
  const lists = {
    mydestination: domainList(parameters.items("mydestination"), { matches: "string", parents: false }, tables),
    virtualAlias: domainList(parameters.items("virtual_alias_domains"), { matches: "string", parents: false }, tables),
    virtualMailbox: domainList(
      parameters.items("virtual_mailbox_domains"),
      { matches: "string", parents: false },
      tables,
    ),
    relay: domainList(
      parameters.items("relay_domains"),
      { matches: "host", parents: parents.has("relay_domains") },
      tables,
    ),
  };
  for (const [list, end] of [
    [lists.mydestination, "local"],
    [lists.virtualAlias, "local"],
    [lists.virtualMailbox, "local"],
    [lists.relay, "listed"],
  ] as const)
    for (const { name, below, where } of list.names) if (named.length < 20_000) named.push({ name, end, below, where });

  const address: AddressRules = {
    swapBangPath: parameters.isYes("swap_bangpath"),
    percentHack: parameters.isYes("allow_percent_hack"),
    openQuotes: parameters.isYes("resolve_dequoted_address"),
    origin: parameters.value("myorigin").startsWith("/")
      ? parameters.value("myhostname")
      : parameters.value("myorigin"),
    hostName: parameters.value("myhostname"),
    appendDomain: parameters.isYes("append_dot_mydomain") ? parameters.value("mydomain") : null,
    ownAddresses,
    isLocal: lists.mydestination.match,
  };
  const maps = (name: string): readonly Table[] => mapsOf(name, parameters, tables);
  const recipient = recipientReader(address, lists, parameters, tables);
  const text = (session: Session, field: TextField): string | null => textOf(session, field, address);

  const { myNetworks, caveats } = networksOf(parameters, parents.has("mynetworks"), tables);
  const wrapper = parameters.isYes("smtpd_tls_wrappermode");
  const level = parameters.value("smtpd_tls_security_level");
  const tls = wrapper
    ? "implicit"
    : level === "encrypt" || parameters.isYes("smtpd_enforce_tls")
      ? "required"
      : level === "may" || parameters.isYes("smtpd_use_tls")
        ? "offered"
        : "none";
  const trustsRouting = parameters.isYes("allow_untrusted_routing");
  const delayReject = parameters.isYes("smtpd_delay_reject");
  const context: RestrictionContext = {
    parameters,
    tables,
    version: { atLeast: (least) => compareLevels(version, least) >= 0 },
    myNetworks,
    ownAddresses: {
      kind: "client-address",
      set: ipSet(ownAddresses.map((one) => ({ address: one, length: one.family === 4 ? 32 : 128 }))),
    },
    trustsRouting,
    asksCertificate: parameters.isYes("smtpd_tls_ask_ccert") || parameters.isYes("smtpd_tls_req_ccert"),
    access: {
      text,
      parents: parents.has("smtpd_access_maps"),
      delimiter: parameters.value("recipient_delimiter"),
      nullKey: parameters.value("smtpd_null_access_lookup_key"),
      suspicious: ({ forwardPath }) => {
        const read = recipient(forwardPath);
        return !trustsRouting && read.kind === "address" && read.routed;
      },
    },
    delayReject,
  };
  const stage = (when: Stage["at"], name: string, list: ListClass): Stage => ({
    at: when,
    program: programOf(name, parameters.items(name), list, parameters.where(name), context),
  });
  const recipientLists = ["smtpd_recipient_restrictions", "smtpd_relay_restrictions"].filter(
    (name) => name !== "smtpd_relay_restrictions" || context.version.atLeast("2.10"),
  );
  if (parameters.isYes("smtpd_relay_before_recipient_restrictions")) recipientLists.reverse();
  const runs = startsWith(
    recipientLists.map((name) => parameters.items(name)),
    parameters,
  );
  const stages: Stage[] = [
    ...(runs ? [] : [{ at: "connect", program: notRunning(parameters.where("smtpd_relay_restrictions")) } as const]),
    stage(delayReject ? "rcpt" : "connect", "smtpd_client_restrictions", "client"),
    stage(delayReject ? "rcpt" : "helo", "smtpd_helo_restrictions", "helo"),
    stage(delayReject ? "rcpt" : "mail", "smtpd_sender_restrictions", "sender"),
    ...recipientLists.map((name) => stage("rcpt", name, "recipient")),
  ];
  if (parameters.isYes("smtpd_reject_unlisted_recipient"))
    stages.push({
      at: "rcpt",
      program: {
        name: "reject_unlisted_recipient",
        steps: [
          {
            kind: "rule",
            says: "reject_unlisted_recipient (smtpd_reject_unlisted_recipient = yes)",
            when: { kind: "not", of: { kind: "recipient-exists" } },
            does: { kind: "refuse" },
            where: parameters.where("smtpd_reject_unlisted_recipient"),
          },
        ],
        end: "go-on",
        where: null,
      },
    });
  const listenAddress = at.address ?? (onlyLoopback ? fixedIp("127.0.0.1") : null);
  const proxied =
    parameters.value("smtpd_upstream_proxy_protocol") !== "" ||
    (at.door !== null &&
      (at.door.overrides.get("postscreen_upstream_proxy_protocol")?.value ??
        parameters.value("postscreen_upstream_proxy_protocol")) !== "");
  const xclient = clientSet(
    clientList(
      parameters.items("smtpd_authorized_xclient_hosts"),
      parents.has("smtpd_authorized_xclient_hosts"),
      tables,
    ),
  );
  const everyone = ipSet([]).complement();
  const role =
    listenAddress !== null && loopback.has(listenAddress)
      ? "internal"
      : at.port === 587 || at.port === 465
        ? "submission"
        : "mx";
  const anonymous = parameters.value("smtpd_sasl_security_options");
  return [
    {
      name: at.name,
      address: listenAddress,
      port: at.port,
      role,
      tls,
      authBackend: `${parameters.value("smtpd_sasl_type") || "cyrus"} at ${parameters.value("smtpd_sasl_path") || "smtpd"}`,
      offersAuth: parameters.isYes("smtpd_sasl_auth_enable") ? "yes" : "no",
      impersonators: proxied
        ? {
            set: everyone,
            by: "proxy",
            where: parameters.where("smtpd_upstream_proxy_protocol") ?? at.door?.where ?? null,
          }
        : xclient.isEmpty
          ? null
          : { set: xclient, by: "xclient", where: parameters.where("smtpd_authorized_xclient_hosts") },
      stages,
      recipient,
      recipientSeeds: [
        ...[...maps("virtual_alias_maps"), ...maps("recipient_canonical_maps"), ...maps("canonical_maps")]
          .filter(({ kind }) => kind === "pattern")
          .flatMap(({ entries }) => entries.map(({ key }) => key)),
        ...Object.values(lists).flatMap(({ seeds }) => seeds.map((seed) => `probe@${seed}`)),
      ].slice(0, 1000),
      text,
      caveats: [
        ...caveats,
        ...(parameters.isYes("smtpd_sasl_auth_enable") && anonymous !== "" && !anonymous.includes("noanonymous")
          ? [
              {
                tag: "anonymous-login",
                text: "unless the ANONYMOUS mechanism is offered: whoever uses it counts as logged in",
                where: parameters.where("smtpd_sasl_security_options"),
              },
            ]
          : []),
      ],
      where: at.service?.where ?? null,
    },
  ];
}

function networksOf(
  parameters: Parameters,
  parents: boolean,
  tables: TableContext,
): { readonly myNetworks: Condition; readonly caveats: readonly Caveat[] } {
  if (parameters.isSet("mynetworks"))
    return { myNetworks: clientList(parameters.items("mynetworks"), parents, tables), caveats: [] };
  const style = parameters.value("mynetworks_style");
  const where = parameters.where("mynetworks_style") ?? parameters.where("compatibility_level");
  const text = {
    subnet:
      "unless strangers have addresses in the networks of this machine's interfaces, which Postfix trusts (mynetworks_style = subnet)",
    class:
      "unless strangers have addresses in the whole class A, B or C networks of this machine's interfaces, which Postfix trusts (mynetworks_style = class)",
  }[style];
  return {
    myNetworks: { kind: "client-address", set: loopback },
    caveats: text === undefined ? [] : [{ tag: style === "class" ? "network-class" : "network-subnet", text, where }],
  };
}

/** The addresses of a condition that is about addresses; names in it are left out. */
function clientSet(condition: Condition): ReturnType<typeof ipSet> {
  switch (condition.kind) {
    case "client-address":
      return condition.set;
    case "any":
      return condition.of.map(clientSet).reduce((all, one) => all.union(one), ipSet([]));
    case "not":
      return clientSet(condition.of).complement();
    case "all":
      return condition.of.map(clientSet).reduce((all, one) => all.intersect(one), ipSet([]).complement());
    case "unknown":
    case "computed":
      return ipSet([]).complement();
    default:
      return ipSet([]);
  }
}

function textOf(session: Session, field: TextField, address: AddressRules): string | null {
  switch (field) {
    case "helo":
      return session.helo;
    case "client-name":
      return session.client.name;
    case "client-reverse-name":
      return session.client.reverseName;
    case "sender":
    case "sender-domain":
    case "recipient":
    case "recipient-domain":
    case "recipient-local-part": {
      const path = field.startsWith("sender") ? session.reversePath : session.forwardPath;
      if (path === "<>") return field.endsWith("domain") ? null : "";
      const read = readAddress(path, address);
      if (read === null) return null;
      if (field.endsWith("domain")) return read.domain;
      return field.endsWith("part") ? read.localPart : `${read.localPart}@${read.domain}`;
    }
  }
}

type Lists = Readonly<
  Record<"mydestination" | "virtualAlias" | "virtualMailbox" | "relay", ReturnType<typeof domainList>>
>;

function recipientReader(
  address: AddressRules,
  lists: Lists,
  parameters: Parameters,
  tables: TableContext,
): (forwardPath: string) => Recipient {
  const maps = (name: string): readonly Table[] => mapsOf(name, parameters, tables);
  const delimiter = parameters.value("recipient_delimiter");
  const aliases = maps("virtual_alias_maps");
  const canonical = [...maps("recipient_canonical_maps"), ...maps("canonical_maps")];
  // Who exists matters little to relaying: that such a table cannot be read is not worth a word.
  const silent = (name: string): readonly Table[] => mapsOf(name, parameters, { ...tables, trouble: () => {} });
  const known = {
    local: silent("local_recipient_maps"),
    virtual: silent("virtual_mailbox_maps"),
    relay: silent("relay_recipient_maps"),
  };
  const asked = (list: readonly Table[], localPart: string, domain: string, localToo: boolean): Truth => {
    const bare = withoutExtension(localPart, delimiter);
    const locals = bare === null ? [localPart] : [localPart, bare];
    const keys = [...locals.map((one) => `${one}@${domain}`), ...(localToo ? locals : []), `@${domain}`];
    return orUnknown(
      list.flatMap((table) =>
        keys.map((key): Truth => {
          if (table.ref.endsWith("unix:passwd.byname")) return account(key);
          const found = table.lookup(key);
          return found === null ? "no" : "unknown" in found ? found : "yes";
        }),
      ),
    );
  };
  const cache = new Map<string, Recipient>();
  const read = (forwardPath: string): Recipient => {
    if (/^<?postmaster>?$/i.test(forwardPath)) return { kind: "always-accepted", end: "local" };
    const found = readAddress(forwardPath, address);
    if (found === null) return { kind: "refused", why: "it is no address for Postfix" };
    const { localPart, domain } = found;
    const { end, where, listed } = classOf(found, lists);
    const rewritten = asked([...aliases, ...canonical], localPart, domain, listed === "local");
    const exists: Truth =
      rewritten === "yes"
        ? "yes"
        : listed === null
          ? "yes"
          : listed === "alias"
            ? rewritten
            : known[listed].length === 0
              ? "yes"
              : orUnknown([asked(known[listed], localPart, domain, listed === "local"), rewritten]);
    return {
      kind: "address",
      localPart,
      domain,
      end,
      where,
      routed: found.routed,
      exists,
      onward: onwardOf([...canonical, ...aliases], localPart, domain, address, lists),
    };
  };
  return (forwardPath) => {
    const seen = cache.get(forwardPath);
    if (seen !== undefined) return seen;
    const recipient = read(forwardPath);
    if (cache.size < 50_000) cache.set(forwardPath, recipient);
    return recipient;
  };
}

function mapsOf(name: string, parameters: Parameters, tables: TableContext): readonly Table[] {
  return parameters.items(name).map(({ text, where }) => openTable(text, where, tables));
}

/** Accounts of the machine are not in the files; but no account has a routing character in its name. */
function account(name: string): Truth {
  if (/[@%!"/\s]/.test(name)) return "no";
  if (name === "root" || name === "postmaster") return "yes";
  return { unknown: "which accounts the machine has", where: null };
}

function classOf(
  found: NonNullable<ReturnType<typeof readAddress>>,
  lists: Lists,
): {
  readonly end: RecipientEnd | Unknown;
  readonly where: Span | null;
  readonly listed: "local" | "alias" | "virtual" | "relay" | null;
} {
  if (found.local === "yes") return { end: "local", where: found.where, listed: "local" };
  const asked = [
    { match: { truth: found.local, where: found.where }, end: "local", listed: "local" },
    { match: lists.virtualAlias.match(found.domain), end: "local", listed: "alias" },
    { match: lists.virtualMailbox.match(found.domain), end: "local", listed: "virtual" },
    { match: lists.relay.match(found.domain), end: "listed", listed: "relay" },
  ] as const;
  const doubt = asked.find(({ match }) => typeof match.truth !== "string");
  const sure = asked.find(({ match }) => match.truth === "yes");
  if (sure !== undefined) return { end: sure.end, where: sure.match.where, listed: sure.listed };
  if (doubt !== undefined && typeof doubt.match.truth !== "string")
    return { end: doubt.match.truth, where: doubt.match.where, listed: doubt.listed };
  return { end: "outside", where: null, listed: null };
}

/** Where a map sends the address that copies its destination out of it. */
function onwardOf(
  tables: readonly Table[],
  localPart: string,
  domain: string,
  address: AddressRules,
  lists: Lists,
): { readonly to: string; readonly where: Span | null } | null {
  for (const table of tables) {
    const found = table.lookup(`${localPart}@${domain}`);
    if (found === null || "unknown" in found || !found.copiesDomain) continue;
    for (const part of found.value.split(/[\s,]+/)) {
      const next = readAddress(part, address);
      if (next !== null && next.local === "no" && classOf(next, lists).end === "outside")
        return { to: part, where: found.where };
    }
  }
  return null;
}

function distinct(domains: readonly NamedDomain[]): readonly NamedDomain[] {
  const seen = new Map<string, NamedDomain>();
  for (const domain of domains) {
    const key = `${domain.name}|${domain.end}|${domain.below}`;
    if (!seen.has(key)) seen.set(key, domain);
  }
  return [...seen.values()];
}
