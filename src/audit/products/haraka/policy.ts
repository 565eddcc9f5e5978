/**
 * Who may relay in Haraka, and what its hooks say to a recipient: in the order of the plugins, the first OK or DENY
 * counts; if none says either, a session that is marked as relaying is accepted and every other refused (connection.js).
 */
import { parseIp } from "../../../net/ip.ts";
import { ipSetOfRanges } from "../../../net/ip-set.ts";
import { type IpRange, prefixOf, prefixRange } from "../../../net/prefix.ts";
import type { Span } from "../../../text/source.ts";
import { compilePattern, matches, samplesOf } from "../../pattern.ts";
import type { Condition, Session, Step, Truth, Unknown } from "../../rules.ts";
import { readAddress } from "./address.ts";
import { type ConfigFolder, type Ini, isTrue, type Line } from "./files.ts";
import type { Plugin } from "./plugins.ts";

export interface AclEntry {
  readonly text: string;
  readonly range: IpRange;
  /** Shorter than it looks: `/0` counts for one address, IPv6 without a length for a /32. */
  readonly odd: boolean;
  readonly where: Span;
}

export interface Domains {
  readonly test: (domain: string) => Truth;
  readonly where: (domain: string) => Span | null;
  readonly names: readonly Line[];
  readonly seeds: readonly string[];
}

export interface Policy {
  readonly plugins: readonly Plugin[];
  readonly acl: readonly AclEntry[];
  /** relay.ini `all`, the line. */
  readonly all: Span | null;
  /** relay.ini `dest_domains`: the action of each domain. */
  readonly destinations: ReadonlyMap<string, { readonly action: string; readonly where: Span }> | null;
  readonly hostList: Domains;
  readonly forwarded: ReadonlyMap<string, Span>;
  readonly forward: { readonly checksSender: boolean; readonly checksRecipient: boolean };
}

export function policyOf(folder: ConfigFolder, plugins: readonly Plugin[]): Policy {
  const relay = folder.ini("relay.ini");
  const runs = plugins.some(({ kind }) => kind === "relay");
  const flag = (key: string, otherwise: boolean): Span | boolean => {
    const setting = relay.get("relay", key);
    return setting === null ? otherwise : isTrue(setting.value) && setting.where;
  };
  const all = runs ? flag("all", false) : false;
  const forward = folder.ini("smtp_forward.ini");
  const set = (key: string): boolean => isTrue(forward.get("main", key)?.value ?? "");
  const forwards = plugins.some(({ kind }) => kind === "smtp-forward");
  return {
    plugins,
    acl: runs && flag("acl", true) !== false ? aclOf(folder.list("relay_acl_allow")) : [],
    all: typeof all === "boolean" ? null : all,
    destinations:
      runs && flag("dest_domains", false) !== false ? destinationsOf(folder.ini("relay_dest_domains.ini")) : null,
    hostList: domainsOf(folder),
    forwarded: new Map(forwards ? forward.sections.map(({ name, where }) => [name, where]) : []),
    forward: { checksSender: forwards && set("check_sender"), checksRecipient: forwards && set("check_recipient") },
  };
}

/** relay_acl_allow as the plugin reads it (haraka-plugin-relay, load_acls and is_acl_allowed). */
function aclOf(lines: readonly Line[]): readonly AclEntry[] {
  return lines.flatMap(({ text, where }): AclEntry[] => {
    const entry = text.split("#")[0]?.trim() ?? "";
    const [address = "", written] = entry.split("/");
    const read = parseIp(address);
    if (!read.ok || (read.value.family === 4) === address.includes(":")) return [];
    const width = read.value.family === 4 ? 32 : 128;
    // What is no number is the whole address; a number too large, too; a negative one compares nothing at all.
    const number = written === undefined || written === "" ? 32 : Number.parseInt(written, 10) || width;
    const length = Math.max(0, Math.min(number, width));
    // No client has the address of all zeros.
    if (length === width && read.value.bits === 0n) return [];
    const range = prefixRange(prefixOf(read.value, length));
    return [{ text: entry, range, odd: written !== String(length) && !(width === 32 && written === undefined), where }];
  });
}

function destinationsOf(ini: Ini): NonNullable<Policy["destinations"]> {
  const made = new Map<string, { action: string; where: Span }>();
  for (const key of ini.keys("domains")) {
    const setting = ini.get("domains", key);
    if (setting === null) continue;
    const action = /"action"\s*:\s*"([^"]*)"/.exec(setting.value)?.[1] ?? "deny";
    made.set(key, { action, where: setting.where });
  }
  return made;
}

function domainsOf(folder: ConfigFolder): Domains {
  const names = folder.list("host_list").map(({ text, where }) => ({ text: text.toLowerCase(), where }));
  const exact = new Map(names.map(({ text, where }) => [text, where]));
  const lines = folder.list("host_list_regex");
  const pattern = lines.length === 0 ? null : compilePattern(`^(?:${lines.map(({ text }) => text).join("|")})$`, "i");
  const first = lines[0]?.where ?? null;
  const test = (domain: string): Truth => {
    if (exact.has(domain)) return "yes";
    if (lines.length === 0) return "no";
    if (pattern === null) return { unknown: "the patterns of host_list_regex, which are not understood", where: first };
    return matches(pattern, domain) === null ? "no" : "yes";
  };
  return {
    test,
    where: (domain) => exact.get(domain) ?? first,
    names,
    seeds: [...names.slice(0, 500).map(({ text }) => text), ...(pattern === null ? [] : samplesOf(pattern))],
  };
}

/** Whether the session is marked as relaying when it comes to its recipient, and by which line. */
export function relayingOf(policy: Policy): {
  readonly conditions: readonly { readonly says: string; readonly when: Condition; readonly where: Span | null }[];
  readonly test: (session: Session) => Truth;
} {
  const unknowns = policy.plugins.filter(({ kind }) => kind === "unknown");
  const logins = policy.plugins.filter(({ kind }) => kind === "auth" || kind === "believes");
  const believing = policy.plugins.find(({ kind }) => kind === "believes");
  const acl = ipSetOfRanges(policy.acl.map(({ range }) => range));
  const conditions = [
    ...policy.acl.map(({ text, range, where }) => ({
      says: `relay_acl_allow ${text}`,
      when: { kind: "client-address", set: ipSetOfRanges([range]) } as Condition,
      where,
    })),
    ...(believing === undefined
      ? []
      : [
          {
            says: `${believing.name} believes every login`,
            when: { kind: "always" } as Condition,
            where: believing.where,
          },
        ]),
    ...(logins.length === 0
      ? []
      : [{ says: "a login", when: { kind: "authenticated" } as Condition, where: logins[0]?.where ?? null }]),
    ...unknowns.map(({ name, where }) => ({
      says: `plugin ${name}`,
      when: { kind: "unknown", because: { unknown: `what the plugin ${name} does`, where } } as Condition,
      where,
    })),
  ];
  const test = ({ client }: Session): Truth => {
    if (acl.has(client.address) || believing !== undefined) return "yes";
    if (client.authenticated && logins.length > 0) return "yes";
    const first = unknowns[0];
    return first === undefined ? "no" : { unknown: `what the plugin ${first.name} does`, where: first.where };
  };
  return { conditions, test };
}

/** The hooks for a recipient, as steps. */
export function recipientSteps(policy: Policy): readonly Step[] {
  const relaying = relayingOf(policy);
  const steps: Step[] = [];
  const rule = (says: string, when: Condition, does: "permit" | "refuse", where: Span | null): void => {
    steps.push({ kind: "rule", says, when, does: { kind: does }, where });
  };
  const computed = (says: string, test: (session: Session) => Truth): Condition => ({ kind: "computed", says, test });
  const isRelaying: Condition = { kind: "any", of: relaying.conditions.map(({ when }) => when) };
  const hostOf = ({ forwardPath }: Session): string => readAddress(forwardPath)?.host ?? "";
  const localSender = computed("a sender in host_list", ({ reversePath }) =>
    policy.hostList.test(readAddress(reversePath)?.host ?? ""),
  );
  for (const { kind, name, where } of policy.plugins) {
    switch (kind) {
      case "relay":
        if (policy.destinations !== null) steps.push(...destinationSteps(policy, isRelaying, hostOf));
        if (policy.all !== null) rule("relay.ini all=true", { kind: "always" }, "permit", policy.all);
        break;
      case "in-host-list":
        steps.push({
          kind: "rule",
          says: "host_list",
          when: {
            kind: "computed",
            says: "host_list",
            test: (session) => policy.hostList.test(hostOf(session)),
            seeds: policy.hostList.seeds.map((text) => ({ of: "recipient-domain", text })),
          },
          does: { kind: "permit" },
          where,
        });
        rule(
          "a relaying client with a sender in host_list",
          { kind: "all", of: [isRelaying, localSender] },
          "permit",
          where,
        );
        break;
      case "smtp-forward":
        if (policy.forward.checksRecipient) {
          const has = computed("a route in smtp_forward.ini", (session) =>
            policy.forwarded.has(hostOf(session)) ? "yes" : "no",
          );
          rule("smtp_forward.ini check_recipient", has, "permit", where);
        }
        break;
      case "vouches":
      case "unknown": {
        const because: Unknown = { unknown: `which recipients the plugin ${name} accepts`, where };
        steps.push({
          kind: "rule",
          says: `plugin ${name}`,
          when: { kind: "always" },
          does: { kind: "unknown", because },
          where,
        });
        break;
      }
      default:
    }
  }
  for (const { says, when, where } of relaying.conditions) rule(says, when, "permit", where);
  const marked = computed("marked as relaying", (session) => markedBefore(session, policy));
  rule("relaying since an earlier recipient of this transaction", marked, "permit", destinationPlace(policy));
  const marking = computed("continue", ({ forwardPath }) => (marksTransaction(forwardPath, policy) ? "yes" : "no"));
  rule("relay_dest_domains.ini: continue", marking, "permit", destinationPlace(policy));
  return steps;
}

/** The line of the first domain that marks a transaction as relaying. */
function destinationPlace({ destinations }: Policy): Span | null {
  for (const { action, where } of destinations?.values() ?? []) if (marks(action)) return where;
  return null;
}

const marks = (action: string): boolean => action === "accept" || action === "continue";

function destinationSteps(
  policy: Policy,
  isRelaying: Condition,
  hostOf: (session: Session) => string,
): readonly Step[] {
  const action = (session: Session): string | null => policy.destinations?.get(hostOf(session))?.action ?? null;
  const when = (says: string, test: (action: string | null) => boolean): Condition => ({
    kind: "computed",
    says,
    test: (session) => (markedBefore(session, policy) === "no" && test(action(session)) ? "yes" : "no"),
    seeds: [...(policy.destinations?.keys() ?? [])].slice(0, 500).map((text) => ({ of: "recipient-domain", text })),
  });
  const where = destinationPlace(policy);
  const unmarked = (condition: Condition): Condition => ({
    kind: "all",
    of: [{ kind: "not", of: isRelaying }, condition],
  });
  const step = (says: string, condition: Condition, does: "permit" | "refuse"): Step => ({
    kind: "rule",
    says,
    when: unmarked(condition),
    does: { kind: does },
    where,
  });
  return [
    step(
      "relay_dest_domains.ini: accept",
      when("accept", (one) => one === "accept"),
      "permit",
    ),
    step(
      "relay_dest_domains.ini: not listed",
      when("not listed", (one) => one === null || !marks(one)),
      "refuse",
    ),
  ];
}

/** A listed domain marks the whole transaction. */
function markedBefore(session: Session, policy: Policy): Truth {
  if (policy.destinations === null) return "no";
  return session.previousRecipients.some((path) => marksTransaction(path, policy)) ? "yes" : "no";
}

/** Whether an accepted recipient came to the relay plugin's hook, or another one said OK before. */
export function marksTransaction(path: string, policy: Policy): boolean {
  const host = readAddress(path)?.host ?? "";
  const reached = policy.plugins.findIndex(({ kind }) => kind === "relay");
  const taken = policy.plugins
    .slice(0, reached)
    .some(
      ({ kind }) =>
        (kind === "in-host-list" && policy.hostList.test(host) === "yes") ||
        (kind === "smtp-forward" && policy.forward.checksRecipient && policy.forwarded.has(host)),
    );
  return !taken && marks(policy.destinations?.get(host)?.action ?? "");
}
