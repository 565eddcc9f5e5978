/** What the status of a mailer comes to as findings, one row per tag. */
import type { Finding, FindingRow } from "../finding/finding.ts";
import type { MailerStatus } from "./result.ts";

interface Seen {
  readonly mailer: string;
  readonly detail: string;
}

export const repairFindings = {
  REPAIR_OPEN: {
    severity: "critical",
    says: ({ mailer, detail }) => `${mailer} is an open relay: ${detail}.`,
    why: "Every hour it passes on more mail of strangers, and more lists and people notice.",
    remedy: ({ mailer }) => `Contain it first: fencepost status --mailer ${mailer}`,
  },
  REPAIR_NOT_A_RELAY: {
    severity: "high",
    says: ({ mailer, detail }) => `${mailer} does not relay, and is blamed all the same. ${detail}`,
    why: "Spam leaves it by another way: a stolen login, an infected host, a form on the web.",
    remedy: ({ mailer }) => `Find the cause in its log, and name it: fencepost status --mailer ${mailer}`,
  },
  REPAIR_UNKNOWN: {
    severity: "medium",
    says: ({ mailer, detail }) => `How ${mailer} stands is not known: ${detail}.`,
    why: "What could not be seen is no good news.",
    remedy: ({ mailer }) => `fencepost check ${mailer} --profile full, from outside`,
  },
  REPAIR_STEP: {
    severity: "low",
    says: ({ mailer, detail }) => `${mailer}: ${detail}.`,
    why: "The repair is not at its end.",
    remedy: ({ mailer }) => `fencepost status --mailer ${mailer}`,
  },
  REPAIR_WAIVED: {
    severity: "info",
    says: ({ mailer, detail }) => `${mailer}: ${detail}.`,
    why: "Somebody has decided to go without this step, until a day.",
    remedy: () => "Nothing to do until then.",
  },
} as const satisfies Record<string, FindingRow<Seen>>;
export type RepairTag = keyof typeof repairFindings;

export function findingsOfStatus(status: MailerStatus): readonly Finding[] {
  const { mailer, verdict, stands, notARelay, steps } = status;
  const made = (tag: RepairTag, key: string, detail: string): Finding => {
    const row: FindingRow<Seen> = repairFindings[tag];
    const seen = { mailer, detail };
    return {
      tag,
      severity: row.severity,
      subject: mailer,
      key: `${tag}|${mailer}${key}`,
      says: row.says(seen),
      why: row.why,
      remedy: row.remedy(seen),
      evidence: [],
      data: {},
    };
  };
  return [
    ...(verdict === "open" ? [made("REPAIR_OPEN", "", stands.because)] : []),
    ...(notARelay !== null && notARelay.named === null ? [made("REPAIR_NOT_A_RELAY", "", notARelay.because)] : []),
    ...(stands.is === "unknown" || stands.is === "disputed" ? [made("REPAIR_UNKNOWN", "", stands.because)] : []),
    ...steps
      .filter(({ state }) => state === "open" || state === "unknown")
      .map(({ step, because }) => made("REPAIR_STEP", `|${step}`, `${step}: ${because}`)),
    ...steps.flatMap(({ step, waiver }) =>
      waiver === null
        ? []
        : [
            made(
              "REPAIR_WAIVED",
              `|${step}`,
              `${step} is waived by ${waiver.by} until ${waiver.until}: ${waiver.because}`,
            ),
          ],
    ),
  ];
}
