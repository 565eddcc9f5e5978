/**
 * ACLs (specification §43) as programs of the rule language. Statements are tried in order; a statement's conditions
 * are all to be met; what no statement decides is refused. Modifiers are no conditions.
 */
import { parseIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { readReversePath } from "../../../smtp/path.ts";
import type { Span } from "../../../text/source.ts";
import type { Condition, Program, Rule, Session, Stage, Step, TextField, Truth, Unknown } from "../../rules.ts";
import { literalsIn, parseExpansion, variablesIn } from "./expansion.ts";
import {
  flatItems,
  hostCondition,
  inHostList,
  inTextList,
  type ListWorld,
  networkOf,
  seedsFor,
  seedsOf,
  splitAddress,
} from "./lists.ts";
import { samplesOf } from "./regex.ts";
import { type Acl, type AclItem, listKinds, readAcl, type Sections, type Statement } from "./sections.ts";
import { errorOf, expand, isError, type ListSort, type Surroundings, splitList, truthOfText } from "./value.ts";

/** What the ACLs of one listener are read with. */
export interface AclWorld {
  readonly sections: Sections;
  readonly world: ListWorld;
  /** Without a session. */
  readonly fixed: Surroundings;
  readonly around: (session: Session) => Surroundings;
  /** Whether `verify = recipient` is content with the recipient; `verify = sender` with the sender. */
  readonly verifies: (address: string) => Truth;
  readonly recipient: (session: Session) => string | null;
  /** Whether the configuration names a domain: it is no stranger's. */
  readonly isNamed: (domain: string) => boolean;
  /** The line by which a login is believed whatever it says. */
  readonly believing: Span | null;
  /** Where a named list of hosts gets its items from. */
  readonly placeOfHosts: (name: string) => Span | null;
}

/** The sender as Exim has it: no brackets, empty for the null reverse-path. */
export function senderOf(reversePath: string): string {
  const path = readReversePath(reversePath);
  if (path.kind === "null") return "";
  const inner = reversePath.replace(/^<|>$/g, "");
  return path.kind === "mailbox" && path.route.length > 0 ? inner.slice(inner.indexOf(":") + 1) : inner;
}

const modifiers = new Set(
  "message log_message logwrite log_reject_target delay continue add_header remove_header control udpsend queue".split(
    " ",
  ),
);

export class AclReader {
  readonly #world: AclWorld;
  readonly #programs = new Map<string, Program>();

  constructor(world: AclWorld) {
    this.#world = world;
  }

  /**
   * The program that the value of an `acl_smtp_…` option or of `acl =` names: an ACL of the section, or statements that
   * stand in the place of a name. The value is expanded: it may differ from session to session.
   */
  program(name: string, value: string, where: Span | null, at: Stage["at"] = "rcpt"): Program {
    const { fixed, around } = this.#world;
    const plain = expand(value, { ...fixed, where });
    if (plain.kind === "text") return this.#named(plain.text.trim(), where, at);
    if (plain.kind !== "unknown")
      return program(name, [unknownStep({ unknown: `the value of ${name}`, where }, where)], where);
    const tree = parseExpansion(value);
    const names = (tree === null ? [] : literalsIn(tree)).filter((text) => this.#world.sections.acls.has(text));
    const chosen = (session: Session) => expand(value, { ...around(session), where });
    const steps = names.map((one): Step => {
      const condition: Computed = {
        kind: "computed",
        says: `${name} = ${one}`,
        test: (session) => {
          const text = chosen(session);
          if (text.kind === "unknown") return text.because;
          return text.kind === "text" && text.text.trim() === one ? "yes" : "no";
        },
      };
      return {
        kind: "rule",
        says: `${name} = ${value}`,
        when: this.#hinted(condition, value),
        does: { kind: "run", program: this.#named(one, where, at) },
        where,
      };
    });
    return program(name, [...steps, unknownStep(plain.because, where)], where);
  }

  #named(text: string, where: Span | null, at: Stage["at"]): Program {
    const name = text.split(/\s+/)[0] ?? "";
    const acl = this.#world.sections.acls.get(name);
    if (acl !== undefined) return this.#translated(acl, at);
    if (text.startsWith("/"))
      return program(text, [unknownStep({ unknown: `the ACL in the file ${text}`, where }, where)], where);
    const strange: Span[] = [];
    const here: Span = where ?? { file: "", start: { line: 1, column: 1 }, end: { line: 1, column: 1 }, text };
    const lines = text.split("\n").map((line) => ({ text: line.trim(), where: here }));
    const inline = readAcl(
      text,
      lines.filter((line) => line.text !== ""),
      where,
      strange,
    );
    if (strange.length > 0)
      return program(
        text,
        [unknownStep({ unknown: `the ACL ${text.slice(0, 40)}, which is not there`, where }, where)],
        where,
      );
    return this.#translated(inline, at);
  }

  #translated(acl: Acl, at: Stage["at"]): Program {
    const key = `${at} ${acl.name}`;
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const steps: Step[] = [];
    const made = program(acl.name, steps, acl.where);
    this.#programs.set(key, made); // before its statements: they may name it
    for (const statement of acl.statements)
      for (const rule of this.#rules(statement, at)) steps.push({ kind: "rule", ...rule });
    return made;
  }

  #rules(statement: Statement, at: Stage["at"]): readonly Rule[] {
    const end = statement.items.findIndex(({ name }) => name === "endpass");
    const meant = (items: readonly AclItem[]): readonly Condition[] =>
      items.flatMap((item) => {
        const condition = this.#condition(item, statement);
        if (condition === null) return [];
        return [item.negated ? ({ kind: "not", of: condition } as const) : condition];
      });
    const before = meant(end < 0 ? statement.items : statement.items.slice(0, end));
    const after = end < 0 ? [] : meant(statement.items.slice(end + 1));
    const rule = (when: Condition, kind: "permit" | "refuse" | "defer"): Rule => ({
      says: saysOf(statement),
      when,
      // Only what RCPT answers lets a recipient in: elsewhere, to accept is to have no objection.
      does: kind === "permit" && at !== "rcpt" ? { kind: "run", program: noObjection } : { kind },
      where: kind === "permit" ? this.#placeOf(statement) : statement.where,
    });
    const all = (of: readonly Condition[]): Condition =>
      of.length === 0 ? { kind: "always" } : of.length === 1 && of[0] !== undefined ? of[0] : { kind: "all", of };
    const stops = this.#stopsOf(statement, all);
    switch (statement.verb) {
      case "accept":
        return [
          ...stops,
          ...(after.length > 0 ? [rule(all([...before, { kind: "not", of: all(after) }]), "refuse")] : []),
          rule(all([...before, ...after]), "permit"),
        ];
      case "require":
        return before.length + after.length === 0
          ? []
          : [...stops, rule({ kind: "not", of: all([...before, ...after]) }, "refuse")];
      case "defer":
        return [...stops, rule(all([...before, ...after]), "defer")];
      case "deny":
      case "drop":
      // Answered as if it were accepted, and thrown away: nothing is passed on.
      case "discard":
        return [...stops, rule(all([...before, ...after]), "refuse")];
      case "warn":
        // It decides nothing, but what it looks at is worth trying.
        return [];
    }
  }

  /** A rule for each item at which Exim may stop, if the items before it are met. */
  #stopsOf(statement: Statement, all: (of: readonly Condition[]) => Condition): readonly Rule[] {
    const met: Condition[] = [];
    return statement.items.flatMap((item): Rule[] => {
      const stop = this.#stops(item);
      const rules: Rule[] =
        stop === null
          ? []
          : [
              {
                says: `${saysOf(statement)} (an error)`,
                when: all([...met, stop]),
                does: { kind: "defer" },
                where: item.where,
              },
            ];
      const condition = this.#condition(item, statement);
      if (condition !== null) met.push(item.negated ? { kind: "not", of: condition } : condition);
      return rules;
    });
  }

  /** What to look at where a statement permits: the list of hosts or the login it rests on alone, or itself. */
  #placeOf({ items, where }: Statement): Span {
    const conditions = items.filter(({ name }) => !modifiers.has(name) && !name.startsWith("set "));
    const [only] = conditions;
    if (conditions.length !== 1 || only === undefined || only.negated) return where;
    if (only.name === "authenticated") return this.#world.believing ?? where;
    const list = only.name === "hosts" ? /^\+(\w+)$/.exec(only.value.trim())?.[1] : undefined;
    return (list === undefined ? null : this.#world.placeOfHosts(list)) ?? where;
  }

  /** The condition that an item is; `null`: it is a modifier. */
  #condition(item: AclItem, statement: Statement): Condition | null {
    const { name, value, where } = item;
    if (name === "endpass" || name.startsWith("set ") || modifiers.has(name)) return null;
    const unknown = (what: string): Condition => ({ kind: "unknown", because: { unknown: what, where } });
    // A stranger who is on no list, within all limits and sends nothing suspicious exists: such a condition does not
    // stop him where it refuses, and cannot be relied on where it accepts.
    const list = listItems.get(name);
    if (list !== undefined) return this.#list(list.sort, list.of, value, where);
    const favours = (what: string): Condition =>
      statement.verb === "accept" || item.negated || statement.verb === "require" ? unknown(what) : never;
    switch (name) {
      case "hosts":
        return hostCondition(value, this.#world.world, { ...this.#world.fixed, where }, (session) => ({
          ...this.#world.around(session),
          where,
        }));
      case "authenticated":
        return this.#authenticated(value);
      case "encrypted":
        return value.trim() === "" ? never : { kind: "encrypted" };
      case "condition":
        // What a header holds is for whoever writes the message to choose.
        if (/\$\{?[rbl]?h(?:eader)?_/.test(value)) return favours(`a header, in condition = ${value.slice(0, 60)}`);
        return this.#computed(value, where);
      case "acl":
        return { kind: "program-permits", program: this.program(`acl = ${value}`, value, where) };
      case "verify":
        return this.#verify(value, where, favours);
      case "spf":
        // A stranger sends from a domain of his own, whose record he writes.
        return this.#spf(value);
      case "dnslists":
        return favours(`whether the client is on ${value.slice(0, 60)}`);
      case "ratelimit":
        return favours("the rate at which the client sends");
      case "malware":
      case "spam":
      case "mime_regex":
      case "regex":
      case "decode":
      case "dkim_signers":
      case "dkim_status":
      case "dmarc_status":
      case "spf_guess":
        return favours(`${name} = ${value.slice(0, 60)}`);
      default:
        return unknown(`${name === "?" ? value.slice(0, 60) : name}, which is not understood`);
    }
  }

  #list(sort: Exclude<ListSort, "host">, of: TextField, value: string, where: Span): Condition {
    const { world, fixed, around } = this.#world;
    const items = flatItems(sort, value, world, { ...fixed, where });
    const seeds = seedsOf(sort, items);
    if (!this.#dependsOnSession(value)) {
      const test = (text: string): Truth => inTextList(sort, value, text, world, { ...fixed, where });
      return { kind: "text", of, matches: { says: value, test, seeds } };
    }
    const condition: Computed = {
      kind: "computed",
      says: value,
      test: (session) => {
        const text = this.#subject(of, session);
        return text === null ? "no" : inTextList(sort, value, text, world, { ...around(session), where });
      },
    };
    return this.#hinted({ ...condition, seeds: seedsFor(of, seeds) }, value);
  }

  /** What a list of this kind is compared with. */
  #subject(of: TextField, session: Session): string | null {
    if (of === "sender") return senderOf(session.reversePath);
    if (of === "sender-domain") return splitAddress(senderOf(session.reversePath))[1];
    const recipient = this.#world.recipient(session);
    if (recipient === null || of === "recipient") return recipient;
    return splitAddress(recipient)[of === "recipient-domain" ? 1 : 0] ?? null;
  }

  /** Whether Exim stops at this item with an error, by which it puts the client off; `null`: it cannot. */
  #stops({ name, value, where }: AclItem): Computed | null {
    const list = listItems.get(name);
    if (list === undefined && name !== "hosts" && name !== "condition") return null;
    if (name === "condition" ? !value.includes("$") && value.trim() === "" : !this.#mayStop(value)) return null;
    const { world, around } = this.#world;
    return {
      kind: "computed",
      says: `an error in ${name} = ${value}`,
      test: (session) => {
        const here = { ...around(session), where };
        if (name === "hosts") {
          const { address, name: hostName } = session.client;
          return isError(inHostList(value, { address, name: hostName }, world, here)) ? "yes" : "no";
        }
        if (list === undefined) {
          const text = expand(value, here);
          const wrong = text.kind === "error" || (text.kind === "text" && isError(truthOfText(text.text, where)));
          return wrong ? "yes" : "no";
        }
        const subject = this.#subject(list.of, session);
        return subject !== null && isError(inTextList(list.sort, value, subject, world, here)) ? "yes" : "no";
      },
    };
  }

  #mayStop(value: string, depth = 0): boolean {
    if (/\$|;/.test(value) || depth > 20) return true;
    return [...value.matchAll(/\+(\w+)/g)].some((match) => {
      const texts = listKinds.map((kind) => this.#world.world.named(kind, match[1] ?? ""));
      if (texts.every((text) => text === undefined)) return !/^(?:in|ex|ig)clude_|^ignore_|^case/.test(match[1] ?? "");
      return texts.some((text) => text !== undefined && this.#mayStop(text, depth + 1));
    });
  }

  /** Whether a list, or one that it names, holds what only a session can tell. */
  #dependsOnSession(value: string, depth = 0): boolean {
    if (/\$|@mx_/.test(value)) return true;
    if (depth > 20) return true;
    return [...value.matchAll(/\+(\w+)/g)].some((match) =>
      listKinds.some((kind) => {
        const text = this.#world.world.named(kind, match[1] ?? "");
        return text !== undefined && this.#dependsOnSession(text, depth + 1);
      }),
    );
  }

  #authenticated(value: string): Condition {
    const names = this.#world.sections.authenticators.map(({ name }) => name.toLowerCase());
    const fits = splitList(value).some(
      (item) =>
        /^[*^!+/$]/.test(item) || item.includes(";") || item.includes("$") || names.includes(item.toLowerCase()),
    );
    if (!fits) return never;
    return this.#world.believing === null ? { kind: "authenticated" } : { kind: "always" };
  }

  /** `condition = …`: a forced failure lets the condition be as if it were not there. */
  #computed(value: string, where: Span): Condition {
    const truth = (around: Surroundings): Truth => {
      const text = expand(value, { ...around, where });
      switch (text.kind) {
        case "failed":
          return "yes";
        case "text":
          return truthOfText(text.text, where);
        case "error":
          return errorOf(text.why, where);
        case "unknown":
          return text.because;
      }
    };
    const fixed = truth(this.#world.fixed);
    if (fixed === "yes") return { kind: "always" };
    if (fixed === "no") return never;
    return this.#hinted(
      { kind: "computed", says: `condition = ${value}`, test: (session) => truth(this.#world.around(session)) },
      value,
    );
  }

  /** With texts and addresses worth trying for each variable that an expansion looks at. */
  #hinted(condition: Computed, value: string): Computed {
    const tree = parseExpansion(value);
    if (tree === null) return condition;
    const literals = literalsIn(tree);
    const texts = literals.flatMap((text) =>
      /[\\^$*+?()|[\]]/.test(text)
        ? [...samplesOf(text), ...splitList(text).filter((one) => /^[\w.@-]+$/.test(one))]
        : splitList(text),
    );
    const variables = variablesIn(value);
    const seeds = [...fieldsOfVariables].flatMap(([variable, field]) =>
      variables.has(variable) ? seedsFor(field, texts) : [],
    );
    const { world, fixed } = this.#world;
    const nets = literals
      .flatMap((text) => flatItems("host", text, world, fixed))
      .flatMap(({ text }) => networkOf(text) ?? []);
    return {
      ...condition,
      seeds: [...(condition.seeds ?? []), ...seeds],
      ranges: [...(condition.ranges ?? []), ...ipSet(nets).ranges],
    };
  }

  #verify(value: string, where: Span, favours: (what: string) => Condition): Condition {
    const kind = /^[a-z_]+/.exec(value.trim())?.[0] ?? "";
    const { verifies, recipient } = this.#world;
    switch (kind) {
      case "recipient":
        return {
          kind: "computed",
          says: `verify = ${value}`,
          test: (session) => {
            const address = recipient(session);
            return address === null ? "no" : verifies(address);
          },
        };
      case "sender": {
        const other = /^sender\s*=\s*(\S+@\S+)/.exec(value)?.[1];
        return {
          kind: "computed",
          says: `verify = ${value}`,
          test: (session) => {
            const sender = other ?? senderOf(session.reversePath);
            return sender === "" ? "yes" : sender.includes("@") ? verifies(sender) : "no";
          },
        };
      }
      case "certificate":
        return { kind: "certificate" };
      case "reverse_host_lookup":
        return {
          kind: "computed",
          says: `verify = ${value}`,
          test: ({ client }) => (client.name === null ? "no" : "yes"),
        };
      case "helo":
        return {
          kind: "computed",
          says: `verify = ${value}`,
          test: ({ client, helo }) => {
            if (client.name !== null && client.name.toLowerCase() === helo.toLowerCase()) return "yes";
            const literal = parseIp(helo.replace(/^\[(?:IPv6:)?|\]$/gi, ""));
            if (literal.ok) return literal.value.bits === client.address.bits ? "yes" : "no";
            return { unknown: `which addresses the HELO name has`, where };
          },
        };
      default:
        // What is in the message can be made right by whoever writes it.
        return kind.startsWith("header_") || kind === "not_blind"
          ? { kind: "always" }
          : favours(`verify = ${value.slice(0, 60)}`);
    }
  }

  #spf(value: string): Condition {
    const items = splitList(value);
    const passes = items.includes("pass") || items.some((item) => item.startsWith("!") && item !== "!pass");
    if (!passes) return never;
    return {
      kind: "computed",
      says: `spf = ${value}`,
      test: (session) => {
        const [, domain] = splitAddress(senderOf(session.reversePath));
        return domain !== "" && !this.#world.isNamed(domain) ? "yes" : "no";
      },
    };
  }
}

type Computed = Extract<Condition, { readonly kind: "computed" }>;

const listItems: ReadonlyMap<string, { readonly sort: Exclude<ListSort, "host">; readonly of: TextField }> = new Map([
  ["domains", { sort: "domain", of: "recipient-domain" }],
  ["local_parts", { sort: "local-part", of: "recipient-local-part" }],
  ["recipients", { sort: "address", of: "recipient" }],
  ["senders", { sort: "address", of: "sender" }],
  ["sender_domains", { sort: "domain", of: "sender-domain" }],
] as const);

const noObjection: Program = { name: "no objection", steps: [], end: "permit", where: null };

const never: Condition = { kind: "any", of: [] };

const fieldsOfVariables: ReadonlyMap<string, TextField> = new Map([
  ["sender_helo_name", "helo"],
  ["sender_address", "sender"],
  ["sender_address_domain", "sender-domain"],
  ["sender_host_name", "client-name"],
  ["local_part", "recipient-local-part"],
  ["domain", "recipient-domain"],
]);

function program(name: string, steps: readonly Step[], where: Span | null): Program {
  return { name, steps, end: "refuse", where };
}

function unknownStep(because: Unknown, where: Span | null): Step {
  return { kind: "rule", says: because.unknown, when: { kind: "always" }, does: { kind: "unknown", because }, where };
}

/** The statement in a line, without its modifiers. */
function saysOf({ verb, items }: Statement): string {
  const words = items
    .filter(({ name }) => !modifiers.has(name) && !name.startsWith("set "))
    .map(({ name, negated, value }) => (name === "endpass" ? name : `${negated ? "!" : ""}${name} = ${value}`));
  const text = [verb, ...words].join(" ");
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
