/**
 * X-ARF 0.1 and 0.2 (and whatever calls itself later): mail with a block of `Name: value` lines, in a part of its own or
 * within the text. Its schema is never fetched.
 */
import { fieldOf } from "../../message/header.ts";
import { networkOf } from "../addresses.ts";
import { type Entry, entriesIn, entryOf } from "../blocks.ts";
import { attachedEvidence, messageIdIn, pastedEvidence } from "../evidence.ts";
import { type Mail, writersIn } from "../mail.ts";
import { textOfPart } from "../mime.ts";
import { nothingRead, type Reading, type Topic } from "../reading.ts";

export function readXArf(mail: Mail): Reading | null {
  const marked = fieldOf(mail.header, "x-arf") ?? fieldOf(mail.header, "x-xarf");
  const found = reportOf(mail, marked !== null);
  if (found === null) return null;
  const { entries, rest } = found;
  const type = (entryOf(entries, "report-type", "type") ?? "").toLowerCase();
  const category = (entryOf(entries, "category", "abuse-category") ?? "abuse").toLowerCase();
  const source = entryOf(entries, "source", "source-ip", "ip");
  const network = source === null ? null : networkOf(source);
  const evidence = attachedEvidence(mail) ?? pastedEvidence(rest);
  const reporter = writersIn(entryOf(entries, "reported-from"))[0] ?? null;
  const date = entryOf(entries, "date", "last-seen", "first-seen");
  return {
    ...nothingRead,
    format: "x-arf",
    topic: topicOf(category, type),
    feedbackType: type === "" ? category : `${category}/${type}`,
    claims: network === null ? [] : [{ network, from: "Source field", weight: "stated" }],
    evidence,
    times: date === null ? [] : [{ text: date, from: "Date field" }],
    originalMessageId: messageIdIn(evidence),
    reporter,
    reportId: entryOf(entries, "report-id"),
    robot: true,
    problems: [
      ...(source === null
        ? ["The report names no source."]
        : network === null
          ? [`The source "${source.slice(0, 60)}" is no address.`]
          : []),
      ...(/secure|bulk/i.test(marked ?? "")
        ? [`X-XARF: ${marked?.slice(0, 20)}: only what is readable was read.`]
        : []),
    ],
  };
}

export function topicOf(category: string, type: string): Topic {
  const both = `${category} ${type}`;
  if (/relay/.test(both)) return "open-relay";
  if (/spam|bulk|mail|messaging|phish-?source/.test(both)) return "spam";
  if (/dnsbl|blocklist|blacklist|listing|reputation/.test(both)) return "listing";
  if (/compromised[ _-]?account/.test(both)) return "stolen-account";
  if (/open|misconfig|vulnerab|exposed|info/.test(both)) return "exposure";
  return "other-abuse";
}

/** The block with the report, and the texts beside it. */
function reportOf(mail: Mail, marked: boolean): { readonly entries: readonly Entry[]; readonly rest: string } | null {
  const texts = mail.parts
    .filter(
      ({ type, name }) =>
        type.startsWith("text/") || /report\.(?:txt|ya?ml)$/i.test(name ?? "") || type === "application/x-yaml",
    )
    .slice(0, 20)
    .map((part) => textOfPart(part, mail.budget.problems).slice(0, 512 * 1024));
  for (const [index, text] of texts.entries()) {
    const found = blockIn(text, marked);
    if (found !== null) return { entries: found, rest: texts.filter((_, at) => at !== index).join("\n\n") };
  }
  return null;
}

function blockIn(text: string, marked: boolean): readonly Entry[] | null {
  const at = /^[ \t>]*(?:reported-from|x-x?arf|source-type|schema-url|report-type)[ \t]*:/im.exec(text);
  if (at === null) return null;
  const before = text.lastIndexOf("\n\n", at.index);
  const block = text.slice(before < 0 ? 0 : before, at.index + 20_000).replace(/^[ \t]*>[ \t]?/gm, "");
  const entries = entriesIn(block);
  const has = (...names: string[]): boolean => entryOf(entries, ...names) !== null;
  const signs = [
    has("reported-from"),
    has("report-type"),
    has("source-type"),
    has("schema-url"),
    has("report-id"),
    has("category", "abuse-category"),
    has("source"),
  ];
  return signs.filter(Boolean).length >= (marked ? 2 : 4) ? entries : null;
}
