/** Reads logs and listings line by line, in bounded memory, and says who refuses us. */
import type { Receiver } from "../../knowledge/receiver.ts";
import { type Line, LineBuffer } from "../../text/lines.ts";
import type { LogEvent } from "./attempt.ts";
import { fileReader } from "./detect.ts";
import type { ListName } from "./list-names.ts";
import type { ReadFile, RefusalsDocument } from "./result.ts";
import { summariser } from "./summarise.ts";

export interface LogFile {
  readonly name: string;
  /** When it was last written, in milliseconds: years and ages that it leaves out are counted from there. */
  readonly latest: number;
  /** Its bytes, unpacked. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A file that cannot be read on: what was read counts. */
export class LogBroken extends Error {
  override readonly name = "LogBroken";
}

export interface RefusalsRequest {
  readonly files: Iterable<LogFile> | AsyncIterable<LogFile>;
  readonly lists: readonly ListName[];
  readonly receivers: readonly Receiver[];
  readonly progress: (file: string, bytes: number) => void;
}

/** Lines of syslog end at 8 KiB nearly everywhere; those of Exchange may be longer. */
const maxLine = 64 * 1024;

export async function refusals(request: RefusalsRequest, signal: AbortSignal): Promise<RefusalsDocument> {
  const gathered = summariser(request.lists, request.receivers);
  const files: ReadFile[] = [];
  for await (const file of request.files) {
    if (signal.aborted) break;
    files.push(await readFile(file, (event) => gathered.tell(event), request.progress, signal));
  }
  const summary = gathered.summary();
  return {
    schema: "fencepost/lists-refusals/1",
    ...verdictOf(summary, files, signal.aborted),
    ...summary,
    files,
    interrupted: signal.aborted,
  };
}

async function readFile(
  file: LogFile,
  tell: (event: LogEvent) => void,
  progress: RefusalsRequest["progress"],
  signal: AbortSignal,
): Promise<ReadFile> {
  const reader = fileReader(file.latest);
  const buffer = new LineBuffer(maxLine);
  let [lines, told, tooLong, bytes] = [0, 0, 0, 0];
  let from: number | null = null;
  let to: number | null = null;
  let trouble: string | null = null;
  const take = (line: Line): void => {
    lines++;
    if (line.kind === "too-long") {
      tooLong++;
      return;
    }
    // The mark that Windows puts before UTF-8.
    const events = reader.read(lines === 1 ? line.text.replace(/^\u00ef\u00bb\u00bf/, "") : line.text);
    if (events.length === 0) return;
    told++;
    for (const event of events) {
      const at = event.kind === "attempt" ? event.at : event.kind === "waiting" ? event.since : null;
      if (at !== null && (from === null || at < from)) from = at;
      if (at !== null && (to === null || at > to)) to = at;
      tell(event);
    }
  };
  try {
    for await (const chunk of file.chunks) {
      if (signal.aborted) break;
      bytes += chunk.length;
      buffer.push(chunk);
      for (let line = buffer.next(); line !== null; line = buffer.next()) take(line);
      progress(file.name, bytes);
    }
  } catch (error) {
    if (!(error instanceof LogBroken)) throw error;
    trouble = error.message;
  }
  // The last line may lack its end.
  buffer.push(new Uint8Array([0x0a]));
  for (let line = buffer.next(); line !== null; line = buffer.next()) if (line.text !== "") take(line);
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const { guessedYear, guessedZone } = reader.clock;
  return {
    name: file.name,
    kind: reader.kind(),
    lines,
    told,
    tooLong,
    from: iso(from),
    to: iso(to),
    guessedYear,
    guessedZone,
    trouble,
  };
}

type Concluded = Pick<RefusalsDocument, "verdict" | "because">;

/** Refusals count whatever else is missing; that there is none can only be said of what was read to its end. */
function verdictOf(
  { refusals: all, sent, others }: Pick<RefusalsDocument, "refusals" | "sent" | "others">,
  files: readonly ReadFile[],
  interrupted: boolean,
): Concluded {
  const now = all.filter(({ state }) => state === "refusing");
  const sure = now.filter(({ cause }) => cause !== "unclear");
  const waiting = now.reduce((sum, one) => sum + one.waiting, 0);
  if (sure.length > 0)
    return {
      verdict: "refused",
      because: `${sure.length === 1 ? "1 receiver refuses" : `${sure.length} receivers refuse`} our mail for what our address is known for${waiting === 0 ? "" : `; ${waiting === 1 ? "1 message waits" : `${waiting} messages wait`}`}.`,
    };
  const broken = files.find(({ trouble }) => trouble !== null);
  const strange = files.find(({ kind, lines }) => kind === null && lines > 0);
  const long = files.find(({ tooLong, lines }) => tooLong > 0 && tooLong * 100 > lines);
  if (interrupted) return { verdict: "unknown", because: "It was stopped before all was read." };
  if (broken !== undefined) return { verdict: "unknown", because: `${broken.name}: ${broken.trouble}` };
  if (strange !== undefined)
    return {
      verdict: "unknown",
      because: `${strange.name} holds no line of a mail log or queue listing that is understood here.`,
    };
  if (long !== undefined) return { verdict: "unknown", because: `${long.name} holds lines too long to be read.` };
  if (now.length > 0)
    return {
      verdict: "unknown",
      because: `${now.length === 1 ? "1 receiver refuses" : `${now.length} receivers refuse`} mail without saying whether a list is the reason.`,
    };
  const tried = sent + others.reduce((sum, one) => sum + one.attempts, 0);
  return {
    verdict: "accepted",
    because:
      all.length > 0
        ? "Who refused us has taken mail since."
        : tried === 0
          ? "No mail to others was tried."
          : `Of ${tried} deliveries none was refused for what our address is known for.`,
  };
}
