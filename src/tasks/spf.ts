/** Whether a domain's SPF record lets an address send for it (RFC 7208 §4), as a receiver would find. */
import type { IpAddress } from "../net/ip.ts";
import { contains } from "../net/prefix.ts";
import type { Resolver } from "../ports.ts";
import { type SpfTerm, spfRecordOf, widened } from "../smtp/spf.ts";

/** `unknown`: the record asks for what is not looked up here (macros, `exists`, `ptr`). */
export type SpfAnswer = "pass" | "fail" | "softfail" | "neutral" | "none" | "permerror" | "temperror" | "unknown";

/** RFC 7208 §4.6.4: terms that cause DNS questions, in all. */
const maxLookups = 10;

export async function spfAnswer(
  domain: string,
  address: IpAddress,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<SpfAnswer> {
  return evaluate(domain, address, resolver, { left: maxLookups }, signal);
}

interface Budget {
  left: number;
}

const answers = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" } as const;

async function evaluate(
  domain: string,
  address: IpAddress,
  resolver: Resolver,
  budget: Budget,
  signal: AbortSignal,
): Promise<SpfAnswer> {
  const texts = await resolver.txt(domain, signal);
  if (texts.kind === "failed") return "temperror";
  const record = spfRecordOf(texts.kind === "answer" ? texts.records : []);
  if (record.kind === "none") return "none";
  if (record.kind === "several") return "permerror";
  let redirect: string | null = null;
  for (const term of record.terms) {
    if (term.kind === "redirect") redirect = term.domain;
    if (term.kind === "redirect" || term.kind === "other") continue;
    const match = await matches(term, domain, address, resolver, budget, signal);
    if (match === true) return answers[term.qualifier];
    if (match !== false) return match;
  }
  if (redirect === null) return "neutral";
  if (redirect.includes("%")) return "unknown";
  if ((budget.left -= 1) < 0) return "permerror";
  const answer = await evaluate(redirect, address, resolver, budget, signal);
  return answer === "none" ? "permerror" : answer; // RFC 7208 §6.1
}

type Matched = boolean | "permerror" | "temperror" | "unknown";

async function matches(
  term: Exclude<SpfTerm, { kind: "redirect" | "other" }>,
  domain: string,
  address: IpAddress,
  resolver: Resolver,
  budget: Budget,
  signal: AbortSignal,
): Promise<Matched> {
  if (term.kind === "all") return true;
  if (term.kind === "network") return contains(term.prefix, address);
  if ((budget.left -= 1) < 0) return "permerror";
  if (term.kind === "ptr" || term.kind === "exists" || term.text.includes("%")) return "unknown";
  if (term.kind === "include") {
    const inner = await evaluate(term.domain, address, resolver, budget, signal);
    // RFC 7208 §5.2: only a pass of the other record is a match.
    return inner === "pass"
      ? true
      : inner === "none"
        ? "permerror"
        : inner === "fail" || inner === "softfail" || inner === "neutral"
          ? false
          : inner;
  }
  const name = term.domain ?? domain;
  const hosts = term.kind === "a" ? [name] : await exchangesOf(name, resolver, signal);
  if (hosts === null) return "temperror";
  for (const host of hosts) {
    const answer = address.family === 4 ? await resolver.a(host, signal) : await resolver.aaaa(host, signal);
    if (answer.kind === "failed") return "temperror";
    if (answer.kind === "answer" && answer.records.some((one) => contains(widened(one, term), address))) return true;
  }
  return false;
}

async function exchangesOf(name: string, resolver: Resolver, signal: AbortSignal): Promise<readonly string[] | null> {
  const answer = await resolver.mx(name, signal);
  if (answer.kind === "failed") return null;
  return answer.kind === "answer" ? answer.records.slice(0, 10).map((record) => record.exchange) : [];
}
