/**
 * `smtpctl show queue` (smtpctl(8)): one envelope a line, its fields parted by `|`:
 *
 *     EVPID|inet4|mta|auth|from|to|rcpt|created|expires|last try|next try|state|runs|error
 */
import { type LogEvent, maxText, nothing } from "../attempt.ts";

export const isOpensmtpdQueue = (line: string): boolean =>
  /^[0-9a-f]{16}\|(?:local|inet4|inet6|[^|]{0,20})\|(?:mta|mda|bounce)\|/.test(line);

export function readOpensmtpdQueue(line: string): readonly LogEvent[] {
  if (!isOpensmtpdQueue(line)) return nothing;
  const fields = line.split("|", 64);
  const [queueId = "", , kind = "", , , to = ""] = fields;
  if (kind !== "mta" || !to.includes("@")) return nothing;
  const created = Number(fields[7]);
  // An error may hold bars of its own.
  const text = fields.slice(13).join("|").slice(0, maxText);
  return [
    {
      kind: "waiting",
      product: "opensmtpd",
      queueId,
      since: Number.isSafeInteger(created) && created > 0 ? created * 1000 : null,
      text: text === "" ? null : text,
      recipients: [to],
    },
  ];
}
