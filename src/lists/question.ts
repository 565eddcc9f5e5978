/**
 * What lists are asked about, and under which name: an address backwards, octet by octet (RFC 5782 §2.1) or nibble by
 * nibble (§2.4), a domain as it is (§3), in front of the zone.
 */
import type { ListSubject } from "../knowledge/list.ts";
import type { DomainName } from "../net/domain.ts";
import { formatIp, type IpAddress, reverseName } from "../net/ip.ts";

export type SubjectKind = Exclude<ListSubject, "hash">;

export type Subject =
  | { readonly kind: "ip4" | "ip6"; readonly address: IpAddress }
  | { readonly kind: "domain"; readonly name: DomainName };

export function subjectOfAddress(address: IpAddress): Subject {
  return { kind: address.family === 4 ? "ip4" : "ip6", address };
}

/** As people write it. */
export function subjectText(subject: Subject): string {
  return subject.kind === "domain" ? subject.name : formatIp(subject.address);
}

/** What stands in front of a zone: `2.0.0.127`, or the domain. */
export function labelsOf(subject: Subject): string {
  return subject.kind === "domain" ? subject.name : reversed(subject.address);
}

/** The name to ask for. Null: no name is that long (RFC 1035 §3.1). */
export function questionName(labels: string, zone: string): string | null {
  return labels.length + 1 + zone.length > 253 ? null : `${labels}.${zone}`;
}

/** The labels of the address without the tree that PTR records live in. */
export function reversed(address: IpAddress): string {
  return reverseName(address).replace(/\.(in-addr|ip6)\.arpa$/, "");
}
