/** What a practice mailer can be made of: each behaviour brings some of these, and several behaviours are laid together. */
import type { DomainName } from "../net/domain.ts";
import type { IpAddress } from "../net/ip.ts";
import type { MailDomain, ReversePath } from "../smtp/path.ts";
import type { Reply } from "../smtp/reply.ts";
import type { Rewriting } from "./rewriting.ts";

/** The mailer itself. */
export interface House {
  readonly hostName: string;
  readonly address: IpAddress;
  readonly domains: readonly DomainName[];
  /** Our domains, our host name, our address literal, localhost. */
  readonly isOwn: (domain: MailDomain) => boolean;
}

/** What the mailer knows of a client when a recipient is to be judged, and of what went before in the session. */
export interface Claims {
  /** Another client's address, claimed by XCLIENT or a PROXY header that was believed. */
  readonly claimed: IpAddress | null;
  readonly helo: string;
  readonly reversePath: ReversePath;
  /** The value of AUTH= in MAIL FROM (RFC 4954 §5). */
  readonly authParameter: string | null;
  readonly tls: boolean;
  readonly login: string | null;
  /** Recipients accepted in this transaction. */
  readonly recipients: number;
  /** A local recipient was accepted in a transaction that was then given up. */
  readonly abandonedLocal: boolean;
  /** Messages taken in this session. */
  readonly messages: number;
}

/** A reason for which the mailer takes a stranger for one of its own. */
export type Trust = (claims: Claims, house: House) => boolean;

export interface Traits {
  readonly trusts?: readonly Trust[];
  /** Recipients it takes for its own and then passes on to somewhere else. */
  readonly rewrites?: readonly Rewriting[];
  /** Domains it takes for its own although they are not. */
  readonly mistakes?: readonly ((domain: string, house: House) => boolean)[];
  /** Any local-part exists, and none is looked into: `a%b@here` is a mailbox. */
  readonly anyUser?: true;
  /** Every recipient is accepted, wherever it is. */
  readonly anyRecipient?: true;
  /** What becomes of accepted mail that is for nobody here. */
  readonly undeliverable?: "bounce";
  /** How relaying is denied. */
  readonly denial?: Reply;
  /** Where in the dialogue a recipient is refused; at RCPT if nothing is said. */
  readonly refusesAt?: "data" | "dot";
  /** Refused recipients are kept, and DATA is granted. */
  readonly keepsRefused?: true;
  /** After DATA, the domain in `From:` decides. */
  readonly judgesByHeader?: true;
  /** Addresses in `To:` and its like become recipients. */
  readonly recipientsFromHeader?: true;
  readonly greylists?: true;
  /** Refusals are slow. */
  readonly tarpits?: true;
  /** It refuses the client, at RCPT. */
  readonly blocks?: Reply;
  /** After a number of refusals the client is refused altogether. */
  readonly bans?: true;
  readonly tlsFirst?: true;
  readonly loginFirst?: true;
  /** Which logins are believed; offered inside TLS only. */
  readonly believesLogin?: (user: string, password: string) => boolean;
  readonly xclient?: true;
  readonly proxyHeader?: "believed" | "required";
  readonly endOfData?: "lenient";
  /** What a client sent before the handshake is carried out after it. */
  readonly keepsInput?: true;
  /** Mail goes out by way of a second mailer, at an address of its own. */
  readonly secondHop?: true;
}

/** Lays behaviours over one another: reasons to trust add up, of everything else the last one counts. */
export function combined(all: readonly Traits[]): Traits {
  return {
    ...(Object.assign({}, ...all) as Traits), // Object.assign of traits holds traits
    trusts: all.flatMap(({ trusts = [] }) => trusts),
    rewrites: all.flatMap(({ rewrites = [] }) => rewrites),
    mistakes: all.flatMap(({ mistakes = [] }) => mistakes),
  };
}
