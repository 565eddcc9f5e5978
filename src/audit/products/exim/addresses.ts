/**
 * How Exim reads the address of RCPT before an ACL sees it: source routes are passed over, what has no domain is
 * refused or qualified, rewriting rules with the flag `S` act, and the percent hack in domains that ask for it.
 */
import { parseForwardPath } from "../../../smtp/path.ts";
import type { Unknown } from "../../rules.ts";
import { inTextList, type ListWorld, splitAddress } from "./lists.ts";
import { toRegExp } from "./regex.ts";
import type { RewriteRule, Sections } from "./sections.ts";
import { expand, type Surroundings } from "./value.ts";

export type Read =
  | { readonly kind: "refused"; readonly why: string }
  | {
      readonly kind: "address";
      readonly localPart: string;
      readonly domain: string;
      readonly routed: boolean;
      /** A rewriting rule that may change it. */
      readonly unclear: Unknown | null;
    };

export interface AddressSettings {
  readonly sections: Sections;
  readonly world: ListWorld;
  /** For lists and rewriting, where no session counts. */
  readonly fixed: Surroundings;
  readonly qualifyDomain: string;
  /** `recipient_unqualified_hosts` is set. */
  readonly unqualified: "yes" | "no";
  readonly literals: "yes" | "no";
  /** `strip_trailing_dot` */
  readonly trailingDot: "refused" | "stripped";
}

export function readRecipient(text: string, settings: AddressSettings): Read {
  const { path, unclear } = rewritten(text, settings);
  return parsed(path, path !== text, unclear, settings);
}

/** The reverse-path that ACLs see: the same rules act on MAIL FROM. What they do that cannot be told is left out. */
export function readSender(text: string, settings: AddressSettings): string {
  return rewritten(text, settings).path;
}

/** After the rules with the flag `S` (specification §31.9). */
function rewritten(
  text: string,
  settings: AddressSettings,
): { readonly path: string; readonly unclear: Unknown | null } {
  let path = text;
  let unclear: Unknown | null = null;
  for (const rule of settings.sections.rewrite) {
    if (!rule.flags.includes("S")) continue;
    const made = rewrite(rule, path, settings);
    if (made === null) continue;
    if (typeof made !== "string") {
      unclear = made;
      continue;
    }
    path = made;
    if (rule.flags.includes("q")) break;
  }
  return { path, unclear };
}

function parsed(text: string, changed: boolean, unclear: Unknown | null, settings: AddressSettings): Read {
  const path = parseForwardPath(text);
  const finish = (localPart: string, domain: string, routed: boolean): Read =>
    percentHack(`${localPart}@${domain}`, settings, changed || routed, unclear);
  if (!path.ok) return { kind: "refused", why: "malformed address" };
  switch (path.value.kind) {
    case "postmaster":
      return finish("postmaster", settings.qualifyDomain, false);
    case "malformed":
      return { kind: "refused", why: "malformed address" };
    case "local":
      if (settings.unqualified === "no") return { kind: "refused", why: "recipient address must contain a domain" };
      return finish(path.value.localPart, settings.qualifyDomain, false);
    case "mailbox": {
      const { route, mailbox } = path.value;
      const inner = /^<?(.*?)>?$/s.exec(text)?.[1] ?? text;
      const written = inner.slice(inner.lastIndexOf("@") + 1).toLowerCase();
      if (written.endsWith(".") && settings.trailingDot === "refused")
        return { kind: "refused", why: "domain missing or malformed" };
      if (mailbox.domain.kind === "literal" && settings.literals === "no")
        return { kind: "refused", why: "domain literals not allowed" };
      return finish(mailbox.localPart, written.replace(/\.$/, ""), route.length > 0);
    }
  }
}

/**
 * What a rule with the flag `S` makes of the text after `RCPT TO:`, brackets included (specification §31.9): its
 * pattern is a regular expression. `null`: it does not apply.
 */
function rewrite(rule: RewriteRule, text: string, settings: AddressSettings): string | Unknown | null {
  const around = { ...settings.fixed, where: rule.where };
  const value = expand(rule.pattern, around);
  if (value.kind === "unknown") return value.because;
  if (value.kind !== "text") return null;
  const regex = toRegExp(value.text, "i");
  if (regex === null) return { unknown: `the rewriting rule for ${rule.pattern.slice(0, 60)}`, where: rule.where };
  const match = regex.exec(text);
  if (match === null || rule.replacement === "*") return null;
  const made = expand(
    rule.replacement,
    around,
    match.map((one) => one ?? ""),
  );
  if (made.kind === "failed") return null;
  if (made.kind !== "text") return { unknown: "a rewriting rule", where: rule.where };
  // What is no address is not taken: the old one stays.
  return parseForwardPath(made.text.trim()).ok ? made.text.trim() : null;
}

function percentHack(address: string, settings: AddressSettings, routed: boolean, doubt: Unknown | null): Read {
  const hack = settings.sections.options.get("percent_hack_domains");
  let [localPart, domain] = splitAddress(address);
  let changed = routed;
  let unclear = doubt;
  for (let turn = 0; hack !== undefined && turn < 20; turn += 1) {
    const percent = localPart.lastIndexOf("%");
    if (percent < 0) break;
    const truth = inTextList("domain", hack.value, domain, settings.world, { ...settings.fixed, where: hack.where });
    if (truth !== "yes") {
      if (truth !== "no") unclear = truth;
      break;
    }
    domain = localPart.slice(percent + 1).toLowerCase();
    localPart = localPart.slice(0, percent);
    changed = true;
  }
  return { kind: "address", localPart, domain: domain.toLowerCase(), routed: changed, unclear };
}

/** The surroundings of an address, for routers and rewriting: no client, no sender. */
export function withAddress(fixed: Surroundings, localPart: string, domain: string): Surroundings {
  return {
    ...fixed,
    variable(name) {
      switch (name) {
        case "local_part":
        case "local_part_data":
        case "original_local_part":
          return localPart;
        case "domain":
        case "domain_data":
        case "original_domain":
          return domain;
        case "local_part_prefix":
        case "local_part_suffix":
          return "";
        default:
          return fixed.variable(name);
      }
    },
  };
}
