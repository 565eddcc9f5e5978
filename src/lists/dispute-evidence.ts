/**
 * What an operator sends to show that a mailer still relays, mined for sessions to replay: a transcript of their test, or
 * the header of a message that came through. Their own recipient is no business of ours: what stands for a stranger there
 * stands for a stranger here. Pure.
 */
import { parseDomain } from "../net/domain.ts";
import { elsewhere, outsideUser, strangersHelo, strangersReversePath } from "../witness/strangers.ts";
import type { Witness } from "../witness/witness.ts";

/** Whether a name or an address literal is the site's own. */
export type IsOurs = (domain: string) => boolean;

const maxLines = 20_000;
const maxLine = 2000;
const maxWitnesses = 10;

interface Told {
  readonly helo: string | null;
  readonly mail: string | null;
  readonly rcpt: string;
  readonly before: readonly string[];
  readonly accepted: boolean | null;
}

/** Sessions to replay, those that were accepted first. None: nothing in the text says what was done. */
export function witnessesIn(text: string, isOurs: IsOurs): readonly Witness[] {
  const told = [...dialogueIn(text), ...headersIn(text)];
  const witnesses = told
    .toSorted((a, b) => Number(b.accepted === true) - Number(a.accepted === true))
    .flatMap((one) => witnessOf(one, isOurs) ?? []);
  return [...new Map(witnesses.map((one) => [JSON.stringify(one), one])).values()].slice(0, maxWitnesses);
}

/** Lines of an SMTP dialogue, however the client's are marked. */
function dialogueIn(text: string): readonly Told[] {
  const told: Told[] = [];
  let helo: string | null = null;
  let mail: string | null = null;
  let accepted: string[] = [];
  let waiting: number | null = null;
  for (const raw of text.split(/\r?\n/, maxLines)) {
    const line = raw.slice(0, maxLine).trim();
    const command = /(?:^|[\s>:])(HELO|EHLO|MAIL FROM|RCPT TO|RSET)\b\s*:?\s*(.*)$/i.exec(line);
    const reply = /(?:^|[\s<:])([2-5]\d\d)(?:[ -]|$)/.exec(line);
    if (command !== null) {
      const verb = (command[1] ?? "").toUpperCase();
      const argument = (command[2] ?? "").trim();
      waiting = null;
      if (verb === "HELO" || verb === "EHLO") helo = /^\S+/.exec(argument)?.[0] ?? null;
      else if (verb === "RSET") accepted = [];
      else {
        const path = /^<[^<>]*>|^[^\s<>]+/.exec(argument)?.[0];
        if (path === undefined) continue;
        const bracketed = path.startsWith("<") ? path : `<${path}>`;
        if (verb === "MAIL FROM") {
          mail = bracketed;
          accepted = [];
        } else {
          told.push({ helo, mail, rcpt: bracketed, before: [...accepted], accepted: null });
          waiting = told.length - 1;
        }
      }
    } else if (reply !== null && waiting !== null) {
      const one = told[waiting];
      if (one !== undefined) {
        const yes = reply[1]?.startsWith("2") === true;
        told[waiting] = { ...one, accepted: yes };
        if (yes) accepted = [...accepted, one.rcpt];
      }
      waiting = null;
    }
  }
  return told;
}

/** `Received: … for <them>`, and who it said to be from. */
function headersIn(text: string): readonly Told[] {
  const unfolded = text.replace(/\r?\n[ \t]+/g, " ");
  const sender = /^Return-Path:\s*(<[^<>\n]{0,400}>)/im.exec(unfolded)?.[1] ?? null;
  const received = [...unfolded.matchAll(/^Received:\s*([^\n]{0,2000})$/gim)].slice(0, 100);
  return received.flatMap(([, value = ""]): readonly Told[] => {
    const rcpt = /\bfor\s+(<[^<>\s]{1,400}>)/i.exec(value)?.[1];
    if (rcpt === undefined) return [];
    const helo =
      /\b(?:helo|ehlo)[= ]([^\s()]{1,255})/i.exec(value)?.[1] ?? /^from\s+([^\s()]{1,255})/i.exec(value)?.[1] ?? null;
    return [{ helo, mail: sender, rcpt, before: [], accepted: null }];
  });
}

function witnessOf({ helo, mail, rcpt, before }: Told, isOurs: IsOurs): Witness | null {
  const forwardPath = estranged(rcpt, isOurs);
  // A recipient of ours is no relaying.
  if (forwardPath === null) return null;
  return {
    client: { address: null, authenticated: false },
    helo: helo === null || !isOurs(helo) ? strangersHelo : helo,
    reversePath:
      mail === null ? strangersReversePath : mail === "<>" || isOursAt(mail, isOurs) ? mail : strangersReversePath,
    forwardPath,
    previousRecipients: before.filter((path) => estranged(path, isOurs) === null),
    tls: "none",
  };
}

const isOursAt = (path: string, isOurs: IsOurs): boolean => isOurs(path.replace(/^<|>$/g, "").split("@").at(-1) ?? "");

/** Names of hosts in a path, with the user before or behind them. */
const name = "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)+";
const user = '[^\\s<>@%!:,"]+';

/** The path with every stranger's mailbox in it replaced; null: there is none. */
function estranged(path: string, isOurs: IsOurs): string | null {
  let found = false;
  const foreign = (host: string): boolean => parseDomain(host).ok && !isOurs(host);
  const replaced = path
    .replace(new RegExp(`(${name})!(${user})`, "g"), (whole: string, host: string) => {
      if (!foreign(host)) return whole;
      found = true;
      return `${elsewhere}!${outsideUser}`;
    })
    .replace(new RegExp(`(${user})([@%])(${name})`, "g"), (whole: string, who: string, sign: string, host: string) => {
      if (!foreign(host) || host === elsewhere) return whole;
      found = true;
      return `${/^[A-Za-z0-9]/.test(who) ? outsideUser : who}${sign}${elsewhere}`;
    });
  return found ? replaced : null;
}
