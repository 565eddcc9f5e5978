/**
 * Exchange's message tracking log, as the server writes it (`#Fields: date-time,…`) and as `Get-MessageTrackingLog |
 * Export-Csv` does (`"Timestamp","ClientIp",…`): the same columns under two kinds of name.
 */
import { isOwnMachine, type LineReader, maxRecipients, maxText, nothing, type Outcome } from "../attempt.ts";
import { codesIn } from "../reply-text.ts";
import { csvFields } from "./csv.ts";

const outcomes: Readonly<Record<string, Outcome>> = {
  SEND: "sent",
  SENDEXTERNAL: "sent",
  DEFER: "deferred",
  FAIL: "bounced",
};

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");

/** The names of the columns, if the line is such a header. */
export function trackingColumns(line: string): readonly string[] | null {
  const columns = csvFields(line.replace(/^#Fields: ?/i, "")).map(bare);
  return columns.includes("eventid") && columns.includes("recipientstatus") ? columns : null;
}

export function exchangeTrackingReader(): LineReader {
  let column: ReadonlyMap<string, number> = new Map();
  return (line) => {
    const header = trackingColumns(line);
    if (header !== null) column = new Map(header.map((name, at) => [name, at]));
    if (header !== null || line.startsWith("#") || column.size === 0) return nothing;
    const fields = csvFields(line);
    const of = (...names: readonly string[]): string =>
      names.map((name) => fields[column.get(name) ?? -1] ?? "").find((text) => text !== "") ?? "";
    const outcome = outcomes[of("eventid").toUpperCase()];
    // DELIVER and the events of agents and stores never met another host.
    if (outcome === undefined || (outcome === "sent" && of("source").toUpperCase() !== "SMTP")) return nothing;
    const recipients = of("recipientaddress", "recipients")
      .split(/[;| ]+/)
      .slice(0, maxRecipients);
    const status = of("recipientstatus");
    const said = lastError(status) ?? lastError(of("sourcecontext")) ?? (status || of("sourcecontext"));
    const ip =
      /\{IP=([0-9A-Fa-f.:]{2,45})/.exec(status)?.[1] ??
      /\[LastAttemptedIP=([0-9A-Fa-f.:]{2,45}?)(?::\d{1,5})?\]/.exec(said)?.[1] ??
      (of("serverip") || null);
    if (isOwnMachine(ip)) return nothing;
    const at = Date.parse(of("datetime", "timestamp"));
    return [
      {
        kind: "attempt",
        at: Number.isNaN(at) ? null : at,
        product: "exchange",
        queueId: of("messageid") || null,
        recipients,
        host:
          /\{FQDN=([^}\s]{1,255})/.exec(status)?.[1] ??
          /\[LastAttemptedServerName=([^\]\s]{1,255})/.exec(said)?.[1] ??
          (of("serverhostname") || null),
        ip,
        local: outcome === "sent" ? of("clientip") || null : null,
        outcome,
        text: said.slice(0, maxText),
        answered: codesIn(said).code !== null,
        enhanced: null,
      },
    ];
  };
}

/** `[{LED=550 5.7.1 …};{MSG=};{FQDN=mx.example};{IP=192.0.2.7};{LRT=…}]`: the last error. */
function lastError(text: string): string | null {
  return /\{LED=([^}]{1,2000})/.exec(text)?.[1] ?? null;
}
