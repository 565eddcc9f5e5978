// Postfix configurations made up from a seed, and the sessions to play against each.
import type { Configuration } from "../../src/audit/rules.ts";
import { gateway, mailerA, neighbour, stranger } from "./addresses.ts";
import { type PlayedCase, randomFrom } from "./audit-by-play.ts";
import { type Lab, startLab } from "./lab.ts";
import { onBoth } from "./mailers/listeners.ts";
import { packagedMaster } from "./postfix-master.ts";
import type { Exploit, Variant } from "./variant.ts";

const networks = [
  "127.0.0.0/8 [::1]/128",
  "127.0.0.0/8 [::1]/128 10.1.1.0/24 [2001:db8:1::]/64",
  "127.0.0.0/8 10.0.0.0/8",
  "127.0.0.0/8 !10.1.1.0/24 10.0.0.0/8",
  "127.0.0.0/8 203.0.113.0/24",
  "127.0.0.0/8 [2001:db8:99::]/48",
  "127.0.0.0/8 cidr:/etc/postfix/nets",
  "127.0.0.0/8 texthash:/etc/postfix/nethash",
  "127.0.0.0/8 /etc/postfix/netlist",
  "0.0.0.0/0",
];

const files = {
  "/etc/postfix/nets": "!10.0.0.0/8 OK\n10.9.0.0/16 OK\n203.0.113.9 OK\n",
  "/etc/postfix/nethash": "203.0.113.0/24 x\n10.9.9.9 x\n10.1.1 x\n",
  "/etc/postfix/netlist": "# networks\n10.9.0.0/16\n  [2001:db8:99::]/48\n",
  "/etc/postfix/senders":
    "# senders\nourcollege.ac.uk OK\n.partner.example OK\nboss@isp.example permit_mynetworks, reject\nfriend@ OK\n<> DUNNO\nbad.example REJECT go away\nodd.example 550\nclass.example insiders\nold.example 12345\nempty.example\n",
  "/etc/postfix/senders.re": "/@ourcollege\\.ac\\.uk$/ OK\n/^boss@/ OK\n!/@/ REJECT\n/trusted/ RELAY\n",
  "/etc/postfix/senders.pcre": "if /partner/\n/^a(b|c)+@/ OK\nendif\n/@(mail|news)\\.example$/ REJECT no\n",
  "/etc/postfix/helos":
    "mx1.ourcollege.ac.uk OK\nlocalhost OK\nisp.example DUNNO\nspam.example REJECT\n.partner.example OK\n",
  "/etc/postfix/rcpts":
    "elsewhere.example OK\npostmaster@ OK\nourcollege.ac.uk OK\nblocked@ourcollege.ac.uk REJECT\nsub.partner.example 450 later\n",
  "/etc/postfix/rcpts.re": "/@ourcollege/ OK\n/^abuse@/ OK\n/%/ REJECT\n",
  "/etc/postfix/clients": "203.0.113 OK\n10.9.9.9 REJECT\n2001:db8:99 DUNNO\n10 permit_auth_destination, reject\n",
  "/etc/postfix/clients.cidr": "203.0.113.9 DUNNO\n203.0.113.0/24 OK\n::/0 REJECT\n",
  "/etc/postfix/domains.re": "/partner\\.example/ yes\n",
  "/etc/postfix/virtual": "info@virtual.example alice\n@catchall.example alice\nvirtual.example x\n",
} as const;

const checks = [
  "check_sender_access texthash:/etc/postfix/senders",
  "check_sender_access regexp:/etc/postfix/senders.re",
  "check_sender_access pcre:/etc/postfix/senders.pcre",
  "check_sender_access inline:{{isp.example = OK}}",
  "check_helo_access texthash:/etc/postfix/helos",
  "check_recipient_access texthash:/etc/postfix/rcpts",
  "check_recipient_access regexp:/etc/postfix/rcpts.re",
  "check_recipient_access static:DUNNO",
  "check_client_access texthash:/etc/postfix/clients",
  "check_client_access cidr:/etc/postfix/clients.cidr",
  "check_client_access { cidr:/etc/postfix/clients.cidr, default_action=DUNNO }",
  "permit_auth_destination",
  "permit_inet_interfaces",
  "permit_tls_all_clientcerts",
  "reject_unlisted_recipient",
  "insiders",
  "guarded",
  "warn_if_reject reject_unauth_destination",
  "permit",
] as const;

/** The case of a seed. */
export function postfixCase(seed: number): PlayedCase {
  const random = randomFrom(seed * 7919 + 1);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T; // the index is in bounds
  const chance = (probability: number): boolean => random() < probability;
  const list = (most: number, ends: readonly string[]): string => {
    const items: string[] = chance(0.8) ? ["permit_mynetworks"] : [];
    for (let n = Math.floor(random() * (most + 1)); n > 0; n -= 1) items.push(pick(checks));
    const end = pick(ends);
    if (end !== "") items.splice(chance(0.8) ? items.length : Math.floor(random() * items.length), 0, end);
    return items.join(", ");
  };
  const settings: Record<string, string> = {
    compatibility_level: pick(["3.6", "3.6", "2", "1", "0"]),
    myhostname: mailerA.host,
    myorigin: pick(["ourcollege.ac.uk", "$myhostname"]),
    mydestination: pick(["$myhostname, ourcollege.ac.uk, localhost", "$myhostname, localhost"]),
    mynetworks: pick(networks),
    inet_interfaces: "all",
    inet_protocols: "all",
    alias_maps: "inline:{postmaster=alice, abuse=alice}",
    alias_database: "",
    biff: "no",
    smtpd_restriction_classes: "insiders, guarded",
    insiders: pick(["permit_mynetworks, reject", "permit_mynetworks", "permit"]),
    guarded: pick([
      "reject_unauth_destination",
      "permit_auth_destination, reject",
      "check_sender_access texthash:/etc/postfix/senders",
    ]),
    relay_domains: pick([
      "",
      "partner.example",
      ".partner.example",
      "regexp:/etc/postfix/domains.re",
      "inline:{partner.example=x}",
      "$mydestination",
      "example",
    ]),
    virtual_alias_maps: "texthash:/etc/postfix/virtual",
    // Where mail goes does not matter: nobody sends DATA.
    smtpd_recipient_limit: "50",
  };
  if (chance(0.5))
    settings.smtpd_relay_restrictions = list(3, [
      "reject_unauth_destination",
      "defer_unauth_destination",
      "reject",
      "guarded",
      "warn_if_reject reject_unauth_destination",
    ]);
  else if (chance(0.4)) settings.smtpd_relay_restrictions = "";
  if (chance(0.6) || settings.smtpd_relay_restrictions === "")
    settings.smtpd_recipient_restrictions = list(4, [
      "reject_unauth_destination",
      "reject_unauth_destination",
      "reject",
      "guarded, reject",
    ]);
  if (chance(0.25)) settings.smtpd_sender_restrictions = list(2, ["", "", "reject_unauth_destination"]);
  if (chance(0.2)) settings.smtpd_helo_restrictions = list(2, ["", "permit"]);
  if (chance(0.2)) settings.smtpd_client_restrictions = list(2, ["", "reject_unauth_destination"]);
  for (const [name, probability] of [
    ["allow_percent_hack", 0.2],
    ["swap_bangpath", 0.2],
    ["resolve_dequoted_address", 0.2],
    ["smtpd_delay_reject", 0.15],
    ["smtpd_reject_unlisted_recipient", 0.15],
  ] as const)
    if (chance(probability)) settings[name] = "no";
  if (chance(0.2)) settings.allow_untrusted_routing = "yes";
  if (chance(0.2)) settings.parent_domain_matches_subdomains = pick(["", "smtpd_access_maps", "relay_domains"]);
  if (chance(0.2)) settings.recipient_delimiter = "+";

  // A client that is refused at once never hears a banner, and the lab waits for one.
  if (settings.smtpd_delay_reject === "no") delete settings.smtpd_client_restrictions;
  const main = Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
  return {
    variant: {
      product: "postfix",
      name: `postfix-audit-${seed}`,
      truth: "closed",
      openTo: "whoever the seed says",
      files: { "/etc/postfix/main.cf": main, ...files },
      listeners: onBoth(25),
    },
    sessions: Array.from({ length: 60 }, () => sessionOf(pick)),
    machine: { "/etc/postfix/master.cf": packagedMaster },
    root: "/etc/postfix",
    speaksTls: true,
    version: "3.7",
    start,
  };
}

/**
 * smtpd does not run where nothing could refuse, which the auditor must know. master(8) counts the lab's own children as
 * its own now and then, and panics: that is not the configuration's doing.
 */
async function start(variant: Variant, { listeners }: Configuration): Promise<Lab | null> {
  try {
    return await startLab(variant).catch((error: unknown) => {
      const panicked =
        error instanceof Error && error.message.includes("master_reap") && !error.message.includes("fatal:");
      if (!panicked) throw error;
      return startLab(variant);
    });
  } catch (error) {
    const fatal = error instanceof Error && error.message.includes("specify at least one working instance of");
    if (fatal && listeners[0]?.stages[0]?.program.name === "smtpd start") return null;
    throw error;
  }
}

function sessionOf(pick: <T>(from: readonly T[]) => T): Exploit {
  const client = pick([
    { source: stranger.v4, address: mailerA.v4 },
    { source: stranger.v4, address: mailerA.v4 },
    { source: stranger.v6, address: mailerA.v6 },
    { source: neighbour.v4, address: mailerA.v4 },
    { source: gateway.v4, address: mailerA.v4 },
  ]);
  return {
    ...client,
    port: 25,
    helo: pick(["host9.isp.example", "mx1.ourcollege.ac.uk", "localhost", "spam.example", "a.partner.example"]),
    mailFrom: pick([
      "lab@isp.example",
      "lab@other.example",
      "",
      "x@ourcollege.ac.uk",
      "boss@isp.example",
      "friend@else.example",
      "x@sub.partner.example",
      "abc@partner.example",
      "trusted@news.example",
      "x@bad.example",
      "x@odd.example",
      "x@class.example",
      "x@old.example",
      "x@empty.example",
    ]),
    rcptTo: pick([
      "probe@elsewhere.example",
      "probe@elsewhere.example",
      "probe@other.example",
      "postmaster@ourcollege.ac.uk",
      "postmaster",
      "blocked@ourcollege.ac.uk",
      "no-such-person@ourcollege.ac.uk",
      "postmaster@elsewhere.example",
      "abuse@other.example",
      "probe@partner.example",
      "probe@sub.partner.example",
      "probe@notpartner.example",
      "probe%elsewhere.example@ourcollege.ac.uk",
      "probe%elsewhere.example@partner.example",
      "probe%elsewhere.example",
      "elsewhere.example!probe",
      "elsewhere.example!probe@ourcollege.ac.uk",
      "elsewhere.example!probe@partner.example",
      '"probe@elsewhere.example"@ourcollege.ac.uk',
      '"probe@elsewhere.example"',
      '"probe@elsewhere.example"@partner.example',
      "@ourcollege.ac.uk:probe@elsewhere.example",
      "@elsewhere.example:postmaster@ourcollege.ac.uk",
      "probe@elsewhere.example@ourcollege.ac.uk",
      "probe@[203.0.113.9]",
      "probe@ourcollege.ac.uk.elsewhere.example",
      "info@virtual.example",
      "no-such@virtual.example",
      "any@catchall.example",
      "postmaster+x@ourcollege.ac.uk",
      "probe@elsewhere.example.",
    ]),
    message: "none",
  };
}
