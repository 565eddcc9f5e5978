/** Reads pf.conf: what stands at the outside interface, and at the inside ones behind it. */
import type { Asked, Chain, Crossing, Match, Names, Reading, Rule, Stage } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { type Condition, matchOf, product } from "../unix/conditions.ts";
import { type FlatRule, firstMatchOrder, type PfText, readPf } from "./ruleset.ts";

const chainName = { in: "rules, in", out: "rules, out" } as const;
const loopback = /^lo\d*$/;

export function readPfConf(file: string, text: string): Reading {
  const pf = readPf(file, text);
  const named = interfacesOf(pf);
  const chains = new Map<string, Chain>([
    [chainName.in, chainOf(pf, "in")],
    [chainName.out, chainOf(pf, "out")],
  ]);
  const stateful = keepsState(pf.rules) === "all";

  const aliases = (name: string): readonly string[] => {
    const driver = name.replace(/\d+$/, "");
    const inGroup = driver !== name && driver !== "" ? [driver] : [];
    return isEgress(pf, named, name) ? [...inGroup, "egress"] : inGroup;
  };
  const otherThan = (outside: string): readonly string[] =>
    named.filter((name) => name !== outside && !aliases(outside).includes(name) && !aliases(name).includes(outside));

  const crossing = (outside: string | null, { family, direction }: Asked): Crossing => {
    const [only, ...more] = named;
    const meant = outside ?? (more.length === 0 ? (only ?? null) : null);
    const unknown =
      pf.broken ??
      (outside === null && named.length > 0
        ? `the rules are about interfaces: say which one is outside (${named.slice(0, 20).join(", ")})`
        : null);
    const behind = meant === null ? [] : otherThan(meant);
    const stage = (way: Direction): Stage => ({ chain: chainName[way], stateful });
    // A packet that is passed on comes in at one interface and goes out at another, and is filtered at both.
    const ways: readonly Direction[] = behind.length > 0 ? ["in", "out"] : [direction];
    const notes = pf.notes.length === 0 ? "" : `; ${pf.notes.join("; ")}`;
    return {
      stages: ways.map(stage),
      attachment: `IPv${family}, ${direction}: ${pf.rules.length === 0 ? "no rules, so all pass" : `the rules of ${file}`} for packets ${
        behind.length > 0
          ? `in and out at ${meant ?? "the outside interface"} and at what is behind it (${behind.slice(0, 6).join(", ")})`
          : `${direction} at ${meant ?? "any interface"}`
      }${notes}`,
      place: null,
      ...(unknown === null ? {} : { unknown }),
    };
  };

  return {
    chains,
    troubles: pf.troubles,
    lists: [chainName.in, chainName.out],
    interfaces: named.filter((name) => name !== "egress"),
    interfaceNamed(wanted) {
      const known =
        named.find((name) => name === wanted) ?? named.find((name) => name.toLowerCase() === wanted.toLowerCase());
      return known ?? (/^[A-Za-z][\w.]{0,14}$/.test(wanted) ? wanted : null);
    },
    aliases,
    crossing,
    list(name, { family }) {
      const way = name === chainName.in ? "in" : name === chainName.out ? "out" : null;
      if (way === null) return null;
      return {
        stages: [{ chain: chainName[way], stateful }],
        attachment: `${name}, IPv${family}`,
        place: null,
        ...(pf.broken === null ? {} : { unknown: pf.broken }),
      };
    },
  };
}

/** Interfaces and groups that rules name. */
function interfacesOf({ rules }: PfText): readonly string[] {
  const found = new Set<string>();
  for (const { on, conditions } of rules) {
    for (const { names } of on) for (const name of names) found.add(name);
    for (const { from } of conditions) for (const name of from?.names ?? []) found.add(name);
  }
  return [...found].filter((name) => !loopback.test(name) && name !== "enc0" && name !== "pflog0");
}

/** OpenBSD's group of the interfaces that the default route leaves by: the outside one, where the text lets that be seen. */
function isEgress({ outsideMacros }: PfText, named: readonly string[], name: string): boolean {
  if (!named.includes("egress") || name === "egress") return false;
  return !named.includes(name) || outsideMacros.includes(name) || named.filter((one) => one !== "egress").length === 1;
}

const mayBeTcp = ({ protocols }: Condition): boolean =>
  protocols?.some(({ first, last }) => first <= 6 && last >= 6) !== false;

/** Whether sessions that were let through once are let through from then on. */
function keepsState(rules: readonly FlatRule[]): "all" | "some" | "none" {
  const passes = rules.filter(({ kind, conditions }) => kind === "pass" && conditions.some(mayBeTcp));
  if (passes.length === 0 || passes.every((rule) => !rule.keepsState)) return "none";
  return passes.every((rule) => rule.keepsState) ? "all" : "some";
}

function chainOf(pf: PfText, direction: Direction): Chain {
  const key = direction === "in" ? "from" : "to";
  const place = { file: pf.source.file, line: 0, text: "pass (pf's own default)" };
  const rules: Rule[] = [];
  if (pf.skipped.length > 0)
    rules.push({
      matches: [{ [key]: { names: pf.skipped, except: false } }],
      action: { kind: "permit" },
      place: { ...place, text: `set skip on ${pf.skipped.join(" ")}` },
    });
  if (keepsState(pf.rules) === "some")
    rules.push({
      matches: [{ states: ["established", "related"], unsure: "some rules keep state and some do not" }],
      action: { kind: "permit" },
      place: { ...place, text: "sessions that were let through" },
    });
  // What was sent elsewhere goes out with another address than the one it came in with.
  if (direction === "out")
    for (const { conditions, line } of pf.redirected)
      rules.push({
        matches: conditions.map((one) => matchOf({ ...one, unsure: "the destination is translated" })),
        action: { kind: "permit" },
        place: { ...place, line, text: pf.source.line(line).trim() },
      });
  for (const rule of firstMatchOrder(pf.rules)) {
    if (rule.direction !== null && rule.direction !== direction) continue;
    const lists = [rule.conditions, ...rule.on.map((names): readonly Condition[] => [onCondition(key, names)])];
    const conditions = product(lists) ?? [{ unsure: "too many ways at once" }];
    rules.push({
      matches: conditions.map((one): Match => matchOf(one)),
      action:
        rule.kind === "unknown"
          ? { kind: "unknown", why: rule.why ?? "" }
          : { kind: rule.kind === "pass" ? "permit" : "deny" },
      place: rule.place,
    });
  }
  return { name: chainName[direction], rules, otherwise: "permit", place };
}

const onCondition = (key: "from" | "to", names: Names): Condition =>
  names.except && names.names.length === 0 ? {} : { [key]: names };
