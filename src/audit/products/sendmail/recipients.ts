/**
 * Where a recipient ends: the address through the rulesets that canonify and parse it, to the mailer, host and user that
 * they resolve to (Installation and Operation Guide §5.1.4.1).
 */
import type { Span } from "../../../text/source.ts";
import type { Recipient, RecipientEnd, Unknown } from "../../rules.ts";
import type { Entry, Machine } from "./machine.ts";
import { Rewriting, Untold } from "./rewrite.ts";
import type { Door } from "./session.ts";
import { addressTokens, sign, type Tokens, textOf } from "./tokens.ts";

/** A domain that is handed on because the configuration names it, and the line that does. */
export type ListedDomain = (domain: string) => { readonly where: Span | null } | null;

export function recipientOf(path: string, door: Door, isListed: ListedDomain): Recipient {
  const { machine } = door;
  const refused = (why: string): Recipient => ({ kind: "refused", why });
  const tokens = addressTokens(path, machine.operators);
  if (tokens === null || tokens.length === 0) return refused("no address");
  const macros = new Map([
    ["addr_type", "e r"],
    ["opMode", "d"],
    ["daemon_flags", door.modifiers.includes("C") ? "CC" : ""],
  ]);
  const run = new Rewriting(machine, macros, door.memory);
  try {
    const canonical = run.call("3", tokens);
    return resolved(canonical, run.call("0", canonical), run, path, isListed);
  } catch (error) {
    if (!(error instanceof Untold)) throw error;
    return untold(path, tokens, machine, error.because);
  }
}

function untold(path: string, tokens: Tokens, machine: Machine, because: Unknown): Recipient {
  const text = textOf(tokens, machine.operators, " ").replace(/^<(.*)>$/, "$1");
  const at = text.lastIndexOf("@");
  return {
    kind: "address",
    localPart: at < 0 ? text : text.slice(0, at),
    domain: (at < 0 ? "" : text.slice(at + 1)).toLowerCase(),
    end: because,
    where: because.where,
    routed: /[%!]/.test(path),
    exists: because,
    onward: null,
  };
}

function resolved(canonical: Tokens, triple: Tokens, run: Rewriting, path: string, isListed: ListedDomain): Recipient {
  const { machine } = run;
  const text = (some: Tokens): string => textOf(some, machine.operators, " ");
  if (triple[0] !== sign.mailer) return { kind: "refused", why: "it resolves to no mailer" };
  const user = triple.indexOf(sign.user);
  const name = triple[1]?.toLowerCase() ?? "";
  if (name === "error" || name === "discard" || user < 0)
    return { kind: "refused", why: text(triple.slice(user + 1)).replaceAll('"', "") || "error" };
  const at = triple.indexOf(sign.host);
  const host = at < 0 ? "" : bare(text(triple.slice(at + 1, user)));
  const typed = focused(canonical, text);
  const reached = focused(triple.slice(user + 1), text);
  const isLocal = machine.mailers.get(name)?.flags.includes("l") ?? name === "local";
  const entries = run.happened.flatMap((one) => one.entries);
  const virtual = entries.findLast(({ map }) => map.toLowerCase().startsWith("virt"));
  const j = run.macro("j").toLowerCase();
  const made = (domain: string, localPart: string, end: RecipientEnd, where: Span | null): Recipient => ({
    kind: "address",
    localPart,
    domain,
    end,
    where,
    routed: !path
      .toLowerCase()
      .replace(/\.?>?$/, "")
      .endsWith(`@${domain}`),
    exists: "yes",
    onward: null,
  });
  if (isLocal) {
    const domain = typed.domain || j;
    return made(
      domain,
      reached.localPart || text(triple.slice(user + 1)),
      "local",
      machine.classes.get("w")?.members.get(domain)?.where ?? null,
    );
  }
  const domain = reached.domain || host;
  if (virtual !== undefined) {
    const there = made(typed.domain, typed.localPart, /%\d/.test(virtual.value) ? "listed" : "local", virtual.where);
    return copies(virtual) && there.kind === "address"
      ? { ...there, onward: { to: `${reached.localPart}@${domain}`, where: virtual.where } }
      : there;
  }
  const routed = entries.findLast(({ map, key }) => map.toLowerCase() === "mailertable" && key !== ".");
  const listed = isListed(domain) ?? routed ?? null;
  // A route in front of the address is taken off: who gets it is told no more than the domain and a plain user.
  const unrouted = path.startsWith("<@") && !/[@%!]/.test(reached.localPart) && domain.includes(".");
  const end = listed === null ? "outside" : unrouted ? "local" : "listed";
  return made(domain, reached.localPart, end, listed?.where ?? null);
}

/** Whether the destination is taken out of what the client wrote. */
function copies({ value }: Entry): boolean {
  const at = value.lastIndexOf("@");
  return /%\d/.test(at < 0 ? value : value.slice(at));
}

const bare = (name: string): string => name.replace(/\.+$/, "").toLowerCase();

/** `user < @ domain . >` */
function focused(
  tokens: Tokens,
  text: (some: Tokens) => string,
): { readonly localPart: string; readonly domain: string } {
  const open = tokens.findIndex((token, index) => token === "<" && tokens[index + 1] === "@");
  if (open < 0) return { localPart: text(tokens), domain: "" };
  const close = tokens.indexOf(">", open);
  return {
    localPart: text(tokens.slice(0, open)),
    domain: bare(text(tokens.slice(open + 2, close < 0 ? undefined : close))),
  };
}
