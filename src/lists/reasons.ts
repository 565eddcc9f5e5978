/** Why it is not known whether something is listed: a closed set, each with its words for a report. */
import { refusalReasons } from "../knowledge/list.ts";

const own = [
  "needs-key",
  "needs-registration",
  "not-by-dns",
  "ended",
  "dead",
  "lapsed",
  "lists-everything",
  "no-test-entry",
  "unknown-code",
  "timeout",
  "servfail",
  "refused",
  "garbled",
  "name-too-long",
  "rewriting-resolver",
  "resolver-silent",
  "interrupted",
] as const;

export const unknownReasons = [...refusalReasons, ...own] as const;
export type UnknownReason = (typeof unknownReasons)[number];

/** After the name of a list: "SpamCop …". */
export const reasonWords: Readonly<Record<UnknownReason, string>> = {
  "refuses-resolver": "refuses this resolver: it is public, or its name does not tell whose it is",
  "over-limit": "has had too many questions from here",
  "not-registered": "answers only who is registered with it",
  "key-refused": "does not accept the key",
  "wrong-question": "says that the question makes no sense there",
  "refused-here": "answers with a refusal",
  "needs-key": "is asked with a key, and there is none at hand",
  "needs-registration": "does not answer this resolver: it wants to have it registered",
  "not-by-dns": "cannot be asked by DNS",
  ended: "has ended, and is known to have",
  dead: "does not answer its test entry: it has ended or is out of order",
  lapsed: "answers what no list does: its domain has gone to somebody else",
  "lists-everything": "lists everything, also what cannot be listed",
  "no-test-entry": "has no test entry: its silence proves nothing",
  "unknown-code": "answers with a code that is not known",
  timeout: "did not answer in time",
  servfail: "could not be asked: its servers fail (SERVFAIL)",
  refused: "refuses the question (REFUSED), or the resolver does",
  garbled: "answers what cannot be read",
  "name-too-long": "cannot be asked: the name would be too long for DNS",
  "rewriting-resolver": "cannot be believed through this resolver: it answers for names that do not exist",
  "resolver-silent": "could not be asked: the resolver does not answer",
  interrupted: "was not asked: the run was stopped",
};

/** Known beforehand, and no fault of this run: such a list leaves no doubt about the others. */
export const foreseen: ReadonlySet<UnknownReason> = new Set<UnknownReason>([
  "needs-key",
  "needs-registration",
  "not-registered",
  "not-by-dns",
  "no-test-entry",
  "ended",
]);
