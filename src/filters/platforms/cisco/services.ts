/** Members of service groups: `tcp eq smtp`, `tcp-udp source range 1 5 destination eq 53`, `icmp echo`, `tcp 25`. */
import type { Range } from "../../model.ts";
import { type Family, protocolNumbers } from "../../packet.ts";
import type { Service } from "./groups.ts";
import { readIcmp } from "./icmp.ts";
import { portOf, readPorts } from "./ports.ts";
import { isOnly, protocolOf } from "./protocols.ts";
import type { Words } from "./words.ts";

/** Null: it is not understood. */
export function readServiceMember(words: Words, family: Family | null): Service | null {
  const word = words.next();
  const both = word.toLowerCase() === "tcp-udp";
  const protocol = both ? { protocols: portProtocols } : protocolOf(word, family);
  if (protocol === null) return null;
  const { protocols } = protocol;
  if (isOnly(protocols, protocolNumbers.icmp, protocolNumbers.icmp6) && !words.done) {
    const types = readIcmp(words, isOnly(protocols, protocolNumbers.icmp) ? 1 : 58);
    return types === undefined || !words.done ? null : { ...protocol, destinationPorts: types };
  }
  const source = words.take("source") ? readOnePorts(words) : undefined;
  words.take("destination");
  const destination = readOnePorts(words);
  if (!words.done || words.problems.length > 0) return null;
  return {
    ...protocol,
    ...(source === undefined ? {} : { sourcePorts: source }),
    ...(destination === undefined ? {} : { destinationPorts: destination }),
  };
}

const portProtocols: readonly Range[] = [protocolNumbers.tcp, protocolNumbers.udp].map((one) => ({
  first: one,
  last: one,
}));

/** With an operator or, as some write it, without. */
function readOnePorts(words: Words): readonly Range[] | undefined {
  const bare = portOf(words.peek());
  if (bare === null) return readPorts(words);
  words.skip(1);
  return [{ first: bare, last: bare }];
}
