/** What a check of the lists finds, one row per tag. */
import type { Finding, FindingRow } from "../finding/finding.ts";
import { reasonWords } from "./reasons.ts";
import type { ListHealth, Listing, ListsDocument } from "./result.ts";

interface Seen {
  readonly subject: string;
  readonly list: string;
  readonly says: string;
  readonly remedy: string;
}

export const listsFindings = {
  LISTS_LISTED: {
    severity: "high",
    says: ({ subject, list, says }) => `${subject} is listed at ${list}: ${says}.`,
    why: "Many mailers refuse or mark mail from what is listed there.",
    remedy: ({ remedy }) => remedy,
  },
  LISTS_LISTED_RELAY: {
    severity: "critical",
    says: ({ subject, list, says }) => `${subject} is listed at ${list}: ${says}.`,
    why: "Somebody has sent mail through it from stranger to stranger.",
    remedy: ({ subject, remedy }) => `Test it first: fencepost check ${subject} --profile full. ${remedy}`,
  },
  LISTS_LISTED_MINOR: {
    severity: "low",
    says: ({ subject, list, says }) => `${subject} is listed at ${list}: ${says}.`,
    why: "Few mailers heed this list; it may be the first sign of something larger.",
    remedy: ({ remedy }) => remedy,
  },
  LISTS_LISTED_IGNORABLE: {
    severity: "info",
    says: ({ subject, list, says }) => `${subject} is listed at ${list}: ${says}.`,
    why: "This list need not trouble you.",
    remedy: ({ remedy }) => remedy,
  },
  LISTS_COULD_NOT_ASK: {
    severity: "medium",
    says: ({ list, says }) => `${list} ${says}.`,
    why: "Many mailers heed this list, and whether anything of yours is on it is not known.",
    remedy: ({ remedy }) => remedy,
  },
  LISTS_ENDED: {
    severity: "info",
    says: ({ list, says }) => `${list} ${says}.`,
    why: "An answer from it means nothing, and asking it costs time.",
    remedy: () => "Take it out of the configurations that ask it: `fencepost audit` names the lines.",
  },
  LISTS_RESOLVER: {
    severity: "medium",
    says: ({ says }) => says,
    why: "Lists cannot be asked, or not be believed, through it.",
    remedy: () =>
      "Ask through a resolver of your own that does its own recursion and whose address has a PTR name of yours: --resolver ADDR.",
  },
} as const satisfies Record<string, FindingRow<Seen>>;
export type ListsTag = keyof typeof listsFindings;

export function listingFinding(subject: string, listing: Listing): Finding {
  const { list, name, code, meaning, weight, ignore, relay, removal } = listing;
  const tag: ListsTag =
    ignore !== null
      ? "LISTS_LISTED_IGNORABLE"
      : relay
        ? "LISTS_LISTED_RELAY"
        : weight === "low" || weight === "none"
          ? "LISTS_LISTED_MINOR"
          : "LISTS_LISTED";
  const where = removal.where === null ? "" : ` (${removal.where})`;
  const remedy = ignore ?? `Find and end the cause first, then get it off: ${removal.how}${where}.`.replace("..", ".");
  return made(tag, `${subject}|${list}|${code}|${meaning}`, subject, { subject, list: name, says: meaning, remedy }, [
    { kind: "dns-answer", ref: code },
    ...(listing.text === undefined ? [] : [{ kind: "txt", ref: listing.text }]),
  ]);
}

/** Null: that nothing is known from it needs no finding. */
export function healthFinding(health: ListHealth): Finding | null {
  const { list, name, kind, reason, says, weight, look } = health;
  if (reason === null) return null;
  const tag = reason === "ended" ? "LISTS_ENDED" : "LISTS_COULD_NOT_ASK";
  if (tag === "LISTS_COULD_NOT_ASK" && (weight === "low" || weight === "none")) return null;
  const words = `${reasonWords[reason]}${says === "" ? "" : ` (${says})`}`;
  const remedy = look === null ? "Ask again later." : `Look by hand: ${look}`;
  return made(tag, `${list}|${kind}`, list, { subject: list, list: name, says: words, remedy }, []);
}

export function resolverFinding({ verdict, says }: ListsDocument["resolver"]): Finding | null {
  if (verdict === "sound" || verdict === "not-tested") return null;
  return made("LISTS_RESOLVER", verdict, "resolver", { subject: "resolver", list: "", says, remedy: "" }, []);
}

function made(tag: ListsTag, key: string, subject: string, seen: Seen, evidence: Finding["evidence"]): Finding {
  const row: FindingRow<Seen> = listsFindings[tag];
  return {
    tag,
    severity: row.severity,
    subject,
    key: `${tag}|${key}`,
    says: row.says(seen),
    why: row.why,
    remedy: row.remedy(seen),
    evidence,
    data: { list: seen.list },
  };
}
