/**
 * Access tables (access(5)): under which keys a client, HELO name or address is looked up, and what the result of a
 * lookup means. An entry may hold a list of restrictions of its own.
 */

import { formatIp } from "../../../net/ip.ts";
import type { Span } from "../../../text/source.ts";
import { strangersDomain } from "../../../witness/strangers.ts";
import type { Action, Lookup, Program, Rule, Seed, Session, Step, TextField, Unknown } from "../../rules.ts";
import type { Found, Table } from "./tables.ts";

export type AccessSubject = "client" | "helo" | "sender" | "recipient" | "reverse-client";

export interface AccessContext {
  readonly text: (session: Session, field: TextField) => string | null;
  /** `smtpd_access_maps` in `parent_domain_matches_subdomains`. */
  readonly parents: boolean;
  readonly delimiter: string;
  readonly nullKey: string;
  /** Whether the recipient was written with routing that is not trusted: an OK for it means nothing. */
  readonly suspicious: (session: Session) => boolean;
  /** Reads a result that is a list of restrictions. */
  readonly nested: (text: string, where: Span | null) => readonly Step[];
}

interface Key {
  readonly text: string;
  /** A part of what is looked up; patterns are asked for the whole only. */
  readonly partial: boolean;
}

/** The lookup of one table, as a step of a list. */
export function accessStep(
  subject: AccessSubject,
  says: string,
  table: Table,
  where: Span | null,
  context: AccessContext,
): Lookup & { readonly kind: "lookup" } {
  const results = new Map<string, readonly Rule[]>();
  const rulesOf = (found: Found): readonly Rule[] => {
    const key = `${found.value}|${found.where?.file}|${found.where?.start.line}`;
    const known = results.get(key) ?? resultRules(found, says, context);
    if (results.size < 10_000) results.set(key, known);
    return known;
  };
  const programs: Program[] = [];
  for (const { value, where: at } of table.entries.slice(0, 2000))
    for (const rule of rulesOf({ value, where: at, copiesDomain: false }))
      if (rule.does.kind === "run") programs.push(rule.does.program);
  return {
    kind: "lookup",
    says,
    where,
    find(session) {
      for (const { text, partial } of keysOf(subject, session, context)) {
        if (partial && table.kind === "pattern") continue;
        const found = table.lookup(text);
        if (found === null) continue;
        if ("unknown" in found) return found;
        const rules = rulesOf(found);
        return subject === "recipient" && context.suspicious(session) ? rules.map(distrusted) : rules;
      }
      return null;
    },
    seeds: seedsOf(subject, table),
    ranges: subject === "client" ? table.ranges : [],
    programs,
  };
}

const distrusted = (rule: Rule): Rule => (rule.does.kind === "permit" ? { ...rule, does: { kind: "go-on" } } : rule);

function keysOf(subject: AccessSubject, session: Session, context: AccessContext): readonly Key[] {
  switch (subject) {
    case "client":
      return [
        ...domainKeys(context.text(session, "client-name") ?? "unknown", context.parents),
        ...addressKeys(formatIp(session.client.address)),
      ];
    case "reverse-client":
      return domainKeys(context.text(session, "client-reverse-name") ?? "unknown", context.parents);
    case "helo":
      return domainKeys(context.text(session, "helo") ?? "", context.parents);
    case "sender":
    case "recipient":
      return mailKeys(context.text(session, subject) ?? "", context);
  }
}

function domainKeys(name: string, parents: boolean): readonly Key[] {
  const keys: Key[] = [{ text: name, partial: false }];
  if (/^[0-9.:[\]]+$/.test(name)) return keys; // an address has no parents
  for (let dot = name.indexOf(".", 1); dot >= 0; dot = name.indexOf(".", dot + 1))
    keys.push({ text: name.slice(parents ? dot + 1 : dot), partial: true });
  return keys;
}

function addressKeys(address: string): readonly Key[] {
  const keys: Key[] = [{ text: address, partial: false }];
  const mark = address.includes(":") ? ":" : ".";
  for (let end = address.lastIndexOf(mark); end > 0; end = address.lastIndexOf(mark, end - 1))
    keys.push({ text: address.slice(0, end), partial: true });
  return keys;
}

/** user@domain, domain, .parent, user@; with an extension, the address without it as well. */
function mailKeys(address: string, { parents, delimiter, nullKey }: AccessContext): readonly Key[] {
  if (address === "") return [{ text: nullKey, partial: false }];
  const at = address.lastIndexOf("@");
  const local = at < 0 ? address : address.slice(0, at);
  const domain = at < 0 ? "" : address.slice(at + 1);
  const bare = withoutExtension(local, delimiter);
  const keys: Key[] = [{ text: address, partial: false }];
  if (bare !== null && at >= 0) keys.push({ text: `${bare}@${domain}`, partial: true });
  if (domain !== "") keys.push(...domainKeys(domain, parents).map(({ text }): Key => ({ text, partial: true })));
  keys.push({ text: `${local}@`, partial: true });
  if (bare !== null) keys.push({ text: `${bare}@`, partial: true });
  return keys;
}

/** The local-part before the first delimiter; `null`: it has no extension. */
export function withoutExtension(local: string, delimiter: string): string | null {
  const at = [...local].findIndex((char, index) => index > 0 && delimiter.includes(char));
  return delimiter === "" || at < 0 ? null : local.slice(0, at);
}

/** Likely to permit first: what refuses is of less interest. */
function seedsOf(subject: AccessSubject, table: Table): readonly Seed[] {
  const entries = [...table.entries].sort((a, b) => rank(a.value) - rank(b.value)).slice(0, 4000);
  switch (subject) {
    case "client":
      return entries
        .filter(({ key }) => !/^[0-9a-f.:/]+$/i.test(key) || /^[a-f.]+$/i.test(key))
        .map(({ key }) => ({ of: "client-name", text: key }));
    case "reverse-client":
      return entries.map(({ key }) => ({ of: "client-reverse-name", text: key }));
    case "helo":
      return entries.map(({ key }) => ({ of: "helo", text: key }));
    case "sender":
    case "recipient":
      return entries.map(({ key }): Seed => {
        if (key.endsWith("@")) return { of: subject, text: `${key}${strangersDomain}` };
        if (key.startsWith(".")) return { of: subject, text: `probe@sub${key}` };
        return { of: subject, text: key };
      });
  }
}

const rank = (value: string): number =>
  /^(ok|relay|permit)/i.test(value) ? 0 : /^(reject|dunno|defer|[45]\d\d)/i.test(value) ? 2 : 1;

/** What a result does, as rules; more than one only for a list of restrictions. */
function resultRules(found: Found, says: string, context: AccessContext): readonly Rule[] {
  const value = found.value.trim();
  const rule = (action: Action): readonly Rule[] => [
    { says: `${says}: ${value.slice(0, 80)}`, when: { kind: "always" }, does: action, where: found.where },
  ];
  const word = (/^\S+/.exec(value)?.[0] ?? "").toUpperCase();
  if (value === "" || /^\d+$/.test(value)) return rule({ kind: "permit" });
  if (/^[45]\d\d([\s.]|$)/.test(value) || /^[45]\.\d+\.\d+\s/.test(value))
    return rule({ kind: value.startsWith("4") ? "defer" : "refuse" });
  switch (word) {
    case "OK":
    case "RELAY":
    case "PERMIT":
    // The message is swallowed: nothing goes out.
    case "DISCARD":
      return rule({ kind: word === "DISCARD" ? "refuse" : "permit" });
    case "REJECT":
      return rule({ kind: "refuse" });
    case "DEFER":
      return rule({ kind: "defer" });
    case "DEFER_IF_PERMIT":
      return rule({ kind: "defer-if-permit" });
    case "DUNNO":
    case "DEFER_IF_REJECT":
    case "WARN":
    case "INFO":
    case "FILTER":
    case "HOLD":
    case "PREPEND":
    case "REDIRECT":
    case "BCC":
    case "STRIP":
      return rule({ kind: "go-on" });
  }
  return rule({
    kind: "run",
    program: { name: says, steps: context.nested(value, found.where), end: "go-on", where: found.where },
  });
}

/** A result of a check whose OK is refused as a safety measure. */
export function neverPermits(step: Lookup & { readonly kind: "lookup" }): Lookup & { readonly kind: "lookup" } {
  return {
    ...step,
    find(session) {
      const found = step.find(session);
      if (found === null || "unknown" in found) return found === null ? null : harmless(found);
      return found.map((rule) => (rule.does.kind === "permit" ? { ...rule, does: { kind: "defer" } } : rule));
    },
  };
}

/** It may refuse, or not; that is of no help to a stranger. */
function harmless(because: Unknown): readonly Rule[] {
  return [{ says: because.unknown, when: { kind: "always" }, does: { kind: "go-on" }, where: because.where }];
}
