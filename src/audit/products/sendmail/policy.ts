/**
 * From a machine and its options to what the audit searches: listeners with their stages, the domains that the
 * configuration names, and what could not be read.
 */

import { formatIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import type { Span } from "../../../text/source.ts";
import { elsewhere } from "../../../witness/strangers.ts";
import type { Listener, NamedDomain, Recipient, Rule, Session, Stage, TextField, Unknown } from "../../rules.ts";
import { senderOf, sessionText } from "../../session-text.ts";
import { type DaemonPort, defaultPort, readDaemonPort } from "./doors.ts";
import { saysOf } from "./grant.ts";
import type { Machine } from "./machine.ts";
import { type ListedDomain, recipientOf } from "./recipients.ts";
import { type MacroValue, type Memory, newMemory } from "./rewrite.ts";
import { type Answer, atConnect, atMail, atRcpt, type Door } from "./session.ts";
import { rangeOf, type Words, wordsOf } from "./vocabulary.ts";

export interface PolicyOption {
  readonly name: string;
  readonly value: string;
  readonly where: Span | null;
}

/** What was read, from either file. */
export interface Policy {
  readonly machine: Machine;
  readonly options: readonly PolicyOption[];
  /** Names below those of class R count as well. */
  readonly relaysBelow: boolean;
}

export function listenersOf(policy: Policy): readonly Listener[] {
  const { machine, options } = policy;
  const given = options.filter(({ name }) => name === "daemonportoptions");
  const ports = given.flatMap(({ value, where }, index) => readDaemonPort(value, where, index) ?? []);
  const memory = newMemory();
  const words = wordsOf(machine);
  const doors = given.length === 0 ? [defaultPort] : ports;
  return doors.map((port) => listenerOf(port, policy, memory, words));
}

function listenerOf(port: DaemonPort, policy: Policy, memory: Memory, words: Words): Listener {
  const { machine, options } = policy;
  const option = (name: string): PolicyOption | undefined => options.findLast((one) => one.name === name);
  const trusted = machine.classes.get("TrustAuthMech");
  const offered = (option("authmechanisms")?.value ?? "EXTERNAL GSSAPI DIGEST-MD5 CRAM-MD5")
    .toUpperCase()
    .split(/[\s,]+/);
  const mechanisms = port.modifiers.includes("A")
    ? []
    : [...(trusted?.members.values() ?? [])]
        .map(({ word }) => word.toUpperCase())
        .filter((one) => offered.includes(one));
  const hasTls = (option("servercertfile")?.value ?? "") !== "" && !port.modifiers.includes("S");
  const door: Door = {
    machine,
    memory,
    modifiers: port.modifiers,
    deliveryMode: (port.deliveryMode ?? option("deliverymode")?.value ?? "b").charAt(0).toLowerCase(),
    compressed: /^(?:t|y|1)/i.test(option("usecompressedipv6addresses")?.value ?? ""),
    certificates: certificatesOf(option),
    mechanism: mechanisms.find((one) => one !== "ANONYMOUS" && one !== "EXTERNAL") ?? mechanisms[0] ?? null,
    anybody: mechanisms.includes("ANONYMOUS") ? "ANONYMOUS" : null,
    external: mechanisms.includes("EXTERNAL"),
  };
  const isListed = listedDomain(policy);
  const recipients = new Map<string, Recipient>();
  const recipient = (path: string): Recipient => {
    const known = recipients.get(path) ?? recipientOf(path, door, isListed);
    if (recipients.size > 20_000) recipients.clear();
    recipients.set(path, known);
    return known;
  };
  return {
    name: `${port.name} (port ${port.port}${port.address === null ? `, IPv${port.family}` : ` on ${formatIp(port.address)}`})`,
    address: port.address,
    port: port.port,
    role: port.port === 587 || port.port === 465 ? "submission" : "mx",
    tls: port.modifiers.includes("s") && hasTls ? "implicit" : hasTls ? "offered" : "none",
    offersAuth: mechanisms.length > 0 ? "yes" : "no",
    authBackend: mechanisms.length > 0 ? `SASL, for ${mechanisms.join(", ")}` : null,
    impersonators: null,
    stages: stagesOf(port, door, words),
    recipient,
    recipientSeeds: virtualSeeds(machine),
    text: (session, field) => textOf(session, field, recipient),
    caveats: [],
    where: port.where,
  };
}

/** What a certificate that any public authority gives is worth to `${verify}`. */
function certificatesOf(option: (name: string) => PolicyOption | undefined): MacroValue {
  const trusted = [option("cacertpath"), option("cacertfile")].filter((one) => (one?.value ?? "") !== "");
  if (trusted.length === 0) return "FAIL";
  const everybodys = trusted.some((one) => /ssl\/certs|ca-bundle|ca-certificates/.test(one?.value ?? ""));
  return everybodys
    ? "OK"
    : { unknown: `which authorities ${trusted[0]?.value ?? ""} holds`, where: trusted[0]?.where ?? null };
}

const allOfSix = ipSet([{ address: { family: 6, bits: 0n }, length: 0 }]);

function stagesOf(port: DaemonPort, door: Door, words: Words): readonly Stage[] {
  const stage = (at: Stage["at"], name: string, ask: (session: Session, door: Door) => Answer): Stage => ({
    at,
    program: {
      name,
      where: door.machine.rulesets.get(name)?.where ?? null,
      end: "go-on",
      steps: [
        {
          kind: "lookup",
          says: name,
          find: (session) => rulesOf(askedWithName(session, door, ask), at === "rcpt"),
          seeds: words.seeds,
          ranges: words.ranges,
          programs: [],
          where: door.machine.rulesets.get(name)?.where ?? null,
        },
      ],
    },
  });
  const other: Rule = {
    says: "Family=inet",
    when: { kind: "client-address", set: allOfSix },
    does: { kind: "refuse" },
    where: port.where,
  };
  const first: Stage = {
    at: "connect",
    program: { name: "DaemonPortOptions", steps: [{ kind: "rule", ...other }], end: "go-on", where: port.where },
  };
  // A socket of IPv6 takes clients of IPv4 too, unless it is bound to an address.
  return [
    ...(port.family === 4 ? [first] : []),
    stage("connect", "check_relay", atConnect),
    stage("mail", "check_mail", atMail),
    stage("rcpt", "check_rcpt", atRcpt),
  ];
}

/**
 * What is answered to a client without a name in DNS: if he is refused for that alone, what is answered to one with a
 * name that says nothing. Whoever has an address can give it one, so such a check closes nothing.
 */
function askedWithName(session: Session, door: Door, ask: (session: Session, door: Door) => Answer): Answer {
  const { client } = session;
  const answer = ask(session, door);
  if ((answer.kind !== "refused" && answer.kind !== "deferred") || client.name !== null || client.reverseName !== null)
    return answer;
  const named = ask({ ...session, client: { ...client, name: anyName, reverseName: anyName } }, door);
  return named.kind === "accepted" || named.kind === "unknown" ? named : answer;
}

const anyName = "unnamed.invalid";

function rulesOf(answer: Answer, decides: boolean): readonly Rule[] | Unknown | null {
  const rule = (says: string, does: "permit" | "refuse" | "defer", where: Span | null): readonly Rule[] => [
    { says, when: { kind: "always" }, does: { kind: does }, where },
  ];
  switch (answer.kind) {
    case "accepted":
      return decides ? rule(saysOf(answer.grant), "permit", answer.grant.where) : null;
    case "refused":
    case "discarded":
      return rule(answer.says, "refuse", answer.where);
    case "deferred":
      return rule(answer.says, "defer", answer.where);
    case "unknown":
      return answer.because;
  }
}

/** A domain of class R or of the access map (`To:` or untagged, RELAY). */
export function listedDomain({ machine, relaysBelow }: Policy): ListedDomain {
  const relayed = machine.classes.get("R")?.members;
  const access = new Map(
    (machine.maps.get("access")?.entries ?? []).flatMap((entry) =>
      /^RELAY\b/i.test(entry.value) ? [[entry.key.replace(/^to:/, ""), entry] as const] : [],
    ),
  );
  return (domain) => {
    for (let rest = domain; rest !== ""; rest = rest.includes(".") ? rest.slice(rest.indexOf(".") + 1) : "") {
      const found = relayed?.get(rest) ?? access.get(rest);
      if (found !== undefined) return found;
      if (!relaysBelow) break;
    }
    return null;
  };
}

/** Domains that the configuration takes mail for. The mailer table only says where mail goes, also that of others. */
export function domainsOf({ machine, relaysBelow }: Policy): readonly NamedDomain[] {
  const named = new Map<string, NamedDomain>();
  const add = (text: string, end: NamedDomain["end"], below: boolean, where: Span | null): void => {
    const name = text.toLowerCase().replace(/\.$/, "");
    if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name) || rangeOf(name) !== null || named.has(name)) return;
    named.set(name, { name, end, below, where });
  };
  for (const { word, where } of machine.classes.get("w")?.members.values() ?? [])
    if (word.includes(".")) add(word, "local", false, where);
  for (const { word, where } of machine.classes.get("VirtHost")?.members.values() ?? [])
    add(word, "local", false, where);
  for (const { word, where } of machine.classes.get("R")?.members.values() ?? [])
    add(word, "listed", relaysBelow, where);
  for (const { key, value, where } of machine.maps.get("access")?.entries ?? [])
    if (/^RELAY\b/i.test(value) && (key.startsWith("to:") || !key.includes(":")))
      add(key.replace(/^to:/, ""), "listed", relaysBelow, where);
  return [...named.values()];
}

/** Recipients whose destination a table of virtual users may take out of the address. */
function virtualSeeds(machine: Machine): readonly string[] {
  const copying = (machine.maps.get("virtuser")?.entries ?? []).filter(({ value }) => value.includes("%")).slice(0, 20);
  return copying.flatMap(({ key }) => {
    const domain = key.slice(key.indexOf("@") + 1);
    return ["%", "!", "=", "+", "--"].flatMap((mark) => [
      `probe${mark}${elsewhere}@${domain}`,
      `${elsewhere}${mark}probe@${domain}`,
    ]);
  });
}

function textOf(session: Session, field: TextField, recipient: (path: string) => Recipient): string | null {
  const read = recipient(session.forwardPath);
  return sessionText(session, field, {
    sender: senderOf(session.reversePath),
    recipient: read.kind === "address" ? read : null,
  });
}
