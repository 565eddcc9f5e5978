/**
 * Traffic policies as chains of rules: the first match that fits decides, what its actions do not drop passes, and so
 * does what no match is about.
 */
import { type IpSet, ipSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import type { IpRange } from "../../../net/prefix.ts";
import { plain } from "../../addresses.ts";
import type { Addresses, Chain, Match, Place, Range, Rule, Trouble } from "../../model.ts";
import { type Family, tcpFlags } from "../../packet.ts";
import { prefixText } from "../cisco/ends.ts";
import { readFlagWords } from "../cisco/flags.ts";
import { complement, lastPort, portOf } from "../cisco/ports.ts";
import { protocolOf } from "../cisco/protocols.ts";
import { isNumber, Words } from "../cisco/words.ts";
import type { FieldSet, Policies, PolicyMatch } from "./traffic-policy-draft.ts";

/** The chain of a policy for a family. */
export function policyChain(
  name: string,
  { place, matches }: { readonly place: Place; readonly matches: readonly PolicyMatch[] },
  family: Family,
  policies: Policies,
  troubles: Trouble[],
): Chain {
  const last = `ipv${family}-all-default`;
  const own = matches.filter((match) => match.family === `ipv${family}`);
  const ordered = [...own.filter((match) => match.name !== last), ...own.filter((match) => match.name === last)];
  return {
    name,
    rules: ordered.map((match) => ruleOf(match, family, policies, troubles)),
    otherwise: "permit",
    place: { ...place, line: 0, text: `${last}: what no match is about passes` },
  };
}

function ruleOf(
  { conditions, actions, place }: PolicyMatch,
  family: Family,
  policies: Policies,
  troubles: Trouble[],
): Rule {
  const doubts: string[] = [];
  const ends: Record<"source" | "destination", Addresses[]> = { source: [], destination: [] };
  const protocols: Match[] = [];
  let narrow: Match = {};
  for (const { words, place: at } of conditions) {
    const [first = "", second = "", ...rest] = words;
    if ((first === "source" || first === "destination") && second === "prefix") {
      const read = prefixesOf(rest, family, policies);
      if (read === null) {
        troubles.push({ place: at, says: "These prefixes are not understood." });
        doubts.push(`"${words.join(" ")}"`);
      } else ends[first].push(plain(read.set));
      if (read?.doubt != null) doubts.push(read.doubt);
    } else if (first === "protocol") {
      const read = protocolMatches([second, ...rest], family, policies);
      if (read.problem) troubles.push({ place: at, says: "This condition of a traffic policy is not understood." });
      if (read.doubt !== null) doubts.push(read.doubt);
      protocols.push(...read.matches);
    } else if (first === "fragment") {
      narrow = { ...narrow, laterFragment: true };
      if (second !== "") doubts.push("offset of the fragment");
    } else doubts.push(`"${words.join(" ")}"`);
  }
  const unsure = doubts.length === 0 ? {} : { unsure: doubts.join("; ") };
  const end = (which: "source" | "destination"): Match => {
    const [one, ...more] = ends[which];
    if (one === undefined) return {};
    return { [which]: plain(more.reduce((set, { set: other }) => set.union(other), one.set)) };
  };
  const decides = actions.find(({ words }) => words[0] === "drop" || words[0] === "goto");
  return {
    matches: (protocols.length === 0 ? [{}] : protocols).map((match) => ({
      ...end("source"),
      ...end("destination"),
      ...narrow,
      ...match,
      ...unsure,
    })),
    action:
      decides === undefined
        ? { kind: "permit" }
        : decides.words[0] === "drop"
          ? { kind: "deny" }
          : { kind: "unknown", why: `"${decides.words.join(" ")}" is not followed` },
    place,
  };
}

interface ReadPrefixes {
  readonly set: IpSet;
  readonly doubt: string | null;
}

/** `10.0.0.0/8 192.0.2.0/24`, `field-set NAME`; null: not understood. */
function prefixesOf(words: readonly string[], family: Family, { sets }: Policies): ReadPrefixes | null {
  const at = words.indexOf("field-set");
  if (at < 0) {
    const set = union([words], family);
    return set === null ? null : { set, doubt: null };
  }
  const parts = listed(words.slice(at + 1)).map((name): ReadPrefixes => {
    const found = sets.get(`ipv${family} prefix ${name}`);
    if (found === undefined) return { set: everything, doubt: `field-set ${name} is not in the configuration` };
    return setOf(found, name, family);
  });
  return {
    set: ipSetOfRanges(parts.flatMap(({ set }) => set.ranges)),
    doubt: parts.find(({ doubt }) => doubt !== null)?.doubt ?? null,
  };
}

const everything = ipSet([]).complement();

const known = new WeakMap<FieldSet, ReadPrefixes>();

function setOf(found: FieldSet, name: string, family: Family): ReadPrefixes {
  const before = known.get(found);
  if (before !== undefined) return before;
  const lines = found.lines.map(({ words }) => words);
  const excepted = lines.filter(([first]) => first === "except").map((words) => words.slice(1));
  const own = union(
    lines.filter(([first]) => first !== "except"),
    family,
  );
  const without = union(excepted, family);
  const read: ReadPrefixes =
    own === null || without === null
      ? { set: everything, doubt: `a line of field-set ${name}` }
      : { set: own.subtract(without), doubt: null };
  known.set(found, read);
  return read;
}

/** Words may be joined by commas, by spaces or by both. */
const listed = (words: readonly string[]): readonly string[] =>
  words.flatMap((word) => word.split(",")).filter((word) => word !== "");

/** Null: one is no prefix. */
function union(lines: readonly (readonly string[])[], family: Family): IpSet | null {
  const ranges: IpRange[] = [];
  for (const word of lines.flatMap(listed)) {
    const part = prefixText(word.includes("/") ? word : `${word}/${family === 4 ? 32 : 128}`, family);
    if (part === null) return null;
    for (const range of part.set.ranges) ranges.push(range);
  }
  return ipSetOfRanges(ranges);
}

interface ReadProtocol {
  readonly matches: readonly Match[];
  readonly doubt: string | null;
  readonly problem: boolean;
}

/** `tcp flags established source port 25 destination port 1024-65535`, `udp`, `icmp type 3 code 4`, `6, 17`. */
function protocolMatches(words: readonly string[], family: Family, policies: Policies): ReadProtocol {
  const open = (match: Match): ReadProtocol => ({
    matches: [match],
    doubt: `"protocol ${words.join(" ")}"`,
    problem: true,
  });
  const at = words.findIndex(
    (word) => ["flags", "source", "destination", "type", "all", "icmp"].includes(word) && word !== words[0],
  );
  const protocols: Range[] = [];
  for (const word of listed(at < 0 ? words : words.slice(0, at))) {
    const [, first = "", last = ""] = /^(\d+)-(\d+)$/.exec(word) ?? [];
    if (first !== "") protocols.push({ first: Number(first), last: Math.min(255, Number(last)) });
    else {
      const known = protocolOf(word, family);
      if (known?.protocols === undefined) return open({});
      protocols.push(...known.protocols);
    }
  }
  let match: Match = { protocols };
  const rest = new Words(at < 0 ? [] : words.slice(at));
  while (!rest.done) {
    if (rest.take("all")) continue;
    if (rest.take("flags")) {
      const flags = flagsOf(rest);
      if (flags === null) return open({ protocols });
      match = { ...match, flags };
    } else if (rest.peek() === "source" || rest.peek() === "destination") {
      const side = rest.next() === "source" ? "sourcePorts" : "destinationPorts";
      if (!rest.take("port")) return open({ protocols });
      const ports = portsOf(rest, policies);
      if (ports === null) return open({ protocols });
      match = { ...match, [side]: ports };
    } else if (rest.take("type")) {
      const types = numbersOf(rest);
      const codes = rest.take("code") ? numbersOf(rest) : [{ first: 0, last: 255 }];
      if (types === null || codes === null) return open({ protocols });
      const pairs = types.flatMap(({ first, last }) =>
        Array.from({ length: Math.min(256, last - first + 1) }, (_, index) =>
          codes.map((code) => ({ first: (first + index) * 256 + code.first, last: (first + index) * 256 + code.last })),
        ).flat(),
      );
      match = { ...match, destinationPorts: pairs };
    } else return open({ protocols });
  }
  return { matches: [match], doubt: null, problem: false };
}

function flagsOf(words: Words): NonNullable<Match["flags"]> | null {
  if (words.take("initial")) {
    const bit = (name: (typeof tcpFlags)[number]): number => 1 << tcpFlags.indexOf(name);
    return [{ mask: bit("syn") | bit("ack"), value: bit("syn") }];
  }
  return readFlagWords(words, "all")?.flags ?? null;
}

/** `25,100-200`, `field-set NAME`, `all`; null: not understood. */
function portsOf(words: Words, { sets }: Policies): readonly Range[] | null {
  if (words.take("all")) return [{ first: 0, last: lastPort }];
  if (!words.take("field-set")) return numbersOf(words);
  const parts = words
    .next()
    .split(",")
    .map((name) => {
      const found = sets.get(`l4-port ${name}`);
      return found === undefined ? null : portSetOf(found);
    });
  return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
}

const knownPorts = new WeakMap<FieldSet, { readonly ranges: readonly Range[] | null }>();

function portSetOf(found: FieldSet): readonly Range[] | null {
  const before = knownPorts.get(found);
  if (before !== undefined) return before.ranges;
  const lines = found.lines.map(({ words }) => numbersOf(new Words(words)));
  // Twice the complement: ranges that overlap become one.
  const ranges = lines.includes(null) ? null : complement(complement(lines.flatMap((line) => line ?? [])));
  knownPorts.set(found, { ranges });
  return ranges;
}

function numbersOf(words: Words): readonly Range[] | null {
  const ranges: Range[] = [];
  while (!words.done && /^[\d,]|^[a-z][a-z0-9-]*,?$/i.test(words.peek())) {
    if (["source", "destination", "code", "type", "flags"].includes(words.peek())) break;
    for (const part of listed([words.next()])) {
      const [, first = "", last = ""] = /^(\d+)-(\d+)$/.exec(part) ?? [];
      const port = first === "" ? portOf(part) : null;
      if (first !== "" && isNumber(first) && isNumber(last)) ranges.push({ first: Number(first), last: Number(last) });
      else if (port !== null) ranges.push({ first: port, last: port });
      else return null;
    }
  }
  return ranges.length === 0 ? null : ranges;
}
