/**
 * Someone puts a guard in front of a mailer: the site file becomes the rule in force, is read again when it changes, and
 * what was refused is counted. A file that cannot be used leaves the rule as it was.
 */
import { guardRule } from "../guard/decide.ts";
import type { DecisionEvent, FaultEvent, WarningEvent } from "../guard/event.ts";
import type { House } from "../guard/house.ts";
import type { GuardState } from "../guard/metrics.ts";
import { anybody, readRecipients } from "../guard/recipients.ts";
import { Tally } from "../guard/tally.ts";
import type { Clock, Connection, Endpoint, Listener, LocalListener, LocalPlace } from "../ports.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";

/** Where a door listens. */
export type DoorPlace = Endpoint | LocalPlace;

export type GuardLogEvent =
  | DecisionEvent
  | FaultEvent
  | WarningEvent
  | { readonly event: "rules"; readonly says: string; readonly inOrder: boolean };

/** What is read from outside and may change while the guard runs. */
export interface GuardFiles {
  /** Throws what `siteAtHand` throws. */
  readonly site: () => Promise<Site>;
  /** The text of the list of recipients that the site file names. Throws if it cannot be read. */
  readonly recipients: (path: string) => Promise<string>;
  /** Changes whenever one of these files does. */
  readonly stamp: (recipients: string | null) => Promise<string>;
}

export interface GuardPorts {
  readonly files: GuardFiles;
  readonly listener: Listener;
  readonly localListener: LocalListener;
  readonly clock: Clock;
  /** Null: `--no-store`; counts are then only in the log and the metrics. */
  readonly store: Store | null;
  readonly log: (event: GuardLogEvent) => void;
}

/** How often files are looked at, and counts written. */
const lookMs = 2000;
const flushMs = 10_000;

/** A rule in force, until it is disposed of. */
export interface RunningHouse extends AsyncDisposable {
  readonly house: House;
  /** As it is in force now. */
  readonly site: () => Site;
  readonly state: (connections: number) => GuardState;
  /** Reads the files now, as after SIGHUP. */
  reload(): Promise<void>;
}

/** Reads the files and keeps reading them. Throws if they cannot be used at the start. */
export async function openHouse(
  door: DecisionEvent["door"],
  observe: boolean,
  ports: GuardPorts,
): Promise<RunningHouse> {
  const { files, clock, store, log } = ports;
  const tally = new Tally();
  const read = async () => {
    const site = await files.site();
    const list = site.recipients === null ? null : readRecipients(await files.recipients(site.recipients));
    return { site, list, rule: guardRule(site) };
  };
  let now = await read();
  let stamp = await files.stamp(now.site.recipients);
  let readAt = clock.now();
  let inOrder = true;
  const tell = (): void => {
    const { site, list } = now;
    const listed = list === null ? "" : `, ${list.count} recipients`;
    const odd = list?.problems.length ?? 0;
    log({
      event: "rules",
      inOrder: true,
      says: `${site.domains.length} domains, ${site.networks.length} networks${listed}${odd === 0 ? "" : `, ${odd} lines of the list are no addresses`}`,
    });
  };
  tell();
  const reload = async (): Promise<void> => {
    try {
      now = await read();
      readAt = clock.now();
      inOrder = true;
      tell();
    } catch (error) {
      inOrder = false;
      log({
        event: "rules",
        inOrder: false,
        says: `the rule stays as it was: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  };
  const flush = async (): Promise<void> => {
    const counts = tally.take();
    await store?.guardCounts.add(counts).catch((error: unknown) => {
      log({ event: "fault", door, says: `counts could not be kept: ${String(error)}` });
    });
  };
  const stop = new AbortController();
  const looking = every(lookMs, stop.signal, clock, async () => {
    const seen = await files.stamp(now.site.recipients).catch(() => stamp);
    if (seen === stamp) return;
    stamp = seen;
    await reload();
  });
  const flushing = every(flushMs, stop.signal, clock, flush);
  return {
    house: {
      rule: () => now.rule,
      recipients: () => now.list?.recipients ?? anybody,
      observe,
      tally,
      log,
    },
    site: () => now.site,
    state: (connections) => ({
      totals: tally.totals,
      connections,
      rulesReadAt: Math.floor(readAt.getTime() / 1000),
      rulesInOrder: inOrder,
    }),
    reload,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([looking, flushing]);
      await flush();
    },
  };
}

async function every(ms: number, signal: AbortSignal, clock: Clock, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(ms, signal).catch(() => {});
    if (!signal.aborted) await act();
  }
}

/** Connections that a door serves at once; Postfix opens one for each of its smtpd processes. */
export const maxConnections = 10_000;

/** A door that is open, until it is disposed of. */
export interface OpenDoor extends AsyncDisposable {
  readonly connections: () => number;
}

/** Opens one door at several places. A connection that fails ends alone. Throws `ListenError`. */
export async function openDoor(
  door: DecisionEvent["door"],
  places: readonly DoorPlace[],
  serve: (connection: Connection, signal: AbortSignal) => Promise<void>,
  ports: Pick<GuardPorts, "listener" | "localListener" | "log">,
  signal: AbortSignal,
): Promise<OpenDoor> {
  await using stack = new AsyncDisposableStack();
  let connections = 0;
  const served = async (connection: Connection): Promise<void> => {
    connections += 1;
    try {
      await serve(connection, signal);
    } catch (error) {
      if (!signal.aborted) ports.log({ event: "fault", door, says: String(error) });
    } finally {
      connections -= 1;
    }
  };
  for (const place of places)
    stack.use(
      "address" in place
        ? await ports.listener.listen(place, served, { maxConnections })
        : await ports.localListener.listen(place, served, { maxConnections }),
    );
  const kept = stack.move();
  return { connections: () => connections, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
