import fc from "fast-check";
import { expect, test } from "vitest";
import { relayedHeader } from "../../test/complaints/mails.ts";
import { view } from "../../test/complaints/site.ts";
import { parseHeader } from "../message/header.ts";
import { formatIp } from "../net/ip.ts";
import { hopOf, traceOf } from "./received.ts";

const trace = (lines: readonly string[], reporter: string | null = null) => {
  const found = traceOf(
    parseHeader(`${lines.map((line) => `Received: ${line}`).join("\n")}\n\n`),
    view.lookup,
    reporter,
  );
  return {
    source:
      found.source?.address === undefined || found.source?.address === null ? null : formatIp(found.source.address),
    mailer: found.mailer?.name ?? null,
    way: found.entry?.way ?? null,
    client: found.entry?.client === null || found.entry === null ? null : formatIp(found.entry.client),
    claimed: found.claimed.map(formatIp),
  };
};

const handedOver =
  "from mx1.ourcollege.ac.uk (mx1.ourcollege.ac.uk [192.0.2.25]) by mx.victim.example (Postfix) with ESMTP id A1; Tue, 24 Nov 2026 07:00:05 +0000";
const forged =
  "from bank.example (bank.example [198.51.100.200]) by mx.lottery.example with SMTP id 1; Tue, 24 Nov 2026 06:00:00 +0000";

for (const [name, lines, want, reporter] of [
  // Our own line says who brought it; the one below was in the message when it came.
  [
    "relayed for a stranger, with a forged line below",
    [
      handedOver,
      "from x.example (unknown [203.0.113.77]) by mx1.ourcollege.ac.uk (Postfix) with ESMTP id B2; Tue, 24 Nov 2026 07:00:01 +0000",
      forged,
    ],
    { source: "192.0.2.25", mailer: "mx1", way: "stranger", client: "203.0.113.77", claimed: ["198.51.100.200"] },
  ],
  // RFC 3848: the A of ESMTPSA.
  [
    "a login",
    [handedOver, "from [10.9.8.7] (unknown [203.0.113.77]) by mx1.ourcollege.ac.uk with ESMTPSA id B2"],
    { way: "login", client: "203.0.113.77" },
  ],
  [
    "a login, in Postfix's words",
    [
      handedOver,
      "from pc (unknown [203.0.113.77]) (Authenticated sender: ann) by mx1.ourcollege.ac.uk (Postfix) with ESMTP id B2",
    ],
    { way: "login" },
  ],
  [
    "a machine of ours",
    [handedOver, "from pc (pc.ourcollege.ac.uk [192.0.2.99]) by mx1.ourcollege.ac.uk (Postfix) with ESMTP id B2"],
    { way: "inside", client: "192.0.2.99" },
  ],
  [
    "a script on the mailer",
    [handedOver, "by mx1.ourcollege.ac.uk (Postfix, from userid 33) id B2; Tue, 24 Nov 2026 07:00:01 +0000"],
    { way: "local", client: null },
  ],
  // An inner hop of ours is passed over.
  [
    "a content filter in between",
    [
      handedOver,
      "from localhost (localhost [127.0.0.1]) by mx1.ourcollege.ac.uk (Postfix) with ESMTP id C3",
      "from x (unknown [203.0.113.77]) by mx1.ourcollege.ac.uk (Postfix) with ESMTP id B2",
    ],
    { way: "stranger", client: "203.0.113.77" },
  ],
  // The complainant's own hops above are passed over, by looked-up names and private addresses.
  [
    "hops of the complainant",
    [
      "from relay (relay [203.0.113.200]) by store.victim.example with LMTP id 9",
      "from scan (scan [10.0.0.4]) by mx.victim.example with ESMTP id 8",
      handedOver,
    ],
    { source: "192.0.2.25", mailer: "mx1" },
  ],
  // A forwarder that the complainant is known to use: its house is the reporter's.
  [
    "a forwarder of the reporter's house",
    [
      "from mail.victim.example (mail.victim.example [198.51.100.5]) by mx.webmail.example with ESMTPS id 7",
      handedOver,
    ],
    { source: "192.0.2.25" },
    "victim.example",
  ],
  // A stranger's server wrote our name into the line below it: nobody vouches for that.
  [
    "our name below a stranger",
    [
      "from vps.lottery.example (vps.lottery.example [203.0.113.5]) by mx.victim.example (Postfix) with ESMTP id A1",
      handedOver,
    ],
    { source: "203.0.113.5", mailer: null, way: null, claimed: ["192.0.2.25"] },
  ],
  // HELO with the receiver's own name is an old trick: only looked-up names count.
  [
    "a HELO in the receiver's name",
    ["from mx.victim.example (unknown [203.0.113.5]) by mx.victim.example with ESMTP id A1", handedOver],
    { source: "203.0.113.5", mailer: null },
  ],
  [
    "IPv6",
    ["from mx1 (mx1.ourcollege.ac.uk [IPv6:2001:db8:25::25]) by mx.victim.example with ESMTPS id 3"],
    { source: "2001:db8:25::25", mailer: "mx1" },
  ],
  ["no line with an address", ["by mx.victim.example with LMTP id 1", "from a by b"], { source: null, mailer: null }],
] as readonly (readonly [string, readonly string[], object, string?])[])
  test(`trace: ${name}`, () => expect(trace(lines, reporter)).toMatchObject(want));

for (const [line, want] of [
  // Exim: the name before the brackets was looked up, the HELO is named as such.
  [
    "from mx.a.example ([203.0.113.9] helo=b.example) by c.example with esmtp (Exim 4.96) id 1x-2",
    { name: "mx.a.example", id: "1x-2" },
  ],
  // qmail
  [
    "from unknown (HELO b.example) (203.0.113.9) by c.example with SMTP; 24 Nov 2026 07:00:00 -0000",
    { name: null, at: "2026-11-24T07:00:00.000Z" },
  ],
  // Sendmail
  [
    "from b.example (mx.a.example [203.0.113.9] (may be forged)) by c.example (8.17.1) with ESMTP id 4",
    { helo: "b.example", name: "mx.a.example" },
  ],
  // Exchange: only the client's word.
  [
    "from b.example (203.0.113.9) by c.example (10.0.0.1) with Microsoft SMTP Server id 15.20",
    { name: null, by: "c.example" },
  ],
] as const)
  test(`line: ${line.slice(0, 60)}`, () => expect(hopOf(line)).toMatchObject(want));

test("a source is never an address of the complainant's own side or a private one", () => {
  const address = fc.ipV4();
  const line = fc
    .tuple(fc.domain(), fc.domain(), address)
    .map(([helo, by, ip]) => `from ${helo} (${helo} [${ip}]) by ${by} with ESMTP id 1`);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const { source } = trace(lines);
      expect(source === null || !/^(10|127|192\.168)\./.test(source)).toBe(true);
    }),
  );
});

test("the relayed message of the other tests is one", () => {
  expect(traceOf(parseHeader(relayedHeader.join("\n")), view.lookup, null).entry).toMatchObject({
    way: "stranger",
    by: "mx1.ourcollege.ac.uk",
  });
});
