/** The daemons of Courier: where each listens, what it asks for, and who may relay through it. */

import { posix } from "node:path";
import { type IpAddress, isUnspecified, parseIp } from "../../../net/ip.ts";
import type { Span } from "../../../text/source.ts";
import { isPrivateDoor } from "../../grounds.ts";
import type {
  Condition,
  Listener,
  Program,
  Recipient,
  Rule,
  Session,
  Stage,
  Step,
  TextField,
  Truth,
  Unknown,
} from "../../rules.ts";
import { senderOf, sessionText } from "../../session-text.ts";
import { type Access, accessOf, setOf } from "./access.ts";
import { isSender, readRecipient } from "./address.ts";
import type { CourierDomains, DomainList } from "./domains.ts";
import { type CourierFolder, linesOf, type Settings, settingsOf } from "./files.ts";

/** Each reads the settings of esmtpd first, then its own. */
const daemons = [
  { name: "esmtpd", own: null, port: "PORT", address: "ADDRESS", otherwise: "smtp" },
  { name: "esmtpd-msa", own: "esmtpd-msa", port: "PORT", address: "ADDRESS", otherwise: "587" },
  { name: "esmtpd-ssl", own: "esmtpd-ssl", port: "SSLPORT", address: "SSLADDRESS", otherwise: "465" },
] as const;

const portNames: Readonly<Record<string, number>> = {
  smtp: 25,
  smtps: 465,
  ssmtp: 465,
  submissions: 465,
  submission: 587,
};

export function listenersOf(folder: CourierFolder, domains: CourierDomains): readonly Listener[] {
  const recipient = recipientReader(domains);
  return daemons.flatMap(({ name, own, port, address, otherwise }) => {
    if (own !== null && linesOf(own, folder) === null) return [];
    const settings = settingsOf(own === null ? ["esmtpd"] : ["esmtpd", own], folder);
    const named = settings.get(address)?.value ?? "";
    const ports = (settings.get(port)?.value || otherwise).split(",");
    return ports.flatMap((text): Listener[] => {
      const place = placeOf(text.trim(), named, folder, settings.get(port)?.where ?? null);
      return place === null ? [] : [listenerOf(name, place, settings, folder, domains, recipient)];
    });
  });
}

interface Place {
  readonly address: IpAddress | null;
  readonly port: number;
}

/** A port, or an address, a dot and a port. */
function placeOf(text: string, address: string, folder: CourierFolder, where: Span | null): Place | null {
  const parts = /^(?:(.+)\.)?([\w-]+)$/.exec(text);
  const port = portNames[parts?.[2] ?? ""] ?? Number(parts?.[2]);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    folder.trouble({ unknown: `the port "${text}"`, where });
    return null;
  }
  const read = parseIp(parts?.[1] ?? address);
  return { address: read.ok && !isUnspecified(read.value) ? read.value : null, port };
}

function listenerOf(
  daemon: string,
  { address, port }: Place,
  settings: Settings,
  folder: CourierFolder,
  domains: CourierDomains,
  recipient: Listener["recipient"],
): Listener {
  const value = (name: string): string => settings.get(name)?.value ?? "";
  const file = value("ACCESSFILE") || (settings.get("ACCESSFILE") === null ? "smtpaccess" : "");
  const access = file === "" ? { entries: [], unclear: [] } : accessOf(posix.basename(file), folder);
  const logins = [value("ESMTPAUTH"), value("ESMTPAUTH_TLS")].some((one) => one.trim() !== "");
  const implicit = daemon === "esmtpd-ssl";
  return {
    name: `${daemon} port ${port}`,
    address,
    port,
    role: isPrivateDoor(address) ? "internal" : port === 587 || port === 465 ? "submission" : "mx",
    tls: implicit ? "implicit" : value("COURIERTLS") === "" && settings.get("COURIERTLS") !== null ? "none" : "offered",
    offersAuth: logins ? "yes" : "no",
    authBackend: logins ? "authdaemond" : null,
    impersonators: null,
    stages: stagesOf(access, settings, gapsOf(settings, folder), recipient, domains),
    recipient,
    recipientSeeds: seedsOf(domains),
    text: (session, field) => textOf(session, field, recipient),
    caveats: [],
    where: settings.get("PORT")?.where ?? null,
  };
}

/** Recipients at each domain that is accepted for, and one that is unfolded for each host that a percent sign may lead to. */
function seedsOf({ accepted, unfoldable, locals, hosted }: CourierDomains): readonly string[] {
  const at = (list: DomainList): readonly string[] =>
    list.names.slice(0, 500).map(({ name, below }) => `${below ? "x." : ""}${name}`);
  const own = [...locals.names, ...hosted.names].find(({ name, below }) => !below && name !== "localhost");
  const unfolded = own === undefined ? [] : at(unfoldable).map((host) => `probe%${host}@${own.name}`);
  return [...at(accepted).map((domain) => `probe@${domain}`), ...unfolded];
}

/** Shell code, and options that set variables of a session by what DNS lists say. */
function gapsOf(settings: Settings, folder: CourierFolder): readonly Unknown[] {
  const { troubles } = folder;
  // RELAYCLIENT may be set there for everybody.
  const missing =
    linesOf("esmtpd", folder) === null
      ? [{ unknown: `${posix.join(folder.path, "esmtpd")}, which is not among the files`, where: null }]
      : [];
  const options = ["TCPDOPTS", "BLACKLISTS", "DROP"].flatMap((name): Unknown[] => {
    const setting = settings.get(name);
    if (setting === null || !/RELAYCLIENT|-haproxy|\$/.test(setting.value)) return [];
    return [{ unknown: `what ${name} makes of a session ("${setting.value.slice(0, 60)}")`, where: setting.where }];
  });
  return [...missing, ...settings.gaps, ...troubles, ...options];
}

function stagesOf(
  access: Access,
  settings: Settings,
  gaps: readonly Unknown[],
  recipient: Listener["recipient"],
  domains: CourierDomains,
): readonly Stage[] {
  const refusing = (at: Stage["at"], says: string, when: Condition, where: Span | null): Stage => {
    const rule: Rule = { says, when, does: { kind: "refuse" }, where };
    return { at, program: { name: says, steps: [{ kind: "rule", ...rule }], end: "permit", where } };
  };
  const computed = (says: string, test: (session: Session) => boolean): Condition => ({
    kind: "computed",
    says,
    test: (session) => (test(session) ? "yes" : "no"),
  });
  const place = (does: "deny" | "block"): Span | null => access.entries.find((one) => one.does === does)?.where ?? null;
  const stages: Stage[] = [
    refusing("connect", "smtpaccess: deny", { kind: "client-address", set: setOf(access, "deny") }, place("deny")),
    refusing("mail", "smtpaccess: BLOCK", { kind: "client-address", set: setOf(access, "block") }, place("block")),
    refusing(
      "mail",
      "Syntax error",
      computed("no sender", ({ reversePath }) => !isSender(reversePath)),
      null,
    ),
  ];
  const required = settings.get("AUTH_REQUIRED");
  if (required !== null && Number.parseInt(required.value, 10) > 0)
    stages.push(refusing("mail", "AUTH_REQUIRED", { kind: "not", of: { kind: "authenticated" } }, required.where));
  const rules: Program = {
    name: "rcpt",
    steps: recipientSteps(access, settings, gaps, recipient, domains),
    end: "refuse",
    where: null,
  };
  return [...stages, { at: "rcpt", program: rules }];
}

function recipientSteps(
  access: Access,
  settings: Settings,
  gaps: readonly Unknown[],
  recipient: Listener["recipient"],
  domains: CourierDomains,
): readonly Step[] {
  const doubts = gaps.slice(0, 5).map(
    (because): Step => ({
      kind: "rule",
      says: because.unknown,
      when: { kind: "always" },
      does: { kind: "unknown", because },
      where: because.where,
    }),
  );
  const permit = (says: string, when: Condition, where: Span | null): Step => ({
    kind: "rule",
    says,
    when,
    does: { kind: "permit" },
    where,
  });
  // Whoever may relay must still name somebody where the domain is ours.
  const missing: Step = {
    kind: "rule",
    says: "User unknown",
    when: { kind: "not", of: { kind: "recipient-exists" } },
    does: { kind: "refuse" },
    where: null,
  };
  const forAll = settings.get("RELAYCLIENT");
  const accepted: Condition = {
    kind: "computed",
    says: "esmtpacceptmailfor",
    test: ({ forwardPath }): Truth => {
      const read = recipient(forwardPath);
      return read.kind === "address" && acceptedAt(read.domain, domains) !== null ? "yes" : "no";
    },
    seeds: domains.accepted.names.slice(0, 500).map(({ name, below }) => ({
      of: "recipient-domain",
      text: below ? `x.${name}` : name,
    })),
  };
  return [
    ...doubts,
    missing,
    ...(forAll === null ? [] : [permit("RELAYCLIENT is set for all", { kind: "always" }, forAll.where)]),
    ...access.entries
      .filter(({ does }) => does === "relay")
      .map(({ says, set, where }) => permit(says, { kind: "client-address", set }, where)),
    ...access.unclear.map(
      ({ set, because }): Step => ({
        kind: "rule",
        says: because.unknown,
        when: { kind: "client-address", set },
        does: { kind: "unknown", because },
        where: because.where,
      }),
    ),
    permit("a login", { kind: "authenticated" }, null),
    permit("esmtpacceptmailfor", accepted, null),
  ];
}

/** A dot at the end does not count here; a domain with one is not taken for one of ours. */
const acceptedAt = (domain: string, { accepted }: CourierDomains): Span | null =>
  accepted.find(domain.replace(/\.$/, ""));

/** By the domain behind the last at sign; `user%host` that is unfolded ends where the host is. */
function recipientReader(domains: CourierDomains): Listener["recipient"] {
  const known = new Map<string, Recipient>();
  const read = (path: string): Recipient => {
    const address = readRecipient(path, domains);
    if (address === null) return { kind: "refused", why: "Syntax error" };
    const { user, domain, unfolded } = address;
    const local = domains.locals.find(domain);
    const hosted = domains.hosted.find(domain);
    const accepted = acceptedAt(domain, domains);
    const base = { kind: "address", localPart: user, domain, routed: unfolded !== null } as const;
    if (unfolded !== null && !domains.isLocal(unfolded.domain)) {
      const onward = { to: `${unfolded.user}@${unfolded.domain}`, where: local ?? hosted };
      return { ...base, end: "outside", exists: "yes", where: local ?? hosted, onward };
    }
    const exists = local === null ? "yes" : domains.account(unfolded?.user ?? user);
    // Mail to the machine's own name comes back to it, and is read in the same way again.
    const keeps = local !== null || hosted !== null || domain === domains.ownName;
    const end = keeps ? "local" : accepted === null ? "outside" : "listed";
    return { ...base, end, exists, where: accepted ?? local ?? hosted, onward: null };
  };
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    if (known.size > 20_000) known.clear();
    const made = read(path);
    known.set(path, made);
    return made;
  };
}

function textOf(session: Session, field: TextField, recipient: Listener["recipient"]): string | null {
  const read = recipient(session.forwardPath);
  return sessionText(session, field, {
    sender: senderOf(session.reversePath),
    recipient: read.kind === "address" ? read : null,
  });
}
