/**
 * One entry of a list, as IOS, IOS-XR, NX-OS and EOS write it: `permit tcp any host 192.0.2.25 eq smtp log`. What their
 * dialects have of their own is in the dialect; ASA's entries differ more and are read in its own folder, but are put
 * together here too.
 */
import type { Action, Match, Range } from "../../model.ts";
import { type Family, protocolNumbers } from "../../packet.ts";
import { addressOf, type End, hostOf, type Mask, readAddresses } from "./ends.ts";
import { readFlags, readFlagWords } from "./flags.ts";
import type { Resolved, Service } from "./groups.ts";
import { readIcmp } from "./icmp.ts";
import type { Options } from "./options.ts";
import { newParts, type Parts } from "./parts.ts";
import { readPorts } from "./ports.ts";
import { isOnly, protocolOf } from "./protocols.ts";
import type { Words } from "./words.ts";

/**
 * What becomes of later fragments at a permit that looks at ports. `permitted`: they pass if the rest fits (IOS and XR,
 * "Access Control Lists and IP Fragments"); `unseen`: the entry is not for them; `whole`: they share the fate of the
 * packet that they are of, which is put together first (ASA).
 */
export type LaterFragments = "permitted" | "unseen" | "whole";

export interface Dialect {
  readonly family: Family;
  readonly mask: Mask;
  /** Words in front of a group's name. */
  readonly addressGroups: readonly string[];
  readonly portGroups: readonly string[];
  addresses(name: string): End;
  ports(name: string): Resolved<Range>;
  services(name: string): Resolved<Service>;
  readonly options: Options;
  /** Of several flags one must be set, or all; `unsure`: documents do not say. */
  readonly flags: "any" | "all" | "unsure";
  readonly laterFragments: LaterFragments;
}

/** Reads what stands behind `permit` or `deny`. */
export function readEntry(words: Words, dialect: Dialect): Parts {
  const parts = newParts();
  readService(words, dialect, parts);
  const source = readEnd(words, dialect);
  const destination = readEnd(words, dialect);
  parts.source = source.end;
  parts.destination = destination.end;
  parts.services = parts.services.map((service) => ({
    ...service,
    ...(source.ports === undefined ? {} : { sourcePorts: source.ports }),
    ...(destination.ports === undefined ? {} : { destinationPorts: destination.ports }),
  }));
  parts.serviceDoubt ??= source.doubt ?? destination.doubt;
  readOptions(words, dialect, parts);
  return parts;
}

function readService(words: Words, { family, services }: Dialect, parts: Parts): void {
  if (words.take("object-group")) {
    const { values, doubt } = services(words.next());
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
}

function readEnd(words: Words, dialect: Dialect): ReadEnd {
  const end = readEndAddresses(words, dialect);
  if (dialect.portGroups.includes(words.peek())) {
    words.skip(1);
    const { values, doubt } = dialect.ports(words.next());
    return { end, ports: values, doubt };
  }
  return { end, ports: readPorts(words), doubt: null };
}

function readEndAddresses(words: Words, dialect: Dialect): End {
  const { family, mask, addressGroups } = dialect;
  if (words.take("any")) return {};
  if (addressGroups.includes(words.peek())) {
    words.skip(1);
    return dialect.addresses(words.next());
  }
  const known = readAddresses(words, family, mask);
  if (known !== null) return { known };
  const host = words.peek() === "host";
  const word = host ? words.peek(1) : words.peek();
  words.skip(host ? 2 : 1);
  words.problems.push(word === "" ? "an address is missing" : `"${word}" is not an IPv${family} address`);
  return {};
}

/** An entry of a standard list: a source alone. */
export function readStandardEntry(words: Words, dialect: Dialect): Parts {
  const parts = newParts();
  const bare = addressOf(words.peek(), dialect.family);
  if (bare !== null && addressOf(words.peek(1), dialect.family) === null && !words.peek(1).startsWith("/")) {
    words.skip(1);
    parts.source = { known: hostOf(bare.family, bare.bits) };
  } else parts.source = readEndAddresses(words, dialect);
  readOptions(words, dialect, parts);
  return parts;
}

function readOptions(words: Words, dialect: Dialect, parts: Parts): void {
  const protocols = parts.services.length === 1 ? parts.services[0]?.protocols : undefined;
  while (!words.done) {
    if (isOnly(protocols, protocolNumbers.icmp, protocolNumbers.icmp6)) {
      const types = readIcmp(words, isOnly(protocols, protocolNumbers.icmp) ? 1 : 58);
      if (types !== undefined) {
        parts.services = parts.services.map((service) => ({ ...service, destinationPorts: types }));
        continue;
      }
    }
    const flags = readFlagWords(words, dialect.flags) ?? readFlags(words);
    if (flags !== null) {
      parts.narrow = { ...parts.narrow, flags: flags.flags };
      if (flags.doubt !== null) words.doubts.push(flags.doubt);
      continue;
    }
    const name = words.peek();
    const option = dialect.options.get(name);
    if (option !== undefined) {
      words.skip(1);
      option(words, parts, dialect.options);
    } else if (isOnly(protocols, 2)) {
      words.doubts.push(`IGMP type ${words.next()}`);
    } else {
      words.problems.push(`"${words.next()}" is not understood`);
      words.rest();
      // It may be one more port of a list of ports, whose name is not known.
      parts.services = parts.services.map(({ protocols }) => (protocols === undefined ? {} : { protocols }));
    }
  }
}

/** All that the entry may be about; what is not understood makes it doubtful. */
export function matchesOf(
  { services, serviceDoubt, source, destination, narrow, kinds }: Parts,
  { action, words, later }: { action: Action["kind"]; words: Words; later: LaterFragments },
): readonly Match[] {
  const why = [...words.problems, ...words.doubts].join("; ");
  const unsure = why === "" ? {} : { unsure: why };
  const ends = {
    ...(source.known === undefined ? {} : { source: source.known }),
    ...(destination.known === undefined ? {} : { destination: destination.known }),
  };
  const matches: Match[] = [];
  for (const service of services) {
    for (const kind of kinds) matches.push({ ...ends, ...service, ...narrow, ...kind, ...unsure });
    const protocols = service.protocols === undefined ? {} : { protocols: service.protocols };
    const looksFurther =
      service.sourcePorts !== undefined || service.destinationPorts !== undefined || narrow.flags !== undefined;
    if (!looksFurther || narrow.laterFragment !== undefined) continue;
    if (later === "permitted" && action === "permit")
      matches.push({ ...ends, ...protocols, laterFragment: true, ...unsure });
    if (later === "whole")
      matches.push({
        ...ends,
        ...protocols,
        laterFragment: true,
        unsure: "a later fragment fares as the packet that it is of",
      });
  }
  const doubts = [serviceDoubt, source.doubt, destination.doubt].filter((one) => typeof one === "string");
  if (doubts.length === 0) return matches;
  const wide: Match = {
    ...(source.known === undefined || source.doubt !== undefined ? {} : { source: source.known }),
    ...(destination.known === undefined || destination.doubt !== undefined ? {} : { destination: destination.known }),
    ...narrow,
    unsure: doubts.join("; "),
  };
  const parts = serviceDoubt === null ? services : [commonProtocols(services)];
  return [...matches, ...parts.map((service) => ({ ...wide, ...service }))];
}

/** With a doubtful group of ports the protocol is still the one that is written. */
function commonProtocols(services: readonly Service[]): Service {
  const [first] = services;
  return first?.protocols !== undefined && services.length === 1 ? { protocols: first.protocols } : {};
}
