/**
 * Microsoft's Junk Mail Reporting Program before it spoke ARF: the message as it was received, below a field that names who
 * reported it. The address is in the subject, or in what Microsoft's servers wrote into the header.
 */
import { fieldOf } from "../../message/header.ts";
import { networkOf, networksIn } from "../addresses.ts";
import { messageIdIn } from "../evidence.ts";
import { embeddedIn, type Mail, writersIn } from "../mail.ts";
import { type Claim, nothingRead, type Reading } from "../reading.ts";

export function readJmrp(mail: Mail): Reading | null {
  const copies = [mail, ...embeddedIn(mail)];
  const marked = copies.find(({ header }) => fieldOf(header, "x-hmxmroriginalrecipient") !== null);
  const titled = /^complaint about message from\b/i.test(mail.subject);
  if (marked === undefined && !titled) return null;
  const copy = marked ?? copies[1];
  const evidence = copy?.header ?? null;
  const subject = titled ? networksIn(mail.subject) : [];
  const field = evidence === null ? null : (fieldOf(evidence, "x-sender-ip") ?? fieldOf(evidence, "x-originating-ip"));
  const written = field === null ? null : networkOf(field);
  const claims: readonly Claim[] = [
    ...subject.slice(0, 1).map((network): Claim => ({ network, from: "subject", weight: "stated" })),
    ...(written === null
      ? []
      : [{ network: written, from: "X-Sender-IP field of the receiver", weight: "stated" } as const]),
  ];
  return {
    ...nothingRead,
    format: "jmrp",
    topic: "spam",
    feedbackType: "abuse",
    claims,
    evidence,
    originalMessageId: messageIdIn(evidence),
    recipients: writersIn(evidence === null ? null : fieldOf(evidence, "x-hmxmroriginalrecipient")).map(
      ({ address }) => address,
    ),
    robot: true,
  };
}
