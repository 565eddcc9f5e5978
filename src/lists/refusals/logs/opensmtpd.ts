/**
 * OpenSMTPD, as it writes since 6.4, as it wrote from 5.9 (`mta event=delivery`), and before:
 *
 *     SESSION mta delivery evpid=… from=<…> to=<…> rcpt=<-> source="…" relay="address (host)" … result="TempFail" stat="421 …"
 *     relay: TempFail for EVPID: session=…, from=<…>, to=<…>, rcpt=<->, source=…, relay=address (host), delay=…, stat=421 …
 */
import { isOwnMachine, type LogEvent, maxText, nothing, type Outcome } from "../attempt.ts";
import { codesIn } from "../reply-text.ts";

const newer = /^(?:[0-9a-f]{8,16} )?mta (?:event=)?delivery (.*)$/s;
const older = /^(?:relay|smtp-out): (Ok|TempFail|PermFail|LoopDetected|Loop) for ([0-9a-f]{8,16}): (.*)$/s;
const relayForm = /\brelay="?\[?(?:IPv6:)?([0-9A-Fa-f.:]{2,45})\]? \(([^)]{1,255})\)/;

const outcomes: Readonly<Record<string, Outcome>> = {
  Ok: "sent",
  TempFail: "deferred",
  PermFail: "bounced",
  LoopDetected: "bounced",
  Loop: "bounced",
};

export function readOpensmtpd(at: number | null, message: string): readonly LogEvent[] {
  const now = newer.exec(message);
  const old = now === null ? older.exec(message) : null;
  const rest = now?.[1] ?? old?.[3];
  if (rest === undefined) return nothing;
  const statAt = rest.lastIndexOf(now === null ? "stat=" : 'stat="');
  if (statAt < 0) return nothing;
  const head = rest.slice(0, statAt);
  const outcome = outcomes[old?.[1] ?? /\bresult="?(\w{2,16})/.exec(head)?.[1] ?? ""];
  const recipient = /\bto=<([^>]{1,320})>/.exec(head)?.[1];
  const queueId = old?.[2] ?? /\bevpid=([0-9a-f]{8,16})/.exec(head)?.[1] ?? null;
  if (outcome === undefined || recipient === undefined) return nothing;
  const relay = relayForm.exec(head);
  if (isOwnMachine(relay?.[1] ?? null)) return nothing;
  const text = rest
    .slice(statAt + 5)
    .replace(/^"|"$/g, "")
    .slice(0, maxText);
  const local = /\bsource="?\[?(?:IPv6:)?([0-9A-Fa-f.:]{2,45})/.exec(head)?.[1] ?? null;
  return [
    {
      kind: "attempt",
      at,
      product: "opensmtpd",
      queueId,
      recipients: [recipient],
      host: relay?.[2] === relay?.[1] ? null : (relay?.[2] ?? null),
      ip: relay?.[1] ?? null,
      local,
      outcome,
      text,
      answered: codesIn(text).code !== null,
      enhanced: null,
    },
  ];
}
