/** Strangers who are believed when they claim to be another client: XCLIENT, or a PROXY header on a port they can reach. */
import { ipSet } from "../net/ip-set.ts";
import { listed, pickFrom, plainStranger, strangers } from "./client-space.ts";
import { sharedSpace } from "./grounds.ts";
import type { Sighting } from "./hole.ts";
import type { SearchContext } from "./search-context.ts";
import { seatsOf } from "./search-words.ts";

export function searchClaims(context: SearchContext): void {
  const {
    request: { listener, grounds, approaches },
    trusted,
    ways,
  } = context;
  const { impersonators } = listener;
  if (impersonators === null || trusted.isEmpty) return;
  const claimed = context.trustedOne();
  const decision = context.ask(context.plain(claimed));
  const add = (seen: Omit<Sighting, "kind" | "claimed" | "decision">): void =>
    context.holes.add({ kind: "impersonation", claimed, decision, ...seen });
  for (const { family, address } of [...seatsOf(context, 4), ...seatsOf(context, 6)]) {
    const clients = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    const direct = approaches === null || ways.some((way) => way.family === family && way.direct);
    if (!impersonators.set.has(address) || !(direct || approaches?.complete === false)) continue;
    add({
      session: context.plain(address),
      certainty: direct ? "open" : "conditional",
      condition: direct ? "" : `unless strangers reach port ${listener.port} past the proxy`,
      clients,
    });
  }
  for (const { way, to, because } of context.disguised()) {
    const believed = impersonators.set.intersect(to);
    if (!way.direct || believed.isEmpty) continue;
    add({
      session: context.plain(pickFrom(believed, believed.ranges[0]?.family ?? 4)),
      certainty: "open",
      condition: "",
      clients: believed,
      disguise: { real: plainStranger(way.family), way, because },
    });
  }
  const shared = impersonators.set.intersect(sharedSpace).subtract(grounds.inside);
  const all =
    strangers[4].some((one) => impersonators.set.has(one)) || strangers[6].some((one) => impersonators.set.has(one));
  if (
    !all &&
    !shared.isEmpty &&
    (approaches === null || ways.some(({ direct, seen }) => direct && seen.as === "unknown"))
  ) {
    const session = context.plain(pickFrom(shared, shared.ranges[0]?.family ?? 4));
    add({
      session,
      certainty: "conditional",
      condition: `unless strangers appear as ${listed(shared)}`,
      clients: shared,
    });
  }
}
