/** What `check` is asked, and the ports it is handed. */
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { IpAddress } from "../net/ip.ts";
import type { ClientCertificate, Clock, Dialer, Endpoint, MailDrop, Resolver } from "../ports.ts";
import type { Consent } from "./consent.ts";
import type { Selection } from "./expand.ts";
import type { Vantage } from "./result.ts";
import type { Waits } from "./session.ts";
import type { Tokens } from "./token.ts";

/** One address and port to be tested, with what the site says of it. */
export interface CheckTarget {
  /** The name it was found by. */
  readonly host: string;
  readonly address: IpAddress;
  readonly port: number;
  readonly role: "mx" | "submission" | "smarthost";
  /** The site's name for the mailer. */
  readonly mailer: string | null;
  /** Host name by which mail finds it, if it is a name. */
  readonly hostName: string | null;
  /** The domains it serves, the most important first. */
  readonly domains: readonly string[];
  readonly localRecipient: string | null;
  /** All addresses that are this mailer: other family, behind NAT, sending. */
  readonly sameMailer: readonly IpAddress[];
  /** It takes mail only from certain networks, and our source is in none of them. */
  readonly acceptsFromOthersOnly: boolean;
}

export interface CatcherIdentity {
  /** Null: probes go to the catcher's address literal, and `closed` cannot be told. */
  readonly domain: string | null;
  /**
   * Whether DNS was seen to lead mail for the domain to the catcher. If the question failed, only a refusal that speaks
   * of relaying counts for `closed`: any other may be about a domain that cannot be found.
   */
  readonly leads: "seen" | "unknown";
  readonly senderDomain: string | null;
  readonly backupDomain: string | null;
  readonly address: IpAddress | null;
  readonly address6: IpAddress | null;
  readonly host: string | null;
  /** Where it listens, if it runs in this process: reached directly to see that it works. */
  readonly listens: Endpoint | null;
}

export interface CheckRequest {
  readonly runId: string;
  readonly targets: readonly CheckTarget[];
  readonly catalogue: Catalogue;
  readonly profile: { readonly name: string; readonly selection: Selection };
  /** Addresses of ours to test from; none means whatever the system chooses. */
  readonly sources: readonly IpAddress[];
  readonly vantage: Vantage | null;
  readonly helo: string;
  readonly catcher: CatcherIdentity;
  readonly operator: string;
  readonly contact: string;
  readonly authorisation: string | null;
  readonly isOurs: (address: IpAddress) => boolean;
  readonly insideAddresses: readonly IpAddress[];
  readonly consent: Consent;
  /** A consenting listener elsewhere: proves that we can reach port 25 at all. */
  readonly control: Endpoint | null;
  readonly maxMessages: number;
  readonly waitMs: number;
  /** Retry greylisting: after one, five and fifteen minutes. */
  readonly patient: boolean;
  readonly deadlineMs: number | null;
  readonly clientCertificate: ClientCertificate | null;
  /** Targets on addresses of their own that are tested at once. */
  readonly concurrency: number;
  readonly tokens: Tokens;
  readonly key: Uint8Array;
  /** How long replies are waited for, where not as long as the RFC wants. */
  readonly waits?: Waits;
}

export interface CheckPorts {
  readonly dialer: Dialer;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly drop: MailDrop;
}
