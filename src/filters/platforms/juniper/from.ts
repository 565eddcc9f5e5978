/** The `from` of a term: values of one statement are alternatives, statements hold all at once. */
import type { Match, Range } from "../../model.ts";
import { type Family, protocolNumbers } from "../../packet.ts";
import { addressesOf, isNowhere } from "../reading/addresses.ts";
import { allOf, type Condition, lastPort, only, perhaps, rangesBut, rangesInBoth } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { numbersOf, portsOf, protocolsOf } from "../reading/names.ts";
import { active, isEmptied, type Node } from "../tree/node.ts";
import { flagsOf } from "./flags.ts";
import { icmpCodes4, icmpCodes6, icmpTypes4, icmpTypes6 } from "./icmp.ts";
import { type Entry, longestMatch, type PrefixLists } from "./prefix-lists.ts";

/** What the model does not hold: a packet may or may not fit. */
const unseen = new Set([
  ...["dscp", "dscp-except", "precedence", "precedence-except", "traffic-class", "traffic-class-except", "ttl"],
  ...["ttl-except", "hop-limit", "hop-limit-except", "packet-length", "packet-length-except", "ip-options"],
  ...["ip-options-except", "forwarding-class", "forwarding-class-except", "loss-priority", "loss-priority-except"],
  ...["interface", "interface-set", "interface-group", "interface-group-except", "source-class", "source-class-except"],
  ...["destination-class", "destination-class-except", "esp-spi", "esp-spi-except", "ah-spi", "ah-spi-except"],
  ...[
    "service-filter-hit",
    "flexible-match-mask",
    "flexible-match-range",
    "gre-key",
    "gre-key-except",
    "vlan",
    "tcp-mss",
  ],
  ...[
    "extension-header",
    "traffic-type",
    "extension-header-except",
    "redirect-reason",
    "rat-type",
    "policy-map",
    "learn-vlan-id",
  ],
  ...["user-vlan-id", "source-mac-address", "destination-mac-address", "ether-type", "apply-path", "rpf-failed"],
]);

/** First headers that are no transport's (RFC 8200 §4). */
const extensionHeaders: readonly Range[] = [only(0), only(43, 44), only(51), only(60), only(135), only(139, 140)];
/** Their ports are where TCP and UDP have them. */
const withPorts: readonly Range[] = [only(6), only(17), only(33), only(132), only(136)];

export interface Reader {
  readonly draft: Draft;
  readonly lists: PrefixLists;
  readonly family: Family;
}

export function conditionOf(reader: Reader, from: Node | null): Condition {
  const statements = active(from).filter((statement) => !isEmptied(statement));
  const byWord = new Map(statements.map((statement) => [statement.word, statement]));
  const conditions: Condition[] = [];
  const protocols = [
    "protocol",
    "protocol-except",
    "next-header",
    "next-header-except",
    "payload-protocol",
    "ip-protocol",
  ].some((word) => byWord.has(word));
  for (const [source, list, side] of [
    ["source-address", "source-prefix-list", "source"],
    ["destination-address", "destination-prefix-list", "destination"],
    ["address", "prefix-list", "either"],
  ] as const) {
    const nodes = [byWord.get(source), byWord.get(list)];
    if (nodes[0] !== undefined || nodes[1] !== undefined) conditions.push(addresses(reader, nodes[0], nodes[1], side));
  }
  let ports = false;
  const icmp = byWord.has("icmp-type") || byWord.has("icmp-code") || byWord.has("icmp-type-except");
  for (const statement of statements) {
    const { word, line } = statement;
    if (/^(source-|destination-)?(address|prefix-list)$/.test(word)) continue;
    if (/^(source-|destination-)?port(-range-optimize)?(-except)?$/.test(word)) {
      ports = true;
      conditions.push(portCondition(reader, statement));
    } else if (/^((ip-)?protocol|next-header|payload-protocol)(-except)?$/.test(word))
      conditions.push(protocolCondition(reader, statement));
    else if (word === "tcp-established" || word === "tcp-initial" || word === "tcp-flags")
      conditions.push(onlyOf(protocolNumbers.tcp, tcpFlagsOf(reader, statement), protocols));
    else if (word === "is-fragment") conditions.push([{ laterFragment: true }]);
    else if (word === "first-fragment")
      conditions.push([{ laterFragment: false, unsure: "whether it is a first fragment" }]);
    else if (word === "fragment-offset" || word === "fragment-offset-except")
      conditions.push(offsetOf(reader, statement));
    else if (word === "fragment-flags") conditions.push(perhaps("fragment-flags"));
    else if (/^icmp-(type|code)(-except)?$/.test(word)) continue;
    else if (unseen.has(word)) conditions.push(perhaps(word));
    else {
      reader.draft.trouble(line, `the condition "${word}" is not known`);
      conditions.push(perhaps(`the condition "${word}", which is not known`));
    }
  }
  if (icmp) {
    const number = reader.family === 4 ? protocolNumbers.icmp : protocolNumbers.icmp6;
    conditions.push(onlyOf(number, icmpCondition(reader, byWord), protocols));
  }
  // Without `protocol` any protocol's bytes are taken for ports (documented so).
  if (ports && !protocols)
    conditions.push([
      { protocols: withPorts },
      { protocols: rangesBut(withPorts, 255), unsure: "ports of a protocol that is not named" },
    ]);
  return allOf(conditions);
}

/** Fields of one protocol: others' bytes at the same place may look like them where the term names none. */
function onlyOf(protocol: number, condition: Condition, named: boolean): Condition {
  const fits: Condition = condition.map((match) => ({ ...match, protocols: [only(protocol)] }));
  return named ? fits : [...fits, { protocols: rangesBut([only(protocol)], 255), unsure: "the protocol is not named" }];
}

function addresses(
  { draft, lists, family }: Reader,
  direct: Node | undefined,
  named: Node | undefined,
  side: "source" | "destination" | "either",
): Condition {
  const entries: Entry[] = [];
  const masked: { family: Family; value: bigint; care: bigint }[] = [];
  const doubts: string[] = [];
  const isExcept = (node: Node): boolean => active(node).some(({ word }) => word === "except");
  for (const node of active(direct)) {
    const read = addressesOf(node.word);
    if (read === null) {
      draft.trouble(node.line, `not an address: ${node.word}`);
      doubts.push(`the address ${node.word}`);
    } else if (read.masked.length > 0) {
      if (isExcept(node)) doubts.push(`the exception ${node.word}`);
      else masked.push(...read.masked);
    } else for (const range of read.set.ranges) entries.push({ range, except: isExcept(node) });
  }
  for (const node of active(named)) {
    const ranges = lists.list(node.word);
    if (ranges === null) {
      draft.trouble(node.line, `the prefix-list ${node.word} is not there`);
      doubts.push(`the missing prefix-list ${node.word}`);
    } else for (const range of ranges) if (range.family === family) entries.push({ range, except: isExcept(node) });
    if (ranges?.every((range) => range.family !== family) === true && isExcept(node))
      doubts.push(`the empty exception ${node.word}`);
  }
  if (doubts.length > 0) return perhaps(doubts.join(", "));
  const { sure, perhaps: may } = longestMatch(entries, masked, family);
  const at = (match: (addresses: typeof sure) => Match): Condition => [
    ...(isNowhere(sure) ? [] : [match(sure)]),
    ...(may === null ? [] : [{ ...match(may.addresses), unsure: may.why }]),
  ];
  return side === "either"
    ? [...at((source) => ({ source })), ...at((destination) => ({ destination }))]
    : at((some) => ({ [side]: some }));
}

/** Values of a statement as numbers; null: one of them is not known. */
function valuesOf({ draft }: Reader, statement: Node, read: (word: string) => Range | null): readonly Range[] | null {
  const ranges: Range[] = [];
  for (const { word, line } of active(statement)) {
    const range = read(word);
    if (range === null) {
      draft.trouble(line, `${statement.word}: "${word}" is not known`);
      return null;
    }
    ranges.push(range);
  }
  return ranges;
}

function portCondition(reader: Reader, statement: Node): Condition {
  const values = valuesOf(reader, statement, portsOf);
  if (values === null || values.length === 0)
    return [{ laterFragment: false, unsure: `${statement.word}, which is not understood` }];
  const except = statement.word.endsWith("-except");
  const ranges = except ? rangesBut(values, lastPort) : values;
  if (statement.word.startsWith("source")) return [{ sourcePorts: ranges }];
  if (statement.word.startsWith("destination")) return [{ destinationPorts: ranges }];
  return except
    ? [{ sourcePorts: ranges, destinationPorts: ranges }]
    : [{ sourcePorts: ranges }, { destinationPorts: ranges }];
}

function protocolCondition(reader: Reader, statement: Node): Condition {
  const values = valuesOf(reader, statement, protocolsOf);
  if (values === null) return perhaps(`${statement.word}, which is not understood`);
  const except = statement.word.endsWith("-except");
  const ranges = except ? rangesBut(values, 255) : values;
  if (!statement.word.startsWith("next-header")) return [{ protocols: ranges }];
  // The first header alone is looked at.
  const extensions = rangesInBoth(ranges, extensionHeaders);
  return [
    { protocols: ranges, extended: false },
    ...(extensions.length === 0
      ? []
      : [{ extended: true, ...(except ? {} : { unsure: "which extension header comes first" }) }]),
  ];
}

function tcpFlagsOf(reader: Reader, statement: Node): Condition {
  if (statement.word === "tcp-established") return [{ flags: flagsOf("tcp-established") ?? [] }];
  if (statement.word === "tcp-initial") return [{ flags: flagsOf("tcp-initial") ?? [] }];
  const values = active(statement);
  const flags = values.map(({ word }) => flagsOf(word));
  if (values.length === 0 || flags.some((one) => one === null)) {
    reader.draft.trouble(values[0]?.line ?? statement.line, "these tcp-flags are not understood");
    return perhaps("tcp-flags, which are not understood");
  }
  return [{ flags: flags.flatMap((one) => one ?? []) }];
}

function offsetOf(reader: Reader, statement: Node): Condition {
  const values = valuesOf(reader, statement, (word) => numbersOf(word, {}, 8191));
  if (values === null) return perhaps("fragment-offset, which is not understood");
  const ranges = statement.word.endsWith("-except") ? rangesBut(values, 8191) : values;
  const first: Condition = ranges.some((range) => range.first === 0) ? [{ laterFragment: false }] : [];
  const later = rangesInBoth(ranges, [only(1, 8191)]);
  const whole = rangesBut(later, 8191).every((range) => range.last === 0);
  return [
    ...first,
    ...(later.length === 0 ? [] : [{ laterFragment: true, ...(whole ? {} : { unsure: "which fragment it is" }) }]),
  ];
}

function icmpCondition(reader: Reader, byWord: ReadonlyMap<string, Node>): Condition {
  const table = reader.family === 4 ? icmpTypes4 : icmpTypes6;
  const numbers = (word: string, names: Readonly<Record<string, number>>): readonly Range[] | null | undefined => {
    const node = byWord.get(word);
    const except = byWord.get(`${word}-except`);
    if (node === undefined && except === undefined) return undefined;
    const read = (value: string): Range | null => numbersOf(value, names, 255);
    const some = node === undefined ? [only(0, 255)] : valuesOf(reader, node, read);
    const not = except === undefined ? [] : valuesOf(reader, except, read);
    return some === null || not === null ? null : rangesInBoth(some, rangesBut(not, 255));
  };
  const types = numbers("icmp-type", table);
  const codes = numbers("icmp-code", reader.family === 4 ? icmpCodes4 : icmpCodes6);
  if (types === null || codes === null)
    return [{ laterFragment: false, unsure: "an ICMP type that is not understood" }];
  const both = (types ?? [only(0, 255)]).flatMap((type) =>
    codes === undefined
      ? [only(type.first * 256, type.last * 256 + 255)]
      : Array.from({ length: type.last - type.first + 1 }, (_, index) => (type.first + index) * 256).flatMap((base) =>
          codes.map((code) => only(base + code.first, base + code.last)),
        ),
  );
  return [{ destinationPorts: both }];
}
