/** How the packaged rulesets look into the access map (cf/README, "ANTI-SPAM CONFIGURATION CONTROL"), done directly. */

import { failure } from "./focus.ts";
import type { Entry, Running } from "./machine.ts";
import type { McSettings } from "./mc-settings.ts";
import { sign, type Tokens } from "./tokens.ts";

export interface Hit {
  readonly value: string;
  readonly entry: Entry | null;
}

/** With the tag and then without it, or only with it. */
export type Tagged = "both" | "only";

function ask(key: string, run: Running): Hit | null {
  const found = run.ask("access", key, []);
  return found === null ? null : { value: found.text, entry: found.entry };
}

function tagged(tag: string, key: string, how: Tagged, run: Running): Hit | null {
  return ask(`${tag}:${key}`, run) ?? (how === "both" ? ask(key, run) : null);
}

/** A domain and what it lies below; `[192.0.2.1]` by its parts from the right. */
export function ofDomain(name: string, tag: string, how: Tagged, run: Running, settings: McSettings): Hit | null {
  for (let key = name; key !== ""; ) {
    const found = tagged(tag, key, how, run) ?? (settings.lookupDotDomain ? dotted(key, tag, how, run) : null);
    if (found !== null) return skipped(found, settings);
    key = shorterDomain(key);
  }
  return null;
}

function dotted(key: string, tag: string, how: Tagged, run: Running): Hit | null {
  const dot = key.indexOf(".");
  return dot > 0 && dot < key.length - 1 ? tagged(tag, key.slice(dot), how, run) : null;
}

function shorterDomain(key: string): string {
  const literal = /^\[(.+)(?:\.|::?)[^.:\]]+\]$/.exec(key)?.[1];
  if (literal !== undefined) return `[${literal}]`;
  const dot = key.indexOf(".", 1);
  return dot < 0 || dot === key.length - 1 ? "" : key.slice(dot + 1);
}

/** An address and the networks that its parts name. */
export function ofAddress(address: string, tag: string, how: Tagged, run: Running, settings: McSettings): Hit | null {
  for (let key = address; key !== ""; ) {
    const found = tagged(tag, key, how, run);
    if (found !== null) return skipped(found, settings);
    key = /^(.+)::[^:.]+$/.exec(key)?.[1] ?? /^(.+):[^:.]+$/.exec(key)?.[1] ?? /^(.+)\.[^.]+$/.exec(key)?.[1] ?? "";
  }
  return null;
}

/** A whole address, with `+detail` taken for `+*`, then off. */
export function ofMailbox(user: string, domain: string, tag: string, how: Tagged, run: Running): Hit | null {
  const plus = user.indexOf("+");
  const users = plus <= 0 ? [user] : [user, `${user.slice(0, plus)}+*`, user.slice(0, plus)];
  for (const one of users) {
    const found = tagged(tag, `${one}@${domain}`, how, run);
    if (found !== null) return found;
  }
  return null;
}

/** The first hit of a list. */
export function firstOf(...asked: readonly (() => Hit | null)[]): Hit | null {
  for (const one of asked) {
    const found = one();
    if (found !== null) return found;
  }
  return null;
}

/** SKIP ends a search without a result, where the feature is on. */
const skipped = (hit: Hit, { accessSkip }: McSettings): Hit | null =>
  accessSkip && hit.value.toUpperCase() === "SKIP" ? null : hit;

export const isRelay = (hit: Hit | null): boolean => hit?.value.toUpperCase() === "RELAY";
export const isAccept = (hit: Hit): boolean => /^(?:OK|RELAY)$/i.test(hit.value);

/** What an entry of the access map means outside of relaying; `null`: nothing. */
export function verdictOf(hit: Hit | null): Tokens | null {
  if (hit === null || isAccept(hit)) return null;
  const value = hit.value;
  if (/^DISCARD$/i.test(value)) return [sign.mailer, "discard", sign.user, "discard"];
  if (/^QUARANTINE:/i.test(value)) return [sign.mailer, "error", sign.host, "quarantine", sign.user, "quarantine"];
  if (/^REJECT$/i.test(value)) return failure("5.7.1", "550 Access denied");
  const told = /^ERROR:(?:(\d\.\d\.\d+):)?(.*)$/is.exec(value);
  return failure(told?.[1] ?? "5.7.1", (told?.[2] ?? value) || "550 Access denied");
}
