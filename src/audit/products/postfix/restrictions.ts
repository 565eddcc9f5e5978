/**
 * Restriction lists (`smtpd_*_restrictions`) as programs: each word of postconf(5) as a rule. What a stranger can
 * satisfy if he takes the trouble (a well-formed HELO, a sender domain that exists, an address on no list) does not
 * refuse him; a word that is not known makes smtpd answer 451.
 */

import type { Span } from "../../../text/source.ts";
import type { Condition, Program, Rule, Step } from "../../rules.ts";
import { type AccessContext, type AccessSubject, accessStep, neverPermits } from "./access.ts";
import type { Item, Parameters } from "./parameters.ts";
import { isTableRef, openTable, type TableContext } from "./tables.ts";

export type ListClass = "client" | "helo" | "sender" | "recipient";

export interface RestrictionContext {
  readonly parameters: Parameters;
  readonly tables: TableContext;
  readonly version: { readonly atLeast: (version: string) => boolean };
  readonly myNetworks: Condition;
  readonly ownAddresses: Condition;
  readonly trustsRouting: boolean;
  readonly asksCertificate: boolean;
  readonly access: Omit<AccessContext, "nested">;
  /** Whether the recipient is known when client, HELO and sender are judged. */
  readonly delayReject: boolean;
}

/** A list as a program. */
export function programOf(
  name: string,
  items: readonly Item[],
  list: ListClass,
  where: Span | null,
  context: RestrictionContext,
): Program {
  return { name, steps: stepsOf(items, list, context, 0), end: "go-on", where };
}

const maxDepth = 8;

const takesArgument =
  /^(check_\w+|reject_rbl_client|reject_rhsbl_\w+|reject_maps_rbl_domains|permit_dnswl_client|permit_rhswl_client|sleep)$/;

function stepsOf(items: readonly Item[], list: ListClass, context: RestrictionContext, depth: number): readonly Step[] {
  const steps: Step[] = [];
  let toothless = false;
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index] as Item; // the index is in bounds
    if (item.text === "warn_if_reject") {
      toothless = true;
      continue;
    }
    const argument = takesArgument.test(item.text) ? (items[(index += 1)] ?? null) : null;
    const step = stepOf(item, argument, list, context, depth);
    if (step !== null) steps.push(toothless ? { kind: "toothless", step, where: item.where } : step);
    toothless = false;
  }
  return steps;
}

const always: Condition = { kind: "always" };

/** Final or listed, and no routing in the local-part that somebody behind might act on. */
function authorised(context: RestrictionContext): Condition {
  const ends: Condition = { kind: "recipient-ends", at: ["local", "listed"] };
  return context.trustsRouting ? ends : { kind: "all", of: [{ kind: "not", of: { kind: "recipient-routed" } }, ends] };
}

function stepOf(
  item: Item,
  argument: Item | null,
  list: ListClass,
  context: RestrictionContext,
  depth: number,
): Step | null {
  const { where } = item;
  const says = argument === null ? item.text : `${item.text} ${argument.text}`;
  const rule = (when: Condition, does: Rule["does"]): Step => ({ kind: "rule", says, when, does, where });
  const unsure = (unknown: string): Step => rule(always, { kind: "unknown", because: { unknown, where } });
  const hasRecipient = list === "recipient" || context.delayReject;
  const not = (of: Condition): Condition => ({ kind: "not", of });
  const { parameters, version } = context;

  switch (item.text.toLowerCase()) {
    case "permit":
      return rule(always, { kind: "permit" });
    case "reject":
      return rule(always, { kind: "refuse" });
    case "defer":
      return rule(always, { kind: "defer" });
    case "defer_if_permit":
      return rule(always, { kind: "defer-if-permit" });
    case "defer_if_reject":
      return null;
    case "permit_mynetworks":
      return {
        kind: "rule",
        says,
        when: context.myNetworks,
        does: { kind: "permit" },
        where: parameters.where("mynetworks") ?? where,
      };
    case "permit_inet_interfaces":
      return rule(context.ownAddresses, { kind: "permit" });
    case "permit_sasl_authenticated":
      return rule({ kind: "authenticated" }, { kind: "permit" });
    case "permit_tls_all_clientcerts":
      return context.asksCertificate ? rule({ kind: "certificate" }, { kind: "permit" }) : null;
    case "permit_tls_clientcerts":
      return null; // fingerprints of known clients: no stranger has one
    case "permit_naked_ip_address":
      if (version.atLeast("3.9")) return rule(always, { kind: "defer" });
      return rule(
        {
          kind: "text",
          of: "helo",
          matches: {
            says: "HELO is an address",
            test: (helo) => (/^(\[?\d+\.\d+\.\d+\.\d+\]?|[0-9a-f:]*:[0-9a-f:]*)$/i.test(helo) ? "yes" : "no"),
            seeds: ["203.0.113.7", "[203.0.113.7]"],
          },
        },
        { kind: "permit" },
      );
    case "check_relay_domains":
      if (version.atLeast("3.9")) return rule(always, { kind: "defer" });
      return hasRecipient ? rule(not(authorised(context)), { kind: "refuse" }) : null;
    case "permit_auth_destination":
      return hasRecipient ? rule(authorised(context), { kind: "permit" }) : null;
    case "reject_unauth_destination":
      return hasRecipient ? rule(not(authorised(context)), { kind: "refuse" }) : null;
    case "defer_unauth_destination":
      return hasRecipient ? rule(not(authorised(context)), { kind: "defer" }) : null;
    case "permit_mx_backup": {
      const byDns: Condition =
        parameters.items("permit_mx_backup_networks").length > 0
          ? { kind: "any", of: [] }
          : { kind: "all", of: [not({ kind: "recipient-routed" }), { kind: "backup-mx" }] };
      return hasRecipient ? rule({ kind: "any", of: [authorised(context), byDns] }, { kind: "permit" }) : null;
    }
    case "reject_unlisted_recipient":
    case "check_recipient_maps":
      return hasRecipient ? rule(not({ kind: "recipient-exists" }), { kind: "refuse" }) : null;
    case "reject_plaintext_session":
      return rule(not({ kind: "encrypted" }), { kind: "refuse" });
    case "check_policy_service":
      return unsure(`the policy service ${argument?.text ?? ""}, which is not in the files`);
    case "permit_dnswl_client":
    case "permit_rhswl_client":
      return unsure(`the DNS list ${argument?.text ?? ""}, which decides who is permitted`);
  }
  const check = /^check_(client|helo|sender|recipient|ccert|sasl|etrn|reverse_client_hostname)_access$/.exec(item.text);
  if (check?.[1] !== undefined) return accessOf(check[1], argument, says, list, context, depth);
  if (/^check_\w+_(a|ns|mx)_access$/.test(item.text)) return null; // its OK is refused; a stranger avoids what it refuses
  if (isTableRef(item.text)) return accessOf(list, { text: item.text, where }, item.text, list, context, depth);
  if (/^(reject_|sleep$)/.test(item.text)) return known.has(item.text) ? null : rule(always, { kind: "defer" });
  const body = classes(parameters).has(item.text) ? parameters.items(item.text) : null;
  if (body !== null && depth < maxDepth)
    return rule(always, {
      kind: "run",
      program: {
        name: item.text,
        steps: stepsOf(body, list, context, depth + 1),
        end: "go-on",
        where: parameters.where(item.text) ?? where,
      },
    });
  // "unknown smtpd restriction": the client is told 451.
  return rule(always, { kind: "defer" });
}

function accessOf(
  subject: string,
  argument: Item | null,
  says: string,
  list: ListClass,
  context: RestrictionContext,
  depth: number,
): Step | null {
  if (argument === null) return null;
  if (subject === "recipient" && list !== "recipient" && !context.delayReject) return null;
  // Only check_policy_service takes a group in braces: here smtpd answers 451.
  if (argument.text.startsWith("{"))
    return { kind: "rule", says, when: always, does: { kind: "defer" }, where: argument.where };
  const body = argument.text;
  const subjects: Readonly<Record<string, AccessSubject>> = {
    client: "client",
    helo: "helo",
    sender: "sender",
    recipient: "recipient",
    reverse_client_hostname: "reverse-client",
  };
  const of = subjects[subject];
  if (of === undefined) return null; // certificates and logins that no stranger has
  const table = openTable(isTableRef(body) ? body : `hash:${body}`, argument.where, context.tables);
  const nested = (text: string, where: Span | null): readonly Step[] =>
    depth >= maxDepth ? [] : stepsOf(context.parameters.itemsOf(text, where), list, context, depth + 1);
  const step = accessStep(of, says, table, argument.where, { ...context.access, nested });
  return of === "reverse-client" ? neverPermits(step) : step;
}

export function classes(parameters: Parameters): ReadonlySet<string> {
  return new Set(parameters.items("smtpd_restriction_classes").map(({ text }) => text));
}

/** Words that refuse only whom a stranger need not be. */
const known = new Set(
  `reject_rbl_client reject_rhsbl_client reject_rhsbl_helo reject_rhsbl_sender reject_rhsbl_recipient
  reject_rhsbl_reverse_client reject_maps_rbl reject_maps_rbl_domains reject_unknown_client reject_unknown_client_hostname
  reject_unknown_reverse_client_hostname reject_unknown_forward_client_hostname reject_invalid_hostname
  reject_invalid_helo_hostname reject_non_fqdn_hostname reject_non_fqdn_helo_hostname reject_unknown_hostname
  reject_unknown_helo_hostname reject_non_fqdn_sender reject_unknown_sender_domain reject_unknown_address
  reject_non_fqdn_recipient reject_unknown_recipient_domain reject_unlisted_sender reject_unverified_sender
  reject_unverified_recipient reject_sender_login_mismatch reject_authenticated_sender_login_mismatch
  reject_known_sender_login_mismatch reject_unauthenticated_sender_login_mismatch reject_multi_recipient_bounce
  reject_unauth_pipelining reject_non_fqdn_address reject_unknown_client_domain sleep`.split(/\s+/),
);

const guards = new Set([
  "reject",
  "defer",
  "reject_unauth_destination",
  "defer_unauth_destination",
  "defer_if_permit",
  "check_relay_domains",
]);

/** Whether smtpd finds a word that refuses in these lists: without one it does not start. */
export function startsWith(lists: readonly (readonly Item[])[], parameters: Parameters): boolean {
  const names = classes(parameters);
  const found = (items: readonly Item[], depth: number): boolean => {
    for (let index = 0; index < items.length; index += 1) {
      const text = items[index]?.text ?? "";
      if (text === "warn_if_reject") {
        index += 1;
        continue;
      }
      if (text === "permit") return false;
      if (guards.has(text)) return true;
      // A class that ends in permit does not end the search behind it.
      if (names.has(text) && depth < maxDepth && found(parameters.items(text), depth + 1)) return true;
    }
    return false;
  };
  return lists.some((items) => found(items, 0));
}

/** A stage that refuses everybody: smtpd does not run. */
export function notRunning(where: Span | null): Program {
  return {
    name: "smtpd start",
    steps: [
      {
        kind: "rule",
        says: "smtpd does not start: no restriction refuses anybody",
        when: always,
        does: { kind: "refuse" },
        where,
      },
    ],
    end: "refuse",
    where,
  };
}
