/** What a `sendmail.mc` asks for, as far as it touches who may send where. */
import type { Span } from "../../../text/source.ts";

/** A feature that is on, and the line that turns it on. */
export type On = Span | null | false;

export interface McSettings {
  readonly percent: boolean;
  readonly uucp: boolean;
  /** `%` or `!` left in a local part makes the recipient one of others (`nopercenthack`, `nouucp` with `reject`). */
  readonly percentRefused: boolean;
  readonly bangRefused: boolean;
  readonly nocanonify: boolean;
  readonly domainTable: boolean;
  readonly mailerTable: boolean;
  readonly virtuser: boolean;
  readonly virtuserEntire: boolean;
  readonly smartHost: string;
  readonly access: boolean;
  readonly accessSkip: boolean;
  readonly lookupDotDomain: boolean;
  readonly relayFullAddress: boolean;
  readonly promiscuous: On;
  readonly looseRelayCheck: boolean;
  readonly relayEntireDomain: On;
  readonly relayHostsOnly: boolean;
  readonly relayBasedOnMx: On;
  readonly relayLocalFrom: On;
  /** `domain`: senders count by their domain too. */
  readonly relayMailFrom: { readonly where: Span | null; readonly domain: boolean } | null;
  readonly blocklistRecipients: boolean;
  readonly acceptUnqualifiedSenders: boolean;
  readonly delay: "no" | "plain" | "friend" | "hater";
  readonly useClientPtr: boolean;
  readonly requireRdns: boolean;
  readonly blockBadHelo: boolean;
  readonly mailFromMacro: boolean;
  /** Something that this reading does not follow, where it would decide. */
  readonly beyond: readonly {
    readonly says: string;
    readonly where: Span | null;
    readonly at: "relay" | "recipient";
  }[];
}
