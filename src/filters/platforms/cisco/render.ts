/**
 * Writes filters for the platforms whose lists are alike: IOS, IOS-XR, NX-OS, EOS. A platform says how it writes a list,
 * an entry and an attachment; what is written, and in what order, is the same for all.
 */
import type { Direction } from "../../packet.ts";
import type { FamilyJob, Rendered, RenderJob } from "../../platform.ts";
import { insertion } from "./insertion.ts";
import { familyNotes, head, type Section, type Style } from "./style.ts";
import { familyTitle, listName, oneWord, remark } from "./text.ts";
import { numbersOf, type WantedEntry, wholeList } from "./wanted-entries.ts";

export function renderLists(job: RenderJob, style: Style): Rendered {
  if (job.into !== null) return insertion(job, style, job.into);
  const sections: Section[] = [];
  const attached: string[] = [];
  for (const family of job.families)
    for (const direction of ["in", "out"] as const) {
      const section = listSection(job, family, direction, style);
      if (section === null) continue;
      sections.push(section);
      attached.push(style.attach(family.family, listName(direction, family.family, job), direction));
    }
  const outside = oneWord(job.outside);
  return {
    text: `${[
      ...head(job, style),
      ...sections.flatMap(({ lines }) => ["!", ...lines]),
      "!",
      `! Attached last, so that each list is whole when its first packet meets it.`,
      style.interface(outside),
      ...attached.map((line) => style.indent + line),
      "!",
    ].join("\n")}\n`,
    rollback: `${[
      `! Takes revision ${job.revision} back.`,
      style.interface(outside),
      ...attached.map((line) => `${style.indent}no ${line}`),
      "!",
      ...sections.flatMap(({ undo }) => undo),
    ].join("\n")}\n`,
    notes: [
      `${outside} takes one list for each family and direction: a list that is attached there already is replaced by this one. Look first, and insert into that list instead if there is one.`,
      ...familyNotes(job),
      ...countNotes(sections),
      `Lists of earlier revisions (FP25-… with another ending) stay where they are; remove them when the new ones have proved themselves.`,
      ...style.notes,
    ],
    rules: sections.reduce((sum, { rules }) => sum + rules, 0),
  };
}

function listSection(job: RenderJob, family: FamilyJob, direction: Direction, style: Style): Section | null {
  const entries = wholeList(family, direction, { rest: "permit" });
  if (entries === null) return null;
  const name = listName(direction, family.family, job);
  const { numbers, tail } = numbersOf(entries);
  const says = direction === "in" ? "coming in" : "going out";
  const line = (number: number, text: string): string => `${style.indent}${style.number(family.family, number)}${text}`;
  return {
    lines: [
      `! ${familyTitle(family.family)}, ${says}: mailers are permitted, then the site's networks are denied, then all the rest passes.`,
      style.list(family.family, name),
      ...style.options.map((text) => style.indent + text),
      ...(style.remark === "numbered"
        ? [line(10, `remark ${remark(job)}`)]
        : [`${style.indent}no remark ${remark(job)}`, `${style.indent}remark ${remark(job)}`]),
      ...entries.map((entry, index) => line(numbers[index] ?? 0, entryText(entry, style))),
      line(tail, `permit ${style.everything(family.family)} any any`),
    ],
    undo: [`no ${style.list(family.family, name)}`],
    rules: entries.length + 1,
  };
}

const entryText = ({ action, source, destination }: WantedEntry, { address }: Style): string =>
  `${action} tcp ${address(source)} ${address(destination)} eq smtp`;

function countNotes(sections: readonly Section[]): readonly string[] {
  const most = Math.max(0, ...sections.map(({ rules }) => rules));
  return most > 500
    ? [`The longest list has ${most} entries: compare that with what the hardware's tables hold before loading.`]
    : [];
}
