/**
 * Writes filters for ASA. Its default is to let nothing in from outside, so that a list there permits what it must and
 * nothing else: a permit of the rest would open the site.
 */
import type { Prefix } from "../../../net/prefix.ts";
import type { Direction } from "../../packet.ts";
import type { Rendered, RenderJob } from "../../platform.ts";
import { withMask } from "../cisco/addresses-text.ts";
import { combined } from "../cisco/insertion.ts";
import { familyNotes } from "../cisco/style.ts";
import { oneWord, remark } from "../cisco/text.ts";
import { deniesAlone, type WantedEntry, wholeList } from "../cisco/wanted-entries.ts";

const title = "Cisco ASA 9.0 and later";

/** Netmasks, also in entries; `any` alone would be both families. */
const address = (prefix: Prefix | null, family: 4 | 6): string =>
  prefix === null || prefix.length === 0 ? `any${family}` : withMask(prefix, "netmask");

export function render(job: RenderJob): Rendered {
  return job.into === null ? wholeLists(job) : insertion(job, oneWord(job.into));
}

const head = (job: RenderJob): readonly string[] => [
  `! Port 25 only to and from managed mailers: ${title}`,
  `! ${remark(job)}`,
];

function wholeLists(job: RenderJob): Rendered {
  const outside = oneWord(job.outside);
  const lists = (["in", "out"] as const).flatMap((direction) => {
    const entries = job.families.flatMap((family) =>
      (wholeList(family, direction, { rest: direction === "in" ? "deny" : "permit" }) ?? []).map((entry) =>
        entryText(entry, family.family),
      ),
    );
    if (direction === "out" && job.families.every(({ senders }) => senders === null)) return [];
    const name = `FP25-${direction === "in" ? "IN" : "OUT"}-${job.revision}`;
    return [{ direction, name, lines: listLines(job, name, entries, direction) }];
  });
  const attachments = lists.map(({ name, direction }) => `access-group ${name} ${direction} interface ${outside}`);
  return {
    text: `${[
      ...head(job),
      ...lists.flatMap(({ lines }) => ["!", ...lines]),
      "!",
      "! Attached last, so that each list is whole when its first packet meets it.",
      ...attachments,
      "!",
    ].join("\n")}\n`,
    rollback: `${[
      `! Takes revision ${job.revision} back. Without any list at ${outside} nothing comes in from there.`,
      ...attachments.map((line) => `no ${line}`),
      ...lists.map(({ name }) => `clear configure access-list ${name}`),
    ].join("\n")}\n`,
    notes: [
      `Only for an interface ${outside} without a list: it takes one for each direction, and what another list there permits besides mail would be cut off. If \`show running-config access-group\` names one, insert into that list instead.`,
      "Coming in, nothing but port 25 of the mailers is permitted: that is what the box does without a list, and a permit of the rest would open the site.",
      ...(lists.length > 1
        ? [
            `Going out, the list at ${outside} comes behind the lists of the inside interfaces, and ends with a permit: it opens nothing that those stop.`,
          ]
        : []),
      ...notes,
      ...familyNotes(job),
    ],
    rules: lists.reduce((sum, { lines }) => sum + lines.filter((line) => line.includes(" extended ")).length, 0),
  };
}

const notes: readonly string[] = [
  "Lists see the mailers' own addresses, behind NAT (release 8.3 and later). Older releases are not served.",
  "Sessions that are open live on: `clear conn address HOST port 25` ends them.",
  "Before loading: `show running-config access-list` into a file. Test with `packet-tracer input outside tcp 203.0.113.9 40000 HOST 25`.",
  "FTD is configured by its manager: there these lists can only be read.",
  "Traffic of VPN tunnels passes interface lists by (`sysopt connection permit-vpn`), and `inspect esmtp` is no filter of addresses.",
];

function listLines(job: RenderJob, name: string, entries: readonly string[], direction: Direction): readonly string[] {
  const tail = direction === "out" ? ["permit ip any any"] : [];
  return [
    // A remark is put in again each time; taken out first, it stays one.
    `no access-list ${name} remark ${remark(job)}`,
    `access-list ${name} remark ${remark(job)}`,
    ...[...entries, ...tail].map((text) => `access-list ${name} extended ${text}`),
  ];
}

const entryText = ({ action, source, destination }: WantedEntry, family: 4 | 6): string =>
  `${action} tcp ${address(source, family)} ${address(destination, family)} eq smtp`;

function insertion(job: RenderJob, list: string): Rendered {
  const groups: string[] = [];
  const undoGroups: string[] = [];
  const group = (direction: Direction, members: readonly (Prefix | null)[], family: 4 | 6): string => {
    const own = members.flatMap((member) => (member === null ? [] : [member]));
    const [only] = own;
    if (only === undefined || own.length === 1) return address(only ?? null, family);
    const name = `FP25-${direction === "in" ? "IN" : "OUT"}-${job.revision}-${undoGroups.length + 1}`;
    undoGroups.push(`no object-group network ${name}`);
    groups.push(
      `object-group network ${name}`,
      ` description ${remark(job)}`,
      ...own.map((member) => ` network-object ${address(member, family)}`),
    );
    return `object-group ${name}`;
  };
  const entriesOf = (direction: Direction): readonly string[] =>
    job.families.flatMap((family) =>
      combined(deniesAlone(family, direction)).map(
        ({ sources, destinations }) =>
          `extended deny tcp ${group(direction, sources, family.family)} ${group(direction, destinations, family.family)} eq smtp`,
      ),
    );
  const incoming = entriesOf("in");
  const ownGroups = groups.splice(0);
  const ownUndo = [...undoGroups];
  const outgoing = job.families.every(({ senders }) => senders === null) ? [] : entriesOf("out");
  const line = (text: string, index: number): string => `access-list ${list} line ${index + 1} ${text}`;
  return {
    text: `${[
      ...head(job),
      `! Denies in front of the list ${list}, which must be there and is attached where packets come in from outside.`,
      ...ownGroups,
      ...incoming.map(line),
      ...(outgoing.length === 0
        ? []
        : [
            "!",
            "! Going out, for the list of the inside interface (take the leading sign away and name that list for LIST):",
            ...[...groups, ...outgoing.map((text, index) => `access-list LIST line ${index + 1} ${text}`)].map(
              (text) => `!# ${text}`,
            ),
          ]),
      "!",
    ].join("\n")}\n`,
    rollback: `${[
      `! Takes revision ${job.revision} back.`,
      ...incoming.map((text) => `no access-list ${list} ${text}`),
      ...ownUndo,
    ].join("\n")}\n`,
    notes: [
      `Only denies are inserted: what ${list} lets through to the mailers, and whether it does, stays as it was. Prove the list afterwards together with the rest of the configuration.`,
      `An entry that ${list} has already is refused as a duplicate, so that loading twice changes nothing.`,
      `Entries of an earlier revision stay in ${list} until its own rollback is loaded: a host that has become a mailer since is cut off until then.`,
      ...(outgoing.length > 0
        ? [
            "The part for packets going out is written as comments, since it belongs into the list of the inside interface; a list that is new there needs `permit ip any any` as its last entry, since it takes the place of the level's permit.",
          ]
        : []),
      ...notes,
      ...familyNotes(job),
    ],
    rules: incoming.length,
  };
}
