/**
 * What a configuration's own words suggest to try: addresses and names of clients, senders, recipients and HELO names
 * out of class R, the access map and the patterns of rules that its owner wrote.
 */

import { parseIp } from "../../../net/ip.ts";
import { type IpRange, prefixOf, prefixRange } from "../../../net/prefix.ts";
import { strangersDomain } from "../../../witness/strangers.ts";
import type { Seed, TextField } from "../../rules.ts";
import type { Entry, Machine, Ruleset } from "./machine.ts";
import type { Part } from "./template.ts";

export interface Words {
  readonly seeds: readonly Seed[];
  readonly ranges: readonly IpRange[];
}

const most = 3000;

export function wordsOf(machine: Machine): Words {
  const seeds: Seed[] = [];
  const ranges: IpRange[] = [];
  const add = (of: TextField, text: string): void => {
    if (seeds.length < most) seeds.push({ of, text });
  };
  const client = (text: string): void => {
    const range = rangeOf(text);
    if (range !== null) ranges.push(range);
    else if (/^[\w.-]+$/.test(text)) add("client-name", text.replace(/^\./, ""));
  };
  for (const { word } of machine.classes.get("R")?.members.values() ?? []) {
    client(word);
    if (rangeOf(word) === null) add("recipient-domain", word);
  }
  // The machine's own addresses are no strangers'; those that somebody wrote down may be.
  for (const { word, where } of machine.classes.get("w")?.members.values() ?? []) {
    const bracketed = /^\[(.*)\]$/.exec(word)?.[1];
    if (bracketed !== undefined && where !== null) client(bracketed);
  }
  for (const entry of machine.maps.get("access")?.entries ?? []) ofAccess(entry, client, add);
  for (const ruleset of new Set(machine.rulesets.values()))
    if (!packaged.has(ruleset.name.toLowerCase())) ofRuleset(ruleset, machine, client, add);
  return { seeds, ranges };
}

function ofAccess(
  { key, value }: Entry,
  client: (text: string) => void,
  add: (of: TextField, text: string) => void,
): void {
  const tagged = /^(connect|from|to|spam):(.*)$/.exec(key);
  const [tag, text] =
    tagged === null ? ["", /^\w+:/.test(key) && !key.startsWith("ipv6:") ? "" : key] : [tagged[1], tagged[2] ?? ""];
  if (text === "") return;
  if (tag === "connect" || tag === "") client(text);
  if (rangeOf(text) !== null) return;
  if (tag === "from" || tag === "") add(text.includes("@") ? "sender" : "sender-domain", text);
  if ((tag === "to" || tag === "") && /^(?:RELAY|OK)/i.test(value))
    add(
      text.endsWith("@") ? "recipient-local-part" : text.includes("@") ? "recipient" : "recipient-domain",
      text.replace(/@$/, ""),
    );
}

/** Texts that rules of the owner's compare with: each stretch of a pattern between its wildcards. */
function ofRuleset(
  ruleset: Ruleset,
  machine: Machine,
  client: (text: string) => void,
  add: (of: TextField, text: string) => void,
): void {
  if (!("rules" in ruleset)) return;
  const named =
    /relay/i.test(ruleset.name) || ruleset.rules.some((rule) => [...rule.left, ...rule.right].some(readsName));
  /** Names of clients only where a rule looks at them; addresses always. */
  const nameless = (text: string): void => {
    if (named || rangeOf(text) !== null) client(text);
  };
  for (const { left, right } of ruleset.rules) {
    for (const text of stretches(left)) spread(text, nameless, add);
    for (const part of left)
      if (part.kind === "class" && !part.negated)
        for (const { word } of [...(machine.classes.get(part.name)?.members.values() ?? [])].slice(0, 100))
          spread(word, nameless, add);
    for (const [index, part] of right.entries()) {
      const name = right[index + 1];
      if (part.kind !== "map" || name?.kind !== "text") continue;
      for (const { key } of machine.maps.get(name.token.toLowerCase())?.entries.slice(0, 200) ?? [])
        spread(key, nameless, add);
    }
  }
}

const readsName = (part: Part): boolean => part.kind === "now" && /^client_(?:name|ptr)$/.test(part.name);

function spread(text: string, client: (text: string) => void, add: (of: TextField, text: string) => void): void {
  if (text === "" || !/[\w.]/.test(text)) return;
  if (rangeOf(text) !== null) {
    client(text);
    return;
  }
  const bare = text.replace(/^\.+/, "");
  add("helo", bare);
  if (bare.includes(".") && !bare.includes("@")) client(bare);
  if (bare.includes("@")) {
    add("sender", bare);
    add("recipient", bare.startsWith("@") ? `probe${bare}` : bare);
    return;
  }
  add("sender-domain", bare);
  add("sender", `${bare}@${strangersDomain}`);
  if (bare.includes(".")) add("recipient-domain", bare);
  else add("recipient-local-part", bare);
}

function* stretches(parts: readonly Part[]): Generator<string> {
  let text = "";
  for (const part of parts) {
    // Focus marks are the rewriting's own.
    if (part.kind === "text" && !part.token.startsWith("\u0001") && part.token !== "<" && part.token !== ">") {
      text += part.token;
      continue;
    }
    if (part.kind === "text" && part.token === "<") continue;
    yield text;
    text = "";
  }
  yield text;
}

/** Addresses that begin with these tokens: `10.1`, `198.51.100.7`, `IPv6:2001:db8`. */
export function rangeOf(text: string): IpRange | null {
  const four = /^(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?\.?$/.exec(text);
  if (four !== null) {
    const parts = four.slice(1).filter((part) => part !== undefined);
    const whole = parseIp([...parts, "0", "0", "0"].slice(0, 4).join("."));
    return whole.ok ? prefixRange(prefixOf(whole.value, parts.length * 8)) : null;
  }
  const six = /^ipv6:([0-9a-f:.]+)$/i.exec(text)?.[1];
  if (six === undefined) return null;
  const single = parseIp(six);
  if (single.ok) return prefixRange(prefixOf(single.value, 128));
  const groups = six.replace(/:+$/, "").split(":");
  if (groups.length > 7 || groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  const whole = parseIp(`${groups.join(":")}::`);
  return whole.ok ? prefixRange(prefixOf(whole.value, groups.length * 16)) : null;
}

/** Rulesets that the packaged macros generate; every other one is the owner's work. */
const packaged: ReadonlySet<string> = new Set(
  (
    "canonify canonify2 final recurse parse parse0 parse1 local_localaddr localaddr mailertable mailertotriple canonlocal masqhdr " +
    "masqenv parselocal d a f u e searchlist canonaddr parserecipient check_relay basic_check_relay checkrelay check_mail " +
    "basic_check_mail checkmail check_rcpt basic_check_rcpt checkrcpt rcpt_ok relay_ok fulladdr delay_tls_clt delay_tls_clt2 " +
    "trust_auth srv_features clt_features try_tls tls_rcpt tls_client tls_server tls_connection tls_req max relaytls authinfo " +
    "ratecontrol conncontrol greet_pause envfroml envtol hdrfroml hdrtol adddomain masqsmtp pseudotoreal envfromsmtp " +
    "envtosmtp hdrfromsmtp masqrelay fromu envtou hdrtou envfromud envfromuud badmx ldapexpand ldapmailertable"
  ).split(" "),
);
