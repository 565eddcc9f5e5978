/** Results of checks for tests of what comes after: fixed times, documentation addresses, every kind of outcome. */
import { rows } from "../../src/check/findings.ts";
import type { CheckDocument, ControlResult, ProbeResult, TargetResult, Verdict } from "../../src/check/result.ts";
import { verdicts } from "../../src/check/result.ts";
import type { Finding } from "../../src/finding/finding.ts";

const startedAt = "2026-11-24T02:00:00.000Z";
const finishedAt = "2026-11-24T02:01:12.000Z";

export function probe(id: string, given: Partial<ProbeResult> = {}): ProbeResult {
  return {
    id,
    instance: id,
    class: "plain",
    title: `Probe ${id}`,
    outcome: "refused",
    stage: "rcpt",
    reply: { code: 554, enhanced: "5.7.1", text: "<fp-x@catch.example.net>: Relay access denied" },
    proof: null,
    transcript: `S: 220 mx1.ourcollege.example ESMTP Postfix\nC: RCPT TO:<fp-x@catch.example.net>\nS: 554 5.7.1 <fp-x@catch.example.net>: Relay access denied`,
    ...given,
  };
}

export function relayed(id: string, given: Partial<ProbeResult> = {}): ProbeResult {
  return probe(id, {
    outcome: "relayed",
    stage: "dot",
    reply: { code: 250, enhanced: "2.0.0", text: "Ok: queued as 4Zq1" },
    proof: {
      exit: "192.0.2.25",
      multihop: false,
      hops: [
        { trust: "verified", address: "192.0.2.25", by: null, from: "mx1.ourcollege.example" },
        { trust: "claimed", address: "198.51.100.9", by: "mx1.ourcollege.example", from: "tester.example.net" },
      ],
      receivedAt: "2026-11-24T02:00:12.300Z",
      recipient: "<fp-mfzwizltoqzxk2lom5zxk4tq@catch.example.net>",
    },
    transcript:
      "S: 220 mx1.ourcollege.example ESMTP Postfix\nC: RCPT TO:<fp-mfzwizltoqzxk2lom5zxk4tq@catch.example.net>\nS: 250 2.1.5 Ok\nC: DATA\nS: 354 End data with <CR><LF>.<CR><LF>\nS: 250 2.0.0 Ok: queued as 4Zq1",
    ...given,
  });
}

export function control(id: string, given: Partial<ControlResult> = {}): ControlResult {
  return {
    id,
    at: "start",
    expected: "that postmaster@ourcollege.example is accepted",
    passed: true,
    reply: { code: 250, enhanced: "2.1.5", text: "Ok" },
    transcript: "C: RCPT TO:<postmaster@ourcollege.example>\nS: 250 2.1.5 Ok",
    ...given,
  };
}

export function findingOf(tag: keyof typeof rows, subject: string, given: Partial<Finding> = {}): Finding {
  const row = rows[tag];
  return {
    tag,
    severity: row.severity,
    subject,
    key: `${tag}|${subject}`,
    says: `What ${tag} says about the server.`,
    why: row.why,
    remedy: "Change what has to be changed.",
    evidence: [{ kind: "probe", ref: "plain-external" }],
    data: {},
    ...given,
  };
}

export function target(verdict: Verdict, given: Partial<TargetResult> = {}): TargetResult {
  const probes = given.probes ?? [];
  return {
    target: { host: "mx1.ourcollege.example", address: "192.0.2.25", port: 25, role: "mx", mailer: "mx1" },
    source: "198.51.100.9",
    vantage: "external",
    verdict,
    because: "no reason given",
    practice: false,
    product: null,
    tls: null,
    coverage: {
      profile: "quick",
      catalogue: 1,
      applicable: probes.length,
      answered: probes.filter((one) => one.outcome !== "deferred").length,
    },
    controls: [control("ctl-local-accept"), control("ctl-local-accept", { at: "end" })],
    probes,
    findings: [],
    messagesSent: 0,
    connections: 12,
    ended: "finished",
    startedAt,
    finishedAt,
    ...given,
  };
}

const postfix = {
  id: "postfix",
  name: "Postfix",
  version: "3.7.11",
  evidence: ["reply: 554 5.7.1 <x>: Relay access denied"],
};

const closedProbes = [
  ...["plain-external", "plain-helo", "plain-no-helo"].map((id) =>
    probe(id, { title: "An outside recipient from an outside sender" }),
  ),
  ...["sender-null", "sender-localhost"].map((id) => probe(id, { class: "sender" })),
  probe("sender-local-postmaster/first", {
    class: "sender",
    outcome: "not-reached",
    stage: "mail",
    reply: { code: 550, enhanced: "5.7.1", text: "Forged sender" },
    reason: "the sender was refused before the recipient was judged",
  }),
  ...["rcpt-pct-at/ext/literal", "rcpt-quoted-at/ext/first"].map((id) => probe(id, { class: "routing" })),
  probe("helo-localhost", { class: "helo" }),
  probe("xclient-addr-loopback", {
    class: "trust",
    outcome: "not-run",
    stage: null,
    reply: null,
    reason: "XCLIENT is not offered",
    transcript: "",
  }),
];

export const closed = target("closed", {
  because: "closed to the 9 tests of profile quick",
  product: postfix,
  tls: {
    protocol: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    certificate: { subject: "mx1.ourcollege.example", issuer: "Example CA", validTo: "Nov 24 2027" },
  },
  probes: closedProbes,
  coverage: { profile: "quick", catalogue: 1, applicable: 9, answered: 9 },
});

export const open = target("open", {
  because: "plain-external was passed on to the catcher, and 3 more",
  product: postfix,
  probes: [
    relayed("plain-external", { title: "An outside recipient from an outside sender" }),
    relayed("sender-null", { class: "sender", title: "The null sender" }),
    relayed("rcpt-pct-at/ext/first", {
      class: "routing",
      title: "Percent hack through a name of the target",
      proof: {
        exit: "203.0.113.7",
        multihop: true,
        hops: [
          { trust: "verified", address: "203.0.113.7", by: null, from: "smarthost.isp.example" },
          { trust: "claimed", address: "192.0.2.25", by: "smarthost.isp.example", from: "mx1.ourcollege.example" },
          { trust: "claimed", address: "198.51.100.9", by: "mx1.ourcollege.example", from: "tester.example.net" },
        ],
        receivedAt: "2026-11-24T02:00:40.000Z",
        recipient: "<fp-oxyz@catch.example.net>",
      },
    }),
    probe("helo-localhost", {
      class: "helo",
      outcome: "accepted",
      reply: { code: 250, enhanced: "2.1.5", text: "Ok" },
    }),
    probe("rcpt-bang-at/ext/first", { class: "routing", outcome: "bounced", reply: { code: 250, text: "Ok" } }),
    probe("rcpt-double-at/ext/first", { class: "routing" }),
  ],
  findings: [
    findingOf("RELAY_DELIVERED", "192.0.2.25:25", {
      says: "It passed on a message from a stranger to a stranger (plain-external); the message arrived from 192.0.2.25.",
      remedy:
        "main.cf: smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination. (/etc/postfix/main.cf, /etc/postfix/master.cf)",
    }),
    findingOf("RELAY_CHAIN", "192.0.2.25:25", {
      says: "What went in at 192.0.2.25:25 came out at 203.0.113.7: two servers have to be mended.",
      evidence: [{ kind: "probe", ref: "rcpt-pct-at/ext/first" }],
    }),
    findingOf("AUTH_IN_CLEAR", "192.0.2.25:25", {
      says: "It offers logins before the connection is encrypted.",
      remedy: rows.AUTH_IN_CLEAR.remedy(),
    }),
  ],
  messagesSent: 4,
});

export const suspect = target("suspect", {
  target: { host: "mx2.ourcollege.example", address: "2001:db8:25::26", port: 25, role: "mx", mailer: "mx2" },
  because: "plain-external was accepted from a stranger and not accounted for, and 1 more",
  probes: [
    probe("plain-external", {
      outcome: "silent",
      stage: "dot",
      reply: { code: 250, text: "Message accepted\nfor delivery" },
    }),
    probe("sender-null", { class: "sender", outcome: "accepted", reply: { code: 250, text: "ok" } }),
    probe("plain-helo", {
      outcome: "deferred",
      reply: { code: 450, enhanced: "4.2.0", text: "Greylisted, come back in 300 seconds" },
    }),
  ],
  findings: [findingOf("RELAY_SILENT", "[2001:db8:25::26]:25")],
});

export const inconclusive = target("inconclusive", {
  target: { host: "smtp.ourcollege.example", address: "192.0.2.26", port: 587, role: "submission" },
  source: "192.0.2.99",
  vantage: "internal",
  because:
    "the control ctl-local-accept failed at the start of the run: expected that postmaster@ourcollege.example is accepted",
  controls: [
    control("ctl-local-accept", { passed: false, reply: { code: 550, enhanced: "5.1.1", text: "No such user" } }),
    control("ctl-local-accept", { at: "end", passed: false, reply: null }),
  ],
  probes: [
    probe("plain-external", {
      outcome: "tester-refused",
      reason: "the refusal is about the tester, not about relaying",
      reply: { code: 554, text: "Your address is listed by bl.example" },
    }),
  ],
  findings: [findingOf("LOCAL_RECIPIENT_REFUSED", "192.0.2.26:587"), findingOf("TESTER_REFUSED", "192.0.2.26:587")],
});

export const unreachable = target("unreachable", {
  target: { host: "192.0.2.27", address: "192.0.2.27", port: 25, role: "mx" },
  because: "it did not answer; something may filter the port",
  reason: "timeout",
  controls: [],
  probes: [
    probe("connect", {
      class: "control",
      title: "The connection itself",
      outcome: "error",
      stage: "connect",
      reply: null,
      reason: "192.0.2.27 port 25 did not answer within 30 s",
      transcript: "",
    }),
  ],
  coverage: { profile: "quick", catalogue: 1, applicable: 0, answered: 0 },
  connections: 0,
});

export const unknownHost = target("unreachable", {
  target: { host: "nowhere.ourcollege.example", address: "", port: 25, role: "mx" },
  source: null,
  vantage: "unknown",
  because: "unknown host: DNS knows no address for it",
  reason: "no-route",
  controls: [],
  probes: [],
  coverage: { profile: "quick", catalogue: 1, applicable: 0, answered: 0 },
  connections: 0,
  finishedAt: startedAt,
});

export const practice = target("open", {
  ...open,
  target: { host: "127.0.0.1", address: "127.0.0.1", port: 2525, role: "mx" },
  practice: true,
});

/** A whole run with these targets. */
export function documentWith(results: readonly TargetResult[], given: Partial<CheckDocument> = {}): CheckDocument {
  return {
    schema: "fencepost/check/1",
    verdict: verdicts.find((verdict) => results.some((result) => result.verdict === verdict)) ?? "inconclusive",
    coverage: {
      profile: "quick",
      catalogue: 1,
      applicable: results.reduce((sum, result) => sum + result.coverage.applicable, 0),
      answered: results.reduce((sum, result) => sum + result.coverage.answered, 0),
    },
    targets: {
      open: 0,
      suspect: 0,
      inconclusive: 0,
      unreachable: 0,
      closed: 0,
      ...Object.fromEntries(
        verdicts.map((verdict) => [verdict, results.filter((result) => result.verdict === verdict).length]),
      ),
    },
    ended: "finished",
    startedAt,
    finishedAt,
    results: [...results],
    findings: results.flatMap((result) => result.findings),
    ...given,
  };
}
