import { expect, test } from "vitest";
import { shippedTexts } from "../../../docs/generate-probes.ts";
import { loadCatalogue } from "../../knowledge/catalogue.ts";
import { causeJudge } from "./cause.ts";
import { codesIn } from "./reply-text.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error(JSON.stringify(read.errors));
const judge = causeJudge([{ id: "own", name: "Own", names: ["dnsbl.own.example"] }], read.catalogue.receivers);

function causeOf(text: string): string {
  const cause = judge({ text, answered: codesIn(text).code !== null, enhanced: null });
  switch (cause.kind) {
    case "list":
      return `list ${cause.id}`;
    case "private":
      return `private ${cause.receiver?.id ?? "?"}`;
    case "unclear":
      return "unclear";
    case "other":
      return cause.cause;
  }
}

test.each([
  // A public list is named: by its zone, by its site, by the catalogue's names.
  [
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
    "list spamhaus-zen",
  ],
  [
    "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/192.0.2.1 AS(1450)",
    "list spamhaus-zen",
  ],
  ["554 Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1", "list spamcop"],
  ["554 192.0.2.1 found on list at dnsbl.own.example", "list own"],
  // A private list is known by the receiver's own words.
  [
    "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
    "private microsoft-outlook",
  ],
  [
    "550 5.7.606 Access denied, banned sending IP [192.0.2.1]. To request removal from this list please visit https://sender.office.com/",
    "private microsoft-365",
  ],
  [
    "421-4.7.0 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
    "private google",
  ],
  [
    "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1;",
    "private yahoo",
  ],
  [
    "554 IP=192.0.2.1 - None/bad reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. (NOWL)",
    "private t-online",
  ],
  ["550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", "private proofpoint"],
  [
    "553 5.3.0 x DNSBL:RBL 521< 192.0.2.1 >_is_blocked.For assistance forward this error to abuse_rbl@abuse-att.net",
    "private att",
  ],
  ["550 Rejected: 192.0.2.1, listed at http://csi.cloudmark.com/reset-request for remediation.", "private cloudmark"],
  [
    "421 mwinf5c04 ME Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR_999 [999]",
    "private orange",
  ],
  [
    "554 mx.example comcast 192.0.2.1 found on one or more DNSBLs, see http://postmaster.comcast.net/smtp-error-codes.php#BL000010",
    "private comcast",
  ],
  // Reputation without a name that we know.
  ["554 Your host has been blacklisted here", "private ?"],
  ["550 5.7.1 Your IP 192.0.2.1 is blocked by our administrator", "private ?"],
  ["550 Access from ip address 192.0.2.1 blocked.", "private ?"],
  ["571 Your server is blacklisted", "private ?"],
  // They do not say.
  ["554 5.7.1 Rejected for policy reason", "unclear"],
  ["554 mx.example", "unclear"],
  // Not about us.
  ["550 5.1.1 <who@rcpt.example>: Recipient address rejected: User unknown in virtual mailbox table", "user-unknown"],
  ["550-5.1.1 The email account that you tried to reach does not exist.", "user-unknown"],
  ["452 4.2.2 The email account that you tried to reach is over quota", "mailbox-full"],
  [
    "450 4.2.0 <who@rcpt.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/x.html",
    "greylisting",
  ],
  [
    "550-5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.",
    "authentication",
  ],
  ["554 5.7.1 <who@rcpt.example>: Relay access denied", "relay-denied"],
  [
    "554-gmx.net (mxgmx114) Nemesis ESMTP Service not available 554-Bad DNS PTR resource record. 554 http://postmaster.gmx.com/en/error-messages?ip=192.0.2.1&c=rdns",
    "our-dns",
  ],
  ["450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", "our-dns"],
  ["552 5.3.4 Message size exceeds fixed limit", "size"],
  ["550 5.7.1 Message rejected as spam by Content Filtering.", "content"],
  ["421 too many connections", "rate"],
  ["451 4.3.0 Temporary lookup failure", "receiver-trouble"],
  // The same page as for their list, and another matter.
  [
    "421 4.1.0 192.0.2.1 Throttled - try again later. Please see https://postmaster.comcast.net/smtp-error-codes.php#RL000003",
    "rate",
  ],
  [
    "550 Message rejected due to DMARC. Please see https://postmaster.comcast.net/smtp-error-codes.php#DM000001",
    "authentication",
  ],
  ["550 5.1.1 You have been blocked by the recipient", "sender"],
  ["550 5.1.8 Domain of sender address example.org does not exist", "sender"],
  ["554 5.4.6 Hop count exceeded - possible mail loop", "receiver-trouble"],
  ["451 4.7.1 Client host rejected: Please try again slower", "rate"],
  // A list in the recipient's address is no list in the reply.
  ["550 5.1.1 <x@zen.spamhaus.org>: User unknown", "user-unknown"],
] as const)("%s", (text, want) => expect(causeOf(text)).toBe(want));

test("words of our own mailer are nobody's refusal", () => {
  const own = (text: string, enhanced: string | null = null) => judge({ text, answered: false, enhanced });
  expect([
    own("connect to mx.example[192.0.2.7]:25: Connection timed out"),
    own("Service unavailable", "5.0.0"),
    own("Service unavailable", "5.7.1"),
    own("User unknown"),
  ]).toEqual([
    { kind: "other", cause: "not-reached" },
    { kind: "other", cause: "not-told" },
    { kind: "unclear" },
    { kind: "other", cause: "user-unknown" },
  ]);
});
