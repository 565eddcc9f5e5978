/**
 * What a configuration of ASA means for packets. A packet of a new session meets the list of the interface where it
 * comes in, then the global list, and where neither is, the levels decide: from higher to lower it passes. Then it meets
 * the list of the interface where it goes out. Packets of sessions meet none ("Access Rules", CLI Book 2).
 */
import type { Asked, Chain, Crossing, Place, Reading, Rule, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { implicit } from "../cisco/chains.ts";
import { interfaceNamed } from "../cisco/interfaces.ts";
import { readingOf } from "../cisco/reading.ts";
import type { Attachment, Draft, Interface } from "./draft.ts";
import { ruleOf } from "./entry.ts";
import { interfaceCalled } from "./interface-block.ts";
import { draftOf } from "./open.ts";

export function read(file: string, text: string): Reading {
  const draft = draftOf(file, text);
  for (const { interface: name, place } of draft.attachments) if (name !== "") interfaceCalled(draft, name, place);
  const chains = new Map(
    [...draft.lists.values()].map((list) => [list.name, chainOf(file, list.name, draft)] as const),
  );
  const context: Context = { file, draft, chains };
  const names = [...draft.interfaces.keys()];
  return readingOf({
    chains,
    troubles: draft.troubles,
    interfaces: names,
    filtered: names.filter((name) => draft.attachments.some((one) => one.interface === name)),
    lists: [...draft.lists.values()].filter(({ name }) => isFilter(draft, name)).map(({ name }) => name),
    named: (said) => {
      const hardware = [...draft.interfaces.values()].filter((one) => one.hardware !== "");
      const physical = interfaceNamed(
        said,
        hardware.map((one) => one.hardware),
      );
      return interfaceNamed(said, names) ?? hardware.find((one) => one.hardware === physical)?.name ?? null;
    },
    at: (outside, asked) => crossingAt(context, draft.interfaces.get(outside)!, asked),
    list: (name, { family }) => {
      const list = draft.lists.get(name);
      if (list === undefined || !isFilter(draft, name) || (list.family ?? family) !== family) return null;
      return { stages: [{ chain: name, stateful: true }], attachment: `list ${name}`, place: list.place };
    },
  });
}

interface Context {
  readonly file: string;
  readonly draft: Draft;
  readonly chains: Map<string, Chain>;
}

/** Lists of routes, frames and web pages have the same name space. */
const isFilter = ({ lists }: Draft, name: string): boolean =>
  lists.get(name)?.entries.every(({ words }) => !["standard", "ethertype", "webtype"].includes(words[0] ?? "")) ===
  true;

function chainOf(file: string, name: string, draft: Draft): Chain {
  const list = draft.lists.get(name)!;
  const rules = isFilter(draft, name)
    ? list.entries.flatMap((entry) => {
        const rule = ruleOf(draft, list, entry);
        return rule === null ? [] : [rule];
      })
    : [];
  return { name, rules, otherwise: "deny", place: implicit(file, "implicit deny ip any any") };
}

/** The list of a family that is attached, the last one if there are more; a string: why it is not known. */
function attachedAt(
  { draft }: Context,
  direction: Attachment["direction"],
  at: string,
  family: Family,
): Attachment | null {
  return (
    draft.attachments.findLast(
      (one) =>
        one.direction === direction && one.interface === at && (draft.lists.get(one.list)?.family ?? family) === family,
    ) ?? null
  );
}

/** What a packet that comes in at `one` meets: the name of a chain; null: nothing but the levels. */
function ingress(context: Context, one: Interface, family: Family): string | null {
  const own = attachedAt(context, "in", one.name, family);
  const global = attachedAt(context, "global", "", family);
  const { chains, file, draft } = context;
  const lists = [own, global].flatMap((attached) => (attached === null ? [] : [attached.list]));
  const [first] = lists;
  if (first === undefined) return null;
  if (lists.length === 1) {
    if (!draft.lists.has(first)) chains.set(first, missing(file, first));
    return first;
  }
  const name = `${lists.join(", then ")}`;
  const rules = lists.map((list): Rule => {
    const open = `${list}, undecided`;
    const chain = chains.get(list) ?? missing(file, list);
    chains.set(open, { ...chain, name: open, otherwise: "return", place: null });
    return { matches: [{}], action: { kind: "jump", chain: open }, place: chain.place ?? own!.place };
  });
  chains.set(name, { name, rules, otherwise: "deny", place: implicit(file, "implicit deny ip any any") });
  return name;
}

function missing(file: string, list: string): Chain {
  const why = `list ${list} is not in the configuration`;
  const place: Place = { file, line: 0, text: why };
  return { name: list, rules: [{ matches: [{}], action: { kind: "unknown", why }, place }], otherwise: "deny", place };
}

function crossingAt(context: Context, one: Interface, asked: Asked): Crossing {
  const { draft } = context;
  const { family, direction } = asked;
  const others = [...draft.interfaces.values()].filter((other) => other !== one);
  const stages = direction === "in" ? inward(context, one, others, family) : outward(context, one, others, family);
  const own = attachedAt(context, direction, one.name, family);
  const global = attachedAt(context, "global", "", family);
  const says = [
    own === null
      ? `no IPv${family} list on ${one.name}, ${direction}`
      : `list ${own.list} on ${one.name}, ${direction}`,
    ...(global === null || direction === "out" ? [] : [`list ${global.list}, global`]),
    ...(own === null && global === null && direction === "in" ? [`its level ${one.level} decides`] : []),
    ...(direction === "out" ? ["what came in at the inside interfaces has met their lists or levels"] : []),
    ...(draft.release !== null && draft.release < 8.3
      ? ["before release 8.3 lists see addresses as outside of NAT"]
      : []),
  ];
  const [foreign] = draft.foreign;
  return {
    stages: stages.map((chain): Stage => ({ chain, stateful: true })),
    attachment: says.join("; "),
    place: own?.place ?? global?.place ?? one.place,
    ...(foreign === undefined ? {} : { unknown: `"${foreign.text}" filters too, and is not read` }),
  };
}

function inward(context: Context, one: Interface, others: readonly Interface[], family: Family): readonly string[] {
  const { chains, file } = context;
  const first = ingress(context, one, family);
  const level = `levels from ${one.name}`;
  if (first === null)
    chains.set(level, {
      name: level,
      rules: others
        .filter((other) => passes(context.draft, one, other))
        .map((other) => levelRule(file, one, other, "to")),
      otherwise: "deny",
      place: implicit(file, `implicit: nothing passes from ${one.name} (level ${one.level}) to higher levels`),
    });
  const behind = others.flatMap((other): readonly Rule[] => {
    const attached = attachedAt(context, "out", other.name, family);
    if (attached === null) return [];
    return [
      {
        matches: [{ to: { names: [other.name], except: false } }],
        action: { kind: "goto", chain: listChain(context, attached.list) },
        place: attached.place,
      },
    ];
  });
  if (behind.length === 0) return [first ?? level];
  const name = `lists going out behind ${one.name}, IPv${family}`;
  chains.set(name, { name, rules: behind, otherwise: "permit", place: null });
  return [first ?? level, name];
}

function outward(context: Context, one: Interface, others: readonly Interface[], family: Family): readonly string[] {
  const { chains, file, draft } = context;
  const attached = attachedAt(context, "out", one.name, family);
  const last = attached === null ? [] : [listChain(context, attached.list)];
  // Where nothing is told of other interfaces, nothing is known of what is in front.
  if (others.length === 0) return last;
  const name = `lists coming in before ${one.name}, IPv${family}`;
  const rules = others.flatMap((other): readonly Rule[] => {
    const chain = ingress(context, other, family);
    if (chain === null || other.closed) return passes(draft, other, one) ? [levelRule(file, other, one, "from")] : [];
    return [
      {
        matches: [{ from: { names: [other.name], except: false } }],
        action: { kind: "goto", chain },
        place: attachedAt(context, "in", other.name, family)?.place ?? other.place,
      },
    ];
  });
  chains.set(name, {
    name,
    rules,
    otherwise: "deny",
    place: implicit(file, `implicit: nothing passes to ${one.name} (level ${one.level}) from lower levels`),
  });
  return [name, ...last];
}

function listChain({ chains, file, draft }: Context, list: string): string {
  if (!draft.lists.has(list)) chains.set(list, missing(file, list));
  return list;
}

const passes = ({ sameLevelPasses }: Draft, from: Interface, to: Interface): boolean =>
  !from.closed && !to.closed && (from.level > to.level || (from.level === to.level && sameLevelPasses));

function levelRule(file: string, from: Interface, to: Interface, side: "from" | "to"): Rule {
  const { name } = side === "to" ? to : from;
  return {
    matches: [side === "to" ? { to: { names: [name], except: false } } : { from: { names: [name], except: false } }],
    action: { kind: "permit" },
    place: implicit(file, `implicit: from ${from.name} (level ${from.level}) to ${to.name} (level ${to.level})`),
  };
}
