/** A delivery status notification (RFC 3464 in an RFC 6522 report), as a mailer writes it that accepted too early. Pure. */
import { mailDate } from "./trace.ts";

export interface BounceFacts {
  readonly host: string;
  readonly id: string;
  readonly at: Date;
  /** Where it goes: the reverse-path of the message, without brackets. */
  readonly to: string;
  readonly failed: readonly string[];
  /** Header section of the message that could not be delivered. */
  readonly header: string;
}

/** The whole message, CRLF line ends, dots not stuffed. */
export function bounceMessage({ host, id, at, to, failed, header }: BounceFacts): string {
  const boundary = `report-${id}`;
  return [
    `Date: ${mailDate(at)}`,
    `From: Mail Delivery System <MAILER-DAEMON@${host}>`,
    `To: <${to}>`,
    "Subject: Undelivered Mail Returned to Sender",
    `Message-ID: <${id}@${host}>`,
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=us-ascii",
    "",
    `This is the mail system at ${host}. Your message could not be delivered to:`,
    "",
    ...failed.map((address) => `  <${address}>: no such user`),
    "",
    `--${boundary}`,
    "Content-Type: message/delivery-status",
    "",
    `Reporting-MTA: dns; ${host}`,
    ...failed.flatMap((address) => [
      "",
      `Final-Recipient: rfc822; ${address}`,
      "Action: failed",
      "Status: 5.1.1",
      "Diagnostic-Code: smtp; 550 5.1.1 No such user",
    ]),
    "",
    `--${boundary}`,
    "Content-Type: text/rfc822-headers",
    "",
    header.trimEnd(),
    "",
    `--${boundary}--`,
    "",
  ].join("\r\n");
}
