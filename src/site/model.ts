/** What a site file holds once it is read: parsed values, defaults filled in. */
import type { DomainName, DomainPattern } from "../net/domain.ts";
import type { HostPort } from "../net/host-port.ts";
import type { IpAddress } from "../net/ip.ts";
import type { Prefix } from "../net/prefix.ts";
import type { Mailbox } from "../smtp/path.ts";
import type { MailRoute } from "./mail-route.ts";
import type { ListenerRole, SiteValues } from "./schema.ts";
import type { ListenAddress } from "./values.ts";

export interface Site {
  readonly name: string;
  /** Internal mail addresses are those in these domains. */
  readonly domains: readonly DomainPattern[];
  /** Internal clients are those in these networks. */
  readonly networks: readonly Prefix[];
  readonly mailers: readonly Mailer[];
  readonly policy: Policy;
  readonly contacts: {
    readonly abuse: Mailbox | null;
    readonly postmaster: Mailbox | null;
    readonly csirt: Mailbox | null;
    readonly tester: Mailbox | null;
  };
  readonly check: {
    readonly localRecipient: Mailbox | null;
    readonly control: (HostPort & { readonly port: number }) | null;
    readonly clientCertificate: string | null;
  };
  readonly catcher: Catcher | null;
  readonly mail: MailRoutes;
  readonly recipients: string | null;
  readonly hostedMx: readonly DomainPattern[];
}

/** One of the carefully managed few. */
export interface Mailer {
  readonly name: string;
  readonly host: DomainName | null;
  readonly addresses: readonly IpAddress[];
  readonly ports: readonly { readonly port: number; readonly role: ListenerRole }[];
  /** The site's, unless the file says otherwise. */
  readonly domains: readonly DomainPattern[];
  readonly product: string | null;
  /** Who alone may deliver to it, or `null`: anyone. */
  readonly acceptFrom: readonly Prefix[] | null;
  readonly inside: readonly IpAddress[];
  readonly sendsFrom: readonly IpAddress[];
  /** Names of other mailers of the site. */
  readonly handsTo: readonly string[];
}

export type Policy = SiteValues["policy"];

export interface Catcher {
  readonly domain: DomainName | null;
  readonly listen: ListenAddress | null;
  readonly addresses: readonly IpAddress[];
  readonly senderDomain: DomainName | null;
  readonly backupDomain: DomainName | null;
}

export interface MailRoutes {
  readonly submit: MailRoute | null;
  readonly alternative: MailRoute | null;
  readonly abuseMailbox: MailRoute | null;
  readonly passwordFile: string | null;
  /** The file of wordings that go before ours. */
  readonly wordings: string | null;
  readonly language: string;
}
