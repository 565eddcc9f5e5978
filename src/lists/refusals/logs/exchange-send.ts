/**
 * Exchange's protocol log of send connectors: one line a command or reply, sessions interleaved.
 *
 *     #Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context
 *
 * `>` is what we wrote, `<` what the receiver did, `+` and `-` begin and end.
 */
import { type Attempt, isOwnMachine, type LineReader, type LogEvent, maxText, nothing } from "../attempt.ts";
import { csvFields } from "./csv.ts";

interface Session {
  /** Commands without a reply yet: replies come in their order (RFC 2920 §3.1). */
  readonly asked: string[];
  readonly accepted: string[];
  reply: string;
  greeted: boolean;
}

/** Sessions at once; a server has at most 1000 of them outbound by default. */
const maxSessions = 10_000;
const maxAsked = 500;

export function isSendLog(header: string): boolean {
  return /^#Fields: ?date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data/i.test(
    header,
  );
}

export function exchangeSendReader(): LineReader {
  const sessions = new Map<string, Session>();
  return (line) => {
    if (line.startsWith("#")) return nothing;
    const [time = "", , id = "", , local = "", remote = "", event = "", data = ""] = csvFields(line);
    if (event === "+") {
      if (sessions.size >= maxSessions) sessions.delete(sessions.keys().next().value ?? "");
      sessions.set(id, { asked: [], accepted: [], reply: "", greeted: false });
      return nothing;
    }
    const session = sessions.get(id);
    if (session === undefined) return nothing;
    if (event === "-") sessions.delete(id);
    if (event === ">" && session.asked.length < maxAsked) session.asked.push(data);
    if (event !== "<") return nothing;
    session.reply = `${session.reply}${session.reply === "" ? "" : " "}${data}`.slice(0, maxText);
    if (/^\d{3}-/.test(data)) return nothing;
    const reply = session.reply;
    session.reply = "";
    const at = Date.parse(time);
    const ip = addressOf(remote);
    if (isOwnMachine(ip)) return nothing;
    return heard(session, reply, {
      kind: "attempt",
      at: Number.isNaN(at) ? null : at,
      product: "exchange",
      queueId: null,
      host: null,
      ip,
      local: addressOf(local),
      answered: true,
      enhanced: null,
      text: reply,
    });
  };
}

function heard(session: Session, reply: string, common: Omit<Attempt, "recipients" | "outcome">): readonly LogEvent[] {
  const outcome = reply.startsWith("2") ? "sent" : reply.startsWith("4") ? "deferred" : "bounced";
  const command = session.greeted ? (session.asked.shift() ?? "") : "";
  session.greeted = true;
  const recipient = /^RCPT TO:\s?<([^>]{1,320})>/i.exec(command)?.[1];
  if (recipient !== undefined) {
    if (outcome !== "sent") return [{ ...common, recipients: [recipient], outcome }];
    session.accepted.push(recipient);
    return nothing;
  }
  // The reply after the message counts for all recipients that were taken (RFC 5321 §4.1.1.4).
  if (/^(?:BDAT .*LAST|DATA)/i.test(command) && !reply.startsWith("354"))
    return session.accepted.splice(0).map((one) => ({ ...common, recipients: [one], outcome }));
  if (/^DATA/i.test(command)) session.asked.unshift("DATA, sent");
  if (/^[23]/.test(reply) || /^(?:EHLO|QUIT|STARTTLS|AUTH)/i.test(command)) return nothing;
  return [{ ...common, recipients: [], outcome }];
}

/** `192.0.2.7:25`, `[2001:db8::7]:25`. */
const addressOf = (endpoint: string): string | null =>
  /^\[?([0-9A-Fa-f.:]{2,45}?)\]?:\d{1,5}$/.exec(endpoint)?.[1] ?? null;
