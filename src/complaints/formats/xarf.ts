/**
 * XARF in JSON: version 4 (`xarf_version`), and versions 1 to 3 (`ReporterInfo` and `Report`, in the two shapes that are
 * seen), as a part of a mail, in its text, or as a file.
 */
import { networkOf } from "../addresses.ts";
import { attachedEvidence, messageIdIn } from "../evidence.ts";
import { limits } from "../limits.ts";
import { type Mail, mailOfText, type Writer, wordsOf, writersIn } from "../mail.ts";
import { bytesOfPart } from "../mime.ts";
import { nothingRead, type Reading } from "../reading.ts";
import { type Json, member, readJson, textAt } from "./json.ts";
import { topicOf } from "./x-arf.ts";

export function readXarf(mail: Mail): readonly Reading[] | null {
  const found = documentsOf(mail).flatMap((document) =>
    Array.isArray(document) ? document.slice(0, limits.reportsPerMessage) : [document],
  );
  const read = found.flatMap((document) => {
    const one = textAt(document, "xarf_version") !== null ? version4(document, mail) : version3(document, mail);
    return one === null ? [] : [one];
  });
  return read.length === 0 ? null : read;
}

function documentsOf(mail: Mail): readonly Json[] {
  const found: Json[] = [];
  for (const part of mail.parts) {
    const named = /json/.test(part.type) || /\.json$/i.test(part.name ?? "");
    if (!named) continue;
    const json = readJson(bytesOfPart(part, limits.jsonBytes, mail.budget.problems).toString("utf8"));
    if (json === undefined) mail.budget.problems.add("A JSON part cannot be read.");
    else found.push(json);
  }
  if (found.length > 0) return found;
  const text = wordsOf(mail);
  const at = text.search(/\{\s*"(?:xarf_version|Version|ReporterInfo|Disclosure)"/);
  const end = text.lastIndexOf("}");
  const json = at < 0 || end < at ? undefined : readJson(text.slice(at, end + 1));
  return json === undefined ? [] : [json];
}

function version4(document: Json, mail: Mail): Reading | null {
  const category = textAt(document, "category") ?? "";
  const type = textAt(document, "type") ?? "";
  const source = textAt(document, "source_identifier");
  const network = source === null ? null : networkOf(source);
  const evidence = messageIn(member(document, "evidence"), "content_type", "payload", mail) ?? attachedEvidence(mail);
  const missing = ["report_id", "timestamp", "source_identifier", "category", "type"].filter(
    (name) => textAt(document, name) === null,
  );
  return {
    ...nothingRead,
    format: "xarf-4",
    topic: topicOf(category, type),
    feedbackType: `${category}/${type}`,
    claims: network === null ? [] : [{ network, from: "source_identifier", weight: "stated" }],
    evidence,
    times: timesOf(document, "timestamp"),
    originalMessageId: textAt(document, "message_id") ?? messageIdIn(evidence),
    recipients: writersIn(textAt(document, "smtp_to")).map(({ address }) => address),
    reporter: contact(textAt(document, "reporter", "contact"), textAt(document, "reporter", "org")),
    reportId: textAt(document, "report_id"),
    robot: true,
    problems: missing.length === 0 ? [] : [`Not valid by the schema of XARF 4: ${missing.join(", ")} missing.`],
  };
}

function version3(document: Json, mail: Mail): Reading | null {
  const report = member(document, "Report");
  if (report === undefined || member(document, "ReporterInfo") === undefined) return null;
  const kind = textAt(report, "ReportClass") ?? textAt(report, "ReportCategory") ?? "";
  const type = textAt(report, "ReportType") ?? "";
  const source = textAt(report, "SourceIp") ?? textAt(report, "Source", "IP") ?? textAt(report, "Source", "Value");
  const network = source === null ? null : networkOf(source);
  const samples = member(report, "Samples") ?? member(report, "Sample") ?? member(report, "Attachment");
  const evidence =
    messageIn(samples, "ContentType", "Payload", mail) ??
    messageIn(samples, "ContentType", "Data", mail) ??
    attachedEvidence(mail);
  return {
    ...nothingRead,
    format: "xarf-3",
    topic: topicOf(kind.toLowerCase(), type.toLowerCase()),
    feedbackType: `${kind}/${type}`.toLowerCase(),
    claims: network === null ? [] : [{ network, from: "SourceIp", weight: "stated" }],
    evidence,
    times: timesOf(report, "Date", "LastSeen", "FirstSeen"),
    originalMessageId: messageIdIn(evidence),
    recipients: writersIn(textAt(report, "SmtpRcptToAddress")).map(({ address }) => address),
    reporter: contact(
      textAt(document, "ReporterInfo", "ReporterContactEmail") ?? textAt(document, "ReporterInfo", "ReporterOrgEmail"),
      textAt(document, "ReporterInfo", "ReporterOrg"),
    ),
    reportId: textAt(document, "ReportID") ?? textAt(report, "ReportID"),
    robot: true,
    problems: network === null ? ["The report names no source address."] : [],
  };
}

/** A message among the evidence, whose payload may be base64. */
function messageIn(items: Json | undefined, typeName: string, payloadName: string, mail: Mail): Reading["evidence"] {
  const list = Array.isArray(items) ? (items as readonly Json[]) : items === undefined ? [] : [items];
  for (const item of list.slice(0, 20)) {
    const payload = member(item, payloadName);
    if (typeof payload !== "string" || !/rfc822|plain|eml|octet/i.test(textAt(item, typeName) ?? "message/rfc822"))
      continue;
    const raw = payload.slice(0, limits.textBytes);
    const text = /^[A-Za-z0-9+/=\s]+$/.test(raw.slice(0, 2000)) ? Buffer.from(raw, "base64").toString("utf8") : raw;
    const { header } = mailOfText(text, mail);
    if (header.some(({ name }) => name === "received" || name === "message-id" || name === "from")) return header;
  }
  return null;
}

function contact(address: string | null, name: string | null): Writer | null {
  const [found] = writersIn(address);
  return found === undefined ? null : { name: name ?? found.name, address: found.address };
}

function timesOf(value: Json, ...names: readonly string[]): Reading["times"] {
  return names.flatMap((name) => {
    const found = textAt(value, name);
    return found === null ? [] : [{ text: found, from: name }];
  });
}
