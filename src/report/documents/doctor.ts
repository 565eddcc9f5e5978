/** What `doctor` found out, as a document. Pure. */
import type { Block, Document, Tone } from "../document.ts";
import { type DoctorLine, type DoctorResult, exampleDomain } from "../results/doctor.ts";

const tones = { ok: "good", problem: "bad", unknown: "doubtful" } as const satisfies Record<DoctorLine["state"], Tone>;

export function doctorDocument({ verdict, lines, records, zone }: DoctorResult): Document {
  const present = records.filter(({ state }) => state === "present").length;
  const problems = lines.filter(({ state }) => state === "problem").length;
  return {
    title: "Doctor",
    blocks: [
      {
        kind: "banner",
        title: "Can this machine test?",
        word: verdict === "ok" ? "YES" : "NOT YET",
        tone: verdict === "ok" ? "good" : "bad",
        says:
          verdict === "ok"
            ? "Nothing was found that stands in the way."
            : `${problems === 1 ? "One thing stands" : `${problems} things stand`} in the way of a verdict, or of a good one.`,
      },
      {
        kind: "events",
        events: lines.map(({ state, says, todo }) => ({
          word: state,
          tone: tones[state],
          title: says,
          lines: todo === null ? [] : [`Do: ${todo}`],
        })),
      },
      ...zoneBlocks(zone, present),
    ],
  };
}

function zoneBlocks(zone: string, present: number): readonly Block[] {
  if (zone === "")
    return present === 0 ? [] : [{ kind: "paragraph", text: "All DNS records that a catcher needs are there." }];
  return [
    {
      kind: "heading",
      level: 2,
      text: zone.includes(exampleDomain)
        ? `DNS records to create, with your own domain for ${exampleDomain}`
        : "DNS records to create",
    },
    { kind: "code", text: zone },
  ];
}
