/** Someone wants to know who refuses the site's mail: out of logs and queue listings, without a network. */
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { ListName } from "../lists/refusals/list-names.ts";
import { LogBroken, type LogFile, refusals } from "../lists/refusals/refusals.ts";
import type { RefusalsDocument } from "../lists/refusals/result.ts";

export interface RefusalsTaskRequest {
  /** As they were typed; each is opened when it is its turn. */
  readonly files: readonly string[];
  readonly catalogue: Pick<Catalogue, "receivers">;
  readonly lists: readonly ListName[];
  readonly progress: (file: string, bytes: number) => void;
}

/** Opens a log; what it throws before the first byte ends the run, later it is the file's trouble. */
export type OpenLog = (path: string) => Promise<{
  readonly latest: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}>;

export async function refusalsTask(
  request: RefusalsTaskRequest,
  openLog: OpenLog,
  signal: AbortSignal,
): Promise<RefusalsDocument> {
  // All are opened before the first is read: a name mistyped should not cost an hour.
  const files: LogFile[] = [];
  for (const name of inTimeOrder(request.files)) files.push({ name, ...(await openLog(name)) });
  const { lists, progress } = request;
  const told = files.map((file) => ({ ...file, chunks: troubled(file.chunks) }));
  return refusals({ files: told, lists, receivers: request.catalogue.receivers, progress }, signal);
}

async function* troubled(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw new LogBroken(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Rotated logs: `mail.log.2.gz`, `mail.log-20261101`, `mail.log`. */
const rotated = /^(.*?)(?:\.(\d{1,4})|[-.](\d{8}(?:[-.]\d{1,10})?))?(?:\.(?:gz|zst))?$/s;

/** Oldest first, where the names tell: what is read later took place later. The first name of a log keeps its place. */
export function inTimeOrder(names: readonly string[]): readonly string[] {
  const logs = new Map<string, { readonly name: string; readonly age: string }[]>();
  for (const name of names) {
    const [, base = name, number, date] = rotated.exec(name) ?? [];
    // Numbers grow with age, dates with time, and the log of today has neither.
    const age =
      number !== undefined
        ? `0${String(9999 - Number(number)).padStart(4, "0")}`
        : date !== undefined
          ? `0${date}`
          : "1";
    logs.set(base, [...(logs.get(base) ?? []), { name, age }]);
  }
  return [...logs.values()]
    .flatMap((of) => of.sort((a, b) => (a.age < b.age ? -1 : a.age > b.age ? 1 : 0)))
    .map(({ name }) => name);
}
