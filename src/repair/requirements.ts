/**
 * What a mailer has to do, as exactly as the standards and the site file allow: each requirement with the reply that shows it
 * and the sections it rests on. Remedies are those of the catalogue (`catalogue/remedies.yaml`). Pure.
 */
import type { Product } from "../knowledge/product.ts";
import { formatPrefix } from "../net/prefix.ts";
import { refusals } from "../relaying/reasons.ts";
import type { Mailer, Site } from "../site/model.ts";
import type { BriefDocument } from "./brief-result.ts";

interface Requirement {
  readonly says: string;
  readonly reply: string | null;
  readonly cites: readonly string[];
  /** Ids of the remedies that bring it about. */
  readonly remedies: readonly string[];
}

/** @param example one of the site's domains. */
export function requirementsOf(
  site: Site,
  mailer: Mailer,
  product: Product | null,
  example: string,
): BriefDocument["requirements"] {
  return [
    ...takes(mailer, example),
    ...refuses(site, mailer, example),
    ...(mailer.ports.some(({ role }) => role === "submission") ? submission(site) : []),
    ...surroundings(mailer),
    ...keeps(example),
  ].map(({ remedies, cites, ...rest }, at) => ({
    id: `R${at + 1}`,
    ...rest,
    cites: [...cites],
    product: remedies.flatMap((id) => product?.remedies?.[id] ?? []),
  }));
}

const replyOf = ({ code, enhanced }: { readonly code: number; readonly enhanced: string }): string =>
  `${code} ${enhanced}`;

function takes({ ports, acceptFrom }: Mailer, example: string): readonly Requirement[] {
  if (!ports.some(({ role }) => role === "mx")) return [];
  const whom =
    acceptFrom === null
      ? "Whoever connects to port 25"
      : `Whoever connects to port 25 from ${some(acceptFrom.map(formatPrefix))}, and nobody else,`;
  return [
    {
      says: `${whom} MUST be able to deliver to valid addresses in the domains above, postmaster@${example} among them, whatever the sender, <> included.`,
      reply: "250 to RCPT TO and to the end of DATA",
      cites: ["RFC 5321 §4.5.1", "RFC 5321 §4.5.5", "RFC 2142 §5"],
      remedies: [],
    },
    {
      says: `Recipients that do not exist SHOULD be refused at RCPT TO. They MUST NOT be accepted and then bounced to a sender who may be forged.`,
      reply: `${replyOf(refusals["unknown-recipient"])} to RCPT TO:<no-such-person@${example}>`,
      cites: ["RFC 5321 §3.3", "RFC 5321 §6.2", "RFC 3463 §3.2"],
      remedies: ["F16"],
    },
  ];
}

function refuses(site: Site, { ports }: Mailer, example: string): readonly Requirement[] {
  const denied = `${replyOf(refusals["relaying-denied"])} to RCPT TO (any 5xx there; never 2xx)`;
  const logins = ports.some(({ role }) => role === "submission") && site.policy.auth === "permit";
  return [
    {
      says: `A client that is ${logins ? "neither in the networks above nor logged in" : "not in the networks above"} MUST be refused every recipient outside the domains above, at RCPT TO and before any message is sent.`,
      reply: denied,
      cites: ["RFC 5321 §7.9", "RFC 2505 §2.1", "RFC 3463 §3.8"],
      remedies: ["F1", "F11"],
    },
    {
      says: "What a client says of itself MUST NOT grant relaying: MAIL FROM, From: or Sender:, the name in HELO or EHLO, its reverse DNS, AUTH= without a login.",
      reply: denied,
      cites: ["RFC 5321 §7.1", "RFC 2505 §1.4", "RFC 4954 §5"],
      remedies: ["F2", "F10", "F12"],
    },
    {
      says: `A recipient that hides a second destination MUST be judged by where it would end, or be refused: user%elsewhere.example@${example}, @${example}:user@elsewhere.example, elsewhere.example!user@${example}, "user@elsewhere.example"@${example}.`,
      reply: `${replyOf(refusals["routing-denied"])} or another 5xx to RCPT TO`,
      cites: ["RFC 5321 §3.6.1", "RFC 5321 appendix C", "RFC 1123 §5.2.16"],
      remedies: ["F3", "F4", "F5", "F6", "F8"],
    },
    ...(site.policy.internalSenderOnly
      ? [
          {
            says: "Internal clients MUST use a sender in the domains above for mail to outside; the null sender and other managed mailers are exempt.",
            reply: `${replyOf(refusals["outside-sender"])} to RCPT TO`,
            cites: ["RFC 5321 §7.9"],
            remedies: ["F14"],
          },
        ]
      : []),
  ];
}

function submission({ policy }: Site): readonly Requirement[] {
  return [
    policy.auth === "refuse"
      ? {
          says: "The site gives out no logins: AUTH MUST NOT be offered, and no login may succeed.",
          reply: "5xx to AUTH",
          cites: ["RFC 4954 §4"],
          remedies: ["F13"],
        }
      : {
          says: "The submission ports MUST take mail only after a login that was really checked, and offer AUTH only under TLS. A made-up login MUST fail.",
          reply: "530 5.7.0 to MAIL FROM without a login, 535 5.7.8 to a wrong one",
          cites: ["RFC 6409 §4.3", "RFC 4954 §4", "RFC 4954 §6", "RFC 8314 §3.3"],
          remedies: ["F13"],
        },
  ];
}

function surroundings({ inside }: Mailer): readonly Requirement[] {
  const nat = inside.length > 0 ? " It stands behind NAT: outside clients MUST NOT arrive with an inside address." : "";
  return [
    {
      says: `All of this MUST hold for IPv4, IPv6 and every port alike, for the client's real address: no proxy, NAT or container bridge may make strangers look internal, and XCLIENT or PROXY headers count only from your own proxy.${nat}`,
      reply: null,
      cites: ["RFC 5321 §7.9"],
      remedies: ["F17", "F18"],
    },
    {
      says: "A message MUST end only at CR LF . CR LF; commands sent ahead of STARTTLS MUST be dropped.",
      reply: null,
      cites: ["RFC 5321 §2.3.8", "RFC 5321 §4.1.1.4", "RFC 3207 §4.2"],
      remedies: ["F9", "F15"],
    },
  ];
}

function keeps(example: string): readonly Requirement[] {
  return [
    {
      says: "The log MUST tell for each message and each refusal: time with its zone, client address and port, login, sender, recipients, queue id and reply. Keep it for 90 days, as far as your law allows.",
      reply: null,
      cites: ["RFC 5321 §4.4", "RFC 6302 §2"],
      remedies: [],
    },
    {
      says: `Mail to postmaster@${example} and abuse@${example} MUST reach a person.`,
      reply: `250 to RCPT TO`,
      cites: ["RFC 5321 §4.5.1", "RFC 2142 §4"],
      remedies: [],
    },
  ];
}

/** A page has room for so many. */
const maxNamed = 12;

export function some(names: readonly string[]): string {
  return names.length <= maxNamed
    ? names.join(", ")
    : `${names.slice(0, maxNamed).join(", ")} and ${names.length - maxNamed} more`;
}
