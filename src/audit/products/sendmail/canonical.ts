/**
 * What the packaged macros make of addresses: finding the domain (ruleset 3), taking off what is ours, and resolving to
 * a mailer (ruleset 0), with the features that change it. See cf/README, "RELAYING" and "FEATURES".
 */
import type { Span } from "../../../text/source.ts";
import { failure, focusOf, isFinal, same, undotted, unfocused } from "./focus.ts";
import type { Ruleset, Running } from "./machine.ts";
import type { McSettings } from "./mc-settings.ts";
import { sign, type Tokens, textOf } from "./tokens.ts";

type Built = (input: Tokens, run: Running) => Tokens;

export function addressRulesets(settings: McSettings): readonly (readonly [string, Built])[] {
  return [
    ["canonify", (input, run) => canonify(input, run, settings)],
    ["canonify2", (input, run) => canonify2(input, run, settings)],
    ["parse", (input, run) => parse(input, run, settings)],
    ["parse0", (input, run) => parse0(input, run, settings)],
    ["recurse", (input, run) => run.call("parse", run.call("canonify", input))],
    ["final", (input, run) => final(input, run, settings)],
    ["canonaddr", (input, run) => run.call("parse0", run.call("canonify", input))],
  ];
}

/** Numbers by which the same rulesets are known. */
export const numbered: Readonly<Record<string, string>> = {
  "3": "canonify",
  "4": "final",
  "96": "canonify2",
  "0": "parse",
  "97": "recurse",
};

export function rulesetOf(name: string, built: Built, where: Span | null): Ruleset {
  return { name, built, where };
}

const domainText = (host: Tokens, run: Running): string => textOf(undotted(host), run.machine.operators, "");

/** RFC 5321 §4.1.2 and what came before it: routes, bang paths, per cent signs. */
function canonify(input: Tokens, run: Running, settings: McSettings): Tokens {
  if (input.length === 0) return ["<", "@", ">"];
  let tokens = inner(input);
  if (tokens.length === 0) return ["<", "@", ">"];
  while (tokens[0] === "@" && tokens.indexOf(",") > 1) tokens = tokens.slice(tokens.indexOf(",") + 1);
  if (tokens[0] === "@") {
    const colon = tokens[1] === "[" ? tokens.indexOf(":", tokens.indexOf("]")) : tokens.indexOf(":");
    if (colon > 1 && colon < tokens.length - 1) tokens = tokens.slice(colon + 1);
  }
  const first = tokens.findIndex((token, index) => token === "@" && index > 0 && index < tokens.length - 1);
  if (first > 0) {
    // The last one counts, if something follows it.
    let at = first;
    for (let index = tokens.length - 2; index > first + 1; index -= 1)
      if (tokens[index] === "@") {
        at = index;
        break;
      }
    return run.call("canonify2", unfocused({ user: tokens.slice(0, at), host: tokens.slice(at + 1) }));
  }
  const bang = settings.uucp ? tokens.indexOf("!") : -1;
  if (bang > 0 && bang < tokens.length - 1) {
    const host = tokens.slice(0, bang);
    const qualified = bang >= 3 && host.at(-2) === ".";
    return run.call(
      "canonify2",
      unfocused({ user: tokens.slice(bang + 1), host: qualified ? host : [...host, ".", "UUCP"] }),
    );
  }
  const routed = tokens.map((token) => (settings.percent && token === "%" ? "@" : token));
  const last = settings.percent ? routed.lastIndexOf("@") : routed.indexOf("@");
  if (last < 0) return run.call("canonify2", tokens);
  const user = routed.slice(0, last).map((token) => (settings.percent && token === "@" ? "%" : token));
  return run.call("canonify2", unfocused({ user, host: routed.slice(last + 1) }));
}

/** What stands in the innermost angle brackets. */
function inner(tokens: Tokens): Tokens {
  const open = tokens.lastIndexOf("<");
  if (open < 0) return tokens;
  const close = tokens.indexOf(">", open);
  return tokens.slice(open + 1, close < 0 ? undefined : close);
}

/** An address as it is written outside: no focus, no dot behind the domain. */
function final(input: Tokens, run: Running, { uucp }: McSettings): Tokens {
  const { user, host } = focusOf(input);
  if (host === null || host.length === 0) return user;
  const domain = undotted(host);
  if (uucp && domain.length === 3 && same(domain.slice(1), ".UUCP")) return [domain[0] as string, "!", ...user]; // it has three
  // user%ours@ours says the same name twice.
  const sign = user.lastIndexOf("%");
  const twice = sign > 0 && run.isIn("w", domainText(user.slice(sign + 1), run)) !== null;
  const here = run.isIn("w", domainText(domain, run)) !== null;
  return twice && here ? [...user.slice(0, sign), "@", ...user.slice(sign + 1)] : [...user, "@", ...domain];
}

/** The domain in its canonical form, with a dot behind it. */
function canonify2(input: Tokens, run: Running, settings: McSettings): Tokens {
  const focused = focusOf(input);
  if (focused.host === null) return input;
  const { operators } = run.machine;
  const own = [...run.tokens(run.macro("j")), "."];
  let { user, host } = focused;
  if (
    same(host, "localhost") ||
    same(host, `localhost.${run.macro("m")}`) ||
    (settings.uucp && same(host, "localhost.UUCP"))
  )
    host = own;
  else if (host[0] === "[" && host.at(-1) === "]") {
    if (run.isIn("w", textOf(host, operators, "")) === null) return input;
    host = own;
  }
  if (settings.domainTable) {
    const found = run.machine.maps.get("domaintable")?.find(domainText(host, run), [], run);
    if (found?.kind === "found") host = run.tokens(found.text);
  }
  const localised = focusOf(run.call("local_rule_3", unfocused({ user, host })));
  if (localised.host === null) return localised.user;
  ({ user, host } = localised);
  if (settings.uucp && same(host.slice(-2), ".UUCP")) {
    const name = canonicalName(host.slice(0, -2), run);
    return unfocused({ user, host: name === null ? [...host, "."] : name });
  }
  if (host.at(-1) !== "." && host.length > 0) {
    const qualified = host.includes(".");
    const asked = !settings.nocanonify && !/CC/.test(run.macro("daemon_flags"));
    const name = asked ? canonicalName(host, run) : qualified ? [...host, "."] : null;
    if (name !== null) host = name;
    else if (isOurs(domainText(host, run), run, settings)) host = [...host, "."];
  }
  while (host.at(-1) === "." && host.at(-2) === ".") host = host.slice(0, -1);
  return unfocused({ user, host });
}

function canonicalName(host: Tokens, run: Running): Tokens | null {
  const found = run.machine.maps.get("host")?.find(textOf(host, run.machine.operators, "."), [], run);
  return found?.kind === "found" ? run.tokens(found.text) : null;
}

/** Names that need no DNS to be known. */
function isOurs(domain: string, run: Running, settings: McSettings): boolean {
  if (run.isIn("w", domain) !== null || run.isIn("G", domain) !== null || run.isIn("M", domain) !== null) return true;
  return settings.virtuser && isVirtual(domain, run, settings);
}

export function isVirtual(domain: string, run: Running, settings: McSettings): boolean {
  return suffixIn("VirtHost", domain, run, settings.virtuserEntire) !== null;
}

/** The word of a class that a domain is, or with `below` lies under; phrases are compared at token boundaries. */
export function suffixIn(name: string, domain: string, run: Running, below: boolean) {
  for (let rest = domain; ; ) {
    const member = run.isIn(name, rest);
    if (member !== null) return member;
    const dot = below ? rest.indexOf(".") : -1;
    if (dot < 0) return null;
    rest = rest.slice(dot + 1);
  }
}

/** Syntax, and what is ours taken off: `user%outside@ours` becomes `user@outside`. */
function parse0(input: Tokens, run: Running, settings: McSettings): Tokens {
  if (same(input, "<@>")) return input;
  const focused = focusOf(input);
  let { user, host } = focused;
  if (host !== null) {
    const refusal = syntaxOf(user, host);
    if (refusal !== null) return refusal;
  }
  const comma = input.findIndex(
    (token, index) => token === "," && index < input.length - 1 && !isOperator(input[index + 1], settings),
  );
  if (comma >= 0) return failure("5.1.3", "553 Invalid route address");
  const isLocal = host === null || isLocalHost(host, run);
  if (!isLocal) return input;
  if (user.length === 1) user = dequoted(user[0] as string, run); // it has one
  if (user.length === 0) return failure("5.1.3", "553 User address required");
  const at = user.findIndex((token) => isOperator(token, settings));
  if (at >= 0) return run.call("parse0", run.call("canonify", user));
  return host === null ? user : unfocused({ user, host });
}

function isLocalHost(host: Tokens, run: Running): boolean {
  return host.at(-1) === "." && run.isIn("w", domainText(host, run)) !== null;
}

function syntaxOf(user: Tokens, host: Tokens): Tokens | null {
  if (user.length === 0) return failure("5.1.3", "553 User address required");
  if (host.length === 0) return failure("5.1.3", "553 Hostname required");
  const literal = host[0] === "[" && host.indexOf("]") > 0;
  const behind = literal ? host.slice(host.indexOf("]") + 1) : [];
  if (behind.length > 0 && !((behind[0] === ":" || behind[0] === ",") && behind.length > 1))
    return failure("5.1.2", "553 Invalid address");
  if (!literal && host.includes(":")) return failure("5.1.3", "553 Colon illegal in host name part");
  if (host[0] === "." || host.some((token, index) => token === "." && host[index + 1] === "."))
    return failure("5.1.2", "553 Invalid host name");
  if (host.includes("@") || user.includes("@")) return failure("5.1.2", "553 Invalid route address");
  return null;
}

/** Class O: characters that make a local part a route. */
export const isOperator = (token: string | undefined, { percent, uucp }: McSettings): boolean =>
  token === "@" || (percent && token === "%") || (uucp && token === "!");

export function dequoted(token: string, run: Running): Tokens {
  const found = run.machine.maps.get("dequote")?.find(token, [], run);
  return found?.kind === "found" ? run.tokens(found.text) : [token];
}

/** To a mailer, host and user. */
function parse(input: Tokens, run: Running, settings: McSettings): Tokens {
  const cut = run.call("parse0", input);
  if (isFinal(cut)) return cut;
  if (same(cut, "<@>")) return [sign.mailer, "local", sign.user, "<", "@", ">"];
  const here = run.call("parselocal", cut);
  if (isFinal(here)) return here;
  const { user, host } = focusOf(here);
  if (host === null) return [sign.mailer, "local", sign.user, ...user];
  const domain = domainText(host, run);
  if (settings.virtuser && host.at(-1) === ".") {
    const virtual = virtualUser(textOf(user, run.machine.operators, "."), domain, run, settings);
    if (virtual !== null)
      return /^error\s*:/i.test(virtual)
        ? failure("5.1.1", `550 ${virtual}`)
        : run.call("recurse", run.tokens(virtual));
  }
  if (isLocalHost(host, run)) return [sign.mailer, "local", sign.user, ...user];
  const whole = unfocused({ user, host });
  if (host[0] !== "[" && settings.mailerTable) {
    const routed = mailerTable(domain, run);
    if (routed !== null) return mailerOf(routed, whole, run);
  }
  const local = run.call("local_net_config", whole);
  if (isFinal(local)) return local;
  if (settings.smartHost !== "") return mailerOf(settings.smartHost, local, run);
  return [sign.mailer, "esmtp", sign.host, ...host, sign.user, ...local];
}

/** FEATURE(virtusertable): the address, its user with parts of the detail, and the domain alone. */
function virtualUser(user: string, domain: string, run: Running, settings: McSettings): string | null {
  if (!isVirtual(domain, run, settings) && run.isIn("w", domain) === null) return null;
  const ask = (key: string, args: readonly string[]): string | null => lookUp("virtuser", key, args, run);
  const plus = user.indexOf("+");
  const exact = ask(`${user}@${domain}`, [user]);
  if (exact !== null) return exact;
  if (plus <= 0) return ask(`@${domain}`, [user]);
  const [name, detail] = [user.slice(0, plus), user.slice(plus + 1)];
  const args = [name, detail, `+${detail}`];
  const more = detail === "" ? [] : [`${name}++@${domain}`];
  const keys = [
    ...more,
    `${name}+*@${domain}`,
    `${name}@${domain}`,
    ...(detail === "" ? [] : [`++@${domain}`]),
    `+*@${domain}`,
    `@${domain}`,
  ];
  for (const key of keys) {
    const found = ask(key, args);
    if (found !== null) return found;
  }
  return null;
}

/** FEATURE(mailertable): the domain, what it lies below, and `.`. */
function mailerTable(domain: string, run: Running): string | null {
  const whole = lookUp("mailertable", domain, [], run);
  if (whole !== null) return whole;
  for (let at = domain.indexOf("."); at >= 0; at = domain.indexOf(".", at + 1)) {
    const found = lookUp("mailertable", domain.slice(at), [domain.slice(0, at)], run);
    if (found !== null) return found;
  }
  return lookUp("mailertable", ".", [domain], run);
}

/** A look into a map, noted with its entry; unknowns are thrown. */
function lookUp(map: string, key: string, args: readonly string[], run: Running): string | null {
  const found = run.ask(map, key, args);
  if (found === null) return null;
  if (found.entry !== null) run.note(`${map}: ${key}`, found.entry.where, [], [{ ...found.entry, map }]);
  return found.text;
}

/** `esmtp:[host]`, `local:user`, `error:text`, `host` */
function mailerOf(text: string, address: Tokens, run: Running): Tokens {
  const read = /^([\w-]+)\s*:\s*(.*)$/s.exec(text.trim());
  const [mailer, rest] =
    read === null ? ["relay", text.trim()] : [(read[1] ?? "").toLowerCase(), (read[2] ?? "").trim()];
  if (mailer === "error") return failure("5.0.0", rest);
  const { user, host } = focusOf(address);
  if (mailer === "local") return [sign.mailer, "local", sign.user, ...(rest === "" ? user : run.tokens(rest))];
  const at = rest.lastIndexOf("@");
  if (at > 0) {
    const next = run.tokens(rest.slice(at + 1));
    return [
      sign.mailer,
      mailer,
      sign.host,
      ...next,
      sign.user,
      ...unfocused({ user: run.tokens(rest.slice(0, at)), host: next }),
    ];
  }
  if (read === null && run.isIn("w", rest) !== null)
    return [sign.mailer, "esmtp", sign.host, ...(host ?? []), sign.user, ...address];
  return [sign.mailer, mailer, sign.host, ...run.tokens(rest), sign.user, ...address];
}
