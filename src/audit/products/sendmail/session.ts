/**
 * Plays a session through the rulesets as the SMTP server does: `check_relay` when a client connects, `check_mail` at
 * MAIL, the parsing of the address and `check_rcpt` at RCPT (Installation and Operation Guide §5.1.4), with the macros
 * that it sets before each.
 */
import { formatIp, type IpAddress } from "../../../net/ip.ts";
import type { Span } from "../../../text/source.ts";
import type { Session, Unknown } from "../../rules.ts";
import { type Grant, grantOf } from "./grant.ts";
import type { Machine } from "./machine.ts";
import { backupMacro } from "./maps.ts";
import { type MacroValue, type Memory, Rewriting, Untold } from "./rewrite.ts";
import { addressTokens, sign, type Tokens, textOf } from "./tokens.ts";

/** What is the same for all sessions of one door. */
export interface Door {
  readonly machine: Machine;
  readonly memory: Memory;
  /** The `Modifiers` of its `DaemonPortOptions`. */
  readonly modifiers: string;
  /** First letter of the mode that mail is delivered in. */
  readonly deliveryMode: string;
  /** Addresses of IPv6 as `2001:db8::9` and not in full (`UseCompressedIPv6Addresses`). */
  readonly compressed: boolean;
  /** What a client's certificate of a public authority is worth (`${verify}`). */
  readonly certificates: MacroValue;
  /** The mechanism by which a login counts as one of ours; `null`: none does. */
  readonly mechanism: string | null;
  /** A mechanism that anybody can use (`ANONYMOUS`). */
  readonly anybody: string | null;
  /** A certificate is a login (`EXTERNAL`). */
  readonly external: boolean;
}

export type Answer =
  | { readonly kind: "accepted"; readonly grant: Grant }
  | { readonly kind: "refused" | "deferred" | "discarded"; readonly says: string; readonly where: Span | null }
  | { readonly kind: "unknown"; readonly because: Unknown };

/** As the rulesets see a client's address. */
export function addressText(address: IpAddress, compressed: boolean): string {
  if (address.family === 4) return formatIp(address);
  if (compressed) return `IPv6:${formatIp(address)}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address.bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  return `IPv6:${groups.join(":")}`;
}

/** `Ea` is `EE a`. */
const flagsOf = (modifiers: string): string =>
  [...modifiers].map((flag) => (/[A-Z]/.test(flag) ? flag + flag : flag)).join(" ");

/** `$f`: the sender as rulesets 3, 1 and 4 write it, so that `x@localhost` is at the mailer's own name. */
function senderOf(reversePath: string, { machine, memory }: Door): string {
  const plain = reversePath.replace(/^<([^<>]*)>$/, "$1");
  const tokens = plain === "" ? null : addressTokens(reversePath, machine.operators);
  if (tokens === null) return plain;
  const run = new Rewriting(machine, new Map([["addr_type", "e s"]]), memory);
  try {
    return textOf(run.call("4", run.call("1", run.call("3", tokens))), machine.operators, "");
  } catch (error) {
    if (error instanceof Untold) return plain;
    throw error;
  }
}

/** The macros that are set at RCPT. */
function macrosOf(session: Session, door: Door): ReadonlyMap<string, MacroValue> {
  const { client } = session;
  const address = addressText(client.address, door.compressed);
  const name = client.name ?? `[${address}]`;
  const sender = senderOf(session.reversePath, door);
  const verify = session.tls === "none" ? "NONE" : client.certificate === "none" ? "NO" : door.certificates;
  const external = door.external && client.certificate !== "none" && session.tls !== "none";
  const mechanism = client.authenticated ? door.mechanism : external ? "EXTERNAL" : door.anybody;
  return new Map<string, MacroValue>([
    ["client_addr", address],
    ["client_name", name],
    ["client_ptr", client.reverseName ?? ""],
    ["client_resolve", client.name !== null ? "OK" : client.reverseName !== null ? "FORGED" : "FAIL"],
    ["client_port", "40000"],
    ["client_flags", ""],
    ["daemon_flags", flagsOf(door.modifiers)],
    ["deliveryMode", door.deliveryMode],
    ["opMode", "d"],
    ["addr_type", "e r"],
    ["s", session.helo],
    ["r", "ESMTP"],
    ["f", sender],
    ["mail_from", session.reversePath],
    ["verify", verify],
    ["auth_type", external && typeof verify !== "string" ? verify : (mechanism ?? "")],
    ["auth_authen", mechanism === null ? "" : "somebody"],
    ["auth_author", ""],
    ["nrcpts", String(session.previousRecipients.length + 1)],
    ["cipher_bits", session.tls === "none" ? "0" : "256"],
    [
      "cert_issuer",
      client.certificate === "none" ? "" : { unknown: "who issued the client's certificate", where: null },
    ],
    ["cert_subject", client.certificate === "none" ? "" : { unknown: "whose certificate the client has", where: null }],
    ["cn_issuer", client.certificate === "none" ? "" : { unknown: "who issued the client's certificate", where: null }],
    ["cn_subject", client.certificate === "none" ? "" : { unknown: "whose certificate the client has", where: null }],
    [backupMacro, session.backupMx ? "yes" : "no"],
  ]);
}

/** What the server answers when the client connects. */
export function atConnect(session: Session, door: Door): Answer {
  const macros = macrosOf(session, door);
  const { machine } = door;
  return asked(
    "check_relay",
    door,
    macros,
    (run) => [...run.tokens(run.macro("client_name")), sign.or, ...run.tokens(run.macro("client_addr"))],
    machine,
  );
}

/** What it answers to MAIL. */
export function atMail(session: Session, door: Door): Answer {
  const { machine, modifiers } = door;
  if (modifiers.includes("a") && !session.client.authenticated)
    return { kind: "refused", says: "Modifiers=a: only after a login", where: null };
  const tokens = addressTokens(session.reversePath, machine.operators);
  if (tokens === null) return { kind: "refused", says: "no address", where: null };
  const parsed = resolvable(tokens, door);
  return parsed ?? asked("check_mail", door, macrosOf(session, door), () => tokens, machine);
}

/** A sender that resolves to an error is refused before any check; `null`: it does not. */
function resolvable(tokens: Tokens, door: Door): Answer | null {
  const macros = new Map<string, MacroValue>([
    ["addr_type", "e s"],
    ["opMode", "d"],
    ["daemon_flags", flagsOf(door.modifiers)],
  ]);
  const run = new Rewriting(door.machine, macros, door.memory);
  try {
    const result = run.call("0", run.call("3", tokens));
    const answer = result[0] === sign.mailer ? answerOf(result, run, "0", tokens) : null;
    return answer === null || answer.kind === "accepted" ? null : answer;
  } catch (error) {
    // Where it leads cannot be told; the checks look at it again.
    if (error instanceof Untold) return null;
    throw error;
  }
}

/** What it answers to RCPT, as far as the client's right to send there is concerned. */
export function atRcpt(session: Session, door: Door): Answer {
  const { machine } = door;
  const tokens = addressTokens(session.forwardPath, machine.operators);
  if (tokens === null) return { kind: "refused", says: "no address", where: null };
  return asked("check_rcpt", door, macrosOf(session, door), () => tokens, machine);
}

function asked(
  ruleset: string,
  door: Door,
  macros: ReadonlyMap<string, MacroValue>,
  input: (run: Rewriting) => Tokens,
  machine: Machine,
): Answer {
  const run = new Rewriting(machine, macros, door.memory);
  try {
    const given = input(run);
    const result = run.call(ruleset, given);
    return answerOf(result, run, ruleset, given);
  } catch (error) {
    if (error instanceof Untold) return { kind: "unknown", because: error.because };
    throw error;
  }
}

/** What a ruleset's result means to the server: only an error or `discard` is no. */
function answerOf(result: Tokens, run: Rewriting, ruleset: string, given: Tokens): Answer {
  const last = run.happened.findLast(({ where }) => where !== null);
  if (result[0] === sign.mailer) {
    const mailer = result[1]?.toLowerCase();
    const text = textOf(result.slice(2), run.machine.operators, " ");
    const status = /\u0001@([^\u0001]*)/.exec(text)?.[1] ?? "";
    const reply = /\u0001:([^\u0001]*)/.exec(text)?.[1] ?? "";
    if (mailer === "discard") return { kind: "discarded", says: "discard", where: last?.where ?? null };
    if (mailer === "error" && status.trim().toLowerCase() !== "quarantine") {
      const code = /^"?\s*([245])\d\d/.exec(reply)?.[1] ?? /^([245])\./.exec(status)?.[1];
      const says = reply.replaceAll('"', "").trim() || "refused";
      return { kind: code === "4" ? "deferred" : "refused", says, where: last?.where ?? null };
    }
  }
  return { kind: "accepted", grant: grantOf(run, ruleset, given, result) };
}
