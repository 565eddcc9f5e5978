import { firstOf, type Hit, isAccept, ofAddress, ofDomain, ofMailbox, verdictOf } from "./access.ts";
import { failure, focusOf, isFailure, isFinal, undotted } from "./focus.ts";
import type { Running } from "./machine.ts";
import type { McSettings } from "./mc-settings.ts";
import { badHelo, isBadHelo, parseRecipient, prefixIn, rcptOk, refusal, relay, relayOk } from "./relaying.ts";
import { sign, type Tokens, textOf } from "./tokens.ts";

type Built = (input: Tokens, run: Running) => Tokens;

export function checkRulesets(settings: McSettings): readonly (readonly [string, Built])[] {
  const delayed = settings.delay !== "no";
  const relays: Built = (input, run) => checkRelay(input, run, settings);
  const senders: Built = (input, run) => checkMail(input, run, settings);
  const recipients: Built = (input, run) =>
    local("local_check_rcpt", input, run) ?? run.call("basic_check_rcpt", input);
  return [
    ["parserecipient", (input, run) => parseRecipient(input, run, settings)],
    ["rcpt_ok", (input, run) => rcptOk(input, run, settings)],
    ["relay_ok", (_input, run) => relayOk(run, settings)],
    ["basic_check_rcpt", (input, run) => basicCheckRcpt(input, run, settings)],
    [delayed ? "checkrelay" : "check_relay", relays],
    [delayed ? "checkmail" : "check_mail", senders],
    [delayed ? "checkrcpt" : "check_rcpt", recipients],
    ...(delayed ? [["check_rcpt", (input: Tokens, run: Running) => delayedChecks(input, run, settings)] as const] : []),
  ];
}

/** What the owner's ruleset says: it decides with `$#`. */
function local(name: string, input: Tokens, run: Running): Tokens | null {
  const said = run.call(name, input);
  return isFinal(said) ? said : null;
}

function checkRelay(input: Tokens, run: Running, settings: McSettings): Tokens {
  const said = local("local_check_relay", input, run);
  if (said !== null) return said;
  if (run.macro("deliveryMode") === "d") return ["deferred"];
  const address = run.macro("client_addr");
  const name = settings.useClientPtr ? run.macro("client_ptr") : run.macro("client_name");
  if (settings.access) {
    const hit = firstOf(
      () => (name === "" ? null : ofDomain(name, "Connect", "both", run, settings)),
      () => ofAddress(address, "Connect", "both", run, settings),
    );
    if (hit !== null && isAccept(hit)) return ["OK"];
    const verdict = verdictOf(hit);
    if (verdict !== null) return verdict;
  }
  const dnsbl = local("local_dnsbl", run.tokens(address), run);
  if (dnsbl !== null) return dnsbl;
  if (!settings.requireRdns || prefixIn("R", address, run) !== null) return ["OK"];
  const resolved = run.macro("client_resolve");
  return resolved === "OK"
    ? ["OK"]
    : failure(resolved === "FAIL" ? "5.7.1" : "4.1.8", `${resolved === "FAIL" ? 550 : 451} Fix reverse DNS`);
}

function checkMail(input: Tokens, run: Running, settings: McSettings): Tokens {
  const said = local("local_check_mail", input, run);
  if (said !== null) return said;
  if (run.macro("deliveryMode") === "d") return ["deferred"];
  if (input.join("") === "<>") return ["OK"];
  const { operators } = run.machine;
  const canonical = run.call("canonaddr", input);
  if (isFailure(canonical)) return canonical;
  const { user, host } = focusOf(canonical);
  const domain = host === null ? null : textOf(undotted(host), operators, "");
  const flags = run.macro("daemon_flags");
  const known = settings.acceptUnqualifiedSenders || /(?:^| )u(?: |$)/.test(flags);
  const written = textOf(input, operators, "").replace(/^<(.*)>$/, "$1");
  const at = written.slice(written.lastIndexOf("@") + 1).toLowerCase();
  const loopback = [
    "localhost",
    "[127.0.0.1]",
    "[ipv6:0:0:0:0:0:0:0:1]",
    "[ipv6:::1]",
    `localhost.${run.macro("m")}`.toLowerCase(),
  ];
  const asked = loopback.includes(at) || (/(?:^| )f(?: |$)/.test(flags) && written.includes("@") && !at.includes("."));
  if (!known && asked && written.includes("@") && run.isIn("w", run.macro("client_name")) === null)
    return failure("5.5.4", "553 Real domain name required for sender address");
  let hit: Hit | null = null;
  if (settings.access) {
    const name = textOf(user, operators, "");
    hit = firstOf(
      () => (domain === null ? null : ofMailbox(name, domain, "From", "both", run)),
      () => ofMailbox(name, "", "From", "both", run),
      () => (domain === null ? null : ofDomain(domain, "From", "both", run, settings)),
    );
  }
  if (hit === null)
    return domain === null && !known ? failure("5.5.4", "553 Domain name required for sender address") : ["OK"];
  // What accepts also ends all further checks, where they come later (delay_checks).
  return isAccept(hit) ? [sign.mailer, hit.value.toUpperCase()] : (verdictOf(hit) ?? ["OK"]);
}

function basicCheckRcpt(input: Tokens, run: Running, settings: McSettings): Tokens {
  if (input.length === 0 || input.join("") === "<>") return failure("nouser", "553 User address required");
  if (run.macro("deliveryMode") === "d") return ["deferred"];
  const recipient = run.call("rcpt_ok", input);
  if (isFinal(recipient)) return recipient;
  if (settings.promiscuous !== false) return input;
  if (recipient.join("") === "RELAY") return relay;
  const client = run.call("relay_ok", input);
  if (isFinal(client)) return client;
  return client.join("") === "RELAY" ? relay : refusal;
}

/** All three checks at RCPT (FEATURE(delay_checks)). */
function delayedChecks(input: Tokens, run: Running, settings: McSettings): Tokens {
  const own = run.call("checkrcpt", input);
  if (isFinal(own)) return own;
  const { user, host } = focusOf(run.call("canonaddr", input));
  if (settings.delay !== "plain") {
    const { operators } = run.machine;
    const name = textOf(user, operators, "");
    const domain = host === null ? run.macro("j") : textOf(undotted(host), operators, "");
    const ours = run.isIn("w", domain) !== null;
    const hit = firstOf(
      () => ofMailbox(name, domain, "Spam", "only", run),
      () => ofDomain(domain, "Spam", "only", run, settings),
      () => (ours ? ofMailbox(name, "", "Spam", "only", run) : null),
    );
    const tag = hit?.value.toUpperCase() ?? "";
    if (settings.delay === "friend" && tag === "FRIEND") return ["SPAMFRIEND"];
    if (settings.delay === "hater" && tag !== "HATER") return ["NOSPAMHATER"];
  }
  const sender = run.macro(settings.mailFromMacro ? "mail_from" : "f");
  const mail = run.call(
    "checkmail",
    run.tokens(settings.mailFromMacro ? sender : `<${sender.replace(/^<(.*)>$/, "$1")}>`),
  );
  if (isFinal(mail)) return mail;
  const connection = [...run.tokens(run.macro("client_name")), sign.or, ...run.tokens(run.macro("client_addr"))];
  const connect = run.call("checkrelay", connection);
  if (isFinal(connect)) return connect;
  return settings.blockBadHelo && isBadHelo(run) ? badHelo : own;
}
