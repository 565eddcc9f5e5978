/** From a deployment to one listener: as whom its rules see the strangers of each address family. */
import type { Configuration, Listener, Unknown } from "../rules.ts";
import type { Arrival, Deployment, Door, Mask } from "./arrival.ts";

/** One way in, for the strangers of one family. */
export interface Approach {
  readonly family: 4 | 6;
  readonly seen:
    | { readonly as: "itself"; readonly assumes: readonly string[] }
    | ({ readonly as: "other"; readonly because: string } & Mask)
    | { readonly as: "unknown"; readonly because: Unknown };
  /** Nothing that speaks to the mailer for them stands between: what they type, the mailer reads. */
  readonly direct: boolean;
  readonly door: Door;
}

export interface Approaches {
  readonly ways: readonly Approach[];
  /** Whether strangers may also come past these ways. */
  readonly complete: boolean;
}

/** How strangers come to a listener; `null`: the deployment says nothing of it. */
export function approachesTo(
  deployment: Deployment | null,
  configuration: Configuration,
  listener: Listener,
): Approaches | null {
  if (deployment === null) return null;
  const fitting = deployment.doors.filter((door) => fits(door, listener));
  const shut =
    deployment.others === "shut" ||
    (deployment.others === "shut-if-any-is-open" &&
      configuration.listeners.some((one) => deployment.doors.some((door) => door.port !== null && fits(door, one))));
  const ways = fitting.flatMap((door) =>
    ([4, 6] as const).flatMap((family): readonly Approach[] => {
      const seen = seenAs(door.arrives[family], listener);
      return seen === null ? [] : [{ family, seen, direct: isDirect(door, family), door }];
    }),
  );
  return ways.length === 0 && !shut ? null : { ways, complete: shut };
}

/** A door to another container's mailer is none to this one. */
function fits({ port, mailer }: Door, { port: own, name }: Listener): boolean {
  const container = / in (\S+)$/.exec(name)?.[1] ?? null;
  return (port === null || port === own) && (mailer === null || container === null || mailer === container);
}

const isDirect = (door: Door, family: 4 | 6): boolean => door.front === null && door.arrives[family].kind !== "told";

function seenAs(arrival: Arrival, { impersonators }: Listener): Approach["seen"] | null {
  switch (arrival.kind) {
    case "not-at-all":
      return null;
    case "itself":
      return { as: "itself", assumes: arrival.assumes };
    case "unknown":
      return { as: "unknown", because: arrival.because };
    case "rewritten":
      return { as: "other", to: arrival.to, usually: arrival.usually, because: arrival.because };
    case "told": {
      const { by, peer, because } = arrival;
      if (impersonators?.by === by && (by === "proxy" || impersonators.set.includes(peer.to)))
        return { as: "itself", assumes: [] };
      const deaf = `${because}, which this listener does not read: it sees the address of what stands before it`;
      return { as: "other", ...peer, because: deaf };
    }
  }
}

/** The way in, in words. */
export function describeDoor({ service, published, port }: Door): string {
  const outside = published ?? port;
  return outside === null ? service : `port ${outside} of ${service}`;
}
