/**
 * What an arrival at the catcher proves, and for which probe: that it was passed on, or that it was returned. Pure.
 */

import type { z } from "zod";
import { automaticKind } from "../message/automatic.ts";
import { fieldOf, parseHeader } from "../message/header.ts";
import { receivedTrail } from "../message/received.ts";
import { formatIp, type IpAddress, isPrivate, parseIp } from "../net/ip.ts";
import type { Arrival } from "../ports.ts";
import { probeFields, signatureOf } from "./message.ts";
import type { hopSchema, proofSchema } from "./result.ts";

export type Hop = z.infer<typeof hopSchema>;
export type Proof = z.infer<typeof proofSchema>;

/** What one arrival says about one token. */
export type Sign =
  | { readonly kind: "relayed"; readonly token: string; readonly proof: Proof; readonly clientSeenAs: string | null }
  /** Returned to the reverse-path: `report` by a mail system, `reply` by a mailbox. */
  | { readonly kind: "bounced"; readonly token: string; readonly how: "report" | "reply"; readonly exit: string };

export interface ProofContext {
  readonly key: Uint8Array;
  /** Addresses that are the target itself: where it listens, where it sends from. */
  readonly targetAddresses: readonly IpAddress[];
  /** The address we tested from. */
  readonly source: IpAddress | null;
}

export function signsOf(arrival: Arrival, context: ProofContext): readonly Sign[] {
  const fields = parseHeader(arrival.head);
  const named = fieldOf(fields, probeFields.token)?.toLowerCase() ?? null;
  const signature = fieldOf(fields, probeFields.signature)?.toLowerCase() ?? null;
  // Our own header section at the top of the message: it was passed on as it was. A report carries it further down.
  const own = named !== null && signature === signatureOf(context.key, named);
  const automatic = own ? null : automaticKind(fields, arrival.reversePath);
  const inRecipients = new Set(arrival.recipients.map((recipient) => recipient.token));
  if (automatic !== null) {
    // A report names the recipients that failed, and each recipient of ours carries its token.
    const all = new Set([...inRecipients, ...arrival.tokensInMessage]);
    return [...all].map((token) => ({ kind: "bounced", token, how: automatic, exit: arrival.peer }));
  }
  const { hops, clientSeenAs } = hopsOf(arrival, fields, context.source);
  const multihop = !context.targetAddresses.some((address) => formatIp(address) === arrival.peer);
  return arrival.recipients.map(({ path, token }) => ({
    kind: "relayed",
    token,
    clientSeenAs,
    proof: { exit: arrival.peer, multihop, hops, receivedAt: arrival.at, recipient: path },
  }));
}

/**
 * The way the message says it took: the peer that handed it to the catcher is verified, every line below is a claim.
 * `clientSeenAs` is the private address the first server took us for, if it did not see our own.
 */
function hopsOf(
  arrival: Arrival,
  fields: ReturnType<typeof parseHeader>,
  source: IpAddress | null,
): { hops: Hop[]; clientSeenAs: string | null } {
  const claims = receivedTrail(fields).slice(0, 30);
  const hops: Hop[] = [
    { trust: "verified", address: arrival.peer, by: null, from: arrival.helo },
    ...claims.map((claim): Hop => ({ trust: "claimed", address: claim.address, by: claim.by, from: claim.from })),
  ];
  const ours = source === null ? null : formatIp(source);
  const first = claims.findLast((claim) => claim.address !== null)?.address ?? null;
  const parsed = first === null ? null : parseIp(first);
  const hidden =
    parsed?.ok === true &&
    source !== null &&
    !isPrivate(source) &&
    isPrivate(parsed.value) &&
    !claims.some((claim) => claim.address === ours);
  return { hops, clientSeenAs: hidden ? first : null };
}
