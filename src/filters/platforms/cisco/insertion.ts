/**
 * Denies put in front of a list of someone else's. Permits would override that list's own denies of bogus or unwanted
 * sources, so there are none. Few numbers are free in front of the first entry: groups keep the entries few; where lists
 * know no groups, the list is renumbered first.
 */
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { Direction } from "../../packet.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { familyNotes, head, type Section, type Style } from "./style.ts";
import { familyTitle, listName, oneWord, remark } from "./text.ts";
import { deniesAlone, type WantedEntry } from "./wanted-entries.ts";

/** So many numbers are free in front of a list that begins with 10. */
const free = 9;

export function insertion(job: RenderJob, style: Style, into: string): Rendered {
  const name = oneWord(into);
  const section = style.insert === "groups" ? withGroups : renumbered;
  const incoming = job.families.map((family) => section(job, family, "in", style, name));
  const outgoing = job.families.flatMap((family) =>
    family.senders === null ? [] : [section(job, family, "out", style, name)],
  );
  const most = Math.max(0, ...incoming.map(({ rules }) => rules));
  return {
    text: `${[
      ...head(job, style),
      `! Denies in front of the list ${name}, which must be there and is attached where packets come in from outside.`,
      ...incoming.flatMap(({ lines }) => ["!", ...lines]),
      ...(outgoing.length === 0
        ? []
        : [
            "!",
            "! Going out, for the list that filters packets on their way out (take the leading sign away and name that list):",
            ...outgoing.flatMap(({ lines }) => lines.map((line) => `!# ${line}`)),
          ]),
      "!",
    ].join("\n")}\n`,
    rollback: `${[`! Takes revision ${job.revision} back.`, ...incoming.flatMap(({ undo }) => undo)].join("\n")}\n`,
    notes: [
      `Only denies are inserted: what ${name} lets through to the mailers, and whether it does, stays as it was. Prove the list afterwards together with the rest of the configuration.`,
      ...(style.insert === "groups"
        ? [
            `Numbers 1 to ${most} of ${name} must be free: look at its first entry before loading, and resequence the list if it begins lower.`,
            ...(most > free ? [`A list that begins with 10 has only ${free} free numbers: resequence it first.`] : []),
          ]
        : [`${name} is renumbered, its order is not changed.`]),
      ...(job.families.length > 1
        ? [
            `IPv4 and IPv6 lists are different lists: where the IPv6 one has another name than ${name}, change it in the IPv6 part. A list that is not there would be made by this text, and must not be attached.`,
          ]
        : []),
      ...(outgoing.length > 0
        ? ["The part for packets going out is written as comments, since it belongs into another list."]
        : []),
      `Entries of an earlier revision stay in ${name} until its own rollback is loaded: a host that has become a mailer since is cut off until then.`,
      ...familyNotes(job),
      ...style.notes,
    ],
    rules: incoming.reduce((sum, { rules }) => sum + rules, 0),
  };
}

/** One entry for the site, and one for each set of mailers that only some may reach. */
function withGroups(job: RenderJob, family: FamilyJob, direction: Direction, style: Style, list: string): Section {
  const groups: { lines: readonly string[]; reference: string; undo: string }[] = [];
  const stem = listName(direction, family.family, job);
  const reference = (members: readonly (Prefix | null)[]): string => {
    const own = members.flatMap((member) => (member === null ? [] : [member]));
    const [only] = own;
    if (only === undefined || own.length !== members.length) return style.address(null);
    if (own.length === 1) return style.address(only);
    const group = style.group(family.family, `${stem}-${groups.length + 1}`, own);
    groups.push(group);
    return group.reference;
  };
  const entries = combined(deniesAlone(family, direction)).map(
    ({ sources, destinations }) => `deny tcp ${reference(sources)} ${reference(destinations)} eq smtp`,
  );
  const lines = entries.map((text, index) => `${style.number(family.family, index + 1)}${text}`);
  return {
    lines: [
      `! ${familyTitle(family.family)}`,
      ...groups.flatMap((group) => group.lines),
      style.list(family.family, list),
      ...lines.map((line) => style.indent + line),
    ],
    undo: [
      style.list(family.family, list),
      ...entries.map((text) => `${style.indent}no ${text}`),
      ...groups.map(({ undo }) => undo),
    ],
    rules: entries.length,
  };
}

interface Combined {
  readonly sources: readonly (Prefix | null)[];
  readonly destinations: readonly (Prefix | null)[];
}

/** Entries with the same destinations, then those with the same sources, become one. */
export function combined(entries: readonly WantedEntry[]): readonly Combined[] {
  const byDestination = new Map<string, { sources: (Prefix | null)[]; destination: Prefix | null }>();
  for (const { source, destination } of entries) {
    const key = textOf(destination);
    const known = byDestination.get(key) ?? { sources: [], destination };
    byDestination.set(key, known);
    known.sources.push(source);
  }
  const bySources = new Map<string, { sources: readonly (Prefix | null)[]; destinations: (Prefix | null)[] }>();
  for (const { sources, destination } of byDestination.values()) {
    const key = sources.map(textOf).join(" ");
    const known = bySources.get(key) ?? { sources, destinations: [] };
    bySources.set(key, known);
    known.destinations.push(destination);
  }
  return [...bySources.values()];
}

const textOf = (prefix: Prefix | null): string => (prefix === null ? "any" : formatPrefix(prefix));

/** One entry for each prefix; first what an earlier run has put there is taken out, so that twice is as once. */
function renumbered(job: RenderJob, family: FamilyJob, direction: Direction, style: Style, list: string): Section {
  const entries = deniesAlone(family, direction).map(
    ({ source, destination }) => `deny tcp ${style.address(source)} ${style.address(destination)} eq smtp`,
  );
  const without = entries.map((text) => `${style.indent}no ${text}`);
  return {
    lines: [
      `! ${familyTitle(family.family)}: ${remark(job)}`,
      style.list(family.family, list),
      ...without,
      `${style.indent}resequence ${Math.max(10_000, entries.length + 10)} 10`,
      ...entries.map((text, index) => `${style.indent}${style.number(family.family, index + 1)}${text}`),
    ],
    undo: [style.list(family.family, list), ...without],
    rules: entries.length,
  };
}
