/**
 * Reads a `sendmail.mc` into the same machine as a `.cf`: its classes, maps and options are the lines that it would
 * generate, its own rules run as they are, and what the packaged macros generate is built in (`canonical.ts`,
 * `checks.ts`). A feature that is not known makes the result unknown where it could decide.
 */
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { addressRulesets, numbered, rulesetOf } from "./canonical.ts";
import { type Cf, type Host, type Line, readLines } from "./cf.ts";
import { checkRulesets } from "./checks.ts";
import type { MailFiles } from "./files.ts";
import { type M4Call, type M4Result, runM4 } from "./m4.ts";
import type { Mailer, Ruleset } from "./machine.ts";
import {
  classes,
  features,
  notBuilt,
  options,
  packagedMacros,
  presets,
  settingsDir,
  tables,
  undecided,
} from "./mc-names.ts";
import type { McSettings, On } from "./mc-settings.ts";
import { Untold } from "./rewrite.ts";

export interface Mc extends Cf {
  readonly settings: McSettings;
  readonly calls: readonly M4Call[];
}

/** What `define` can say, and what of it matters here. */
interface Definitions {
  readonly get: (name: string) => { readonly value: string; readonly where: Span } | undefined;
}

/** The calls and definitions of the file; what it includes is looked for in the snapshot. */
export function readM4(file: string, text: string, tree: ConfigTree): M4Result {
  return runM4(file, text, packagedMacros, presets, (path) => {
    if (/(?:^|\/)cf\.m4$/.test(path) || /autoconf\.m4$/.test(path)) return null;
    const found = fileAt(tree, path, "/etc/mail");
    if (found?.file.kind === "text") return { file: found.path, text: found.file.text };
    // Debian's own, empty as long as nobody dials up.
    return /\/m4\/(?:dialup|provider)\.m4$/.test(path) ? null : undefined;
  });
}

export function readMc(file: string, text: string, tree: ConfigTree, host: Host, files: MailFiles): Mc {
  const m4 = readM4(file, text, tree);
  const unreadable: Unknown[] = m4.strange.map(({ says, where }) => ({ unknown: says, where }));
  const settings = settingsOf(m4, unreadable);
  const built = new Map<string, Ruleset>();
  const where = settings.promiscuous === false ? null : settings.promiscuous;
  for (const [name, run] of [...addressRulesets(settings), ...checkRulesets(settings)])
    built.set(name, rulesetOf(name, run, name === "basic_check_rcpt" ? where : null));
  for (const [number, name] of Object.entries(numbered)) {
    const ruleset = built.get(name);
    if (ruleset !== undefined) built.set(number, ruleset);
  }
  for (const name of notBuilt)
    built.set(
      name,
      rulesetOf(
        name,
        () => {
          throw new Untold({ unknown: `the packaged ruleset ${name}`, where: null });
        },
        null,
      ),
    );
  const cf = readLines(linesOf(m4), host, files, built);
  const overridden = [...redefined(m4)].filter(({ name }) => built.has(name));
  for (const { name, where } of overridden) unreadable.push({ unknown: `rules of its own for ${name}`, where });
  const gap = unreadable[0];
  const rulesets = new Map(cf.machine.rulesets);
  // What was not followed may have said anything.
  if (gap !== undefined)
    for (const name of ["check_rcpt", "0", "parse"])
      rulesets.set(
        name,
        rulesetOf(
          name,
          () => {
            throw new Untold(gap);
          },
          gap.where,
        ),
      );
  return {
    ...cf,
    machine: { ...cf.machine, rulesets, mailers: mailers() },
    unreadable: [...unreadable, ...cf.unreadable],
    settings,
    calls: m4.calls,
  };
}

const mailers = (): ReadonlyMap<string, Mailer> =>
  new Map(
    ["local", "prog", "cyrus", "cyrusbb", "cyrusv2", "pop", "usenet"].map((name) => [
      name,
      { name, path: "", flags: "l", where: null },
    ]),
  );

/** Rulesets that local rules add to although they are packaged. */
function* redefined(m4: M4Result): Generator<{ readonly name: string; readonly where: Span }> {
  for (const { text, where } of m4.lines.get(9) ?? []) {
    const name = /^S\s*([\w.-]+)/.exec(text)?.[1]?.toLowerCase();
    if (name !== undefined) yield { name, where };
  }
}

/** The lines of a `.cf` that the definitions and features stand for. */
function linesOf(m4: M4Result): readonly Line[] {
  const nowhere: Span = { file: "", start: { line: 1, column: 1 }, end: { line: 1, column: 1 }, text: "" };
  const defined: Definitions = { get: (name) => m4.defined.get(name) };
  const lines: Line[] = [];
  const line = (text: string, where: Span | undefined): void => {
    lines.push({ text, where: where ?? nowhere });
  };
  const debian = m4.calls.some(({ name, args }) => name === "OSTYPE" && /^debian/.test(args[0] ?? ""));
  const comment = debian ? " %[^\\#]" : "";
  line("OOperatorChars=.:%@!^/[]+".replace("OO", "O O"), undefined);
  for (const [name, option] of options) {
    const set = defined.get(name);
    if (set !== undefined) line(`O ${option}=${set.value}`, set.where);
  }
  line("Cwlocalhost", undefined);
  const domain = defined.get("confDOMAIN_NAME");
  if (domain !== undefined) line(`Dj${domain.value}`, domain.where);
  const feature = (name: string): M4Call | undefined =>
    m4.calls.find((one) => one.name === "FEATURE" && one.args[0] === name);
  const useCw = feature("use_cw_file");
  const cw = defined.get("confCW_FILE");
  if (useCw !== undefined)
    line(`Fw${cw?.value ?? `${settingsDir}local-host-names${comment}`}`, cw?.where ?? useCw.where);
  const cr = defined.get("confCR_FILE");
  line(`FR${cr?.value ?? `-o ${settingsDir}relay-domains${comment}`}`, cr?.where);
  if (feature("block_bad_helo") !== undefined) {
    const { where } = feature("block_bad_helo") as M4Call; // just seen
    line("C{R}127.0.0.1 IPv6:0:0:0:0:0:0:0:1 IPv6:::1", where);
    line("C{w}[127.0.0.1] [IPv6:0:0:0:0:0:0:0:1] [IPv6:::1]", where);
  }
  line("C{G}", undefined);
  line("C{M}", undefined);
  for (const { name, args, where } of m4.calls) {
    const letter = classes[name];
    if (letter !== undefined) line(`${name.endsWith("_FILE") ? "F" : "C"}{${letter}}${args[0] ?? ""}`, where);
    const table = name === "FEATURE" ? tables[args[0] ?? ""] : undefined;
    if (table !== undefined) line(`K${table[0]} ${mapSpec(args[1] ?? "", table[1])}`, where);
    if (name === "FEATURE" && args[0] === "relay_based_on_MX") line("Kmxserved bestmx -z: -T<TEMP>", where);
    if (name === "DAEMON_OPTIONS") line(`O DaemonPortOptions=${args[0] ?? ""}`, where);
  }
  const isMsp = feature("msp") !== undefined;
  if (!m4.calls.some(({ name }) => name === "DAEMON_OPTIONS")) {
    if (isMsp) line("O DaemonPortOptions=Name=NoMTA, Addr=127.0.0.1, M=E", feature("msp")?.where);
    else line("O DaemonPortOptions=Name=MTA", undefined);
  }
  if (feature("no_default_msa") === undefined && !isMsp) line("O DaemonPortOptions=Port=587, Name=MSA, M=E", undefined);
  lines.push(...own(m4, 6));
  if (m4.calls.some(({ name }) => name === "VIRTUSER_DOMAIN" || name === "VIRTUSER_DOMAIN_FILE"))
    line("C{R}$={VirtHost}", undefined);
  for (const [diversion, name] of sections) {
    const rules = own(m4, diversion);
    if (rules.length === 0) continue;
    line(`S${name}`, rules[0]?.where);
    lines.push(...rules);
  }
  lines.push(...own(m4, 9));
  return lines;
}

/** Rules in their own words, by the place that they are put in. */
const sections: readonly (readonly [number, string])[] = [
  [2, "local_rule_3"],
  [3, "parselocal"],
  [1, "local_net_config"],
  [8, "local_dnsbl"],
];

/** Lines of the owner's that are of the kinds that a `.cf` has; what continues one is joined to it. */
function own(m4: M4Result, diversion: number): readonly Line[] {
  const lines: { text: string; where: Span }[] = [];
  for (const { text, where } of m4.lines.get(diversion) ?? []) {
    const last = lines.at(-1);
    if (/^[ \t]/.test(text) && last !== undefined) last.text += text;
    else if (/^[A-Z]/.test(text)) lines.push({ text, where });
  }
  return lines;
}

const mapSpec = (arg: string, name: string): string =>
  arg === "" ? `hash ${name === "access" ? "-T<TMPF> " : ""}${settingsDir}${name}` : arg === "LDAP" ? "ldap -" : arg;

function settingsOf(m4: M4Result, unreadable: Unknown[]): McSettings {
  const on = (name: string): On =>
    m4.calls.find((one) => one.name === "FEATURE" && one.args[0] === name)?.where ?? false;
  const argsOf = (name: string): readonly string[] =>
    m4.calls.find((one) => one.name === "FEATURE" && one.args[0] === name)?.args ?? [];
  const has = (name: string): boolean => on(name) !== false;
  const beyond: { says: string; where: Span | null; at: "relay" | "recipient" }[] = [];
  for (const { name, args, where } of m4.calls) {
    const what = args[0] ?? "";
    if (name === "FEATURE" && !features.has(what)) {
      const at = undecided[what];
      if (at === undefined) unreadable.push({ unknown: `FEATURE(${what}), which is not known here`, where });
      else beyond.push({ says: `FEATURE(${what})`, where, at });
    } else if (name === "HACK" || (name === "DOMAIN" && !/^(?:debian-m\w+|generic)$/.test(what)))
      unreadable.push({ unknown: `${name}(${what}), whose file was not given`, where });
  }
  const access = argsOf("access_db")
    .slice(2)
    .map((text) => text.toLowerCase());
  const delay = argsOf("delay_checks")[1]?.toLowerCase() ?? "";
  const nullclient = m4.calls.find((one) => one.name === "FEATURE" && one.args[0] === "nullclient");
  return {
    percent: !has("nopercenthack"),
    uucp: !has("nouucp"),
    percentRefused: argsOf("nopercenthack")[1]?.startsWith("r") === true,
    bangRefused: argsOf("nouucp")[1]?.startsWith("r") === true,
    nocanonify: has("nocanonify"),
    domainTable: has("domaintable"),
    mailerTable: has("mailertable"),
    virtuser: has("virtusertable"),
    virtuserEntire: has("virtuser_entire_domain"),
    smartHost: nullclient?.args[1] ?? m4.defined.get("SMART_HOST")?.value ?? "",
    access: has("access_db"),
    accessSkip: access.includes("skip"),
    lookupDotDomain: access.includes("lookupdotdomain") || has("lookupdotdomain"),
    relayFullAddress: access.includes("relaytofulladdress"),
    promiscuous: on("promiscuous_relay"),
    looseRelayCheck: has("loose_relay_check"),
    relayEntireDomain: on("relay_entire_domain"),
    relayHostsOnly: has("relay_hosts_only"),
    relayBasedOnMx: on("relay_based_on_MX"),
    relayLocalFrom: on("relay_local_from"),
    relayMailFrom: has("relay_mail_from")
      ? { where: on("relay_mail_from") || null, domain: argsOf("relay_mail_from")[1] === "domain" }
      : null,
    blocklistRecipients: has("blocklist_recipients") || has("blacklist_recipients"),
    acceptUnqualifiedSenders: has("accept_unqualified_senders"),
    delay: !has("delay_checks") ? "no" : delay.startsWith("f") ? "friend" : delay.startsWith("h") ? "hater" : "plain",
    useClientPtr: has("use_client_ptr"),
    requireRdns: has("require_rdns"),
    blockBadHelo: has("block_bad_helo"),
    mailFromMacro:
      m4.defined.has("_FFR_MAIL_MACRO") || m4.calls.some(({ name, args }) => name === "OSTYPE" && args[0] === "debian"),
    beyond,
  };
}
