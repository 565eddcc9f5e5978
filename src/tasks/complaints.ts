/**
 * Someone wants the abuse mailbox read: paths are opened one after the other, each message becomes reports, and what was found
 * is on record before it is shown.
 */
import { type ComplaintsRequest, complaints } from "../complaints/complaints.ts";
import { limits } from "../complaints/limits.ts";
import type { RawMessage } from "../complaints/read.ts";
import type { ComplaintsDocument, Report } from "../complaints/result.ts";
import type { Assessment } from "../complaints/windows.ts";
import type { RunEvent } from "../finding/run.ts";
import { formatIp } from "../net/ip.ts";
import type { Clock, Random } from "../ports.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { endpointText } from "../sweep/findings.ts";
import { DataError } from "./errors.ts";
import { runIdOf } from "./run-id.ts";

export interface ComplaintsTaskRequest {
  /** Null: there is no site file. */
  readonly site: Site | null;
  /** Mailboxes, folders, files; `-` is standard input. */
  readonly paths: readonly string[];
  /** That there is nothing to read is no mistake: a mailbox of which only what is new is read. */
  readonly mayBeEmpty?: true;
}

export interface ComplaintsTaskPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Null: `--no-store`. */
  readonly store: Store | null;
  readonly messages: (path: string, maxBytes: number, signal: AbortSignal) => AsyncIterable<RawMessage>;
}

/** Throws `DataError` if nothing that was named holds a message. */
export async function* complaintsTask(
  request: ComplaintsTaskRequest,
  ports: ComplaintsTaskPorts,
  signal: AbortSignal,
): AsyncGenerator<RunEvent<Report, ComplaintsDocument>> {
  const { store, clock, random } = ports;
  const run = runIdOf(clock, random);
  await store?.runs.begin({ id: run, tool: "complaints", profile: "read", catalogue: 0 });
  for await (const event of complaints(await inputOf(request, ports, signal), ports, signal)) {
    if (event.kind === "result") {
      const { result } = event;
      const { verdict, because, ended, messages, incidents } = result;
      if (messages === 0 && ended === "finished" && request.mayBeEmpty !== true)
        throw new DataError(
          `No message was found in ${request.paths.slice(0, 5).join(", ")}. Expected an mbox, a Maildir, or files that hold a mail each.`,
        );
      for (const incident of incidents)
        await store?.runs.addTarget(run, {
          subject: incident.id,
          verdict: incident.cause,
          result: JSON.stringify(incident),
          sent: [],
        });
      await store?.runs.end(run, verdict, JSON.stringify({ verdict, because, ended, messages }));
    }
    yield event;
  }
}

async function inputOf(
  { site, paths }: ComplaintsTaskRequest,
  ports: ComplaintsTaskPorts,
  signal: AbortSignal,
): Promise<ComplaintsRequest> {
  async function* messages(): AsyncGenerator<RawMessage> {
    for (const path of paths) yield* ports.messages(path, limits.messageBytes, signal);
  }
  return { site, messages: messages(), assessments: await assessmentsOf(site, ports.store) };
}

/** So many results of the tester are looked at for each address and port. */
const maxResults = 200;

/** What the tester proved of the site's mailers, by the store. */
async function assessmentsOf(site: Site | null, store: Store | null): Promise<readonly Assessment[]> {
  const found: Assessment[] = [];
  for (const { name, addresses, ports } of site?.mailers ?? [])
    for (const address of addresses)
      for (const { port } of ports) {
        const listener = endpointText(formatIp(address), port);
        const results = (await store?.runs.ofSubject(listener, maxResults)) ?? [];
        for (const { verdict, at } of results)
          if (verdict === "open" || verdict === "closed")
            found.push({ mailer: name, listener, verdict, at: at.toISOString() });
      }
  return found;
}
