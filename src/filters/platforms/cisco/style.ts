/** How the platforms whose lists are alike write them, and what they all say. */
import type { Prefix } from "../../../net/prefix.ts";
import type { Direction, Family } from "../../packet.ts";
import type { RenderJob } from "../../platform.ts";
import { familyTitle, remark } from "./text.ts";

/** How a platform writes. Lines of a block are indented by the renderer. */
export interface Style {
  readonly title: string;
  readonly list: (family: Family, name: string) => string;
  /** Lines at the head of a list. */
  readonly options: readonly string[];
  readonly number: (family: Family, number: number) => string;
  /** A remark at the head of a list, so that it stands there once however often the text is loaded. */
  readonly remark: "numbered" | "taken out first";
  /** `ip`: every protocol. */
  readonly everything: (family: Family) => string;
  readonly address: (prefix: Prefix | null) => string;
  readonly attach: (family: Family, name: string, direction: Direction) => string;
  readonly interface: (name: string) => string;
  readonly indent: string;
  /** Inserts into a list that there is. */
  readonly insert: "groups" | "renumber";
  /** A group's block, and how an entry names it; not asked for where lists are renumbered. */
  readonly group: (
    family: Family,
    name: string,
    members: readonly Prefix[],
  ) => { readonly lines: readonly string[]; readonly reference: string; readonly undo: string };
  /** Said in every job. */
  readonly notes: readonly string[];
}

export interface Section {
  readonly lines: readonly string[];
  readonly undo: readonly string[];
  readonly rules: number;
}

export const head = (job: RenderJob, { title }: Style): readonly string[] => [
  `! Port 25 only to and from managed mailers: ${title}`,
  `! ${remark(job)}`,
];

export function familyNotes({ families }: RenderJob): readonly string[] {
  const missing = ([4, 6] as const).filter((one) => !families.some(({ family }) => family === one));
  return [
    ...missing.map(
      (family) => `The site has no ${familyTitle(family)} network, so nothing is written for ${familyTitle(family)}.`,
    ),
    ...(families.every(({ senders }) => senders === null)
      ? ["Nothing going out is filtered: the site's policy leaves port 25 open to everyone inside."]
      : []),
  ];
}
