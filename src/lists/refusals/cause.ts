/**
 * Why a receiver refused: from its words, a public list that they name, a receiver whose private list they are known to
 * tell of, words of reputation without a name, or a matter that is not about us at all. What tells none of it is `unclear`.
 */
import { searchPattern } from "../../knowledge/pattern.ts";
import type { Receiver } from "../../knowledge/receiver.ts";
import { type ListName, listNames } from "./list-names.ts";
import { lateSigns, type OtherCause, plainSigns, statusSigns } from "./other-causes.ts";
import { codesIn } from "./reply-text.ts";

export type Cause =
  | { readonly kind: "list"; readonly id: string; readonly name: string }
  /** Null: no receiver that the catalogue knows; they refuse us by the name of reputation all the same. */
  | { readonly kind: "private"; readonly receiver: Receiver | null }
  /** Refused as a matter of policy, without a word that tells which: a private list, or not. */
  | { readonly kind: "unclear" }
  | { readonly kind: "other"; readonly cause: OtherCause };

export interface Said {
  readonly text: string;
  readonly answered: boolean;
  readonly enhanced: string | null;
}

export type JudgeCause = (said: Said) => Cause;

/** The address that called is refused for what it is known for. */
const reputation =
  /black ?-?list|block ?-?list|\bd?rbl\b|dnsbl|reputation|\bbanned\b|(?:is|are|been|was|were|host|client|sender|server|network|address|address\S{0,50}|ip|ip\S{0,50}|access|mail|email|connection|temporarily|permanently|currently) (?:blocked|listed)|blocked (?:by|using|for|due|because|from)|(?:your|the|this) (?:ip|host|server|network|mta)\b.{0,64}(?:refused|rejected|denied|spam|abus|block)|listed (?:in|at|by|on|as)|known spam|spam (?:source|sender|network)|open relay|\bbot ?net|\d[\d.:]{5,40}\]? (?:is |has been |was )?(?:blocked|listed|banned|rejected)|poor sender|bad (?:ip|host|sender ip)|not accept\w{0,3} (?:mail|connections?|messages?) from|ip (?:address )?(?:\S{1,45} )?(?:is )?not allowed|dynamic ip|generic (?:hostname|ptr)|spam(?:s)? from your|no access from|too many (?:spams|complaints)|user complaints|suspected spam(?:mer)?s?|mail server .{0,40}rejected/i;

/** Known by their numbers: policy of the receiver (RFC 3463 X.7.1, and codes that say "transaction failed" at the start). */
const policy = /^[45]\.7\.[0-9]{1,3}$/;

const plainAlways: ReadonlySet<OtherCause> = new Set(["our-dns", "user-unknown", "mailbox-full"]);

const addressForm = /\S{1,64}@\S{1,255}/g;
const nameForm = /[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,8}/g;

/** `lists`: those of the catalogue; what replies call them besides is added here. */
export function causeJudge(lists: readonly ListName[], receivers: readonly Receiver[]): JudgeCause {
  const byZone = new Map<string, ListName>();
  const phrases: (readonly [string, ListName])[] = [];
  for (const list of [...listNames, ...lists])
    for (const name of list.names.map((one) => one.toLowerCase())) {
      if (/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(name)) byZone.set(name, list);
      else phrases.push([name, list]);
    }
  const named = (text: string): ListName | null => {
    // Recipients and senders stand in replies: what they are at is no list.
    const lower = text.toLowerCase().replace(addressForm, " ");
    for (const match of lower.matchAll(nameForm)) {
      const name = match[0];
      for (let at = 0; at >= 0; at = name.indexOf(".", at) + 1 || -1) {
        const list = byZone.get(name.slice(at));
        if (list !== undefined) return list;
      }
    }
    return phrases.find(([phrase]) => lower.includes(phrase))?.[1] ?? null;
  };
  return (said) => {
    const { text } = said;
    if (!said.answered) return judgeSilence(said);
    const bySigns = plainSigns.find(({ says }) => says.test(text));
    const list = named(text);
    if (list !== null) return { kind: "list", id: list.id, name: list.name };
    // What is wrong with our name or with the recipient is told by lists' owners too, with the same links.
    if (bySigns !== undefined && plainAlways.has(bySigns.cause)) return { kind: "other", cause: bySigns.cause };
    const receiver = receivers.find(({ says }) => says.some((pattern) => searchPattern(pattern, text) !== null));
    if (receiver !== undefined) return { kind: "private", receiver };
    if (bySigns !== undefined) return { kind: "other", cause: bySigns.cause };
    if (reputation.test(text)) return { kind: "private", receiver: null };
    const { code, enhanced } = codesIn(text);
    const late = lateSigns.find(({ says }) => says.test(text));
    if (late !== undefined) return { kind: "other", cause: late.cause };
    const status = enhanced ?? said.enhanced ?? "";
    const byStatus = statusSigns.find(({ says }) => says.test(status));
    if (byStatus !== undefined) return { kind: "other", cause: byStatus.cause };
    if (policy.test(status) || code === 554 || code === 571 || code === 521 || code === 550) return { kind: "unclear" };
    return { kind: "other", cause: "other" };
  };
}

/** Words of our own mailer: nobody refused, or the log has lost what they said. */
function judgeSilence({ text, enhanced }: Said): Cause {
  if (/^user unknown/i.test(text)) return { kind: "other", cause: "user-unknown" };
  if (/^service unavailable|^data format error|^remote protocol error/i.test(text))
    return policy.test(enhanced ?? "") ? { kind: "unclear" } : { kind: "other", cause: "not-told" };
  if (/certificate|\btls\b|starttls/i.test(text)) return { kind: "other", cause: "tls" };
  return { kind: "other", cause: text === "" ? "not-told" : "not-reached" };
}
