/**
 * Who may be tested: the site's own mailers and networks, loopback, and what an authorisation file covers. Judged on the
 * address that is about to be dialled, so that no name can lead elsewhere.
 */
import { parse } from "yaml";
import { z } from "zod";
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import { type IpSet, ipSet } from "../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../net/prefix.ts";
import type { Connection, Dialer, DialOptions, Endpoint } from "../ports.ts";

/** A written permission: who gives it, for which addresses, until when. */
export interface Authorisation {
  readonly who: string;
  readonly contact: string;
  readonly prefixes: readonly Prefix[];
  readonly until: Date;
  /** Profiles it covers; null for all. */
  readonly profiles: readonly string[] | null;
  /** Domains the target serves, for targets that no site file describes. */
  readonly domains: readonly string[];
  /** As it was written; it goes into every probe message. */
  readonly text: string;
}

const schema = z.strictObject({
  who: z.string().min(1).max(200),
  contact: z.string().min(3).max(200),
  prefixes: z.array(z.string()).min(1).max(1000),
  until: z.union([z.iso.date(), z.iso.datetime()]),
  profiles: z.array(z.string()).optional(),
  domains: z.array(z.string()).max(100).optional(),
});

export type AuthorisationRead =
  | { readonly ok: true; readonly value: Authorisation }
  | { readonly ok: false; readonly message: string };

/** Reads an authorisation file (YAML: who, contact, prefixes, until, and if wanted profiles and domains). */
export function readAuthorisation(text: string): AuthorisationRead {
  let raw: unknown;
  try {
    raw = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    return { ok: false, message: error instanceof Error ? (error.message.split("\n")[0] ?? "not YAML") : "not YAML" };
  }
  const read = schema.safeParse(raw);
  if (!read.success) {
    const issue = read.error.issues[0];
    return {
      ok: false,
      message: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not as expected"}. Expected: who, contact, prefixes, until (a date), and if wanted profiles, domains`,
    };
  }
  const prefixes: Prefix[] = [];
  for (const one of read.data.prefixes) {
    const prefix = parsePrefix(one);
    if (!prefix.ok) return { ok: false, message: `prefixes: "${one}": ${prefix.expected}` };
    prefixes.push(prefix.value);
  }
  // A date alone means the whole of that day.
  const until = new Date(read.data.until.length === 10 ? `${read.data.until}T23:59:59Z` : read.data.until);
  return {
    ok: true,
    value: {
      who: read.data.who,
      contact: read.data.contact,
      prefixes,
      until,
      profiles: read.data.profiles ?? null,
      domains: read.data.domains ?? [],
      text: text.trim().slice(0, 2000),
    },
  };
}

export interface Consent {
  /** Why this address may be tested, or null if it may not. */
  basis(address: IpAddress): "site" | "loopback" | "authorised" | null;
}

export function consentOf(
  isSite: (address: IpAddress) => boolean,
  authorisation: Authorisation | null,
  profile: string,
  now: Date,
): Consent {
  const valid =
    authorisation !== null &&
    now <= authorisation.until &&
    (authorisation.profiles === null || authorisation.profiles.includes(profile));
  const covered: IpSet = ipSet(valid ? authorisation.prefixes : []);
  return {
    basis: (address) =>
      isLoopback(address) ? "loopback" : isSite(address) ? "site" : covered.has(address) ? "authorised" : null,
  };
}

/** An address that nobody allowed us to test was about to be dialled. */
export class NotAuthorised extends Error {
  override readonly name = "NotAuthorised";
}

/** A dialer that reaches only what consent covers, and what is named besides: the catcher and the control host. */
export function guardedDialer(dialer: Dialer, consent: Consent, besides: readonly Endpoint[]): Dialer {
  return {
    async connect(to: Endpoint, options: DialOptions, signal: AbortSignal): Promise<Connection> {
      const named = besides.some((one) => one.port === to.port && formatIp(one.address) === formatIp(to.address));
      if (!named && consent.basis(to.address) === null)
        throw new NotAuthorised(`${formatIp(to.address)} is not covered by the site file or an authorisation`);
      return dialer.connect(to, options, signal);
    },
  };
}
