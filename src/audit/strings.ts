/** What a configuration's own words suggest to try: senders, HELO names, recipients and names of clients. Bounded. */

import type { IpSet } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import { elsewhere } from "../witness/strangers.ts";
import type { Condition, Configuration, Listener, Program, Step, TextField } from "./rules.ts";

/** What the programs of a listener look at. */
export interface Vocabulary {
  readonly seeds: Readonly<Record<TextField, readonly string[]>>;
  readonly ranges: readonly IpRange[];
}

const maxSeeds = 4000;

/** Collects the seeds and address ranges of all conditions and tables that a listener can come to. */
export function vocabularyOf(listener: Listener): Vocabulary {
  const seeds: Record<TextField, Set<string>> = {
    helo: new Set(),
    sender: new Set(),
    "sender-domain": new Set(),
    recipient: new Set(),
    "recipient-local-part": new Set(),
    "recipient-domain": new Set(),
    "client-name": new Set(),
    "client-reverse-name": new Set(),
  };
  const ranges = new Map<string, IpRange>();
  const addRange = (range: IpRange): void => {
    ranges.set(`${range.family}/${range.first}/${range.last}`, range);
  };
  const seen = new Set<Program>();
  const add = (of: TextField, text: string): void => {
    if (seeds[of].size < maxSeeds && /^[^\0\r\n]{0,320}$/.test(text)) seeds[of].add(text);
  };
  const addSet = (set: IpSet): void => {
    set.ranges.forEach(addRange);
  };
  const visitCondition = (condition: Condition): void => {
    switch (condition.kind) {
      case "client-address":
        addSet(condition.set);
        return;
      case "text":
        for (const text of condition.matches.seeds) add(condition.of, text);
        return;
      case "not":
        visitCondition(condition.of);
        return;
      case "all":
      case "any":
        condition.of.forEach(visitCondition);
        return;
      case "computed":
        for (const { of, text } of condition.seeds ?? []) add(of, text);
        condition.ranges?.forEach(addRange);
        return;
      case "program-permits":
        visitProgram(condition.program);
        return;
      default:
        return;
    }
  };
  const visitStep = (step: Step): void => {
    switch (step.kind) {
      case "rule":
        visitCondition(step.when);
        if (step.does.kind === "run") visitProgram(step.does.program);
        return;
      case "toothless":
        visitStep(step.step);
        return;
      case "lookup":
        for (const { of, text } of step.seeds) add(of, text);
        step.ranges.forEach(addRange);
        step.programs.forEach(visitProgram);
    }
  };
  const visitProgram = (program: Program): void => {
    if (seen.has(program)) return;
    seen.add(program);
    program.steps.forEach(visitStep);
  };
  for (const { program } of listener.stages) visitProgram(program);
  return {
    seeds: Object.fromEntries(Object.entries(seeds).map(([of, texts]) => [of, [...texts]])) as Record<
      TextField,
      string[]
    >, // same keys
    ranges: [...ranges.values()],
  };
}

export interface Wording {
  readonly text: string;
  /** What is special about it. */
  readonly kind: "plain" | "routing" | "seed" | "backup-mx";
}

/** Recipients outside, plainly and in every way that has ever led a mailer outside. */
export function recipientsToTry(
  configuration: Configuration,
  listener: Listener,
  { seeds }: Vocabulary,
): readonly Wording[] {
  const plain: Wording[] = [{ kind: "plain", text: `<probe@${elsewhere}>` }];
  const own = [
    ...firstOf(configuration, "local"),
    ...firstOf(configuration, "listed"),
    ...configuration.hostNames.slice(0, 1),
  ];
  const routing: string[] = [
    `<${elsewhere}!probe>`,
    `<probe%${elsewhere}>`,
    `<"probe@${elsewhere}">`,
    "<probe@[203.0.113.9]>",
    `<probe@${elsewhere}.>`,
  ];
  for (const domain of new Set(own))
    routing.push(
      `<probe%${elsewhere}@${domain}>`,
      `<"probe@${elsewhere}"@${domain}>`,
      `<"probe%${elsewhere}"@${domain}>`,
      `<${elsewhere}!probe@${domain}>`,
      `<@${domain}:probe@${elsewhere}>`,
      `<@${elsewhere}:probe@${domain}>`,
      `<probe@${elsewhere}@${domain}>`,
      `<probe=${elsewhere}@${domain}>`,
      `<probe+${elsewhere}@${domain}>`,
      `<${domain}!${elsewhere}!probe@${domain}>`,
    );
  const grown = new Set<string>();
  const addresses = [...listener.recipientSeeds, ...seeds.recipient].map((seed) =>
    seed.includes("@") ? seed : `probe@${seed}`,
  );
  const domains = [...seeds["recipient-domain"], ...configuration.domains.slice(0, 50).map(({ name }) => name)];
  for (const local of [...seeds["recipient-local-part"].slice(0, 200), "postmaster", "abuse"])
    grown.add(`<${pathLocal(local)}@${elsewhere}>`);
  for (const address of addresses) {
    const at = address.lastIndexOf("@");
    grown.add(`<${address}>`);
    if (grown.size > 3000) continue;
    const local = address.slice(0, at) || "probe";
    const domain = address.slice(at + 1);
    grown.add(`<${local}@${elsewhere}>`);
    domains.push(domain);
  }
  for (const domain of new Set(domains.slice(0, 400))) {
    if (domain === "" || domain.startsWith("[")) continue;
    grown.add(`<probe@${domain}>`);
    grown.add(`<probe@${domain}.${elsewhere}>`);
    grown.add(`<probe@sub.${domain}>`);
    grown.add(`<probe@not${domain}>`);
    // A pattern that is not anchored, or whose dots are wild.
    grown.add(`<${domain}@${elsewhere}>`);
    const dot = domain.indexOf(".");
    if (dot > 0) grown.add(`<probe@${domain.slice(0, dot)}x${domain.slice(dot + 1)}>`);
  }
  return [
    ...plain,
    ...routing.map((text): Wording => ({ kind: "routing", text })),
    ...[...grown].slice(0, maxSeeds).map((text): Wording => ({ kind: "seed", text })),
    { kind: "backup-mx", text: `<probe@backup.${elsewhere}>` },
  ];
}

export function sendersToTry(configuration: Configuration, { seeds }: Vocabulary): readonly string[] {
  const own = [
    ...firstOf(configuration, "local"),
    ...firstOf(configuration, "listed"),
    ...configuration.hostNames.slice(0, 1),
  ];
  const texts = new Set<string>(["<>"]);
  for (const domain of own) texts.add(`<probe@${domain}>`).add(`<postmaster@${domain}>`);
  for (const seed of seeds.sender) {
    texts.add(seed === "" || seed === "<>" ? "<>" : seed.includes("@") ? `<${seed}>` : `<probe@${seed}>`);
    if (seed.startsWith("@")) texts.add(`<probe${seed}>`);
  }
  for (const domain of seeds["sender-domain"]) texts.add(`<probe@${domain}>`);
  return [...texts].slice(0, maxSeeds);
}

export function helosToTry(configuration: Configuration, { seeds }: Vocabulary): readonly string[] {
  const texts = new Set<string>([
    "localhost",
    "[127.0.0.1]",
    ...configuration.hostNames,
    ...firstOf(configuration, "local"),
  ]);
  for (const seed of seeds.helo) if (/^[^\s]+$/.test(seed)) texts.add(seed);
  return [...texts].slice(0, maxSeeds);
}

/** Verified names of clients: those that anyone can get, then those in domains that the configuration names. */
export function clientNamesToTry({
  seeds,
}: Vocabulary): readonly { readonly name: string; readonly anybodys: boolean }[] {
  const names: { name: string; anybodys: boolean }[] = [];
  for (const seed of seeds["client-name"].slice(0, 500)) {
    if (!/^[A-Za-z0-9_.-]+$/.test(seed)) continue;
    const name = seed.replace(/^\.+/, "");
    names.push({ name: `${name}.${elsewhere}`, anybodys: true }, { name: `not${name}`, anybodys: true });
    names.push({ name, anybodys: false }, { name: `host.${name}`, anybodys: false });
  }
  return names.sort((a, b) => Number(b.anybodys) - Number(a.anybodys));
}

/** A few domains that end here, or are handed on. */
function firstOf(configuration: Configuration, end: "local" | "listed"): readonly string[] {
  return configuration.domains
    .filter((domain) => domain.end === end && domain.name.includes("."))
    .slice(0, 4)
    .map(({ name }) => name);
}

const pathLocal = (text: string): string =>
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
