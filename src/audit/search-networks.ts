/** Strangers among the clients that may send anywhere by their address: as themselves, or as whom the deployment makes them. */

import type { IpSet } from "../net/ip-set.ts";
import { ipSet } from "../net/ip-set.ts";
import { around, hasWide, listed, none, pickFrom, plainStranger, strangers } from "./client-space.ts";
import { type Disguise, gatewayIn, isFew, permittedBy, trustsOwnNetwork, whyVeiled } from "./deployment/disguise.ts";
import { sharedSpace } from "./grounds.ts";
import type { Session } from "./rules.ts";
import type { SearchContext } from "./search-context.ts";
import { words } from "./violation.ts";

export function searchNetworks(context: SearchContext): void {
  const {
    request: { grounds, approaches },
    trusted,
    unclear,
    veiled,
    ways,
  } = context;
  for (const family of [4, 6] as const) {
    const ofFamily = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    const strange = trusted.intersect(ofFamily).subtract(grounds.inside);
    const everyone = context.asThemselves(family) && strangers[family].every((address) => trusted.has(address));
    const doubtful = unclear.intersect(ofFamily).subtract(grounds.inside);
    const doubt = context.asThemselves(family) ? doubtful.subtract(sharedSpace) : none;
    // Where only inside addresses are in doubt, what decides about them is whether strangers can have one.
    const inPrivate = doubt.isEmpty ? strange.union(doubtful) : strange;
    const shared = veiled ? inPrivate.intersect(sharedSpace) : none;
    const open = context.asThemselves(family) ? strange.subtract(sharedSpace) : none;
    const witness = (set: IpSet): Session => context.plain(pickFrom(set, family));
    if (everyone) {
      const session = context.plain(plainStranger(family));
      context.holes.add({
        kind: "everyone",
        session,
        decision: context.ask(session),
        certainty: "open",
        condition: "",
        clients: open,
      });
      continue;
    }
    if (!open.isEmpty) {
      const session = witness(open);
      // A network that is written out may well be the owner's; only a site file can tell.
      const theirs = grounds.hasSite || hasWide(open);
      context.holes.add({
        kind: "network",
        session,
        decision: context.ask(session),
        certainty: theirs ? "open" : "conditional",
        condition: theirs ? "" : `unless all of ${listed(open)} is yours`,
        clients: open,
      });
    }
    if (!shared.isEmpty) {
      const session = witness(shared);
      context.holes.add({
        kind: "network",
        session,
        decision: context.ask(session),
        certainty: "conditional",
        condition: `unless strangers appear as ${listed(around(trusted.union(unclear), shared))} (${approaches === null ? "behind a NAT, a proxy, a container bridge, or as neighbours" : whyVeiled(ways)})`,
        clients: shared,
      });
    }
    if (!doubt.isEmpty) {
      const session =
        strangers[family].map((one) => context.plain(one)).find((one) => doubt.has(one.client.address)) ??
        witness(doubt);
      const decision = context.ask(session);
      context.holes.add({
        kind: "everyone",
        session,
        decision,
        certainty: "unknown",
        condition: words(decision.unknowns),
        clients: doubt,
      });
    }
  }
}

/** Strangers whom the deployment gives another address, which may be one of the trusted, or even one of ours. */
export function searchDisguises(context: SearchContext): void {
  const {
    request: { listener },
    trusted,
    unclear,
  } = context;
  for (const { way, to, usually, because } of context.disguised()) {
    const hit = trusted.intersect(to);
    const doubt = unclear.intersect(to);
    const disguise: Disguise = { real: plainStranger(way.family), way, because };
    const bySubnet = hit.isEmpty && way.door.mailer !== null ? trustsOwnNetwork(listener) : null;
    if (hit.isEmpty && doubt.isEmpty && bySubnet === null) continue;
    const among = hit.isEmpty ? (doubt.isEmpty ? to : doubt) : hit;
    const session = context.plain(gatewayIn(among) ?? disguise.real);
    const decision = context.ask(session);
    const sure =
      bySubnet !== null ||
      (!usually.isEmpty && trusted.includes(usually)) ||
      (isFew(usually) && !trusted.intersect(usually).isEmpty);
    context.holes.add({
      kind: "network",
      session,
      decision: bySubnet === null ? decision : permittedBy(decision, bySubnet),
      certainty: hit.isEmpty && bySubnet === null ? "unknown" : sure ? "open" : "conditional",
      condition: hit.isEmpty
        ? words(decision.unknowns)
        : sure
          ? ""
          : `unless strangers appear as ${listed(hit)} (${because})`,
      clients: among,
      disguise,
    });
  }
}
