/**
 * What every platform's text is read into: stages of chains of rules, in order, each rule with its line. A platform says
 * what its text means; the prover and the query know nothing of platforms.
 */
import type { IpSet } from "../net/ip-set.ts";
import type { Direction, Family, State } from "./packet.ts";

/** A line of a file: where a decision comes from. */
export interface Place {
  readonly file: string;
  /** From 1 on; 0: nothing is written there, it is what the platform does by itself. */
  readonly line: number;
  readonly text: string;
}

/** Numbers, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/**
 * Addresses. `masked` holds what is no prefix: the bits under `care` must equal `value` (a wildcard mask with holes).
 */
export interface Addresses {
  readonly set: IpSet;
  readonly masked: readonly { readonly family: Family; readonly value: bigint; readonly care: bigint }[];
}

/** A condition: what is absent is not looked at; a list is satisfied by one of its members; an empty one by none. */
export interface Match {
  readonly source?: Addresses;
  readonly destination?: Addresses;
  readonly protocols?: readonly Range[];
  readonly sourcePorts?: readonly Range[];
  readonly destinationPorts?: readonly Range[];
  /** The bits under `mask` equal `value` (`tcpFlags`). */
  readonly flags?: readonly { readonly mask: number; readonly value: number }[];
  readonly states?: readonly State[];
  readonly laterFragment?: boolean;
  /** False: only packets whose first header is the transport's (some hardware looks no further). */
  readonly extended?: boolean;
  /** Where the packet comes in and goes out: names of interfaces or zones; `*` at an end stands for anything. */
  readonly from?: Names;
  readonly to?: Names;
  /** Something else is looked at that a border packet may or may not have: the rule may hold for fewer packets. */
  readonly unsure?: string;
}

/** One of these names; with `except`, any but these. */
export interface Names {
  readonly names: readonly string[];
  readonly except: boolean;
}

export type Action =
  | { readonly kind: "permit" }
  | { readonly kind: "deny" }
  /** The rule decides nothing: counting, logging, marking. */
  | { readonly kind: "continue" }
  /** The chain decides nothing more: whoever jumped here goes on. */
  | { readonly kind: "return" }
  | { readonly kind: "jump"; readonly chain: string }
  | { readonly kind: "goto"; readonly chain: string }
  /** The line was not understood: what it does to the packets it may be about is not known. */
  | { readonly kind: "unknown"; readonly why: string };

export interface Rule {
  /** It holds for a packet if one of these does. */
  readonly matches: readonly Match[];
  readonly action: Action;
  readonly place: Place;
  /** pf: a match of this rule is the last word. */
  readonly quick?: boolean;
}

export interface Chain {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** What happens to what no rule decided. */
  readonly otherwise: "permit" | "deny" | "return";
  readonly place: Place | null;
  /** pf: the last rule that matches decides. */
  readonly lastMatch?: boolean;
}

/** Chains that a packet passes one after the other: to be dropped by one is final, to be let through is not. */
export interface Stage {
  readonly chain: string;
  /** Packets of a session that was let through before are not asked about again. */
  readonly stateful: boolean;
}

/** What stands in the way of packets of one family in one direction. */
export interface Crossing {
  readonly stages: readonly Stage[];
  /** Said first in every report: which list, on which interface, in which direction; or that there is none. */
  readonly attachment: string;
  readonly place: Place | null;
  /** Why it is not known what stands there: a list that is named and missing, an interface that is not there. */
  readonly unknown?: string;
}

export interface Asked {
  readonly family: Family;
  readonly direction: Direction;
}

/** A line that could not be read. It is also a rule with an unknown action wherever it could decide something. */
export interface Trouble {
  readonly place: Place;
  readonly says: string;
}

/** A platform's text, read. */
export interface Reading {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly troubles: readonly Trouble[];
  /** Names of what can be proved by itself (`--name`). */
  readonly lists: readonly string[];
  /** Names of interfaces or zones, for `--interface`. */
  readonly interfaces: readonly string[];
  /** The interface or zone that a person means by this, abbreviations and case forgiven; null if there is none. */
  interfaceNamed(text: string): string | null;
  /** All names that mean this outside interface: itself, and the zones and lists of interfaces it is in. */
  aliases(outside: string): readonly string[];
  /**
   * What a packet passes at this outside interface. With `null`: at the one that has filters, if there is one only;
   * else `unknown`, and why names them.
   */
  crossing(outside: string | null, asked: Asked): Crossing;
  /** What a packet passes in this list alone; `null` if it says nothing about the family. */
  list(name: string, asked: Asked): Crossing | null;
}
