/**
 * Feeds as tables: Shadowserver, national CERTs, AbuseHub, UCEPROTECT. Read by the names of their columns (RFC 4180), because
 * columns come and go; attached plainly, in a ZIP, or as a file.
 */
import { networkOf } from "../addresses.ts";
import { limits } from "../limits.ts";
import { decoded, type Mail } from "../mail.ts";
import { bytesOfPart, type Part, textOfPart } from "../mime.ts";
import { nothingRead, type Reading, type Topic } from "../reading.ts";
import { membersOf } from "./zip.ts";

const addressColumns = [
  "src_ip",
  "ip",
  "source_ip",
  "source ip",
  "sourceip",
  "ip_address",
  "ip address",
  "source.ip",
  "source",
  "address",
  "endereco ip",
];
const timeColumns = [
  "timestamp",
  "time.source",
  "time",
  "date",
  "datetime",
  "detected",
  "last_seen",
  "last seen",
  "source time",
  "last impact timestamp",
  "timestamp (utc)",
];
const typeColumns = ["tag", "type", "category", "classification.type", "infection", "reason", "subject"];

interface Table {
  readonly name: string;
  readonly rows: readonly (readonly string[])[];
}

export function readCsv(mail: Mail): readonly Reading[] | null {
  const tables = mail.parts.flatMap((part) => tablesOf(part, mail));
  const read = tables.flatMap((table) => readingsOf(table, mail));
  return read.length === 0 ? null : read.slice(0, limits.csvRows);
}

function tablesOf(part: Part, mail: Mail): readonly Table[] {
  const { problems } = mail.budget;
  const name = decoded(part.name ?? "");
  if (
    /\.(?:csv|tsv)(?:\.txt)?$/i.test(name) ||
    /\/(?:x-)?(?:csv|comma-separated-values|tab-separated-values)$/.test(part.type)
  )
    return [{ name, rows: rowsOf(textOfPart({ ...part, type: "text/csv" }, problems)) }];
  if (!/zip/.test(part.type) && !/\.(?:zip|gz)$/i.test(name)) return [];
  return membersOf(bytesOfPart(part, limits.attachmentBytes, problems), problems)
    .filter((member) => member.name === "" || /\.(?:csv|tsv|txt)$/i.test(member.name))
    .map((member) => ({ name: member.name === "" ? name : member.name, rows: rowsOf(member.bytes.toString("utf8")) }));
}

function readingsOf({ name, rows }: Table, mail: Mail): readonly Reading[] {
  const [head = [], ...body] = rows;
  const names = head.map((cell) =>
    cell
      .trim()
      .toLowerCase()
      .replace(/^\ufeff/, "")
      .replace(/^#\s*/, ""),
  );
  const column = (wanted: readonly string[]): number =>
    wanted.map((one) => names.indexOf(one)).find((at) => at >= 0) ?? -1;
  const address = column(addressColumns);
  if (address < 0) return [];
  const time = column(timeColumns);
  const type = column(typeColumns);
  const file = /^\d{4}-\d{2}-\d{2}-([a-z0-9_]+)-/i.exec(name)?.[1]?.toLowerCase() ?? null;
  const shadowserver =
    file !== null && (/shadowserver/i.test(`${mail.from?.address} ${mail.subject}`) || names.includes("asn"));
  const found = new Map<string, Reading>();
  for (const row of body) {
    const cell = row[address] ?? "";
    const network = networkOf(cell);
    if (network === null) continue;
    const word = file ?? (type < 0 ? "" : (row[type] ?? ""));
    const key = `${cell}|${word}`;
    // Feeds repeat an address for each time it was seen: the latest row stands for all.
    found.set(key, {
      ...nothingRead,
      format: shadowserver ? "shadowserver" : "csv",
      topic: topicOf(word.toLowerCase()),
      feedbackType: decoded(word) === "" ? null : decoded(word).slice(0, 80),
      claims: [
        { network, from: `column "${names[address]}" of ${name === "" ? "the table" : name}`, weight: "stated" },
      ],
      times: time < 0 || row[time] === undefined ? [] : [{ text: row[time] ?? "", from: `column "${names[time]}"` }],
      robot: true,
    });
  }
  return [...found.values()];
}

/** Shadowserver has no report on open relays; what comes nearest are `spam_url` (who sent the mail) and `blocklist`. */
function topicOf(word: string): Topic {
  if (/relay/.test(word)) return "open-relay";
  if (/spam|^mail/.test(word)) return "spam";
  if (/blocklist|blacklist|dnsbl|impact/.test(word)) return "listing";
  if (/compromised_account|stolen/.test(word)) return "stolen-account";
  if (/^scan|vulnerab|open|access|expos|ssl/.test(word)) return "exposure";
  return "other-abuse";
}

/** RFC 4180, with the separator that the first line uses most. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const first = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const count = (sign: string): number => first.split(sign).length;
  const separator = [",", ";", "\t", "|"].reduce((best, sign) => (count(sign) > count(best) ? sign : best), ",");
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endCell = (): void => {
    if (row.length < 200) row.push(cell.slice(0, limits.value));
    cell = "";
  };
  for (let at = 0; at < text.length && rows.length < limits.csvRows; at += 1) {
    const sign = text[at]!;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else quoted = false;
    } else if (sign === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (sign === separator) endCell();
    else if (sign === "\n") {
      endCell();
      rows.push(row);
      row = [];
    } else if (sign !== "\r") cell += sign;
  }
  if (cell !== "" || row.length > 0) {
    endCell();
    rows.push(row);
  }
  return rows;
}
