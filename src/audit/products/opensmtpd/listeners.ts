/** Listeners of smtpd: where each listens, what it asks for before the rules, and the rules behind. */

import { type IpAddress, isUnspecified, parseIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { fixedIp, isPrivateDoor } from "../../grounds.ts";
import type {
  Caveat,
  Condition,
  Listener,
  Program,
  Recipient,
  Rule,
  Session,
  Stage,
  Step,
  TextField,
} from "../../rules.ts";
import { sessionText } from "../../session-text.ts";
import { isDomain, readPath } from "./address.ts";
import type { Envelope } from "./envelope.ts";
import { filterStages } from "./filters.ts";
import { mailAddressOf } from "./matching.ts";
import type { Listen, Model } from "./model.ts";
import type { Ruleset } from "./ruleset.ts";

export function listenersOf(model: Model, ruleset: Ruleset, hostName: string | null): readonly Listener[] {
  const names = new Map<string, number>();
  return together(model.listens).flatMap((listen) =>
    placesOf(listen).map((place) => {
      const name = `${place.name} port ${place.port}`;
      const count = (names.get(name) ?? 0) + 1;
      names.set(name, count);
      return listenerOf(listen, place, count === 1 ? name : `${name} (${count})`, model, ruleset, hostName);
    }),
  );
}

/** `listen on 0.0.0.0` and `listen on ::` with the same options are one door for both families. */
function together(listens: readonly Listen[]): readonly Listen[] {
  const alike = (a: Listen, b: Listen): boolean =>
    a.port === b.port &&
    a.tls === b.tls &&
    a.verify === b.verify &&
    a.auth === b.auth &&
    a.authTable === b.authTable &&
    a.tag === b.tag &&
    a.hostname === b.hostname &&
    a.proxy === b.proxy &&
    a.filters.join() === b.filters.join();
  const partner = (listen: Listen, on: string): Listen | undefined =>
    listens.find((one) => one.on === on && alike(one, listen));
  return listens.flatMap((listen): Listen[] => {
    if (listen.on === "::" && partner(listen, "0.0.0.0") !== undefined) return [];
    return listen.on === "0.0.0.0" && partner(listen, "::") !== undefined ? [{ ...listen, on: "*" }] : [listen];
  });
}

interface Place {
  readonly name: string;
  readonly address: IpAddress | null;
  /** The only family that it takes; `null`: both. */
  readonly family: 4 | 6 | null;
  readonly port: number;
}

/** An interface has addresses of both families, and each address takes clients of its own family only. */
function placesOf({ on, family, port, tls }: Listen): readonly Place[] {
  const usual = port ?? (tls === "implicit" ? 465 : 25);
  const read = parseIp(on);
  if (read.ok) {
    const address = isUnspecified(read.value) ? null : read.value;
    return [{ name: on, address, family: read.value.family, port: usual }];
  }
  if (on !== "lo" && on !== "lo0" && on !== "localhost") return [{ name: on, address: null, family, port: usual }];
  return ([4, 6] as const)
    .filter((one) => family === null || family === one)
    .map((one) => ({
      name: `${on} (IPv${one})`,
      address: fixedIp(one === 4 ? "127.0.0.1" : "::1"),
      family: one,
      port: usual,
    }));
}

const everyone = ipSet([]).complement();

function listenerOf(
  listen: Listen,
  { address, family, port }: Place,
  name: string,
  model: Model,
  ruleset: Ruleset,
  hostName: string | null,
): Listener {
  const ownName = listen.hostname ?? hostName ?? "this-machine.invalid";
  const recipients = new Map<string, Recipient>();
  const recipient = (path: string): Recipient => {
    const known = recipients.get(path);
    if (known !== undefined) return known;
    const made = recipientOf(path, ownName, ruleset);
    if (recipients.size > 20_000) recipients.clear();
    recipients.set(path, made);
    return made;
  };
  const envelopeOf = (session: Session): Envelope | null => {
    const to = recipient(session.forwardPath);
    const sender = readPath(session.reversePath, ownName, "sender");
    if (to.kind !== "address" || sender === null) return null;
    return {
      address: session.client.address,
      internal: false,
      reverseName: session.client.reverseName,
      helo: session.helo,
      tag: listen.tag,
      authenticated: isAuthenticated(session, listen),
      sender,
      recipient: { user: to.localPart, domain: to.domain },
    };
  };
  const filters = listen.filters.flatMap((one) => model.filters.get(one) ?? []);
  const { stages, before } = filterStages(filters, model.delimiter);
  const rules: Program = {
    name: model.grammar === "match" ? "match" : "accept",
    steps: [...before, ...ruleset.steps(envelopeOf)],
    end: "refuse",
    where: null,
  };
  return {
    name,
    address,
    port,
    role: isPrivateDoor(address) ? "internal" : port === 587 || port === 465 ? "submission" : "mx",
    tls: listen.tls,
    offersAuth: listen.auth === "none" ? "no" : "yes",
    authBackend: listen.authTable === null ? "the accounts of the machine" : `the table <${listen.authTable.name}>`,
    impersonators: listen.proxy ? { set: everyone, by: "proxy", where: listen.where } : null,
    stages: [...doors(listen, family, ownName), ...stages, { at: "rcpt", program: rules }],
    recipient,
    recipientSeeds: [],
    text: (session, field) => textOf(session, field, envelopeOf),
    caveats: caveatsOf(model),
    where: listen.where,
  };
}

/** Names in reverse DNS are whatever the owner of an address says, together with any sender and HELO. */
function caveatsOf({ matches }: Model): readonly Caveat[] {
  return matches.flatMap((match): Caveat[] => {
    if ("gap" in match || match.does.kind !== "relay" || match.from.kind !== "rdns") return [];
    const { table, not } = match.from;
    const named = (match.for.kind !== "any" && !match.for.not) || (match.rcptTo !== null && !match.rcptTo.not);
    if (table === null || not || named || (match.auth !== null && !match.auth.not)) return [];
    const names = table.entries.slice(0, 3).map(({ key }) => key);
    const text = `unless strangers name their addresses as in ${names.join(", ") || `<${table.name}>`} in reverse DNS`;
    return [{ tag: "OSD_RDNS", text, where: match.where }];
  });
}

/** AUTH is offered to encrypted sessions only. */
const isAuthenticated = ({ client, tls }: Session, listen: Listen): boolean =>
  client.authenticated && listen.auth !== "none" && tls !== "none";

function recipientOf(path: string, ownName: string, ruleset: Ruleset): Recipient {
  const read = readPath(path, ownName, "recipient");
  if (read === null) return { kind: "refused", why: "Recipient address syntax error" };
  const lower = { user: read.user, domain: read.domain.toLowerCase() };
  const { end, where } = ruleset.endOf(lower);
  return {
    kind: "address",
    localPart: lower.user,
    domain: lower.domain,
    end,
    where,
    routed: false,
    exists: "yes",
    onward: null,
  };
}

/** What a listener refuses before any rule is asked. */
function doors(listen: Listen, family: 4 | 6 | null, ownName: string): readonly Stage[] {
  const refusing = (at: Stage["at"], says: string, test: (session: Session) => boolean): Stage => {
    const when: Condition = { kind: "computed", says, test: (session) => (test(session) ? "yes" : "no") };
    const rule: Rule = { says, when, does: { kind: "refuse" }, where: listen.where };
    const steps: readonly Step[] = [{ kind: "rule", ...rule }];
    return { at, program: { name: "listen", steps, end: "permit", where: listen.where } };
  };
  const made: Stage[] = [];
  // A door for IPv6 alone is asked as if it took IPv4 too: what a plain client may do is asked with IPv4 everywhere.
  if (family === 4) made.push(refusing("connect", "takes IPv4 only", ({ client }) => client.address.family === 6));
  made.push(refusing("helo", "Invalid domain name", ({ helo }) => !isDomain(helo)));
  if (listen.tls === "required")
    made.push(refusing("mail", "Must issue a STARTTLS command first", ({ tls }) => tls === "none"));
  if (listen.verify !== "no" && listen.tls !== "none") {
    // Whoever has a certificate that is believed may go on; it gives no other right.
    const known = listen.verify === "public-ca";
    made.push(refusing("mail", "a valid certificate", ({ client }) => !known || client.certificate === "none"));
  }
  if (listen.auth === "required")
    made.push(refusing("mail", "Must issue an AUTH command first", (session) => !isAuthenticated(session, listen)));
  made.push(
    refusing(
      "mail",
      "Sender address syntax error",
      ({ reversePath }) => readPath(reversePath, ownName, "sender") === null,
    ),
  );
  return made;
}

function textOf(session: Session, field: TextField, envelopeOf: (session: Session) => Envelope | null): string | null {
  const recipient = envelopeOf(session)?.recipient ?? null;
  const sender = mailAddressOf(session.reversePath.replace(/^<|>$/g, ""));
  return sessionText(session, field, {
    sender: { address: `${sender.user}@${sender.domain}`, domain: sender.domain },
    recipient: recipient === null ? null : { localPart: recipient.user, domain: recipient.domain },
  });
}
