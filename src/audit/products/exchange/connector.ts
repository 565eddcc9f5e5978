/** One receive connector as a program: what it grants to clients without a login, and to those with one. */
import type { Action, Condition, Program, Step, Unknown } from "../../rules.ts";
import type { Connector, Dump, Permission } from "./dump.ts";

const anyRecipient = /ms-?Exch-?SMTP-?Accept-?Any-?Recipient/i;
const submit = /ms-?Exch-?SMTP-?Submit/i;

/** Clients without a login, as Windows calls them in several languages, and everybody; or their identifiers. */
const anonymous =
  /ANON|AN\u00d3N|\u0410\u041d\u041e\u041d|\u533f\u540d|\uc775\uba85|(^|\\)(Everyone|Jeder|Tout le monde|Todos|Tutti|\u0412\u0441\u0435)$|^S-1-(5-7|1-0)$/iu;

/** Whether a client can log in at this connector. */
export function offersLogin({ mechanisms, groups }: Connector): boolean {
  const any = ["Integrated", "BasicAuth", "BasicAuthRequireTLS"].some((one) => mechanisms?.has(one) ?? true);
  return any && (groups?.has("ExchangeUsers") ?? true);
}

/** What the connector decides for a client that it serves. */
export function connectorProgram(connector: Connector, dump: Dump): Program {
  const { identity, groups, mechanisms, where } = connector;
  const steps: Step[] = [];
  const rule = (says: string, when: Condition, does: Action, property: string): void => {
    steps.push({ kind: "rule", says, when, does, where: connector.place(property) });
  };
  const unsure = (says: string, unknown: string, property: string): void =>
    rule(says, always, { kind: "unknown", because: { unknown, where: connector.place(property) } }, property);

  if (mechanisms === null)
    unsure("AuthMechanism", `the AuthMechanism of ${identity}, which the dump does not tell`, "AuthMechanism");
  if (groups === null)
    unsure("PermissionGroups", `the PermissionGroups of ${identity}, which the dump does not tell`, "PermissionGroups");
  if (mechanisms?.has("ExternalAuthoritative") === true) {
    // "Externally secured servers" are in the group of Exchange servers, which may send to any recipient.
    if (groups?.has("ExchangeServers") === true)
      rule(
        "AuthMechanism ExternalAuthoritative: every client counts as one of your servers",
        always,
        { kind: "permit" },
        "AuthMechanism",
      );
    else if (groups !== null)
      unsure(
        "AuthMechanism ExternalAuthoritative",
        `what ${identity} grants to externally secured servers, as ExchangeServers is not among its groups`,
        "AuthMechanism",
      );
  }
  if (offersLogin(connector))
    rule(
      "PermissionGroups ExchangeUsers: who has logged in may send anywhere",
      { kind: "authenticated" },
      { kind: "permit" },
      "PermissionGroups",
    );

  const rights = rightsOf(connector, dump.permissions);
  const mayCome = groups === null || groups.has("AnonymousUsers") || rights.granted(submit) !== null;
  // Custom stands for rights that no group tells.
  if (!mayCome && (!groups.has("Custom") || rights.unknown === null))
    rule("clients without a login may not submit", always, { kind: "refuse" }, "PermissionGroups");
  const right = rights.granted(anyRecipient);
  if (right !== null)
    steps.push({
      kind: "rule",
      says: `ms-Exch-SMTP-Accept-Any-Recipient for ${right.user}`,
      when: always,
      does: { kind: "permit" },
      where: right.where,
    });
  else if (rights.unknown !== null)
    rule(
      "ms-Exch-SMTP-Accept-Any-Recipient",
      outside,
      { kind: "unknown", because: rights.unknown },
      "PermissionGroups",
    );
  rule(
    "recipients in accepted domains",
    { kind: "recipient-ends", at: ["local", "listed"] },
    { kind: "permit" },
    "PermissionGroups",
  );
  return { name: identity, steps, end: "refuse", where };
}

const always: Condition = { kind: "always" };
const outside: Condition = { kind: "not", of: { kind: "recipient-ends", at: ["local", "listed"] } };

interface Rights {
  /** The entry that grants such a right to clients without a login; `null`: none here. */
  readonly granted: (right: RegExp) => Permission | null;
  /** Nobody told the rights of this connector. */
  readonly unknown: Unknown | null;
}

function rightsOf({ identity, where }: Connector, permissions: readonly Permission[] | null): Rights {
  const own = (permissions ?? []).filter(({ connector }) => isSame(connector, identity));
  const ours = own.filter(({ user }) => anonymous.test(user));
  const granted = (right: RegExp): Permission | null => {
    const has = ({ rights }: Permission): boolean => rights.some((one) => right.test(one));
    // A refusal of the right goes before a grant of it.
    return ours.some((one) => one.deny && has(one)) ? null : (ours.find((one) => !one.deny && has(one)) ?? null);
  };
  const missing = `the rights of clients without a login at ${identity}: give the output of Get-ReceiveConnector | Get-ADPermission`;
  return { granted, unknown: own.length > 0 ? null : { unknown: missing, where } };
}

/** Rights name their connector as it is named itself, or by its path in the directory. */
function isSame(path: string, identity: string): boolean {
  const name = identity.split("\\").at(-1) ?? identity;
  const server = identity.includes("\\") ? (identity.split("\\")[0] ?? "") : null;
  const plain = path.toLowerCase();
  if (plain === identity.toLowerCase() || (server === null && plain === name.toLowerCase())) return true;
  const distinguished = plain.startsWith(`cn=${name.toLowerCase()},`);
  return distinguished && (server === null || plain.includes(`,cn=${server.toLowerCase()},`));
}
