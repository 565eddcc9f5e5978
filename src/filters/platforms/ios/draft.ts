/** A configuration of IOS as it is written down: what of it filters, before names are followed. */
import type { Addresses, Place, Trouble } from "../../model.ts";
import type { Direction, Family } from "../../packet.ts";
import type { Criterion } from "../cisco/classes.ts";
import type { Groups, Service } from "../cisco/groups.ts";
import type { Lists } from "../cisco/lists.ts";
import type { VlanMaps } from "../cisco/vlan-maps.ts";

/** A name, and where it is written. */
export interface Named {
  readonly name: string;
  readonly place: Place;
}

export interface Attached extends Named {
  /** Why it is not known what is attached. */
  readonly unknown: string | null;
}

export interface Interface extends Named {
  /** By direction and family: `in 4`. */
  readonly lists: Map<string, Attached>;
  zone: Named | null;
  /** Inspections (CBAC) by direction and family. */
  readonly inspects: Map<string, string>;
  readonly policies: Map<Direction, Named>;
  /** A check of sources by the routes back to them. */
  verifies: boolean;
}

export interface DraftClass {
  readonly all: boolean;
  readonly place: Place;
  readonly criteria: Criterion[];
}

export interface DraftPolicy {
  readonly place: Place;
  /** In order; the action is the word that decides (`inspect`, `drop`), null where none is written. */
  readonly classes: (Named & { action: string | null })[];
}

export interface Pair extends Named {
  readonly source: string;
  readonly destination: string;
  policy: Named | null;
}

export interface Draft extends VlanMaps {
  readonly lists: Lists;
  readonly addresses: Groups<Addresses>;
  readonly services: Groups<Service>;
  readonly interfaces: Map<string, Interface>;
  readonly classes: Map<string, DraftClass>;
  readonly policies: Map<string, DraftPolicy>;
  readonly pairs: Map<string, Pair>;
  /** Protocols of each inspection (CBAC). */
  readonly inspections: Map<string, Set<string>>;
  /** Protocols whose ports are set by hand (`ip port-map`). */
  readonly mapped: Set<string>;
  readonly troubles: Trouble[];
}

export const attachKey = (direction: string, family: Family): string => `${direction} ${family}`;
