/** ICMP types in entries, by name or number, as type × 256 + code (RFC 792, RFC 4443, IANA's registries). */
import type { Range } from "../../model.ts";
import { isNumber, type Words } from "./words.ts";

/** A type, or a type and its code. */
type Message = number | readonly [number, number];

const names4: ReadonlyMap<string, Message> = new Map<string, Message>(
  Object.entries<Message>({
    "administratively-prohibited": [3, 13],
    "alternate-address": 6,
    "conversion-error": 31,
    "dod-host-prohibited": [3, 10],
    "dod-net-prohibited": [3, 9],
    echo: 8,
    "echo-reply": 0,
    "general-parameter-problem": [12, 0],
    "host-isolated": [3, 8],
    "host-precedence-unreachable": [3, 14],
    "host-redirect": [5, 1],
    "host-tos-redirect": [5, 3],
    "host-tos-unreachable": [3, 12],
    "host-unknown": [3, 7],
    "host-unreachable": [3, 1],
    "information-reply": 16,
    "information-request": 15,
    "mask-reply": 18,
    "mask-request": 17,
    "mobile-redirect": 32,
    "net-redirect": [5, 0],
    "net-tos-redirect": [5, 2],
    "net-tos-unreachable": [3, 11],
    "net-unreachable": [3, 0],
    "network-unknown": [3, 6],
    "no-room-for-option": [12, 2],
    "option-missing": [12, 1],
    "packet-too-big": [3, 4],
    "parameter-problem": 12,
    "port-unreachable": [3, 3],
    "precedence-unreachable": [3, 15],
    "protocol-unreachable": [3, 2],
    "reassembly-timeout": [11, 1],
    redirect: 5,
    "router-advertisement": 9,
    "router-solicitation": 10,
    "source-quench": 4,
    "source-route-failed": [3, 5],
    "time-exceeded": 11,
    "timestamp-reply": 14,
    "timestamp-request": 13,
    traceroute: 30,
    "ttl-exceeded": [11, 0],
    unreachable: 3,
  }),
);

const names6: ReadonlyMap<string, Message> = new Map<string, Message>(
  Object.entries<Message>({
    "beyond-scope": [1, 2],
    "destination-unreachable": [1, 3],
    "dhaad-reply": 145,
    "dhaad-request": 144,
    echo: 128,
    "echo-reply": 129,
    "echo-request": 128,
    header: [4, 0],
    "hop-limit": [3, 0],
    "membership-query": 130,
    "membership-reduction": 132,
    "membership-report": 131,
    "mld-query": 130,
    "mld-reduction": 132,
    "mld-report": 131,
    "mldv2-report": 143,
    "mld-v2-report": 143,
    "mpd-advertisement": 147,
    "mpd-solicitation": 146,
    "nd-na": 136,
    "nd-ns": 135,
    "neighbor-advertisement": 136,
    "neighbor-redirect": 137,
    "neighbor-solicitation": 135,
    "next-header": [4, 1],
    "no-admin": [1, 1],
    "no-route": [1, 0],
    "packet-too-big": 2,
    "parameter-option": [4, 2],
    "parameter-problem": 4,
    "port-unreachable": [1, 4],
    "reassembly-timeout": [3, 1],
    redirect: 137,
    "renum-command": [138, 0],
    "renum-result": [138, 1],
    "renum-seq-number": [138, 255],
    "router-advertisement": 134,
    "router-renumbering": 138,
    "router-solicitation": 133,
    "time-exceeded": 3,
    unreachable: 1,
  }),
);

export function rangeOf(message: Message): Range {
  if (typeof message !== "number") return { first: message[0] * 256 + message[1], last: message[0] * 256 + message[1] };
  return { first: message * 256, last: message * 256 + 255 };
}

/** The type if the next word is one, its code with it; undefined: the next word is something else. */
export function readIcmp(words: Words, protocol: 1 | 58): readonly Range[] | undefined {
  words.take("type");
  const word = words.peek();
  const named = (protocol === 1 ? names4 : names6).get(word);
  if (named !== undefined) {
    words.skip(1);
    return [rangeOf(named)];
  }
  if (!isNumber(word) || Number(word) > 255) return undefined;
  words.skip(1);
  words.take("code");
  const code = words.peek();
  if (!isNumber(code) || Number(code) > 255) return [rangeOf(Number(word))];
  words.skip(1);
  return [rangeOf([Number(word), Number(code)])];
}
