// smtpd.conf made up from a seed, and sessions to play against it: rules in any order, negated and not, over tables,
// patterns, listeners with tags, and filters.

import { mailerA } from "./addresses.ts";
import { clients, type PlayedCase, randomFrom } from "./audit-by-play.ts";
import { onBoth } from "./mailers/listeners.ts";
import type { Exploit } from "./variant.ts";

const files = {
  "/etc/mail/nets": "# networks\n10.9\n203.0.113.128/25\n192.0.2.1\n",
  "/etc/mail/nets6": "# @list\n2001:db8:99::/48\n[2001:db8:1::77]\n",
  "/etc/mail/domains": "partner.example\n*.partner.example\nvirtual.example\n",
  "/etc/mail/virtual":
    "info@virtual.example alice\n@catch.example: bob@forwarded.example\nlost@virtual.example no-such-person\nstaff alice, bob@forwarded.example\n",
  "/etc/mail/senders": "@ourcollege.ac.uk\nboss@isp.example\nfriend\n@*.partner.example\n",
  "/etc/mail/recipients": "probe@partner.example\npostmaster\n@list.example\n",
} as const;

const tables = `table aliases file:/etc/aliases
table nets file:/etc/mail/nets
table nets6 file:/etc/mail/nets6
table domains file:/etc/mail/domains
table vmap file:/etc/mail/virtual
table writers file:/etc/mail/senders
table recipients file:/etc/mail/recipients
table inner { "10.1.1.0/24", "2001:db8:1::/48" }
table mapped { "info@virtual.example" = "alice", "abuse" = "postmaster@ourcollege.ac.uk", "@virtual.example" = "x@elsewhere.example" }
wide = "10.0.0.0/8"
`;

const froms = [
  "",
  "from any",
  "from any",
  "from any",
  "from local",
  "from socket",
  "from src <inner>",
  "from src <nets>",
  "from src <nets6>",
  "from src $wide",
  'from src { "203.0.113.9", "2001:db8:99::/64" }',
  'from src regex "^10\\.9\\."',
  'from src regex "^\\[2001:db8:99:"',
  "from rdns",
  'from rdns "host9.isp.example"',
  'from rdns "*.neighbour.example"',
  'from rdns "host9.neighbour.example"',
  'from rdns regex "ourcollege\\.ac\\.uk$"',
  "from auth",
  "from mail-from <writers>",
  'from mail-from regex "^boss@"',
];
const fors = [
  "",
  "for any",
  "for any",
  "for local",
  'for domain "ourcollege.ac.uk"',
  'for domain { "ourcollege.ac.uk", "*.ourcollege.ac.uk" }',
  "for domain <domains>",
  'for domain "*partner.example"',
  'for domain regex "ourcollege\\.ac\\.uk"',
  'for domain regex { "^elsewhere\\.example$", "^x\\d+\\.example$" }',
  "for rcpt-to <recipients>",
  'for rcpt-to regex "[%!].*@"',
];
const others = [
  'mail-from "@ourcollege.ac.uk"',
  "mail-from <writers>",
  'mail-from "@"',
  'mail-from regex "(?i)^BOSS@|partner"',
  'helo { "localhost", "mx1.ourcollege.ac.uk" }',
  'helo "*.partner.example"',
  'helo regex "^host[0-9]"',
  "rcpt-to <recipients>",
  'rcpt-to "postmaster"',
  'rcpt-to "probe+tag@tagged.example"',
  'tag "other"',
  'tag regex "^oth"',
  "auth",
];
const actions = [
  'action "local"',
  'action "outbound"',
  'action "outbound"',
  'action "outbound"',
  'action "inner"',
  'action "virtual"',
  'action "mapped"',
  'action "plain"',
  "reject",
];
const filters = [
  'filter f1 phase connect match src <nets> reject "550 not you"',
  'filter f2 phase connect match rdns regex "neighbour" disconnect "421 go away"',
  'filter f3 phase mail-from match mail-from <writers> reject "550 no such sender"',
  'filter f4 phase mail-from match ! mail-from "@isp.example" bypass',
  'filter f5 phase rcpt-to match rcpt-to "@elsewhere.example" reject "550 not there"',
  'filter f6 phase rcpt-to match rcpt-to regex "%" reject "550 no routes"',
  "filter f7 phase rcpt-to match src <inner> bypass",
  'filter f8 phase rcpt-to match ! helo "host9.isp.example" reject "450 later"',
  "filter f9 phase rcpt-to match ! auth junk",
] as const;

/** Refusing one word of greeting alone stops nobody, so both are refused. */
const greetings = [
  'filter h1 phase helo match helo regex "^mx1" reject "550 that is me"',
  'filter e1 phase ehlo match helo regex "^mx1" reject "550 that is me"',
];

export function opensmtpdCase(seed: number): PlayedCase {
  const random = randomFrom(seed * 7919 + 11);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // the index is in bounds
  const chance = (probability: number): boolean => random() < probability;
  const negated = (criterion: string): string => (criterion !== "" && chance(0.15) ? `! ${criterion}` : criterion);
  const rule = (): string => {
    const from = pick(froms);
    const to = pick(fors);
    const more: string[] = [];
    for (let n = chance(0.45) ? 1 + Math.floor(random() * 2) : 0; n > 0; n -= 1) {
      const one = pick(others);
      // smtpd takes each criterion once, and from auth, from mail-from and for rcpt-to are such too.
      const word = one.split(" ")[0] ?? "";
      const taken = [from, to, ...more].some((other) => other.split(" ").includes(word));
      if (!taken) more.push(one);
    }
    const parts = [negated(from), negated(to), ...more.map(negated)].filter((part) => part !== "");
    return `match ${parts.join(" ")} ${pick(actions)}\n`.replace(/ +/g, " ");
  };
  const rules = Array.from({ length: 2 + Math.floor(random() * 5) }, rule);
  if (chance(0.6)) rules.unshift('match from any for domain "ourcollege.ac.uk" action "local"\n');
  if (chance(0.7)) rules.push('match from local for any action "outbound"\n');
  if (chance(0.3)) rules.push('match from src <inner> for any action "outbound"\n');
  if (chance(0.15)) rules.push('match for any tls action "outbound"\n');
  const used = chance(0.35) ? filters.filter(() => chance(0.4)) : [];
  const lines = [...used, ...(used.length > 0 && chance(0.3) ? greetings : [])];
  const names = lines.map((line) => line.split(" ")[1]);
  const filter = names.length === 0 ? "" : ` filter { ${names.join(", ")} }`;
  const tagged = chance(0.5) ? ' tag "other"' : "";
  const split = chance(0.2);
  const config = `${tables}${lines.join("\n")}
pki lab cert "/etc/ssl/lab.crt"
pki lab key "/etc/ssl/lab.key"
${chance(0.2) ? 'smtp sub-addr-delim "-"\n' : ""}listen on 0.0.0.0 port 25 hostname ${mailerA.host}${filter}
listen on :: port 25 hostname ${mailerA.host}${split ? ' tag "six"' : filter}
${chance(0.5) ? `listen on eth0 port 2525${tagged}` : `listen on ${mailerA.v4} port 2525${tagged}\nlisten on ${mailerA.v6} port 2525${tagged}`}
listen on 0.0.0.0 port 587 tls-require pki lab auth-optional
listen on :: port 587 tls-require pki lab auth-optional
action "local" mbox alias <aliases>
action "outbound" relay helo ${mailerA.host}
action "inner" relay host smtp://10.1.1.3
action "virtual" maildir virtual <vmap>
action "mapped" mbox virtual <mapped>
action "plain" mbox
${rules.join("")}`;
  return {
    variant: {
      product: "opensmtpd",
      name: `opensmtpd-audit-${seed}`,
      truth: "closed",
      openTo: "whoever the seed says",
      files: { "/etc/smtpd.conf": config, ...files },
      listeners: [...onBoth(25), ...onBoth(2525), ...onBoth(587)],
    },
    sessions: Array.from({ length: 40 }, () => sessionOf(pick)),
    machine: {
      "/etc/mailname": "ourcollege.ac.uk\n",
      "/etc/aliases": "postmaster: alice\nabuse: alice\nmailer-daemon: alice\nbob: bob@forwarded.example\n",
      "/etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nmail:x:8:8::/var/mail:\n",
    },
    root: "/etc",
    // The library of the lab's build fails in every handshake.
    speaksTls: false,
  };
}

function sessionOf(pick: <T>(from: readonly T[]) => T): Exploit {
  return {
    ...pick(clients),
    port: pick([25, 25, 25, 2525, 2525, 587]),
    helo: pick(["host9.isp.example", "mx1.ourcollege.ac.uk", "localhost", "a.partner.example", "[203.0.113.9]"]),
    mailFrom: pick([
      "lab@isp.example",
      "lab@other.example",
      "",
      "x@ourcollege.ac.uk",
      "X@OurCollege.AC.UK",
      "boss@isp.example",
      "boss+tag@isp.example",
      "friend@else.example",
      "x@sub.partner.example",
      "x@a.b.partner.example",
      "postmaster",
      "@isp.example:x@ourcollege.ac.uk",
    ]),
    rcptTo: pick([
      "probe@elsewhere.example",
      "probe@elsewhere.example",
      "probe+tag@tagged.example",
      "Probe@Elsewhere.Example",
      "probe@x1.example",
      "probe@xd.example",
      "postmaster@ourcollege.ac.uk",
      "alice+news@ourcollege.ac.uk",
      "alice-news@ourcollege.ac.uk",
      "bob@ourcollege.ac.uk",
      "ALICE@ourcollege.ac.uk",
      "no-such-person@ourcollege.ac.uk",
      "postmaster",
      "postmaster@localhost",
      "postmaster@elsewhere.example",
      "probe@partner.example",
      "probe@sub.partner.example",
      "probe@a.b.partner.example",
      "probe@notpartner.example",
      "any@list.example",
      "info@virtual.example",
      "lost@virtual.example",
      "staff@virtual.example",
      "any@virtual.example",
      "any@catch.example",
      "abuse@virtual.example",
      "probe%elsewhere.example@ourcollege.ac.uk",
      "probe%elsewhere.example",
      "elsewhere.example!probe@ourcollege.ac.uk",
      "elsewhere.example!probe",
      '"probe@elsewhere.example"@ourcollege.ac.uk',
      '"probe"@elsewhere.example',
      "@ourcollege.ac.uk:probe@elsewhere.example",
      "@elsewhere.example:postmaster@ourcollege.ac.uk",
      "probe@elsewhere.example@ourcollege.ac.uk",
      "probe@[203.0.113.9]",
      "probe@ourcollege.ac.uk.elsewhere.example",
      "probe@elsewhere.example.",
    ]),
    message: "none",
  };
}
