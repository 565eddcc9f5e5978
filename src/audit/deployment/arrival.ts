/**
 * How connections of strangers come to a mailer, as a value: with their own address, with another one, told by a front,
 * or not at all. Read out of what surrounds a mailer (containers, proxies), for each address family apart, because that
 * is where it goes wrong most often: IPv6 takes another way than IPv4.
 */
import { type IpSet, ipSet } from "../../net/ip-set.ts";
import { prefixOf } from "../../net/prefix.ts";
import type { Span } from "../../text/source.ts";
import { fixedIp, loopback, sharedSpace } from "../grounds.ts";
import type { Unknown } from "../rules.ts";

export type Arrival =
  /** The mailer sees the address that the stranger has. */
  | { readonly kind: "itself"; readonly assumes: readonly string[] }
  /** It sees an address out of `to` instead, as a rule one of `usually`. */
  | ({ readonly kind: "rewritten"; readonly because: string } & Mask)
  /** A front connects from `peer`, and says who the client is. */
  | {
      readonly kind: "told";
      readonly by: "proxy" | "xclient";
      readonly peer: Mask;
      readonly because: string;
    }
  | { readonly kind: "not-at-all" }
  | { readonly kind: "unknown"; readonly because: Unknown };

/** Addresses that stand for strangers. */
export interface Mask {
  readonly to: IpSet;
  /** Where it is to be expected: one of these, if nobody has taken special care; empty if nothing is likelier. */
  readonly usually: IpSet;
}

/** A mask of which no part is likelier than another. */
export const anyOf = (to: IpSet): Mask => ({ to, usually: to });

/** A way from outside to a port of the mailer. */
export interface Door {
  /** The port on which the mailer listens; `null`: whichever it listens on. */
  readonly port: number | null;
  /** The port that strangers connect to, where it is known. */
  readonly published: number | null;
  /** What publishes it: the name of a service, of a front. */
  readonly service: string;
  /** The container in which the mailer runs, if it is told apart from others (`listenerIn`). */
  readonly mailer: string | null;
  readonly arrives: { readonly 4: Arrival; readonly 6: Arrival };
  /** The mailer lives in a network of its own, in which no stranger has an address. */
  readonly ownNetwork: boolean;
  /** What stands between, if it speaks to the mailer for the client. */
  readonly front: string | null;
  readonly where: Span | null;
}

export interface Deployment {
  readonly doors: readonly Door[];
  /** Whether a port without a door is out of strangers' reach: always, if any port of the mailer has one, or never. */
  readonly others: "shut" | "shut-if-any-is-open" | "unknown";
  /** Files it was read from. */
  readonly files: readonly string[];
  /** What could not be read in them. */
  readonly unreadable: readonly Unknown[];
}

export const itself: Arrival = { kind: "itself", assumes: [] };
export const notAtAll: Arrival = { kind: "not-at-all" };

/** Any address that a machine or a container inside a site has. */
export const anyInnerAddress: IpSet = sharedSpace;

/** Of these what nodes and bridges have as a rule (RFC 1918). */
export const privateAddresses: IpSet = ipSet([
  prefixOf(fixedIp("10.0.0.0"), 8),
  prefixOf(fixedIp("172.16.0.0"), 12),
  prefixOf(fixedIp("192.168.0.0"), 16),
]);

/** Any address of another machine: a front that connects from somewhere. */
export const anyAddress: IpSet = loopback.complement();

/** The name of a listener that is known to be in a certain container. */
export function listenerIn(mailer: string, name: string): string {
  return `${name} in ${mailer}`;
}
