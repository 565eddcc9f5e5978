import fc from "fast-check";
import { expect, test } from "vitest";
import { type IpAddress, isLoopback, parseIp } from "../net/ip.ts";
import { contains } from "../net/prefix.ts";
import { parseSite, type Site } from "../site/site.ts";
import { readForwardPath, readReversePath } from "../smtp/path.ts";
import { permitReasons, refusals, replyFor } from "./reasons.ts";
import { relayRule, type Session } from "./relaying.ts";
import { cells, relaying } from "./table.ts";

function site(policy: string): Site {
  const read = parseSite(
    `name: Our College
domains: [ours.example, dept.ours.example, bücher.example, "*.wild.example"]
networks: [192.0.2.0/24, "2001:db8:25::/48"]
mailers: [{name: mx1, host: mx1.hosts.example, addresses: [192.0.2.25]}]
policy: ${policy}
`,
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.site;
}
function ip(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}

interface Row {
  readonly from?: string;
  readonly login?: "yes" | "no" | "unknown";
  readonly managed?: boolean;
  readonly sender?: string;
  readonly to: string;
  readonly recipient?: Session["recipient"];
}
const session = ({
  from = "203.0.113.7",
  login = "no",
  managed = false,
  sender = "<a@out.example>",
  to,
  recipient = "unknown",
}: Row): Session => ({
  client: { address: from === "" ? null : ip(from), authenticated: login, managed },
  reversePath: readReversePath(sender),
  forwardPath: readForwardPath(to),
  recipient,
});
const decide = (row: Row, policy = "{}") => {
  const { cell, action, reason } = relayRule(site(policy))(session(row));
  return `${cell}: ${action}, ${reason}`;
};

test("the four cells", () => {
  expect(cells.map((cell) => `${cell}: ${relaying[cell]}`)).toEqual([
    "internal-to-internal: permit",
    "internal-to-external: permit",
    "external-to-internal: permit",
    "external-to-external: forbid",
  ]);
});

for (const [row, want] of [
  [{ from: "192.0.2.7", to: "<b@ours.example>" }, "internal-to-internal: permit, inside-client"],
  [{ from: "192.0.2.7", to: "<b@out.example>" }, "internal-to-external: permit, inside-client"],
  [{ to: "<b@ours.example>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],

  // What makes a client internal.
  [{ from: "2001:db8:25::7", to: "<b@out.example>" }, "internal-to-external: permit, inside-client"],
  [{ from: "::ffff:192.0.2.7", to: "<b@out.example>" }, "internal-to-external: permit, inside-client"],
  [{ from: "127.0.0.1", to: "<b@out.example>" }, "internal-to-external: permit, inside-client"],
  [{ login: "yes", to: "<b@out.example>" }, "internal-to-external: permit, logged-in"],
  [{ managed: true, to: "<b@out.example>" }, "internal-to-external: permit, managed-mailer"],
  // And what does not.
  [{ login: "unknown", to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],
  [{ from: "", to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],
  [{ sender: "<a@ours.example>", to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],
  [{ sender: "<>", to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],
  [{ sender: "<a@[192.0.2.25]>", to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],

  // Routing syntax is judged by where it ends.
  [{ to: "<b%out.example@ours.example>" }, "external-to-external: refuse, routing-denied"],
  [{ to: "<out.example!b@ours.example>" }, "external-to-external: refuse, routing-denied"],
  [{ to: '<"b@out.example"@ours.example>' }, "external-to-external: refuse, routing-denied"],
  [{ to: "<@ours.example:b@out.example>" }, "external-to-external: refuse, routing-denied"],
  [{ to: "<b@out.example@ours.example>" }, "external-to-external: refuse, unclear-recipient"],
  [{ to: "<b%ours.example@ours.example>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<SRS0=x=y=out.example=b@ours.example>" }, "external-to-internal: permit, our-recipient"],
  [{ from: "192.0.2.7", to: "<b%out.example@ours.example>" }, "internal-to-external: permit, inside-client"],

  // Names of one thing.
  [{ to: "<b@OURS.Example.>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@xn--bcher-kva.example>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@x.wild.example>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@mx1.hosts.example>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@[192.0.2.25]>" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@[192.0.2.26]>" }, "external-to-external: refuse, relaying-denied"],
  [{ to: "<Postmaster>" }, "external-to-internal: permit, our-recipient"],

  // No backscatter.
  [{ to: "<nobody@ours.example>", recipient: "invalid" }, "external-to-internal: refuse, unknown-recipient"],
  [
    { from: "192.0.2.7", to: "<nobody@ours.example>", recipient: "invalid" },
    "internal-to-internal: refuse, unknown-recipient",
  ],
  [{ to: "<PostMaster@ours.example>", recipient: "invalid" }, "external-to-internal: permit, our-recipient"],
  [{ to: "<b@out.example>", recipient: "valid" }, "external-to-external: refuse, relaying-denied"],
] as const satisfies readonly (readonly [Row, string])[]) {
  test(`${JSON.stringify(row)} → ${want}`, () => expect(decide(row)).toBe(want));
}

for (const [policy, row, want] of [
  [
    "{internalToInternal: managed-only}",
    { from: "192.0.2.7", to: "<b@ours.example>" },
    "internal-to-internal: refuse, unmanaged-client",
  ],
  [
    "{internalToInternal: managed-only}",
    { from: "192.0.2.25", managed: true, to: "<b@ours.example>" },
    "internal-to-internal: permit, managed-mailer",
  ],
  [
    "{internalToInternal: managed-only}",
    { login: "yes", to: "<b@ours.example>" },
    "internal-to-internal: permit, logged-in",
  ],
  ["{internalToInternal: managed-only}", { to: "<b@ours.example>" }, "external-to-internal: permit, our-recipient"],
  [
    "{internalToInternal: refuse}",
    { from: "192.0.2.25", managed: true, to: "<b@ours.example>" },
    "internal-to-internal: refuse, internal-mail",
  ],
  [
    "{internalToInternal: refuse}",
    { from: "192.0.2.7", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],

  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", to: "<b@out.example>" },
    "internal-to-external: refuse, outside-sender",
  ],
  [
    "{internalSenderOnly: true}",
    { login: "yes", to: "<b@out.example>" },
    "internal-to-external: refuse, outside-sender",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<a@ours.example>", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<>", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<a>", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "a b", to: "<b@out.example>" },
    "internal-to-external: refuse, outside-sender",
  ],
  [
    "{internalSenderOnly: true}",
    { managed: true, to: "<b@out.example>" },
    "internal-to-external: permit, managed-mailer",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<SRS0=h=t=out.example=a@ours.example>", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<SRS1+h=t=out.example=a@srs.ours.example>", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<a@srs.ours.example>", to: "<b@out.example>" },
    "internal-to-external: refuse, outside-sender",
  ],
  [
    "{internalSenderOnly: true}",
    { from: "192.0.2.7", sender: "<SRS0=h=t=ours.example=a@out.example>", to: "<b@out.example>" },
    "internal-to-external: refuse, outside-sender",
  ],
  // It limits, and never grants.
  [
    "{internalSenderOnly: true}",
    { sender: "<a@ours.example>", to: "<b@out.example>" },
    "external-to-external: refuse, relaying-denied",
  ],
  ["{internalSenderOnly: true}", { to: "<b@ours.example>" }, "external-to-internal: permit, our-recipient"],

  ["{auth: refuse}", { login: "yes", to: "<b@out.example>" }, "external-to-external: refuse, relaying-denied"],
  [
    "{auth: refuse}",
    { from: "192.0.2.7", login: "yes", to: "<b@out.example>" },
    "internal-to-external: permit, inside-client",
  ],
] as const satisfies readonly (readonly [string, Row, string])[]) {
  test(`${policy} ${JSON.stringify(row)} → ${want}`, () => expect(decide(row, policy)).toBe(want));
}

test("loopback can stand for strangers", () => {
  const rule = relayRule(site("{}"), { loopback: "external" });
  expect(rule(session({ from: "127.0.0.1", to: "<b@out.example>" })).action).toBe("refuse");
  expect(rule(session({ from: "::1", to: "<b@out.example>" })).action).toBe("refuse");
});

test("every refusal has its reply, no permit has one", () => {
  for (const [reason, reply] of Object.entries(refusals)) {
    expect(replyFor(reason as keyof typeof refusals)).toEqual(reply);
    expect(`${reply.code} ${reply.enhanced} ${reply.text}`).toMatch(/^5\d\d 5\.\d\.\d [ -~]{10,200}$/);
  }
  expect(permitReasons.map(replyFor)).toEqual(permitReasons.map(() => null));
});

// Laws. Every way of writing a path that leads to a domain of somebody else.
const ours = fc.constantFrom(
  "ours.example",
  "OURS.example",
  "ours.example.",
  "dept.ours.example",
  "bücher.example",
  "xn--bcher-kva.example",
  "a.wild.example",
  "mx1.hosts.example",
  "localhost",
  "[192.0.2.25]",
  "[IPv6:::ffff:192.0.2.25]",
  "[127.0.0.1]",
);
const theirs = fc.oneof(
  fc.domain().filter((name) => !/(^|\.)(ours|wild)\.example$|^xn--bcher-kva\.example$/.test(name.toLowerCase())),
  fc.constantFrom(
    "out.example",
    "OUT.Example.",
    "ours.example.out.example",
    "notours.example",
    "xours.example",
    "sub.ours.example",
    "wild.example",
    "müller.example",
    "ourѕ.example" /* a Cyrillic letter */,
    "ours。example",
    "ours.example%00",
    "[203.0.113.9]",
    "[192.0.2.26]",
    "[IPv6:2001:db8:25::26]",
    "203.0.113.9",
    "0x7f.1",
    "localhost.localdomain",
    "ours",
  ),
);
const user = fc.oneof(
  fc.constantFrom(
    "user",
    "Postmaster",
    "a.b",
    "a..b",
    '"a b"',
    '"a\\"b"',
    "ü",
    "\x80",
    "SRS0=h=t=x.example=u",
    "prvs=1234567890=u",
    "list+u=x.example",
    "-f",
    "|sh",
  ),
  fc.stringMatching(/^[a-z0-9.=+_-]{1,10}$/),
);
const unquoted = (text: string) => text.replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1");
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
type Wrap = (inner: string, domain: string) => string;
/** Given `u@x`, other ways to say that a message for a domain of ours goes on to it. */
const wraps = fc.constantFrom<Wrap>(
  (inner, d) => `${inner.replace(/@([^@]*)$/, "%$1")}@${d}`,
  (inner, d) => `${quoted(unquoted(inner))}@${d}`,
  (inner, d) => inner.replace(/^(.*)@([^@]*)$/, `$2!$1@${d.replace("$", "")}`),
  (inner, d) => inner.replace(/^(.*)@([^@]*)$/, `${d.replace("$", "")}!$2!$1@${d.replace("$", "")}`),
  (inner, d) => `@${d}:${inner}`,
  (inner, d) => `@${d},@${d}:${inner}`,
  (inner, d) => `${inner}@${d}`,
  (inner, d) => `${quoted(`@${d}:${unquoted(inner)}`)}@${d}`,
);
const layered = fc
  .tuple(user, theirs, fc.array(fc.tuple(wraps, ours), { maxLength: 12, size: "small" }))
  .map(([u, d, layers]) => layers.reduce((inner, [wrap, domain]) => wrap(inner, domain), `${u}@${d}`));
/** The end is ours, but a mailer that honours source routes would hand the message to a stranger first. */
const throughOthers = fc.tuple(theirs, user, ours, ours).map(([d, u, o, hop]) => `@${hop},@${d}:${u}@${o}`);
const leadsOut = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: layered }, { weight: 1, arbitrary: throughOthers }),
    fc.constantFrom("<>", "", "<"),
  )
  .map(([text, brackets]) => `${brackets.charAt(0)}${text}${brackets.charAt(1)}`);
const anySender = fc.oneof(
  leadsOut,
  fc.constantFrom(
    "<>",
    "",
    "<a@ours.example>",
    "<postmaster@ours.example>",
    "<a@[192.0.2.25]>",
    "<a@mx1.hosts.example>",
    "<@ours.example:a@b.example>",
    "<SRS0=h=t=o.example=a@ours.example>",
  ),
);
const ourNetworks = site("{}").networks;
const stranger = fc
  .oneof(
    fc.constantFrom(
      "",
      "203.0.113.7",
      "192.0.3.0",
      "192.0.1.255",
      "2001:db8:24:ffff::1",
      "2001:db8:26::",
      "10.0.0.1",
      "::192.0.2.7",
      "64:ff9b::192.0.2.7",
      "0.0.0.0",
      "::",
      "::fffe:192.0.2.7",
    ),
    fc.ipV4(),
    fc.ipV6(),
  )
  .filter((text) => {
    if (text === "") return true; // no address is known
    const read = parseIp(text);
    if (!read.ok || isLoopback(read.value)) return false;
    return !ourNetworks.some((network) => contains(network, read.value));
  });
const policies = [
  "{}",
  "{internalToInternal: refuse, internalSenderOnly: true}",
  "{internalToInternal: managed-only, auth: refuse}",
];

test("never external to external, whatever the sender and the spelling of the forward-path", () => {
  const rules = policies.map((policy) => relayRule(site(policy)));
  fc.assert(
    fc.property(
      stranger,
      anySender,
      leadsOut,
      fc.constantFrom("valid", "invalid", "unknown"),
      fc.constantFrom("no", "unknown"),
      (from, sender, to, recipient, login) => {
        for (const rule of rules) {
          const decision = rule(session({ from, sender, to, recipient, login }));
          expect(decision, `${from} ${sender} ${to}`).toMatchObject({ cell: "external-to-external", action: "refuse" });
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test("for strangers the sender decides nothing", () => {
  const rules = policies.map((policy) => relayRule(site(policy)));
  const anyPath = fc.oneof(
    leadsOut,
    fc.tuple(user, ours).map(([u, d]) => `<${u}@${d}>`),
    fc.string({ unit: "binary", maxLength: 30 }),
  );
  fc.assert(
    fc.property(stranger, anySender, anySender, anyPath, (from, sender, other, to) => {
      for (const rule of rules)
        expect(rule(session({ from, sender, to }))).toEqual(rule(session({ from, sender: other, to })));
    }),
    { numRuns: 1000 },
  );
});

test("whatever is permitted, the table permits", () => {
  const rules = policies.map((policy) => relayRule(site(policy)));
  const anyTo = fc.oneof(
    leadsOut,
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.tuple(user, ours).map(([u, d]) => `<${u}@${d}>`),
  );
  fc.assert(
    fc.property(
      fc.oneof(stranger, fc.constantFrom("192.0.2.7", "127.0.0.1")),
      anySender,
      anyTo,
      fc.constantFrom("yes", "no", "unknown"),
      fc.boolean(),
      (from, sender, to, login, managed) => {
        for (const rule of rules) {
          const { cell, action, reason } = rule(session({ from, sender, to, login, managed }));
          expect(action === "refuse" || relaying[cell] === "permit").toBe(true);
          expect(replyFor(reason) === null).toBe(action === "permit");
        }
      },
    ),
  );
});
