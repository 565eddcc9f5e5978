/** Notices of blocklists that one of our addresses or networks was listed. */
import { fieldOf } from "../../message/header.ts";
import { networksIn } from "../addresses.ts";
import { type Mail, wordsOf } from "../mail.ts";
import { type Claim, nothingRead, type Reading } from "../reading.ts";

/** Who writes, as they are recognised by sender or subject; the name of the list as people know it. */
const lists: readonly {
  readonly list: string;
  readonly from: RegExp;
  readonly subject: RegExp;
  readonly robot: boolean;
}[] = [
  {
    list: "Spamhaus",
    from: /@(?:[\w-]+\.)*spamhaus\.(?:org|com)$/,
    subject: /\bSBL Notify\b|^Spamhaus Notification\b|\bSBL\d{4,8}\b/,
    robot: true,
  },
  { list: "UCEPROTECT", from: /@uceprotect\.net$/, subject: /\bUCEPROTECT\b/, robot: true },
  {
    list: "MAPS / Trend Micro RBL",
    from: /@(?:[\w-]+\.)*mail-abuse\.(?:com|org)$/,
    subject: /\bRBL Listing Notification\b/,
    robot: false,
  },
  { list: "SpamRats", from: /@(?:[\w-]+\.)*spamrats\.com$/, subject: /\bSpamRats\b/i, robot: true },
  { list: "Barracuda", from: /@(?:[\w-]+\.)*barracudacentral\.org$/, subject: /\bBRBL\b/, robot: true },
  { list: "SORBS", from: /@(?:[\w-]+\.)*sorbs\.net$/, subject: /\bSORBS\b/, robot: true },
  { list: "PSBL", from: /@(?:[\w-]+\.)*surriel\.com$/, subject: /\bPSBL\b/, robot: true },
  { list: "CBL", from: /@(?:[\w-]+\.)*abuseat\.org$/, subject: /\bCBL\b.*\blist/i, robot: true },
  { list: "Junk Email Filter", from: /@(?:[\w-]+\.)*junkemailfilter\.com$/, subject: /(?!)/, robot: true },
  { list: "DroneBL", from: /@(?:[\w-]+\.)*dronebl\.org$/, subject: /\bDroneBL\b/i, robot: true },
  {
    list: "a blocklist",
    from: /(?!)/,
    subject:
      /\b(?:blacklist(?:ed|ing)?|blocklist(?:ed|ing)?|RBL|DNSBL)\b.{0,60}\b(?:notif|alert|added|listed|listing|delist)/i,
    robot: false,
  },
];

export function readListNotice(mail: Mail): Reading | null {
  const senders = [
    mail.from?.address,
    fieldOf(mail.header, "x-original-sender"),
    fieldOf(mail.header, "x-original-from"),
  ].map((one) => (one ?? "").toLowerCase());
  const row = lists.find(({ from, subject }) => senders.some((one) => from.test(one)) || subject.test(mail.subject));
  if (row === undefined) return null;
  const text = wordsOf(mail);
  const subject = networksIn(mail.subject).map((network): Claim => ({ network, from: "subject", weight: "stated" }));
  const lines = text
    .split("\n", 3000)
    .filter((line) => /\bIP\b|address|\bcidr\b|listed|range|network|^\s*[\d.:a-f/]+\s*$/i.test(line))
    .flatMap((line) => networksIn(line))
    .map((network): Claim => ({ network, from: "text", weight: subject.length === 0 ? "stated" : "told" }));
  if (subject.length + lines.length === 0) return null;
  return {
    ...nothingRead,
    format: "list-notice",
    topic: "listing",
    feedbackType: row.list,
    claims: [...subject, ...lines].slice(0, 50),
    times: [],
    reportId: /\b(SBL\d{3,9}|CSS\d{3,9})\b/.exec(`${mail.subject}\n${text}`)?.[1] ?? null,
    robot: row.robot,
  };
}
