/**
 * Entries of ASA's lists: `extended permit tcp any object MX eq smtp log`, `advanced permit …` of FTD. Netmasks stand
 * where IOS has wildcards, and groups of services stand where others have protocols and ports.
 */
import { nowhere } from "../../addresses.ts";
import type { Match, Range, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { type End, everyAddress, readAddresses } from "../cisco/ends.ts";
import { matchesOf } from "../cisco/entry.ts";
import { endOf, type Resolved, type Service } from "../cisco/groups.ts";
import { readIcmp } from "../cisco/icmp.ts";
import { placeOf } from "../cisco/lines.ts";
import { newParts, type Parts } from "../cisco/parts.ts";
import { readPorts } from "../cisco/ports.ts";
import { isOnly, protocolOf } from "../cisco/protocols.ts";
import { isNumber, Words } from "../cisco/words.ts";
import type { Draft, Entry, List } from "./draft.ts";
import { withNames } from "./objects.ts";

/** Null: it decides nothing (a remark, an entry that is switched off). */
export function ruleOf(draft: Draft, { family }: List, { words: texts, place: where }: Entry): Rule | null {
  const words = new Words(withNames(draft, texts));
  const place = placeOf(where);
  if (words.peek() === "remark") return null;
  words.take("extended", "advanced");
  const word = words.next().toLowerCase();
  const action = word === "trust" ? "permit" : word;
  if (action !== "permit" && action !== "deny") {
    draft.troubles.push({ place, says: "This line of a list is not understood." });
    return { matches: [{}], action: { kind: "unknown", why: "the line is not understood" }, place };
  }
  const parts = newParts();
  readService(draft, family, words, parts);
  const source = readEnd(draft, family, words);
  const destination = readEnd(draft, family, words);
  parts.source = source.end;
  parts.destination = destination.end;
  if (source.zone !== null) parts.narrow = { ...parts.narrow, from: { names: [source.zone], except: false } };
  if (destination.zone !== null) parts.narrow = { ...parts.narrow, to: { names: [destination.zone], except: false } };
  parts.services = parts.services.map((service) => ({
    ...service,
    ...(source.ports === undefined ? {} : { sourcePorts: source.ports }),
    ...(destination.ports === undefined ? {} : { destinationPorts: destination.ports }),
  }));
  parts.serviceDoubt ??= source.doubt ?? destination.doubt;
  const active = readOptions(draft, words, parts, action);
  if (words.problems.length > 0) draft.troubles.push({ place, says: `Not understood: ${words.problems.join("; ")}.` });
  if (!active) return null;
  const matches = matchesOf(parts, { action, words, later: "whole" });
  return { matches: ofFamily(matches, family), action: { kind: action }, place };
}

/** A list of one family says nothing of the other, also where it says `any`. */
function ofFamily(matches: readonly Match[], family: Family | null): readonly Match[] {
  if (family === null) return matches;
  const every = everyAddress(family);
  return matches.map((match) => (match.source === undefined ? { ...match, source: every } : match));
}

function readService(draft: Draft, family: Family | null, words: Words, parts: Parts): void {
  if (words.take("object", "object-group")) {
    const { values, doubt } = draft.services.resolve(words.next());
    parts.services = values;
    parts.serviceDoubt = doubt;
    return;
  }
  const word = words.next();
  const protocol = protocolOf(word, family);
  if (protocol === null) words.problems.push(`protocol "${word}" is not known`);
  else parts.services = [protocol];
}

interface ReadEnd {
  readonly end: End;
  readonly ports: readonly Range[] | undefined;
  readonly doubt: string | null;
  /** FTD: the interface on this side. */
  readonly zone: string | null;
}

function readEnd(draft: Draft, family: Family | null, words: Words): ReadEnd {
  readWho(words);
  const zone = words.take("ifc") ? words.next() : null;
  const end = readEndAddresses(draft, family, words);
  readWho(words);
  // A group's kind tells whether it is of ports, or the addresses of the other end.
  if (words.peek() === "object-group" && draft.kinds.get(words.name(1)) === "ports") {
    words.skip(1);
    const { values, doubt } = draft.ports.resolve(words.next());
    return { end, ports: values, doubt, zone };
  }
  return { end, ports: readPorts(words), doubt: null, zone };
}

/** Users and tags, in front of an address or behind it. */
function readWho(words: Words): void {
  for (;;) {
    if (words.take("user", "user-group", "object-group-user", "object-group-security")) {
      const who = words.next();
      if (who.toLowerCase() !== "any") words.doubts.push(`user or group ${who}`);
    } else if (words.take("security-group")) {
      words.next();
      words.doubts.push(`security group ${words.next()}`);
    } else return;
  }
}

function readEndAddresses(draft: Draft, family: Family | null, words: Words): End {
  if (words.take("any")) return {};
  if (words.take("any4")) return { known: everyAddress(4) };
  if (words.take("any6")) return { known: everyAddress(6) };
  if (words.take("object", "object-group")) return endOf(draft.addresses, words.next());
  if (words.take("object-group-network-service")) return { known: nowhere, doubt: `names of group ${words.next()}` };
  if (words.take("interface")) {
    const name = words.next();
    const known = draft.interfaces.get(name)?.address;
    return known ? { known } : { known: nowhere, doubt: `the address of interface ${name}` };
  }
  const known = readAddresses(words, family, "netmask");
  if (known !== null) return { known };
  const host = words.peek() === "host";
  const word = words.name(host ? 1 : 0);
  words.skip(host ? 2 : 1);
  words.problems.push(word === "" ? "an address is missing" : `"${word}" is no address`);
  return {};
}

const logLevels: readonly string[] = [
  ...["emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging"],
  ...["disable", "default"],
];

/** What stands behind both ends. False: the entry is switched off. */
function readOptions(draft: Draft, words: Words, parts: Parts, action: "permit" | "deny"): boolean {
  let active = true;
  const protocols = parts.services.length === 1 ? parts.services[0]?.protocols : undefined;
  while (!words.done) {
    if (isOnly(protocols, 1, 58)) {
      const types = readIcmpTypes(draft, words, isOnly(protocols, 1) ? 1 : 58);
      if (types !== null) {
        parts.services = parts.services.map((service) => ({ ...service, destinationPorts: types.values }));
        parts.serviceDoubt ??= types.doubt;
        continue;
      }
    }
    switch (words.peek()) {
      case "log":
        words.skip(1);
        if (logLevels.includes(words.peek()) || isNumber(words.peek())) words.skip(1);
        break;
      case "interval":
        words.skip(2);
        break;
      case "event-log":
        words.skip(1);
        words.take("flow-start", "flow-end", "both");
        break;
      case "rule-id": {
        words.skip(1);
        const rule = words.next();
        if (action === "permit" && draft.inspected.has(rule)) words.doubts.push(`rule ${rule} looks into the contents`);
        break;
      }
      case "time-range":
        words.skip(1);
        words.doubts.push(`only within the time range ${words.next()}`);
        break;
      case "inactive":
        words.skip(1);
        active = false;
        break;
      default: {
        words.problems.push(`"${words.next()}" is not understood`);
        words.rest();
        const only = (service: Service): Service =>
          service.protocols === undefined ? {} : { protocols: service.protocols };
        parts.services = parts.services.map(only);
      }
    }
  }
  return active;
}

function readIcmpTypes(draft: Draft, words: Words, protocol: 1 | 58): Resolved<Range> | null {
  if (words.peek() === "object-group" && draft.kinds.get(words.name(1)) === "icmp") {
    words.skip(1);
    return draft.icmp.resolve(words.next());
  }
  const types = readIcmp(words, protocol);
  return types === undefined ? null : { values: types, doubt: null };
}
