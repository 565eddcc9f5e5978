/**
 * Every way in which a practice mailer can misbehave, or look as if it did: one row each. `truth` is what it really does;
 * `expected` what an honest tester can say of it from outside, and no more.
 */
import { isLoopback, isPrivate } from "../net/ip.ts";
import { formatMailDomain, type MailDomain } from "../smtp/path.ts";
import { reply } from "../smtp/reply.ts";
import { bangPath, doubleAt, percentHack, quotedAt, sourceRoute, unsignedSrs } from "./rewriting.ts";
import type { Claims, House, Traits, Trust } from "./traits.ts";

/** What a tester should find with this profile and enough messages. */
export interface Expected {
  /** The smaller one, if it finds the hole or fault. */
  readonly profile: "quick" | "full";
  readonly verdict: "open" | "suspect" | "inconclusive" | "closed";
  /** All finding tags, and no others. */
  readonly findings: readonly string[];
}

export interface Behaviour {
  readonly id: string;
  readonly title: string;
  /** What it does, in one or two sentences. */
  readonly does: string;
  /** The class of probes that finds it, or `null` if there is nothing to find. */
  readonly foundBy: string | null;
  readonly truth: "relays" | "does-not-relay";
  readonly expected: Expected;
  readonly traits: Traits;
}

/** The domain of the reverse-path as text, or `null` for the null path and what has none. */
function senderDomain({ reversePath }: Claims): MailDomain | null {
  return reversePath.kind === "mailbox" ? reversePath.mailbox.domain : null;
}

const senderName = (claims: Claims): string => {
  const domain = senderDomain(claims);
  return domain === null || domain.kind === "literal" ? "" : formatMailDomain(domain);
};

const isOurSender: Trust = (claims, { domains }) => domains.some((domain) => domain === senderName(claims));
const everyone: Trust = () => true;
const claimsInside: Trust = ({ claimed }) => claimed !== null && (isLoopback(claimed) || isPrivate(claimed));
const loggedIn: Trust = ({ login }) => login !== null;

const startsLike = (name: string, { domains }: House): boolean =>
  domains.some((domain) => name !== domain && name.startsWith(domain));

/** One proof is enough: what else the same hole lets through is told with it. */
const proved = ["RELAY_DELIVERED"] as const;

export const behaviours = [
  // Holes: whom the mailer takes for one of its own.
  {
    id: "wide-open",
    title: "Wide open",
    does: "Relays for everyone.",
    foundBy: "plain",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [everyone] },
  },
  {
    id: "trusts-local-sender",
    title: "Trusts a sender in its own domain",
    does: "Refuses an outside sender, and relays for whoever writes one of its own domains into MAIL FROM.",
    foundBy: "sender",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [isOurSender] },
  },
  {
    id: "trusts-null-sender",
    title: "Trusts the null sender",
    does: "Relays whatever has the null reverse-path, as if only bounces had it.",
    foundBy: "sender",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [({ reversePath }) => reversePath.kind === "null"] },
  },
  {
    id: "trusts-sender-suffix",
    title: "Trusts senders whose domain ends like its own",
    does: "Compares the end of the sender's domain without its dot, so xourcollege.example passes for ourcollege.example; the domain itself it lets in with a login only.",
    foundBy: "sender",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: {
      trusts: [
        (claims, house) =>
          !isOurSender(claims, house) && house.domains.some((domain) => senderName(claims).endsWith(domain)),
      ],
    },
  },
  {
    id: "trusts-sender-prefix",
    title: "Trusts senders whose domain begins like its own",
    does: "Compares the beginning of the sender's domain, so ourcollege.example.elsewhere passes for ourcollege.example.",
    foundBy: "sender",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [(claims, house) => startsLike(senderName(claims), house)] },
  },
  {
    id: "trusts-own-literal",
    title: "Trusts a sender at its own address literal",
    does: "Counts its own address literal among its domains and relays for senders there.",
    foundBy: "sender",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: {
      trusts: [
        (claims, { isOwn }) => {
          const domain = senderDomain(claims);
          return domain?.kind === "literal" && isOwn(domain);
        },
      ],
    },
  },
  {
    id: "trusts-auth-parameter",
    title: "Believes AUTH= in MAIL FROM",
    does: "Takes AUTH=postmaster@its-own-domain in MAIL FROM for a login (RFC 4954 §5 says not to).",
    foundBy: "plain",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [({ authParameter }) => authParameter !== null && authParameter !== "<>"] },
  },
  {
    id: "trusts-helo-localhost",
    title: "Trusts a client that calls itself localhost",
    does: "Relays for localhost, localhost.localdomain and [127.0.0.1] in HELO, wherever the client is.",
    foundBy: "helo",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [({ helo }) => /^(localhost(\.localdomain)?|\[127\.0\.0\.1\])$/i.test(helo)] },
  },
  {
    id: "trusts-helo-own-domain",
    title: "Trusts a client that calls itself by its own domain",
    does: "Relays for HELO names in its own domains.",
    foundBy: "helo",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: {
      trusts: [
        ({ helo }, { domains }) =>
          domains.some((domain) => helo.toLowerCase() === domain || helo.toLowerCase().endsWith(`.${domain}`)),
      ],
    },
  },
  {
    id: "open-after-starttls",
    title: "Open once the session is encrypted",
    does: "Refuses in the clear, and relays for everyone after STARTTLS.",
    foundBy: "transport",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [({ tls }) => tls] },
  },
  {
    id: "ipv6-only",
    title: "Open over IPv6 only",
    does: "The list of trusted networks knows no IPv6: whoever comes over it may relay.",
    foundBy: "plain",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [(_claims, { address }) => address.family === 6] },
  },

  // Holes: what it makes of a recipient.
  {
    id: "percent-hack",
    title: "Reads the percent hack",
    does: "Accepts user%elsewhere@here as its own and passes it on to user@elsewhere.",
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { rewrites: [percentHack] },
  },
  {
    id: "bang-path",
    title: "Reads bang paths",
    does: "Accepts elsewhere!user@here as its own and passes it on to user@elsewhere.",
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { rewrites: [bangPath] },
  },
  {
    id: "source-route",
    title: "Follows source routes",
    does: "Looks at the first hop of @here:user@elsewhere only, and passes it on.",
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { rewrites: [sourceRoute] },
  },
  {
    id: "quoted-at",
    title: "Reads an address inside quotes",
    does: 'Accepts "user@elsewhere"@here as its own, takes the quotes off, and passes it on.',
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { rewrites: [quotedAt] },
  },
  {
    id: "double-at",
    title: "Reads an address with two @",
    does: "Accepts user@elsewhere@here as its own and passes it on to user@elsewhere.",
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { rewrites: [doubleAt] },
  },
  {
    id: "unsigned-srs",
    title: "Turns back any SRS address",
    does: "Passes SRS0=…=elsewhere=user@here on to user@elsewhere without looking at the signature.",
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { rewrites: [unsignedSrs] },
  },
  {
    id: "unanchored-recipient",
    title: "Serves whatever begins like its own domain",
    does: "A pattern without an end: takes mail for ourcollege.example.elsewhere and passes it on by its MX.",
    foundBy: "routing",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { mistakes: [startsLike] },
  },

  // Holes: logins and claims.
  {
    id: "auth-any",
    title: "Believes every login",
    does: "The password checker always says yes; whoever logs in may relay.",
    foundBy: "auth",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: ["RELAY_DELIVERED", "LOGIN_BELIEVED"] },
    traits: { believesLogin: () => true, trusts: [loggedIn] },
  },
  {
    id: "auth-empty-password",
    title: "Believes an empty password",
    does: "An LDAP bind without a password counts as success, for any user.",
    foundBy: "auth",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: ["RELAY_DELIVERED", "LOGIN_BELIEVED"] },
    traits: { believesLogin: (_user, password) => password === "", trusts: [loggedIn] },
  },
  {
    id: "xclient-believed",
    title: "Believes XCLIENT from anyone",
    does: "Lets any client say that it is another one, and relays for addresses that look inside.",
    foundBy: "trust",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: ["RELAY_DELIVERED", "IDENTITY_BELIEVED"] },
    traits: { xclient: true, trusts: [claimsInside, loggedIn] },
  },
  {
    id: "proxy-believed",
    title: "Believes a PROXY header from anyone",
    does: "Reads a PROXY header (version 1 or 2) if there is one, and relays for addresses that look inside.",
    foundBy: "trust",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: ["RELAY_DELIVERED", "IDENTITY_BELIEVED"] },
    traits: { proxyHeader: "believed", trusts: [claimsInside] },
  },
  {
    id: "proxy-required",
    title: "Greets only behind a PROXY header, from anyone",
    does: "A back-end port that strangers can reach: silent without a PROXY header, and believing any.",
    foundBy: "trust",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: ["RELAY_DELIVERED", "IDENTITY_BELIEVED"] },
    traits: { proxyHeader: "required", trusts: [claimsInside] },
  },

  // Holes: what an earlier step leaves behind.
  {
    id: "first-recipient-only",
    title: "Checks only the first recipient",
    does: "Once one recipient of a transaction was accepted, all that follow are.",
    foundBy: "state",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [({ recipients }) => recipients > 0] },
  },
  {
    id: "rset-leak",
    title: "RSET does not forget",
    does: "After a transaction with a local recipient was given up, the session may send anywhere.",
    foundBy: "state",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: proved },
    traits: { trusts: [({ abandonedLocal }) => abandonedLocal] },
  },
  {
    id: "second-transaction",
    title: "Trusts who has delivered once",
    does: "After one proper delivery the same connection may send anywhere.",
    foundBy: "state",
    truth: "relays",
    expected: { profile: "full", verdict: "open", findings: proved },
    traits: { trusts: [({ messages }) => messages > 0] },
  },
  {
    id: "data-after-refusal",
    title: "Delivers after refusing",
    does: "Refuses the recipient, keeps it all the same, grants DATA and delivers.",
    foundBy: "state",
    truth: "relays",
    expected: { profile: "full", verdict: "open", findings: proved },
    traits: { keepsRefused: true },
  },

  // Holes: what the message says.
  {
    id: "trusts-header-from",
    title: "Trusts From: in the header",
    does: "Accepts every recipient, and after DATA relays what has one of its own domains in From:, refusing the rest.",
    foundBy: "sender",
    truth: "relays",
    expected: {
      profile: "full",
      verdict: "open",
      findings: ["RELAY_DELIVERED", "RELAY_ACCEPTED", "SUBDOMAIN_ACCEPTED"],
    },
    traits: { judgesByHeader: true },
  },
  {
    id: "recipients-from-header",
    title: "Takes recipients from the header",
    does: "Sends a message for a local mailbox on to every address in To:, Cc: and their like.",
    foundBy: "backscatter",
    truth: "relays",
    expected: { profile: "full", verdict: "open", findings: proved },
    traits: { recipientsFromHeader: true },
  },
  {
    id: "multi-hop",
    title: "Relays through a second mailer",
    does: "Takes mail from everyone and hands it to a second mailer, which sends it out from its own address.",
    foundBy: "plain",
    truth: "relays",
    expected: { profile: "quick", verdict: "open", findings: ["RELAY_DELIVERED", "RELAY_CHAIN"] },
    traits: { trusts: [everyone], secondHop: true },
  },
  {
    id: "greylist-then-relay",
    title: "Greylists first, relays later",
    does: "Puts everyone off at the first try; on the second it relays.",
    foundBy: "plain",
    truth: "relays",
    expected: { profile: "quick", verdict: "inconclusive", findings: ["LOCAL_RECIPIENT_REFUSED", "OUTSIDE_DEFERRED"] },
    traits: { greylists: true, trusts: [everyone] },
  },

  // Faults that are no relaying.
  {
    id: "smuggling",
    title: "Ends a message at LF . LF",
    does: "Takes a bare LF for a line end, so that a second message can hide in the first. Relays nothing.",
    foundBy: "smuggling",
    truth: "does-not-relay",
    expected: { profile: "full", verdict: "closed", findings: ["SMUGGLING_ACCEPTED"] },
    traits: { endOfData: "lenient" },
  },
  {
    id: "starttls-injection",
    title: "Keeps what was sent before the handshake",
    does: "Carries out, inside TLS, commands that came before it in the clear.",
    foundBy: "transport",
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "closed", findings: ["STARTTLS_INJECTION"] },
    traits: { keepsInput: true },
  },
  {
    id: "accept-and-bounce",
    title: "Accepts any local-part, bounces later",
    does: "Takes mail for every local-part in its domains, percent signs and all, and returns it to the sender.",
    foundBy: "backscatter",
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "closed", findings: ["BACKSCATTER", "UNKNOWN_RECIPIENT_ACCEPTED"] },
    traits: { anyUser: true, undeliverable: "bounce" },
  },
  {
    id: "accept-all-and-bounce",
    title: "Accepts everything, bounces later",
    does: "Takes mail for any recipient anywhere and returns it to the sender; with the null sender nobody can see that.",
    foundBy: "plain",
    truth: "does-not-relay",
    expected: {
      profile: "quick",
      verdict: "suspect",
      findings: ["BACKSCATTER", "RELAY_SILENT", "UNKNOWN_RECIPIENT_ACCEPTED", "ACCEPTS_EVERYTHING", "RELAY_ACCEPTED"],
    },
    traits: { anyRecipient: true, undeliverable: "bounce" },
  },
  {
    id: "accept-and-drop",
    title: "Accepts everything, delivers nothing",
    does: "A sink or a trap: says yes to all, and throws all away.",
    foundBy: "plain",
    truth: "does-not-relay",
    expected: {
      profile: "quick",
      verdict: "suspect",
      findings: ["RELAY_SILENT", "UNKNOWN_RECIPIENT_ACCEPTED", "ACCEPTS_EVERYTHING", "RELAY_ACCEPTED"],
    },
    traits: { anyRecipient: true },
  },
  {
    id: "catch-all",
    title: "One mailbox for every local-part",
    does: "Takes mail for every local-part in its domains and keeps it; what looks like routing is only a strange name.",
    foundBy: "routing",
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "suspect", findings: ["RELAY_SILENT", "UNKNOWN_RECIPIENT_ACCEPTED"] },
    traits: { anyUser: true },
  },

  // Closed, each in its own way.
  {
    id: "closed",
    title: "Closed",
    does: "Refuses relaying at RCPT with 550 5.7.1 and unknown recipients with 550 5.1.1.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "full", verdict: "closed", findings: [] },
    traits: {},
  },
  {
    id: "refuses-454",
    title: "Denies with a temporary code",
    does: "Says 454 4.7.1 Relay access denied, as Postfix does by default.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "closed", findings: ["RELAY_DENIED_TEMPORARILY"] },
    traits: { denial: reply(454, "4.7.1", "Relay access denied") },
  },
  {
    id: "refuses-503",
    title: "Denies with a sequence code",
    does: "Says 503 5.7.1 Relay not allowed, as chasquid does.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "closed", findings: [] },
    traits: { denial: reply(503, "5.7.1", "Relay not allowed") },
  },
  {
    id: "rejects-at-data",
    title: "Refuses at DATA",
    does: "Accepts outside recipients at RCPT and refuses DATA; where no message may be sent, that cannot be shown.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "suspect", findings: ["ACCEPTS_EVERYTHING", "RELAY_ACCEPTED"] },
    traits: { refusesAt: "data" },
  },
  {
    id: "rejects-at-dot",
    title: "Refuses at the end of the message",
    does: "Accepts outside recipients at RCPT and refuses the message; where none may be sent, that cannot be shown.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "suspect", findings: ["ACCEPTS_EVERYTHING", "RELAY_ACCEPTED"] },
    traits: { refusesAt: "dot" },
  },
  {
    id: "starttls-first",
    title: "Demands STARTTLS first",
    does: "Answers 530 5.7.0 to MAIL until the session is encrypted, and is closed then.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "closed", findings: [] },
    traits: { tlsFirst: true },
  },
  {
    id: "submission",
    title: "Submission: wants a login",
    does: "Answers 530 5.7.0 to MAIL until the client has logged in, and believes no made-up login.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "full", verdict: "closed", findings: [] },
    traits: { loginFirst: true, believesLogin: () => false, trusts: [loggedIn] },
  },
  {
    id: "tarpit",
    title: "Refuses slowly",
    does: "Closed, and lets every refusal wait.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "closed", findings: [] },
    traits: { tarpits: true },
  },
  {
    id: "greylist-then-refuse",
    title: "Greylists first, refuses later",
    does: "Puts everyone off at the first try; on the second it is closed.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "inconclusive", findings: ["LOCAL_RECIPIENT_REFUSED", "OUTSIDE_DEFERRED"] },
    traits: { greylists: true },
  },
  {
    id: "blocks-tester",
    title: "Blocks the tester",
    does: "Refuses every recipient of this client because it is on a block list.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "inconclusive", findings: ["LOCAL_RECIPIENT_REFUSED", "TESTER_REFUSED"] },
    traits: { blocks: reply(554, "5.7.1", "Service unavailable; client blocked using dnsbl.example") },
  },
  {
    id: "bans-tester",
    title: "Bans the tester half-way",
    does: "Closed, and after some refusals refuses the client altogether.",
    foundBy: null,
    truth: "does-not-relay",
    expected: { profile: "quick", verdict: "inconclusive", findings: ["TESTER_REFUSED"] },
    traits: { bans: true },
  },
] as const satisfies readonly Behaviour[];

export type BehaviourId = (typeof behaviours)[number]["id"];

/** The row of an id that someone typed, or `null`. */
export function behaviourOf(id: string): Behaviour | null {
  return behaviours.find((row) => row.id === id) ?? null;
}
