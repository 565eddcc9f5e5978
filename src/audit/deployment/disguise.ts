/** Strangers whom a deployment makes look like somebody else, and what may be said of them in a search. */
import type { IpAddress } from "../../net/ip.ts";
import type { IpSet } from "../../net/ip-set.ts";
import type { Decision } from "../evaluate.ts";
import type { Caveat, Listener } from "../rules.ts";
import type { Approach, Approaches } from "./approach.ts";

/** The session is as the mailer sees it; this is who is behind it. */
export interface Disguise {
  readonly real: IpAddress;
  readonly way: Approach;
  readonly because: string;
}

/** Whether the deployment lets no stranger come to the listener. */
export function isShut(approaches: Approaches | null): boolean {
  return approaches?.complete === true && approaches.ways.length === 0;
}

/** The address in a set that most looks like a gateway: the first of its network. */
export function gatewayIn(set: IpSet): IpAddress | null {
  const range = set.ranges[0];
  return range === undefined
    ? null
    : { family: range.family, bits: range.first + (range.last > range.first ? 1n : 0n) };
}

/** Single addresses, each of which occurs; not a stretch out of which one does. */
export function isFew(set: IpSet): boolean {
  return set.ranges.every(({ first, last }) => first === last);
}

/** The caveat that the networks of the mailer's own interfaces are trusted: there its bridge's gateway is. */
export function trustsOwnNetwork({ caveats }: Listener): Caveat | null {
  return caveats.find(({ tag }) => tag === "network-subnet" || tag === "network-class") ?? null;
}

/** The decision, had the configuration written out which networks its machine is in. */
export function permittedBy(decision: Decision, { text, where }: Caveat): Decision {
  const rule = text.replace(/^unless strangers have addresses in /, "permitted: ");
  return { ...decision, outcome: "permit", trace: [{ program: "mynetworks", rule, result: "permit", where }] };
}

/** Why strangers may look like anybody inside. */
export const whyVeiled = (ways: readonly Approach[]): string =>
  ways.flatMap(({ seen }) => (seen.as === "unknown" ? [`it is not known ${asClause(seen.because.unknown)}`] : []))[0] ??
  "";

/** What is unknown, after "it is not known …". */
const asClause = (text: string): string => (/^(how|what|who|whether|whose) /.test(text) ? text : `what of ${text}`);

/** The caveats that are left: in a network of its own the mailer has no stranger for a neighbour. */
export function caveatsThrough(approaches: Approaches | null, caveats: readonly Caveat[]): readonly Caveat[] {
  // Who comes to a container by its gateway has an open hole of his own: the caveat adds nothing.
  const apart =
    approaches?.complete === true &&
    approaches.ways.every(
      ({ door, seen }) => door.ownNetwork && (seen.as === "itself" || (seen.as === "other" && door.mailer !== null)),
    );
  return apart ? caveats.filter(({ tag }) => tag !== "network-subnet" && tag !== "network-class") : caveats;
}

/** What is taken for granted where a deployment is known. */
export function throughDeployment(
  { ways, complete }: Approaches,
  { port }: Listener,
  trusted: IpSet,
): readonly string[] {
  const fronts = [...new Set(ways.flatMap(({ door }) => door.front ?? []))];
  return [
    ...(complete ? [] : [`strangers come to port ${port} through ${fronts.join(" or ") || "the deployment"} only`]),
    ...new Set(ways.flatMap(({ seen }) => (seen.as === "itself" ? seen.assumes : []))),
    "nothing before the deployment (a NAT, a load balancer) puts another address in the client's place",
    ...(trusted.isEmpty ? [] : ["no stranger has an address of his own among those that may send anywhere"]),
  ];
}
