/** The words behind `-A CHAIN`, as a rule. */
import type { Action, Place } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Draft } from "../netfilter/ruleset.ts";
import { type Condition, doubtful, product } from "../unix/conditions.ts";
import type { IpSets } from "./ipset.ts";
import { elsewhere, options, understood } from "./matches.ts";

export interface RuleContext {
  readonly family: Family;
  readonly sets: IpSets;
  /** The key of a chain of the same table; null: there is none of that name. */
  chainKey(name: string): string | null;
}

/** They note, mark or change a packet, which then meets the next rule. */
const passing: ReadonlySet<string> = new Set(
  (
    "LOG NFLOG ULOG MARK CONNMARK TCPMSS TOS DSCP CLASSIFY TTL HL CT NOTRACK SET TRACE AUDIT CHECKSUM RATEEST LED IDLETIMER " +
    "TEE ECN SECMARK CONNSECMARK TCPOPTSTRIP HMARK ACCOUNT NFACCT IPMARK SYSRQ ECHO CONTINUE PROTO DHCPMAC LOGMARK"
  ).split(" "),
);
const refusing: ReadonlySet<string> = new Set(["DROP", "REJECT", "TARPIT", "DELUDE", "CHAOS", "STEAL"]);
const aside: ReadonlySet<string> = new Set(["QUEUE", "NFQUEUE", "SYNPROXY", "TPROXY", "MIRROR", "NETMAP", "REDIRECT"]);

/** Options of targets that look like a match's. */
const isOption = (word: string): boolean => /^-{1,2}[A-Za-z]/.test(word);

export function draftOf(
  words: readonly string[],
  place: Place,
  context: RuleContext,
): { readonly draft: Draft; readonly troubles: readonly string[] } {
  const troubles: string[] = [];
  let conditions: readonly Condition[] = [{}];
  let protocols: Condition["protocols"] | null = null;
  let target: { readonly name: string; readonly goto: boolean } | null = null;
  let notrack = false;
  /** The match whose options are next. */
  let match: string | null = null;
  let negated = false;
  let rpfilter: "plain" | "inverted" | null = null;
  const narrow = (found: readonly Condition[] | string): void => {
    if (typeof found === "string") {
      troubles.push(found);
      conditions = doubtful(conditions, found);
      return;
    }
    conditions = product([conditions, found]) ?? doubtful(conditions, "too many ways at once");
  };
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? "";
    at += 1;
    if (word === "!") {
      negated = true;
      continue;
    }
    // `--dport=25`, `-ieth0`.
    const [name, glued] = separated(word);
    const take = (count: number): readonly string[] => {
      const taken = glued === null ? [] : [glued];
      // The old place of the sign: `-s ! 192.0.2.1`.
      if (taken.length === 0 && words[at] === "!") {
        negated = true;
        at += 1;
      }
      while (taken.length < count && at < words.length) {
        taken.push(words[at] ?? "");
        at += 1;
      }
      return taken;
    };
    if (["-j", "--jump", "-g", "--goto"].includes(name)) {
      target = { name: take(1)[0] ?? "", goto: name === "-g" || name === "--goto" };
      match = null;
    } else if (name === "-m" || name === "--match") {
      match = take(1)[0] ?? "";
      if (match === "rpfilter") rpfilter = "plain";
      else if (!understood.has(match)) {
        conditions = doubtful(conditions, `the match ${match}`);
        if (!elsewhere.has(match)) troubles.push(`the match ${match.slice(0, 40)} is not known`);
      }
    } else if (rpfilter !== null && ["--invert", "--loose", "--validmark", "--accept-local"].includes(name)) {
      if (name === "--invert") rpfilter = "inverted";
    } else if (target !== null && passing.has(target.name) && isOption(name) && !options.has(name)) {
      if (name === "--notrack") notrack = true;
      while (at < words.length && !isOption(words[at] ?? "") && words[at] !== "!") at += 1;
    } else if (match !== null && !understood.has(match) && !alone.has(name)) {
      while (at < words.length && !isOption(words[at] ?? "") && words[at] !== "!") at += 1;
    } else {
      const option = options.get(name);
      if (option === undefined) {
        const rest = at;
        while (at < words.length && !isOption(words[at] ?? "") && words[at] !== "!") at += 1;
        if (target !== null && isOption(name)) {
          // An option of the target.
        } else if (/^--ct|^--tcp-option|^--return-nomatch|^--(packets|bytes)-|^--update-|^! /.test(name))
          conditions = doubtful(conditions, `${name} is looked at`);
        else narrow(`“${[word, ...words.slice(rest, at)].join(" ").slice(0, 80)}” is not understood`);
      } else if (name === "-w" || name === "--wait") {
        if (/^\d+$/.test(words[at] ?? "")) at += 1;
      } else {
        const values = take(option.words);
        const found: readonly Condition[] | string =
          values.length < option.words
            ? "the rule ends too early"
            : option.means(values, negated, { ...context, protocols: protocols ?? null });
        narrow(found);
        if (protocolNames.has(name)) {
          protocols = typeof found === "string" ? null : (found[0]?.protocols ?? null);
          match = null;
        }
      }
    }
    negated = false;
  }
  // An honest packet comes from where an answer to it would go.
  if (rpfilter === "inverted") conditions = [];
  if (target?.name === "NOTRACK") notrack = true;
  const { action, trouble } = actionOf(target, context);
  if (trouble !== null) troubles.push(trouble);
  return { draft: { conditions, action, place, ...(notrack ? { notrack } : {}) }, troubles };
}

const protocolNames: ReadonlySet<string> = new Set(["-p", "--protocol", "--proto"]);

/** Options that are no match's, wherever they stand. */
const alone: ReadonlySet<string> = new Set(
  (
    "-p --protocol --proto -s --source --src -d --destination --dst -i --in-interface -o --out-interface -f --fragment -c " +
    "--set-counters"
  ).split(" "),
);

function separated(word: string): readonly [string, string | null] {
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
  if (/^-[psdiojgm][^-\s]/.test(word) && !word.startsWith("--")) return [word.slice(0, 2), word.slice(2)];
  return [word, null];
}

function actionOf(
  target: { readonly name: string; readonly goto: boolean } | null,
  { chainKey }: RuleContext,
): { readonly action: Action; readonly trouble: string | null } {
  const fine = (action: Action) => ({ action, trouble: null });
  if (target === null) return fine({ kind: "continue" });
  const { name } = target;
  const chain = chainKey(name);
  if (chain !== null) return fine({ kind: target.goto ? "goto" : "jump", chain });
  if (name === "ACCEPT") return fine({ kind: "permit" });
  if (name === "RETURN") return fine({ kind: "return" });
  if (refusing.has(name)) return fine({ kind: "deny" });
  if (passing.has(name)) return fine({ kind: "continue" });
  if (aside.has(name)) return fine({ kind: "unknown", why: `${name} takes packets elsewhere` });
  const why = `there is no chain or target ${name.slice(0, 60)}`;
  return { action: { kind: "unknown", why }, trouble: why };
}
