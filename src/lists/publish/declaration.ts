/**
 * Who publishes a list of proven open relays, and under which rules: a YAML file that a person answers for. Without it nothing
 * is published (RFC 6471 §2.1: the criteria and the operator are known, §2.2: listings end).
 */
import { z } from "zod";
import { parseDomain } from "../../net/domain.ts";
import { parseIp } from "../../net/ip.ts";
import { parsePrefix } from "../../net/prefix.ts";

const domain = z.string().refine((text) => parseDomain(text).ok, "expected a domain name");

export const declarationSchema = z.strictObject({
  authority: z.strictObject({
    name: z.string().min(1).max(120),
    /** Who answers for the list: the zone's responsible mailbox (RFC 1035 §3.3.13). */
    contact: z.email().max(120),
    /** The networks for which it may speak: nothing else is ever listed. */
    networks: z
      .array(z.string().refine((text) => parsePrefix(text).ok, "expected a prefix, such as 192.0.2.0/24"))
      .min(1)
      .max(100_000),
  }),
  zone: domain,
  nameServers: z.array(domain).min(1).max(13),
  /** A page that says what the list is and how one gets off; it stands in every answer. */
  page: z.url({ protocol: /^https?$/ }).max(120),
  /** Between the notice to the owner and the listing. */
  graceDays: z.int().min(1).max(365).default(7),
  /** After the last proof; a listing ends by itself (RFC 6471 §2.2.2). */
  expiryDays: z.int().min(1).max(365).default(30),
  ttl: z.int().min(60).max(86_400).default(3600),
  notices: z
    .array(
      z.strictObject({
        address: z.string().refine((text) => parseIp(text).ok, "expected an IP address"),
        /** When the owner was told. */
        sent: z.iso.date(),
      }),
    )
    .max(1_000_000),
});
export type Declaration = z.infer<typeof declarationSchema>;
