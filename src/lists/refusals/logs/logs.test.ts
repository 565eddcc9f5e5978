import fc from "fast-check";
import { expect, test } from "vitest";
import type { Attempt } from "../attempt.ts";
import { fileReader } from "../detect.ts";
import { csvFields } from "./csv.ts";
import { exchangeSendReader } from "./exchange-send.ts";

const latest = Date.UTC(2026, 10, 24, 12);

function attempts(...lines: readonly string[]): readonly Attempt[] {
  const { read } = fileReader(latest);
  return lines.flatMap((line) => read(line)).filter((event) => event.kind === "attempt");
}

const brief = ({ product, outcome, host, ip, recipients, text, queueId }: Attempt) => [
  product,
  outcome,
  host,
  ip,
  recipients.join(),
  text,
  queueId,
];

const postfix = (prefix: string, rest: string) => `${prefix} mx1 postfix/smtp[8810]: 4F2A1C0D9E: ${rest}`;
const delivery = (rest: string) => postfix("Nov 20 10:00:00", `to=<who@rcpt.example>, ${rest}`);

test.each([
  // A reply after a command, and one instead of a greeting.
  [
    delivery(
      "relay=mx.example[192.0.2.7]:25, delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced (host mx.example[192.0.2.7] said: 550 5.7.1 no (in reply to RCPT TO command))",
    ),
    ["postfix", "bounced", "mx.example", "192.0.2.7", "who@rcpt.example", "550 5.7.1 no", "4F2A1C0D9E"],
  ],
  [
    delivery(
      "relay=mx.example[2001:db8::7]:25, delay=1, dsn=4.0.0, status=deferred (host mx.example[2001:db8::7] refused to talk to me: 554 go away)",
    ),
    ["postfix", "deferred", "mx.example", "2001:db8::7", "who@rcpt.example", "554 go away", "4F2A1C0D9E"],
  ],
  // The destination is given a rest: the reply of before stands in it.
  [
    delivery(
      "orig_to=<x>, relay=none, delay=9, dsn=4.7.1, status=deferred (delivery temporarily suspended: host mx.example[192.0.2.7] said: 450 4.7.1 later (in reply to end of DATA command))",
    ),
    ["postfix", "deferred", "mx.example", "192.0.2.7", "who@rcpt.example", "450 4.7.1 later", "4F2A1C0D9E"],
  ],
  // Cut off by syslog.
  [
    delivery(
      "relay=mx.example[192.0.2.7]:25, delay=1, dsn=5.7.1, status=bounced (host mx.example[192.0.2.7] said: 550 5.7",
    ),
    ["postfix", "bounced", "mx.example", "192.0.2.7", "who@rcpt.example", "550 5.7", "4F2A1C0D9E"],
  ],
  [
    delivery("relay=mx.example[192.0.2.7]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"),
    ["postfix", "sent", "mx.example", "192.0.2.7", "who@rcpt.example", "250 ok", "4F2A1C0D9E"],
  ],
  // Before another host is tried.
  [
    postfix(
      "2026-11-20T10:00:00.123456+01:00",
      "host mx.example[192.0.2.7] said: 421 busy (in reply to MAIL FROM command)",
    ),
    ["postfix", "deferred", "mx.example", "192.0.2.7", "", "421 busy", "4F2A1C0D9E"],
  ],
  // Exim: newer, older, with process id, behind syslog, with line ends written out.
  [
    "2026-11-20 10:00:00 1rabcd-000abc-Xy ** who@rcpt.example R=dnslookup T=remote_smtp H=mx.example [192.0.2.7]: SMTP error from remote mail server after RCPT TO:<who@rcpt.example>: 550-first\\n550 second",
    ["exim", "bounced", "mx.example", "192.0.2.7", "who@rcpt.example", "550-first 550 second", "1rabcd-000abc-Xy"],
  ],
  [
    "2026-11-20 10:00:00 +0100 [123] 1rabcd-000abc-Xy == who@rcpt.example R=a T=b defer (-44): SMTP error from remote mail server after end of data: host mx.example [192.0.2.7]: 450 4.7.1 later",
    ["exim", "deferred", "mx.example", "192.0.2.7", "who@rcpt.example", "450 4.7.1 later", "1rabcd-000abc-Xy"],
  ],
  [
    'Nov 20 10:00:00 mx1 exim[12]: 2026-11-20 10:00:00 1rabcd-00000000abc-Xy12 => who@rcpt.example R=a T=b H=mx.example [192.0.2.7] X=TLS1.3 C="250 ok"',
    ["exim", "sent", "mx.example", "192.0.2.7", "who@rcpt.example", "250 ok", "1rabcd-00000000abc-Xy12"],
  ],
  [
    "2026-11-20 10:00:00 1rabcd-000abc-Xy H=mx.example [192.0.2.7]: SMTP error from remote mail server after initial connection: 554 no",
    ["exim", "deferred", "mx.example", "192.0.2.7", "", "554 no", "1rabcd-000abc-Xy"],
  ],
  // Sendmail: the words of the receiver in stat=, or since 8.16 in reply=.
  [
    "Nov 20 10:00:00 mx1 sm-mta[9]: 4AKA0abc012345: to=<a@rcpt.example>,<b@rcpt.example>, ctladdr=<x@y.example> (1/1), delay=00:00:01, mailer=esmtp, pri=1, relay=mx.example. [192.0.2.7], dsn=4.7.1, stat=Deferred: 450 4.7.1 later",
    [
      "sendmail",
      "deferred",
      "mx.example",
      "192.0.2.7",
      "a@rcpt.example,b@rcpt.example",
      "450 4.7.1 later",
      "4AKA0abc012345",
    ],
  ],
  [
    "Nov 20 10:00:00 mx1 sendmail[9]: 4AKA0abc012345: to=<a@rcpt.example>, delay=00:00:01, mailer=esmtp, relay=mx.example. [IPv6:2001:db8::7], dsn=5.7.1, reply=550 5.7.1 no, stat=Service unavailable",
    ["sendmail", "bounced", "mx.example", "2001:db8::7", "a@rcpt.example", "550 5.7.1 no", "4AKA0abc012345"],
  ],
  // OpenSMTPD of today and of before 5.9.
  [
    'Nov 20 10:00:00 mx1 smtpd[4]: 8f4864084ecc48f4 mta delivery evpid=7077717e797a776e from=<a@b.example> to=<who@rcpt.example> rcpt=<-> source="198.51.100.9" relay="192.0.2.7 (mx.example)" delay=1s result="PermFail" stat="550 5.7.1 no"',
    ["opensmtpd", "bounced", "mx.example", "192.0.2.7", "who@rcpt.example", "550 5.7.1 no", "7077717e797a776e"],
  ],
  [
    "Nov 20 10:00:00 mx1 smtpd[4]: relay: TempFail for 7077717e797a776e: session=8f4864084ecc48f4, from=<a@b.example>, to=<who@rcpt.example>, rcpt=<->, source=198.51.100.9, relay=192.0.2.7 (mx.example), delay=1s, stat=421 busy",
    ["opensmtpd", "deferred", "mx.example", "192.0.2.7", "who@rcpt.example", "421 busy", "7077717e797a776e"],
  ],
  // RFC 5424, a container's prefix, a repeated message, nothing before.
  ...[
    "<22>1 2026-11-20T10:00:00Z mx1 postfix/smtp 8810 - - ",
    "mail-1  | Nov 20 10:00:00 mx1 postfix/smtp[8810]: ",
    "",
  ].map(
    (before) =>
      [
        `${before}4F2A1C0D9E: to=<who@rcpt.example>, relay=mx.example[192.0.2.7]:25, delay=1, dsn=2.0.0, status=sent (250 ok)`,
        ["postfix", "sent", "mx.example", "192.0.2.7", "who@rcpt.example", "250 ok", "4F2A1C0D9E"],
      ] as const,
  ),
] as const)("%s", (line, want) => expect(attempts(line).map(brief)).toEqual([want]));

test.each([
  // To a mailbox, a filter on this machine, a file: no receiver.
  delivery("relay=local, delay=1, dsn=2.0.0, status=sent (delivered to mailbox)"),
  delivery("relay=127.0.0.1[127.0.0.1]:10024, delay=1, dsn=2.0.0, status=sent (250 ok)"),
  delivery("relay=mx.example[private/dovecot-lmtp], dsn=2.0.0, status=sent (250 ok)"),
  "2026-11-20 10:00:00 1rabcd-000abc-Xy => who <who@rcpt.example> R=local T=mail_spool",
  "Nov 20 10:00:00 mx1 sendmail[9]: 4AKA0abc012345: to=<a@b.example>, mailer=local, dsn=2.0.0, stat=Sent",
  // What strangers did to us.
  "Nov 20 10:00:00 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.9]: 554 5.7.1 <a@b.example>: Relay access denied; from=<x@y.example> to=<a@b.example>",
])("no delivery to others: %s", (line) => expect(attempts(line)).toEqual([]));

test("a year that is not written is the last one in which that moment was not yet to come", () => {
  const years = ["Nov 20 10:00:00", "Nov 25 10:00:00", "Dec 31 23:59:59", "Feb 29 10:00:00"].map((time) => {
    const { read } = fileReader(latest);
    const [event] = read(
      postfix(time, "to=<a@b.example>, relay=mx.example[192.0.2.7]:25, dsn=2.0.0, status=sent (250 ok)"),
    );
    return event?.kind === "attempt" && event.at !== null ? new Date(event.at).getFullYear() : null;
  });
  expect(years).toEqual([2026, 2026, 2025, 2024]);
});

test("Exchange's tracking log, with the error of the last try in it", () => {
  const header =
    "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes";
  const status = "[{LED=550 5.7.1 blocked, really};{MSG=};{FQDN=mx.example};{IP=192.0.2.7};{LRT=}]";
  const [fail, send] = attempts(
    header,
    `2026-11-20T10:00:00.000Z,,,,,ctx,Out,DSN,FAIL,1,<m@x.example>,n,who@rcpt.example,"${status}",1`,
    "2026-11-20T10:00:00.000Z,198.51.100.9,ex,192.0.2.7,mx.example,ctx,Out,SMTP,SEND,1,<m@x.example>,n,a@rcpt.example;b@rcpt.example,250 ok;250 ok,1",
  );
  expect(fail && brief(fail)).toEqual([
    "exchange",
    "bounced",
    "mx.example",
    "192.0.2.7",
    "who@rcpt.example",
    "550 5.7.1 blocked, really",
    "<m@x.example>",
  ]);
  expect([send?.outcome, send?.recipients, send?.local]).toEqual([
    "sent",
    ["a@rcpt.example", "b@rcpt.example"],
    "198.51.100.9",
  ]);
});

test("Exchange's send log: pipelined recipients get their own replies, the message the last one", () => {
  const read = exchangeSendReader();
  const line = (event: string, data: string) =>
    read(`2026-11-20T10:00:00.000Z,Out,08DF,0,198.51.100.9:4100,192.0.2.7:25,${event},${data},`);
  const heard = [
    line("+", ""),
    line("<", "220 mx.example"),
    line(">", "EHLO x"),
    line("<", "250-mx.example"),
    line("<", "250 PIPELINING"),
    line(">", "MAIL FROM:<a@b.example>"),
    line(">", "RCPT TO:<one@rcpt.example>"),
    line(">", "RCPT TO:<two@rcpt.example>"),
    line("<", "250 ok"),
    line("<", "550 5.7.1 listed"),
    line("<", "250 ok"),
    line(">", "DATA"),
    line("<", "354 go"),
    line("<", "250 done"),
  ].flat();
  expect(heard.map((one) => (one.kind === "attempt" ? [one.outcome, one.recipients, one.text] : null))).toEqual([
    ["bounced", ["one@rcpt.example"], "550 5.7.1 listed"],
    ["sent", ["two@rcpt.example"], "250 done"],
  ]);
});

test("fields of CSV come back as they were written", () =>
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 20 }), (fields) => {
      const line = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(",");
      expect(csvFields(line)).toEqual(fields);
    }),
  ));

test("whatever a line holds, it is read without a fault", () => {
  const shards = [
    "Nov 20 10:00:00 mx1 postfix/smtp[1]: ABCDEF: ",
    "to=<a@b.example>",
    ", relay=",
    "mx[192.0.2.7]:25",
    ", status=",
    "deferred (",
    "host mx[192.0.2.7] said: ",
    "1rabcd-000abc-Xy ** ",
    "SMTP error from remote mail server after ",
    "stat=",
    'result="PermFail" stat="',
    ": ",
    "{",
    "\u0000",
    "550 5.7.1",
  ];
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...shards), fc.string()), { maxLength: 12 }), (parts) => {
      const { read } = fileReader(latest);
      for (const event of read(parts.join(""))) expect(event.product).toBeTruthy();
    }),
  );
});
