/** The words for a verdict: what it means for whoever runs the server, before any detail. */
import type { TargetResult, Verdict } from "../check/result.ts";
import type { Tone } from "./document.ts";

interface VerdictWords {
  readonly word: string;
  readonly tone: Tone;
  readonly says: string;
}

export const verdictWords = {
  open: {
    word: "OPEN RELAY",
    tone: "bad",
    says: "This server passes on mail from strangers to strangers. That was proved: the test message arrived.",
  },
  suspect: {
    word: "SUSPECT",
    tone: "doubtful",
    says: "This server took something it should refuse. That it passes it on was not proved in this run.",
  },
  inconclusive: {
    word: "INCONCLUSIVE",
    tone: "doubtful",
    says: "This run cannot tell whether the server is an open relay.",
  },
  unreachable: {
    word: "UNREACHABLE",
    tone: "doubtful",
    says: "This server could not be tested.",
  },
  closed: {
    word: "CLOSED",
    tone: "good",
    says: "Nothing that was tried got a stranger's mail through this server.",
  },
} as const satisfies Record<Verdict, VerdictWords>;

/** `192.0.2.25:25`, `[2001:db8::25]:25`; a name that led nowhere is shown as it is. */
export function subjectOfTarget({ host, address, port }: TargetResult["target"]): string {
  if (address === "") return host;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Subject and name, if they are not the same. */
export function titleOfTarget(target: TargetResult["target"]): string {
  const subject = subjectOfTarget(target);
  const known = ["", subject, target.address, undefined];
  const names = [...new Set([target.mailer, target.host].filter((name) => !known.includes(name)))];
  return names.length === 0 ? subject : `${subject} (${names.join(", ")})`;
}
