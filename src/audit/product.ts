/** What a product brings to the audit: recognising its files, reading them, and words and repairs for what was found. */
import type { Severity } from "../finding/finding.ts";
import type { Prefix } from "../net/prefix.ts";
import type { ConfigTree } from "../ports.ts";
import type { LineEdit } from "../text/diff.ts";
import type { Span } from "../text/source.ts";
import type { Hole } from "./hole.ts";
import type { Configuration } from "./rules.ts";

/** A hole in the words of the product. */
export interface Explained {
  readonly tag: string;
  readonly severity: Severity;
  readonly says: string;
  readonly why: string;
  readonly remedy: string;
  readonly where: Span | null;
}

/** What the words of a row may speak of. */
export interface SeenHole {
  /** The text of the deciding rule; empty if nothing refused. */
  readonly rule: string;
  readonly hole: Hole;
}

/** How a product tells one kind of hole. */
export interface HoleRow {
  readonly severity: Severity;
  readonly says: (seen: SeenHole) => string;
  readonly why: string;
  readonly remedy: string;
}

export interface FileEdit {
  readonly path: string;
  readonly edit: LineEdit;
}

export interface Product {
  readonly name: string;
  /** `null`: these are not its files. */
  readonly read: (tree: ConfigTree, version: string | null) => Configuration | null;
  /** Its tags, for the pages. */
  readonly rows: Readonly<Record<string, HoleRow>>;
  readonly explain: (hole: Hole) => Explained;
  /** What relays nothing, and should be otherwise all the same. */
  readonly remarks?: (tree: ConfigTree, version: string | null) => readonly Explained[];
  /**
   * Edits that may mend it, the smallest first; each is tried by auditing what it makes.
   * @param inside the site's networks, whose clients should go on sending; empty where nobody says
   */
  readonly repairs: (hole: Hole, tree: ConfigTree, inside: readonly Prefix[]) => readonly (readonly FileEdit[])[];
}
