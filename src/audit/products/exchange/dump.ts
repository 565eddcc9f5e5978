/**
 * What a dump of Exchange holds: receive connectors (`Get-ReceiveConnector`), their rights (`Get-ADPermission`) and
 * accepted domains (`Get-AcceptedDomain`), each told by its properties, in one file or several, alone or in a list.
 */
import { posix } from "node:path";
import { type IpAddress, parseIp } from "../../../net/ip.ts";
import type { IpRange } from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { type Json, readJson } from "./json.ts";
import { field, flagOf, flagsOf, listOf, textOf } from "./powershell.ts";
import { rangeOf } from "./ranges.ts";

export interface Connector {
  /** `SERVER\Name`. */
  readonly identity: string;
  readonly enabled: boolean;
  readonly bindings: readonly { readonly address: IpAddress; readonly port: number }[];
  readonly ranges: readonly IpRange[];
  /** Some of its bindings or ranges could not be read: it may serve anybody. */
  readonly unclear: string | null;
  /** `null`: not told. */
  readonly groups: ReadonlySet<string> | null;
  readonly mechanisms: ReadonlySet<string> | null;
  readonly role: string;
  readonly where: Span;
  /** The line of the property, or of the connector. */
  readonly place: (name: string) => Span;
}

export interface Permission {
  readonly connector: string;
  readonly user: string;
  readonly rights: readonly string[];
  readonly deny: boolean;
  readonly where: Span;
}

export interface AcceptedDomain {
  readonly name: string;
  readonly below: boolean;
  /** Mail for it is passed on to another mailer. */
  readonly relayed: boolean;
  readonly where: Span;
}

export interface Dump {
  readonly connectors: readonly Connector[];
  /** `null`: no such list was given. */
  readonly permissions: readonly Permission[] | null;
  readonly domains: readonly AcceptedDomain[] | null;
  readonly unreadable: readonly Unknown[];
}

const maxObjects = 50_000;

/** `null`: no receive connector is in these files, nor anything that seems meant to be one. */
export function readDump(tree: ConfigTree): Dump | null {
  const connectors: Connector[] = [];
  const permissions: Permission[] = [];
  const domains: AcceptedDomain[] = [];
  const given = { permissions: false, domains: false };
  const unreadable: Unknown[] = [];
  let budget = maxObjects;
  const visit = (value: Json, depth: number): void => {
    budget -= 1;
    if (depth > 6 || budget < 0) return;
    if (value.kind === "array") for (const item of value.items) visit(item, depth + 1);
    if (value.kind !== "object") return;
    const has = (name: string): boolean => value.entries.has(name);
    if (has("RemoteIPRanges") && has("Bindings")) connectors.push(connectorOf(value));
    else if (has("ExtendedRights") && has("User")) {
      given.permissions = true;
      permissions.push(...permissionOf(value));
    } else if (has("DomainName") && has("DomainType")) {
      given.domains = true;
      domains.push(...domainOf(value));
    } else for (const inner of value.entries.values()) visit(inner, depth + 1);
  };
  for (const [path, file] of tree.files) {
    const named = /connector|accepted-?domain|adpermission|exchange/i.test(posix.basename(path));
    if (file.kind !== "text") {
      if (named && file.kind === "binary")
        unreadable.push({
          unknown: `${path}, which is not UTF-8: write it with Out-File -Encoding utf8 (PowerShell 5 writes UTF-16 with >)`,
          where: null,
        });
      continue;
    }
    if (!/^\uFEFF?\s*[[{]/.test(file.text.slice(0, 1000))) continue;
    if (!/"(RemoteIPRanges|ExtendedRights|DomainType)"/.test(file.text)) continue;
    const value = readJson(path, file.text);
    if (value === null) unreadable.push({ unknown: `${path}, which is not whole JSON`, where: null });
    else visit(value, 0);
  }
  if (connectors.length === 0 && unreadable.length === 0) return null;
  if (budget < 0) unreadable.push({ unknown: "the rest of a dump with more objects than an audit reads", where: null });
  return {
    connectors,
    permissions: given.permissions ? permissions : null,
    domains: given.domains ? domains : null,
    unreadable,
  };
}

const groupNames = [
  "AnonymousUsers",
  "ExchangeUsers",
  "ExchangeServers",
  "ExchangeLegacyServers",
  "Partners",
  "Custom",
];
const mechanismNames = [
  "Tls",
  "Integrated",
  "BasicAuth",
  "BasicAuthRequireTLS",
  "ExchangeServer",
  "ExternalAuthoritative",
];

/** Roles as numbers, where they are written so. */
const roles: Readonly<Record<string, string>> = { "32": "HubTransport", "16384": "FrontendTransport", "64": "Edge" };

function connectorOf(value: Json & { readonly kind: "object" }): Connector {
  const bindings = listOf(field(value, "Bindings")).map(bindingOf);
  const ranges = listOf(field(value, "RemoteIPRanges")).map(rangeOf);
  const role = textOf(field(value, "TransportRole")) ?? "";
  return {
    identity: identityOf(value),
    enabled: flagOf(field(value, "Enabled")) !== false,
    bindings: bindings.filter((one) => one !== null),
    ranges: ranges.filter((one) => one !== null),
    unclear:
      bindings.includes(null) || bindings.length === 0 ? "Bindings" : ranges.includes(null) ? "RemoteIPRanges" : null,
    groups: flagsOf(field(value, "PermissionGroups"), groupNames),
    mechanisms: flagsOf(field(value, "AuthMechanism"), mechanismNames),
    role: roles[role] ?? role,
    where: (field(value, "Identity", "Name") ?? value).where(),
    place: (name) => (field(value, name) ?? field(value, "Identity", "Name") ?? value).where(),
  };
}

function identityOf(value: Json): string {
  const identity = textOf(field(value, "Identity"));
  if (identity?.includes("\\") === true) return identity;
  const server = textOf(field(value, "Server"));
  const name = textOf(field(value, "Name")) ?? identity ?? "connector";
  return server === null
    ? name
    : `${server
        .split(/[/\\]/)
        .at(-1)
        ?.replace(/^CN=|,.*$/g, "")}\\${name}`;
}

/** `0.0.0.0:25`, `[::]:25`, or the object that is written so. */
function bindingOf(value: Json): Connector["bindings"][number] | null {
  const text = textOf(value.kind === "object" ? field(value, "Expression") : value);
  const parts = /^\[?([0-9a-fA-F.:]+?)\]?:([0-9]{1,5})$/.exec(text ?? "");
  const host = parts?.[1] ?? textOf(addressField(field(value, "Address")));
  const port = Number(parts?.[2] ?? textOf(field(value, "Port")));
  const address = parseIp(host ?? "");
  return address.ok && Number.isInteger(port) && port > 0 && port < 65536 ? { address: address.value, port } : null;
}

/** An address that PowerShell took apart keeps its text in `IPAddressToString`. */
function addressField(value: Json | undefined): Json | undefined {
  return field(value, "IPAddressToString") ?? value;
}

function permissionOf(value: Json): readonly Permission[] {
  const rights = listOf(field(value, "ExtendedRights")).flatMap(
    (one) => textOf(one) ?? textOf(field(one, "RawIdentity")) ?? [],
  );
  const connector = textOf(field(value, "Identity"));
  const user = textOf(field(value, "User"));
  if (connector === null || user === null) return [];
  const where = (field(value, "ExtendedRights") ?? value).where();
  return [{ connector, user, rights, deny: flagOf(field(value, "Deny")) === true, where }];
}

/** Type 0 is authoritative; 1 and 2, the relay domains, are passed on. */
function domainOf(value: Json): readonly AcceptedDomain[] {
  const written = field(value, "DomainName");
  const named = written?.kind === "object" ? field(written, "Address", "Domain", "SmtpDomain") : written;
  const text = textOf(named);
  if (text === null) return [];
  const below =
    /^\*\./.test(text) ||
    flagOf(field(value, "MatchSubDomains")) === true ||
    flagOf(field(written, "IncludeSubDomains")) === true;
  const type = textOf(field(value, "DomainType")) ?? "";
  return [
    {
      name: text.replace(/^\*\./, "").toLowerCase(),
      below,
      relayed: !/^(0|Authoritative)$/i.test(type),
      where: (named ?? value).where(),
    },
  ];
}
