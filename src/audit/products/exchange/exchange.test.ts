import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSite } from "../../../site/site.ts";
import { auditTree } from "../../examine.ts";
import { treeOf } from "../../tree.ts";
import { readExchange } from "./exchange.ts";
import { quoted } from "./powershell.ts";

const read = parseSite(
  `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24, "2001:db8:25::/48"]
mailers: [{name: ex01, host: ex01.ourcollege.ac.uk, addresses: [192.0.2.25]}]
`,
  "site.yaml",
);

const everyone = ["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0-255.255.255.255"];

/** A connector as a remote session of Exchange 2019 prints it. */
const connector = (
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({
  AuthMechanism: "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer",
  Banner: null,
  BinaryMimeEnabled: true,
  Bindings: ["[::]:25", "0.0.0.0:25"],
  ChunkingEnabled: true,
  ConnectionInactivityTimeout: "00:05:00",
  Fqdn: "ex01.ourcollege.ac.uk",
  Enabled: true,
  MaxHopCount: 60,
  PermissionGroups: "AnonymousUsers, ExchangeServers, ExchangeLegacyServers",
  RemoteIPRanges: everyone,
  RequireTLS: false,
  TransportRole: "FrontendTransport",
  Server: "EX01",
  ExchangeVersion: "0.1 (8.0.535.0)",
  Name: name,
  DistinguishedName: `CN=${name},CN=SMTP Receive Connectors,CN=Protocols,CN=EX01,CN=Servers,CN=College,DC=ourcollege,DC=ac,DC=uk`,
  Identity: `EX01\\${name}`,
  ObjectCategory: "ourcollege.ac.uk/Configuration/Schema/ms-Exch-Smtp-Receive-Connector",
  IsValid: true,
  ...changes,
});

const standard = [
  connector("Default Frontend EX01"),
  connector("Client Frontend EX01", {
    Bindings: ["[::]:587", "0.0.0.0:587"],
    PermissionGroups: "ExchangeUsers",
    AuthMechanism: "Tls, Integrated, BasicAuth, BasicAuthRequireTLS",
  }),
  connector("Default EX01", {
    Bindings: ["0.0.0.0:2525", "[::]:2525"],
    PermissionGroups: "ExchangeUsers, ExchangeServers, ExchangeLegacyServers",
    TransportRole: "HubTransport",
  }),
  connector("Outbound Proxy Frontend EX01", {
    Bindings: ["[::]:717", "0.0.0.0:717"],
    PermissionGroups: "ExchangeServers",
    AuthMechanism: "Tls, Integrated, BasicAuth, BasicAuthRequireTLS, ExchangeServer",
  }),
];

const usualRights = [
  "ms-Exch-SMTP-Submit",
  "ms-Exch-SMTP-Accept-Any-Sender",
  "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender",
  "ms-Exch-Accept-Headers-Routing",
];
const permission = (name: string, user: string, rights: readonly string[], deny = false) => ({
  User: user,
  Identity: `EX01\\${name}`,
  Deny: deny,
  AccessRights: ["ExtendedRight"],
  IsInherited: false,
  ExtendedRights: rights,
  InheritanceType: "All",
});
const anonymousUser = "NT AUTHORITY\\ANONYMOUS LOGON";
const rightsOf = (names: readonly string[]) =>
  names.flatMap((name) => [
    permission(name, anonymousUser, usualRights),
    permission(name, "MS Exchange\\Externally Secured Servers", [...usualRights, "ms-Exch-SMTP-Accept-Any-Recipient"]),
    permission(name, "NT AUTHORITY\\Authenticated Users", ["ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Recipient"]),
  ]);
const names = standard.map(({ Name }) => String(Name));

const domains = [
  { Name: "ourcollege.ac.uk", DomainName: "ourcollege.ac.uk", DomainType: "Authoritative", MatchSubDomains: false },
  { Name: "lists", DomainName: "lists.ourcollege.ac.uk", DomainType: "Authoritative", MatchSubDomains: false },
];

interface Files {
  readonly connectors?: unknown;
  readonly permissions?: unknown;
  readonly domains?: unknown;
}

function audited({
  connectors = standard,
  permissions = rightsOf([...names, "Relay"]),
  domains: accepted = domains,
}: Files) {
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  const files = Object.entries({ ReceiveConnectors: connectors, Permissions: permissions, AcceptedDomains: accepted });
  const texts = files.flatMap(([name, value]): [string, string][] =>
    value === null
      ? []
      : [[`/dump/${name}.json`, typeof value === "string" ? value : `\uFEFF${JSON.stringify(value, null, 4)}\r\n`]],
  );
  const request = { site: read.site, product: null, version: null, deployment: null, follow: null, deadLists: [] };
  return auditTree("dump", treeOf("/dump", Object.fromEntries(texts)), request);
}

const relay = (changes: Readonly<Record<string, unknown>>) =>
  connector("Relay", {
    PermissionGroups: "AnonymousUsers, Custom",
    AuthMechanism: "Tls",
    RemoteIPRanges: ["192.0.2.31", "192.0.2.32"],
    ...changes,
  });
const grant = (name: string) => permission(name, anonymousUser, ["ms-Exch-SMTP-Accept-Any-Recipient"]);
const all = (...more: readonly unknown[]) => [...rightsOf([...names, "Relay"]), ...more];

for (const [what, files, verdict, tags] of [
  ["as it is installed", {}, "closed", []],
  [
    "a relay for two printers of ours",
    { connectors: [...standard, relay({})], permissions: all(grant("Relay")) },
    "closed",
    [],
  ],
  [
    "the right at the default connector",
    { permissions: all(grant("Default Frontend EX01")) },
    "open",
    ["EXC_DEFAULT_MOD"],
  ],
  [
    "a relay for everybody",
    {
      connectors: [...standard.slice(1), relay({ RemoteIPRanges: everyone })],
      permissions: all(grant("Relay")),
    },
    "open",
    ["EXC_ANON_ANYRCPT"],
  ],
  // The IPv4 range was narrowed, that of IPv6 forgotten.
  [
    "a relay whose IPv6 range is still everything",
    {
      connectors: [
        connector("Default Frontend EX01", { RemoteIPRanges: [everyone[1]] }),
        relay({ RemoteIPRanges: [everyone[0], "192.0.2.31"] }),
      ],
      permissions: all(grant("Relay")),
    },
    "open",
    ["EXC_ANON_ANYRCPT"],
  ],
  [
    "a relay for a private block",
    { connectors: [...standard, relay({ RemoteIPRanges: ["10.0.0.0/8"] })], permissions: all(grant("Relay")) },
    "conditional",
    ["EXC_RANGE"],
  ],
  [
    "a range of the provider's, with a mask",
    {
      connectors: [...standard, relay({ RemoteIPRanges: ["198.51.100.0(255.255.255.0)"] })],
      permissions: all(grant("Relay")),
    },
    "open",
    ["EXC_RANGE"],
  ],
  [
    "a narrow connector takes clients out of a wide one",
    {
      connectors: [
        ...standard.slice(1),
        relay({ RemoteIPRanges: ["0.0.0.0-255.255.255.255"] }),
        connector("Inbound", { RemoteIPRanges: ["0.0.0.0/1", "128.0.0.0/1"] }),
        connector("Default Frontend EX01", { RemoteIPRanges: [everyone[0]] }),
      ],
      permissions: [...all(grant("Relay")), ...rightsOf(["Inbound"])],
    },
    "closed",
    [],
  ],
  [
    "externally secured, for a wide range",
    {
      connectors: [
        ...standard,
        relay({
          AuthMechanism: "Tls, ExternalAuthoritative",
          PermissionGroups: "ExchangeServers",
          RemoteIPRanges: ["198.51.100.0-203.0.113.255"],
        }),
      ],
    },
    "open",
    ["EXC_EXTAUTH"],
  ],
  [
    "a relay that is switched off",
    {
      connectors: [...standard, relay({ Enabled: false, RemoteIPRanges: everyone })],
      permissions: all(grant("Relay")),
    },
    "closed",
    [],
  ],
  [
    "the right is refused as well as granted",
    {
      permissions: all(
        grant("Default Frontend EX01"),
        permission("Default Frontend EX01", anonymousUser, ["ms-Exch-SMTP-Accept-Any-Recipient"], true),
      ),
    },
    "closed",
    [],
  ],
  [
    "the German name of those without a login",
    {
      permissions: all(
        permission("Default Frontend EX01", "NT-AUTORIT\u00c4T\\ANONYMOUS-ANMELDUNG", [
          "ms-Exch-SMTP-Accept-Any-Recipient",
        ]),
      ),
    },
    "open",
    ["EXC_DEFAULT_MOD"],
  ],
  [
    "an accepted domain of everything",
    { domains: [...domains, { Name: "All", DomainName: "*", DomainType: "InternalRelay", MatchSubDomains: true }] },
    "open",
    ["EXC_ACCEPT_STAR"],
  ],
  ["no rights in the dump", { permissions: null }, "unknown", ["EXC_UNKNOWN"]],
  ["rights of other connectors only", { permissions: rightsOf(["Default EX01"]) }, "unknown", ["EXC_UNKNOWN"]],
  ["no accepted domains in the dump", { domains: null }, "unknown", ["EXC_UNKNOWN"]],
  ["connectors that are cut off", { connectors: JSON.stringify(standard, null, 2).slice(0, 3000) }, "unknown", []],
  [
    "a range that cannot be read",
    { connectors: [connector("Default Frontend EX01", { RemoteIPRanges: ["0.0.0.0-255.255.255.255", "fe80::1%12"] })] },
    "unknown",
    ["EXC_UNKNOWN"],
  ],
] as const)
  test(`${what}: ${verdict}`, () => {
    const result = audited(files);
    expect(result.verdict, JSON.stringify(result.listeners, null, 1)).toBe(verdict);
    expect([...new Set(result.findings.filter(({ tag }) => tag.startsWith("EXC_")).map(({ tag }) => tag))]).toEqual([
      ...tags,
    ]);
    // It was never compared with the running program, and says so.
    if (verdict === "closed") expect(result.assumes.map(({ text }) => text).join()).toContain("not compared");
  });

/** As Windows PowerShell 5 prints it on the server itself: objects, numbers, wrapped lists. */
const local = {
  Identity: { RawIdentity: "EX01\\Relay", Name: "Relay" },
  Name: "Relay",
  Bindings: {
    value: [{ Address: { Address: 0, AddressFamily: 2, IPAddressToString: "0.0.0.0" }, Port: 25 }],
    Count: 1,
  },
  RemoteIPRanges: {
    value: [
      {
        LowerBound: { IPAddressToString: "0.0.0.0" },
        UpperBound: { IPAddressToString: "255.255.255.255" },
        RangeFormat: 3,
      },
    ],
    Count: 1,
  },
  AuthMechanism: 33,
  PermissionGroups: 4,
  Enabled: true,
  TransportRole: 16384,
};

test("objects, numbers and a single object are read as well", () => {
  const result = audited({
    connectors: local,
    domains: { DomainName: { Address: "ourcollege.ac.uk", IncludeSubDomains: false }, DomainType: 0 },
  });
  expect(result.listeners.map(({ name, port, verdict }) => [name, port, verdict])).toEqual([
    ["EX01 FrontendTransport", 25, "open"],
  ]);
  expect(result.findings[0]?.tag).toBe("EXC_EXTAUTH");
});

test("a finding shows the line and the command, and the witness comes from outside", () => {
  const result = audited({ permissions: all(grant("Default Frontend EX01")) });
  const [finding] = result.findings;
  expect(finding?.remedy).toContain(
    "Get-ReceiveConnector 'EX01\\Default Frontend EX01' | Remove-ADPermission -User 'NT AUTHORITY\\ANONYMOUS LOGON' -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient",
  );
  expect(finding?.where?.file).toBe("/dump/Permissions.json");
  expect(finding?.where?.text).toContain("ExtendedRights");
  expect(finding?.witness?.client.authenticated).toBe(false);
  expect(finding?.patch).toBeNull();
});

test("a name cannot leave its quotes", () => {
  expect(quoted("a' ; Remove-Item \u2019x\n")).toBe("'a'' ; Remove-Item \u2019\u2019x '");
});

test("a folder without a dump is none", () => {
  expect(readExchange(treeOf("/x", { "/x/a.json": "{}", "/x/b.json": "[" }), null)).toBeNull();
});

test("whatever the files hold, reading ends and calls nothing closed by accident", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        "0.0.0.0:25",
        "AnonymousUsers",
        "0.0.0.0-255.255.255.255",
        "*",
        25,
        63,
        9e99,
        null,
        true,
        "",
      ),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(
        fc.constantFrom(
          "Bindings",
          "RemoteIPRanges",
          "Identity",
          "PermissionGroups",
          "AuthMechanism",
          "ExtendedRights",
          "User",
          "DomainName",
          "DomainType",
          "value",
          "Count",
          "Port",
          "Address",
        ),
        tie("any"),
        { maxKeys: 6 },
      ),
    ),
  })).any;
  fc.assert(
    fc.property(value, fc.nat(), (made, cut) => {
      const text = JSON.stringify(made);
      for (const one of [text, text.slice(0, cut % (text.length + 1))]) {
        const result = audited({ connectors: one, permissions: null });
        expect(["open", "unknown", "conditional", "closed"]).toContain(result.verdict);
        // Without rights only what nobody may submit to is closed.
        for (const listener of result.listeners)
          if (listener.verdict === "closed") expect(listener.cells["external-to-external"]).toBe("forbid");
      }
    }),
    { numRuns: 150 },
  );
});
