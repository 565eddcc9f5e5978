/** What an audit of one configuration is asked. */
import type { DeadList } from "../knowledge/list.ts";
import type { Site } from "../site/model.ts";
import type { Follow } from "./chains.ts";
import type { Deployment } from "./deployment/arrival.ts";

export interface TreeRequest {
  readonly site: Site | null;
  /** A product's name, where it cannot be told from the files. */
  readonly product: string | null;
  readonly version: string | null;
  /** What surrounds the mailer; `null`: what is found among its files. */
  readonly deployment: Deployment | null;
  /** What the mailers behind make of what this one passes on; `null`: nobody says which they are. */
  readonly follow: Follow | null;
  /** DNS lists that ended, so that whoever still asks them can be told. */
  readonly deadLists: readonly DeadList[];
}
