/** What the stages of a crossing are made from. */
import type { Chain, Crossing, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Classes } from "../cisco/classes.ts";
import type { Draft } from "./draft.ts";

export interface Context {
  readonly file: string;
  readonly draft: Draft;
  readonly chains: Map<string, Chain>;
  readonly classes: Classes;
  readonly nameOf: (name: string, family: Family) => string;
}

/** One thing in the way, and how it is told. */
export interface Part {
  readonly stage: Stage | null;
  readonly says: string;
  readonly place: Crossing["place"];
  readonly unknown?: string;
}
