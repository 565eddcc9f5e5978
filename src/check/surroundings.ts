/** What the expansion of probe rows has to know about target, tester and site. */
import type { IpAddress } from "../net/ip.ts";

export interface Surroundings {
  /** The tester's own name, for EHLO. */
  readonly helo: string;
  /** Domain of the tester's reverse-paths; without it the catch domain serves, or else the catcher's address literal. */
  readonly senderDomain: string | null;
  readonly catchDomain: string | null;
  readonly catcherAddress: IpAddress | null;
  readonly catcherAddress6: IpAddress | null;
  readonly catcherHost: string | null;
  /** The target's domains, the most important one first. */
  readonly localDomains: readonly string[];
  /** A consenting mailbox at the target, e.g. postmaster at its first domain. */
  readonly localRecipient: string | null;
  readonly targetHost: string | null;
  /** The host name in the greeting, if it is a valid name with a dot. */
  readonly bannerHost: string | null;
  /** PTR names of the target, as they came. */
  readonly rdns: readonly string[];
  /** The address that is tested. */
  readonly address: IpAddress;
  /** An IPv6 address of the same host, if one is known. */
  readonly address6: IpAddress | null;
  readonly port: number;
  readonly role: "mx" | "submission" | "smarthost";
  /** One address in each of the site's networks that is no mailer. */
  readonly insideAddresses: readonly IpAddress[];
  /** A catcher domain whose MX records are the catcher, then the target. */
  readonly backupDomain: string | null;
  readonly clientCertificate: boolean;
  /** EHLO keywords (upper case) and their arguments: those before and those after STARTTLS, together. */
  readonly keywords: ReadonlyMap<string, readonly string[]>;
}
