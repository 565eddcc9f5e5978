/**
 * What a person says of a mailer: that its queue is clean, what the cause was, that reports were answered, that a step is
 * waived. It is kept with its time, and shown wherever it counts. What concerns the lists stands at each address, where
 * `lists removal` looks for it, too.
 */
import { z } from "zod";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { StatementRecord } from "../repair/recorded.ts";
import { type StepName, stepNames } from "../repair/result.ts";
import type { Mailer } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { nearest } from "../text/nearest.ts";
import { UsageError } from "./errors.ts";

export interface Saying {
  readonly queueClean: string | null;
  readonly cause: string | null;
  readonly answered: string | null;
  readonly waiver: {
    readonly step: string;
    readonly because: string;
    readonly by: string;
    /** A day, `2026-12-31`. */
    readonly until: string;
  } | null;
}

const aboutAddress = ["queue-clean", "cause"] as const;
const aboutMailer = ["answered", "waiver"] as const;

/** Longer is no sentence. */
const maxWords = 500;

/** A waiver is for a while: whoever needs a longer one says so again. */
const maxWaiverDays = 366;

const waiverSchema = z.strictObject({ by: z.string(), until: z.iso.date() });

/** Records it. Throws `UsageError` for what nobody can mean, before anything is recorded. */
export async function say(saying: Saying, mailer: Mailer, now: Date, store: Store): Promise<void> {
  const { queueClean, cause, answered, waiver } = saying;
  for (const text of [queueClean, cause, answered, waiver?.because ?? null]) if (text !== null) checkWords(text);
  const step = waiver === null ? null : stepOf(waiver.step);
  if (waiver !== null) checkUntil(waiver.until, now);
  const addresses = [...new Set([...mailer.addresses, ...mailer.sendsFrom].map(formatIp))];
  // A mailer that only its host name leads to has its name alone.
  const subjects = addresses.length > 0 ? addresses : [mailer.name];
  const add = (kind: string, subject: string, says: string) =>
    store.statements.add({ kind, subject, object: "", says, evidence: null });
  for (const subject of subjects) {
    if (queueClean !== null) await add("queue-clean", subject, queueClean);
    if (cause !== null) await add("cause", subject, cause);
  }
  if (answered !== null) await add("answered", mailer.name, answered);
  if (waiver !== null && step !== null)
    await store.statements.add({
      kind: "waiver",
      subject: mailer.name,
      object: step,
      says: waiver.because,
      evidence: JSON.stringify({ by: waiver.by, until: waiver.until } satisfies z.infer<typeof waiverSchema>),
    });
}

/** The commands that `status` prints have words in capitals where a person's own belong. */
function checkWords(text: string): void {
  if (text.trim() === "" || text.length > maxWords)
    throw new UsageError(`Expected a sentence of up to ${maxWords} characters, and not "${text.slice(0, 20)}".`);
  const stand = /\b(WHO|WHAT|WHY|DATE|STEP)\b/.exec(text)?.[1];
  if (stand !== undefined)
    throw new UsageError(`"${text}": put your own words in the place of ${stand}. What you say is kept, and shown.`);
}

function stepOf(text: string): StepName {
  const step = stepNames.find((one) => one === text.toLowerCase());
  if (step !== undefined) return step;
  const near = nearest(text, stepNames);
  throw new UsageError(
    `Unknown step "${text}".${near === null ? "" : ` Did you mean ${near}?`} Known: ${stepNames.join(", ")}.`,
  );
}

function checkUntil(until: string, now: Date): void {
  const day = z.iso.date().safeParse(until);
  const days = day.success ? (Date.parse(until) - Date.parse(now.toISOString().slice(0, 10))) / 86_400_000 : Number.NaN;
  if (!(days >= 0 && days <= maxWaiverDays))
    throw new UsageError(
      `--until ${until}: expected a day from today on and within a year, such as ${new Date(now.getTime() + 30 * 86_400_000).toISOString().slice(0, 10)}.`,
    );
}

/** Oldest first. */
export async function statementsAbout(
  mailer: string,
  addresses: readonly IpAddress[],
  store: Store,
): Promise<readonly StatementRecord[]> {
  const found: StatementRecord[] = [];
  for (const subject of [mailer, ...addresses.map(formatIp)])
    for (const { kind, object, says, evidence, at } of await store.statements.about(subject)) {
      const told = [...aboutAddress, ...(subject === mailer ? aboutMailer : [])].find((one) => one === kind);
      if (told === "waiver") {
        const read = waiverSchema.safeParse(JSON.parse(evidence ?? "null"));
        if (read.success) found.push({ kind: told, step: object, says, ...read.data, at: at.toISOString() });
      } else if (told !== undefined && object === "") found.push({ kind: told, says, at: at.toISOString() });
    }
  return found;
}
