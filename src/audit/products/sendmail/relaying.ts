/**
 * Whether a recipient is one that mail is taken for, and whether a client may send anywhere: the two questions of
 * check_rcpt (cf/README, "RELAYING"), with the features that widen them.
 */
import type { Span } from "../../../text/source.ts";
import { firstOf, type Hit, isRelay, ofAddress, ofDomain, ofMailbox, verdictOf } from "./access.ts";
import { dequoted, isOperator, suffixIn } from "./canonical.ts";
import { failure, focusOf, isFinal, undotted, unfocused } from "./focus.ts";
import type { Member, Running } from "./machine.ts";
import type { McSettings } from "./mc-settings.ts";
import { Untold } from "./rewrite.ts";
import { sign, type Tokens, textOf } from "./tokens.ts";

export const relay: Tokens = ["RELAY"];
export const badHelo = failure("5.7.1", "550 bogus HELO name used");
export const refusal = failure("5.7.1", "550 Relaying denied");

/** Hosts for which we relay taken off, as long as what is left names another. */
export function parseRecipient(input: Tokens, run: Running, settings: McSettings): Tokens {
  let tokens = input;
  for (let turn = 0; turn < 50; turn += 1) {
    const canonical = run.call("canonaddr", tokens);
    const focused = focusOf(canonical);
    if (focused.host === null) return canonical;
    const host = undotted(focused.host);
    const user = focused.user.length === 1 ? dequoted(focused.user[0] as string, run) : focused.user; // it has one
    const plain = unfocused({ user, host });
    if (!user.some((token) => isOperator(token, settings))) return plain;
    if (!relaysTo(textOf(host, run.machine.operators, ""), run, settings)) return plain;
    tokens = user;
  }
  throw new Untold({ unknown: "an address that names our domains again and again", where: null });
}

/** Whether mail for a domain is passed on for anybody, as ParseRecipient asks. */
function relaysTo(domain: string, run: Running, settings: McSettings): boolean {
  if (settings.relayEntireDomain !== false && suffixIn("m", domain, run, true) !== null) return true;
  if (suffixIn("R", domain, run, !settings.relayHostsOnly) !== null) return true;
  if (settings.access && isRelay(recipientHit(domain, run, settings))) return true;
  return settings.relayBasedOnMx !== false && servedByMx(domain, run) !== null;
}

function recipientHit(domain: string, run: Running, settings: McSettings): Hit | null {
  if (!settings.relayHostsOnly) return ofDomain(domain, "To", "both", run, settings);
  const found = run.ask("access", `To:${domain}`, []) ?? run.ask("access", domain, []);
  return found === null ? null : { value: found.text, entry: found.entry };
}

function servedByMx(domain: string, run: Running): Member | null {
  const list = run.ask("mxserved", domain, [])?.text ?? "";
  for (const name of list.split(":")) {
    const member = run.isIn("w", name.replace(/\.$/, ""));
    if (member !== null) return member;
  }
  return null;
}

/** FEATURE(block_bad_helo): our own names and addresses, and names without a dot. */
export function isBadHelo(run: Running): boolean {
  const helo = run.macro("s");
  if (run.macro("auth_authen") !== "" || prefixIn("R", run.macro("client_addr"), run) !== null) return false;
  if (run.isIn("w", helo) !== null || run.isIn("w", `[${helo}]`) !== null) return true;
  return !/.\../.test(helo) && !/^\[?IPv6:./i.test(helo);
}

export function rcptOk(input: Tokens, run: Running, settings: McSettings): Tokens {
  const { operators } = run.machine;
  for (const { says, where, at } of settings.beyond) if (at === "recipient") throw new Untold({ unknown: says, where });
  const parsed = settings.looseRelayCheck ? run.call("canonaddr", input) : run.call("parserecipient", input);
  if (isFinal(parsed)) return parsed;
  const focused = focusOf(parsed);
  const user = focused.user;
  let host = focused.host === null ? null : undotted(focused.host);
  let domain = host === null ? null : textOf(host, operators, "");
  if (settings.blocklistRecipients && settings.access) {
    const name = textOf(user, operators, "");
    const ours = domain === null || run.isIn("w", domain) !== null;
    const hit = firstOf(
      () => (domain === null ? null : ofMailbox(name, domain, "To", "both", run)),
      () => (ours ? ofMailbox(name, "", "To", "both", run) : null),
      () => (domain === null ? null : ofDomain(domain, "To", "both", run, settings)),
    );
    const isSkip = settings.accessSkip && hit?.value.toUpperCase() === "SKIP";
    const verdict = isSkip ? null : verdictOf(hit);
    if (verdict !== null) return verdict;
  }
  // There the check of HELO names comes last; otherwise it stands where all that come to it are refused.
  if (settings.promiscuous !== false)
    return settings.blockBadHelo && settings.delay === "no" && isBadHelo(run) ? badHelo : parsed;
  const certified = byCertificate(run, settings);
  if (certified !== null) return certified;
  const auth = run.macro("auth_type");
  const said = run.call("local_relay_auth", auth === "" ? [] : run.tokens(auth));
  if (isFinal(said)) return said;
  const mechanism = auth === "" || said.join("").toUpperCase() === "NO" ? null : run.isIn("TrustAuthMech", auth);
  if (mechanism !== null) {
    note("a login", mechanism, "TrustAuthMech", run);
    return [sign.mailer, "RELAY"];
  }
  if ((settings.bangRefused && user.includes("!")) || (settings.percentRefused && user.includes("%"))) {
    host = ["ROUTED"];
    domain = "ROUTED";
  }
  if (domain === null) {
    run.note("a name without a domain is a user here", null, [], []);
    return relay;
  }
  return byDomain(domain, textOf(user, operators, ""), run, settings) ? relay : unfocused({ user, host });
}

/** Whether the recipient's domain is ours, or one that we relay to. */
function byDomain(domain: string, user: string, run: Running, settings: McSettings): boolean {
  const entire = settings.relayEntireDomain === false ? null : suffixIn("m", domain, run, true);
  if (entire !== null)
    return note("relay_entire_domain", { ...entire, where: settings.relayEntireDomain || entire.where }, "m", run);
  const here = run.isIn("w", domain);
  if (here !== null) return note("ours", here, "w", run);
  const listed = suffixIn("R", domain, run, !settings.relayHostsOnly);
  if (listed !== null) return note("relay-domains", listed, "R", run);
  if (settings.access) {
    const byAddress = settings.relayFullAddress ? fullAddress(user, domain, run, settings) : null;
    const hit =
      byAddress ??
      recipientHit(domain, run, settings) ??
      (settings.relayFullAddress && !settings.relayHostsOnly ? ofMailbox(user, "", "To", "both", run) : null);
    if (isRelay(hit)) return noteHit(hit, run);
  }
  const served = settings.relayBasedOnMx === false ? null : servedByMx(domain, run);
  return served !== null && note("relay_based_on_MX", { ...served, where: settings.relayBasedOnMx || null }, "w", run);
}

/** The argument `relaytofulladdress`: an entry may name one mailbox. */
function fullAddress(user: string, domain: string, run: Running, { relayHostsOnly }: McSettings): Hit | null {
  return relayHostsOnly ? exact(`To:${user}@${domain}`, run) : ofMailbox(user, domain, "To", "both", run);
}

/** FEATURE(access_db) with CERTISSUER and CERTSUBJECT. */
function byCertificate(run: Running, { access }: McSettings): Tokens | null {
  if (!access || !/^(?:OK|TRUSTED)$/.test(run.macro("verify"))) return null;
  const tagged = (run.machine.maps.get("access")?.entries ?? []).find(({ key }) => key.startsWith("certissuer:"));
  if (tagged === undefined && run.machine.maps.get("access")?.unread == null) return null;
  const hit = run.ask("access", `CERTISSUER:${run.macro("cert_issuer")}`, []);
  const value = hit?.text.toUpperCase();
  const found = value === "SUBJECT" ? run.ask("access", `CERTSUBJECT:${run.macro("cert_subject")}`, []) : hit;
  if (found?.text.toUpperCase() !== "RELAY") return null;
  noteHit({ value: "RELAY", entry: found.entry }, run);
  return [sign.mailer, "RELAY"];
}

export function relayOk(run: Running, settings: McSettings): Tokens {
  const address = run.macro("client_addr");
  if (["", "0", "127.0.0.1", "IPv6:0:0:0:0:0:0:0:1", "IPv6:::1"].includes(address)) {
    run.note("the machine itself", null, [], []);
    return relay;
  }
  const network = prefixIn("R", address, run);
  if (network !== null) return granted(note("relay-domains", network, "R", run));
  for (const { says, where, at } of settings.beyond) if (at === "relay") throw new Untold({ unknown: says, where });
  if (settings.access) {
    const hit = ofAddress(address, "Connect", "both", run, settings);
    if (isRelay(hit)) return granted(noteHit(hit, run));
  }
  const own = run.isIn("w", `[${address}]`);
  if (own !== null) return granted(note("an address of ours", own, "w", run));
  if (bySender(run, settings)) return relay;
  const resolved = run.macro("client_resolve");
  if (resolved !== "OK") return resolved === "TEMP" ? failure("4.4.0", "450 Relaying temporarily denied") : refusal;
  const name = run.macro("client_name").replace(/\.+$/, "");
  const entire = settings.relayEntireDomain === false ? null : suffixIn("m", name, run, true);
  if (entire !== null)
    return granted(
      note("relay_entire_domain", { ...entire, where: settings.relayEntireDomain || entire.where }, "m", run),
    );
  const local = run.isIn("w", name);
  if (local !== null) return granted(note("a name of ours", local, "w", run));
  const listed = suffixIn("R", name, run, !settings.relayHostsOnly);
  if (listed !== null) return granted(note("relay-domains", listed, "R", run));
  if (!settings.access) return [];
  const hit = settings.relayHostsOnly
    ? firstOf(
        () => exact(`Connect:${name}`, run),
        () => exact(name, run),
      )
    : ofDomain(name, "Connect", "both", run, settings);
  return isRelay(hit) ? granted(noteHit(hit, run)) : [];
}

const exact = (key: string, run: Running): Hit | null => {
  const found = run.ask("access", key, []);
  return found === null ? null : { value: found.text, entry: found.entry };
};

const granted = (_: true): Tokens => relay;

/** FEATURE(relay_local_from) and FEATURE(relay_mail_from): by what the client claims to be. */
function bySender(run: Running, settings: McSettings): boolean {
  if (settings.relayLocalFrom === false && settings.relayMailFrom === null) return false;
  const { operators } = run.machine;
  const { user, host } = focusOf(run.call("canonaddr", run.tokens(run.macro("f"))));
  if (host === null || user.length === 0) return false;
  const domain = textOf(undotted(host), operators, "");
  const ours = settings.relayLocalFrom === false ? null : run.isIn("w", domain);
  if (ours !== null) return note("relay_local_from", { ...ours, where: settings.relayLocalFrom || null }, "w", run);
  if (settings.relayMailFrom === null) return false;
  const name = textOf(user, operators, "");
  const { domain: byDomain } = settings.relayMailFrom;
  const hit = firstOf(
    () => ofMailbox(name, domain, "From", "only", run),
    () =>
      !byDomain
        ? null
        : settings.relayHostsOnly
          ? exact(`From:${domain}`, run)
          : ofDomain(domain, "From", "only", run, settings),
  );
  return isRelay(hit) && noteHit(hit, run);
}

/** The word of a class that an address begins with, at the borders of its parts. */
export function prefixIn(name: string, address: string, run: Running): Member | null {
  const ends = [...address.matchAll(/[.:]|$/g)].flatMap(({ index }) => [index, index + 1]);
  for (const end of ends) {
    const member = end === 0 ? null : run.isIn(name, address.slice(0, end));
    if (member !== null) return member;
  }
  return null;
}

function note(says: string, member: Member, of: string, run: Running): true {
  run.note(says, member.where, [{ ...member, of }], []);
  return true;
}

function noteHit(hit: Hit | null, run: Running): true {
  const where: Span | null = hit?.entry?.where ?? null;
  run.note("access", where, [], hit?.entry == null ? [] : [{ ...hit.entry, map: "access" }]);
  return true;
}
