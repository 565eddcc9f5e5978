/** A configuration of ASA as it is written down: what of it filters, before names are followed. */
import type { Addresses, Place, Range, Trouble } from "../../model.ts";
import type { Direction, Family } from "../../packet.ts";
import type { Groups, Service } from "../cisco/groups.ts";

export interface Interface {
  readonly name: string;
  readonly place: Place;
  /** `GigabitEthernet0/0`; empty where only the name is known. */
  hardware: string;
  level: number;
  address: Addresses | null;
  /** Nothing passes it: it is for management only, or shut down. */
  closed: boolean;
}

export interface Entry {
  /** From the kind (`extended`, `permit`, `remark`) on. */
  readonly words: readonly string[];
  readonly place: Place;
}

export interface List {
  readonly name: string;
  readonly place: Place;
  /** Null: both, as in lists since release 9.0. */
  readonly family: Family | null;
  readonly entries: Entry[];
  /** What stands in it: the same once more is no change. */
  readonly seen: Set<string>;
}

export interface Attachment {
  readonly list: string;
  readonly place: Place;
  readonly direction: Direction | "global";
  readonly interface: string;
}

/** What a name of a group stands for, which decides what an entry means. */
export type GroupKind = "addresses" | "services" | "ports" | "icmp" | "other";

export interface Draft {
  /** Release, as `9.8`; null: not said. */
  release: number | null;
  readonly lists: Map<string, List>;
  readonly attachments: Attachment[];
  readonly interfaces: Map<string, Interface>;
  readonly kinds: Map<string, GroupKind>;
  readonly addresses: Groups<Addresses>;
  readonly services: Groups<Service>;
  readonly ports: Groups<Range>;
  readonly icmp: Groups<Range>;
  /** Names for addresses (`name 192.0.2.25 mx`). */
  readonly names: Map<string, string>;
  /** Rules of FTD that the inspection engine decides, by number. */
  readonly inspected: Set<string>;
  sameLevelPasses: boolean;
  /** PIX: commands that filter and are not lists. */
  readonly foreign: Place[];
  readonly troubles: Trouble[];
}
