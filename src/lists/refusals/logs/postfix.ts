/**
 * Postfix' delivery agents (smtp(8), lmtp(8), error(8)):
 *
 *     QUEUEID: to=<recipient>, relay=host[address]:port, delay=…, dsn=4.7.1, status=deferred (host … said: 450 …)
 *     QUEUEID: host mx[address] said: 450 …            (another host will be tried)
 *     QUEUEID: removed
 */
import { type Attempt, isOwnMachine, type LogEvent, maxText, nothing, type Outcome } from "../attempt.ts";
import { codesIn } from "../reply-text.ts";

/** Short ids are hexadecimal, long ones (enable_long_queue_ids) of 52 letters and digits; amavis and others lengthen them. */
const id = /^([0-9A-Za-z]{5,24}): /;
const relayForm = /^([^[\s]{1,255})\[([0-9A-Fa-f.:]{2,45})\]/;
const told = /(?:^|[ (])host ([^[\s]{1,255})\[([0-9A-Fa-f.:]{2,45})\](?::\d{1,5})? (?:said|refused to talk to me): /;

const outcomes: Readonly<Record<string, Outcome>> = {
  sent: "sent",
  deferred: "deferred",
  bounced: "bounced",
  expired: "bounced",
  SOFTBOUNCE: "deferred",
};

export function readPostfix(at: number | null, message: string): readonly LogEvent[] {
  const named = id.exec(message);
  if (named === null) return nothing;
  const queueId = named[1] ?? "";
  const rest = message.slice(named[0].length);
  if (rest === "removed") return [{ kind: "left", product: "postfix", queueId }];
  if (rest.startsWith("to=<")) return deliveryOf(at, queueId, rest);
  if (!rest.startsWith("host ")) return nothing;
  const reply = replyIn(rest);
  return reply === null || isOwnMachine(reply.ip)
    ? nothing
    : [{ ...common(at, queueId), recipients: [], ...reply, outcome: "deferred", answered: true, enhanced: null }];
}

const common = (at: number | null, queueId: string) =>
  ({ kind: "attempt", at, product: "postfix", queueId, local: null }) as const;

function deliveryOf(at: number | null, queueId: string, rest: string): readonly LogEvent[] {
  const recipientEnd = rest.indexOf(">, ");
  const relayAt = rest.indexOf(", relay=", recipientEnd);
  const statusAt = rest.indexOf(", status=", relayAt);
  if (recipientEnd < 0 || relayAt < 0 || statusAt < 0) return nothing;
  const relay = rest.slice(relayAt + 8, rest.indexOf(", ", relayAt + 8));
  const status = /^([A-Za-z]{2,16})(?: \((.*?)\)?)?$/s.exec(rest.slice(statusAt + 9));
  const outcome = outcomes[status?.[1] ?? ""];
  if (outcome === undefined) return nothing;
  const said = (status?.[2] ?? "").slice(0, maxText);
  const where = relayForm.exec(relay);
  // local(8), virtual(8), pipe(8) and sockets are no receivers; `none`: nobody was reached, or somebody before.
  if (where === null && relay !== "none") return nothing;
  const reply = replyIn(said);
  const ip = reply?.ip ?? where?.[2] ?? null;
  if (isOwnMachine(ip)) return nothing;
  const dsn = /, dsn=([245]\.\d{1,3}\.\d{1,3})/.exec(rest.slice(relayAt, statusAt))?.[1] ?? null;
  return [
    {
      ...common(at, queueId),
      recipients: [rest.slice(4, recipientEnd)],
      host: reply?.host ?? where?.[1] ?? null,
      ip,
      outcome,
      text: reply?.text ?? said,
      answered: reply !== null || codesIn(said).code !== null,
      enhanced: dsn,
    },
  ];
}

/** What a host said, out of Postfix' words around it. */
export function replyIn(said: string): Pick<Attempt, "host" | "ip" | "text"> | null {
  const match = told.exec(said);
  if (match === null) return null;
  const text = said
    .slice(match.index + match[0].length)
    .replace(/ \(in reply to [A-Z a-z]{1,40}(?: command)?\)?\)?$/, "")
    .slice(0, maxText);
  return { host: match[1] ?? null, ip: match[2] ?? null, text };
}
