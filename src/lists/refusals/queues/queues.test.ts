import { expect, test } from "vitest";
import { fileReader } from "../detect.ts";

const latest = Date.UTC(2026, 10, 24, 12);

function waiting(listing: string) {
  const reader = fileReader(latest);
  const events = listing.split("\n").flatMap((line) => reader.read(line));
  return {
    kind: reader.kind(),
    all: events.map((one) => (one.kind === "waiting" ? [one.queueId, one.recipients.join(), one.text] : one.kind)),
    since: events.map((one) => (one.kind === "waiting" ? one.since : null)),
  };
}

test("Postfix: a reason holds for the recipients below it", () => {
  const { kind, all } = waiting(`-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------
DD9F1628C4*     550 Fri Nov 20 05:02:07  a@b.example
(host mx.example[192.0.2.7] said: 450 later (in reply to RCPT TO command))
                                         one@rcpt.example
                                         two@rcpt.example
(connect to x.example[192.0.2.8]:25: Connection timed out)
                                         three@x.example

4F2A1C0D9E      550 Fri Nov 20 05:02:07  MAILER-DAEMON
                                         four@x.example

-- 1 Kbytes in 2 Requests.`);
  expect([kind, all]).toEqual([
    "queue",
    [
      ["DD9F1628C4", "one@rcpt.example", "host mx.example[192.0.2.7] said: 450 later (in reply to RCPT TO command)"],
      ["DD9F1628C4", "two@rcpt.example", "host mx.example[192.0.2.7] said: 450 later (in reply to RCPT TO command)"],
      ["DD9F1628C4", "three@x.example", "connect to x.example[192.0.2.8]:25: Connection timed out"],
      ["4F2A1C0D9E", "four@x.example", null],
    ],
  ]);
});

test("Postfix' JSON", () => {
  const { all, since } = waiting(
    '{"queue_name": "deferred", "queue_id": "3F2A", "arrival_time": 1795000000, "message_size": 1, "sender": "", "recipients": [{"address": "a@rcpt.example", "delay_reason": "why"}, {"address": "b@rcpt.example"}]}\n{"broken',
  );
  expect([all, since[0]]).toEqual([
    [
      ["3F2A", "a@rcpt.example", "why"],
      ["3F2A", "b@rcpt.example", null],
    ],
    1795000000000,
  ]);
});

test("Exim: who was reached already does not wait, and ages count from the listing", () => {
  const { all, since } = waiting(` 2h  2.9K 1rabcd-000abc-Xy <a@b.example> *** frozen ***
        D done@rcpt.example
          who@rcpt.example
`);
  expect([all, since]).toEqual([[["1rabcd-000abc-Xy", "who@rcpt.example", null]], [latest - 7_200_000]]);
});

test("Sendmail", () => {
  expect(
    waiting(`\t\t/var/spool/mqueue (1 request)
-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------
4AKA0abc012345*     324 Fri Nov 20 12:34 <a@b.example>
                 (Deferred: 450 4.7.1 later)
                                         <who@rcpt.example>
\t\tTotal requests: 1`).all,
  ).toEqual([["4AKA0abc012345", "who@rcpt.example", "450 4.7.1 later"]]);
});

test("OpenSMTPD: mail to others only, errors with bars in them", () => {
  expect(
    waiting(`7077717e797a776e|inet4|mta||a@b.example|who@rcpt.example|who@rcpt.example|1795000000|1795400000|0|1795000100|pending|87|421 | busy
7077717e797a776f|local|mda||a@b.example|root@b.example|root@b.example|1795000000|1795400000|0|0|pending|1|x`).all,
  ).toEqual([["7077717e797a776e", "who@rcpt.example", "421 | busy"]]);
});

test.each(["Mail queue is empty", "/var/spool/mqueue is empty", "\t\tTotal requests: 0"])("nothing waits: %s", (line) =>
  expect(waiting(line).kind).toBe("empty-queue"),
);
