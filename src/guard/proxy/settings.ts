/** What a proxy is told when it is opened, and what all its sessions share. */
import type { IpSet } from "../../net/ip-set.ts";
import type { Clock, Dialer, Endpoint } from "../../ports.ts";
import type { House } from "../house.ts";
import type { UnknownRecipients } from "./unknown-recipients.ts";
import type { Identity } from "./upstream.ts";

export interface ProxySettings {
  readonly upstream: Endpoint;
  readonly send: Identity;
  /** Peers that begin with a PROXY header; nobody else's is read. */
  readonly acceptProxy: IpSet;
  /** Peers that may say XCLIENT. */
  readonly acceptXclient: IpSet;
  /** How the proxy names itself. */
  readonly hostName: string;
  /** The listener holds a certificate. */
  readonly startTls: boolean;
  /** Whether logins are passed on: the site wants it, and the upstream was seen to refuse a made-up one. */
  readonly passesLogins: () => boolean;
}

export interface ProxyHouse {
  readonly settings: ProxySettings;
  readonly house: House;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly unknown: UnknownRecipients;
}
