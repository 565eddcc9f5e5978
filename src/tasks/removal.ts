/**
 * Someone wants off the lists. What is known of the mailer decides what may be asked for now: the lists are asked again
 * first, and what a person vouches for is kept.
 */
import { standing } from "../finding/assessment.ts";
import type { List } from "../knowledge/list.ts";
import type { RepairEvidence, Said } from "../lists/order.ts";
import { testerWarning } from "../lists/order.ts";
import type { ListKeys } from "../lists/plan.ts";
import { type KnownListing, removalSteps } from "../lists/removal.ts";
import type { RemovalDocument } from "../lists/removal-result.ts";
import type { SubjectResult } from "../lists/result.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Resolver } from "../ports.ts";
import type { Site } from "../site/model.ts";
import { formatMailbox } from "../smtp/path.ts";
import type { Store } from "../store/store.ts";
import { assessmentsOf } from "./assessments.ts";
import { type ListsTaskPorts, listsTask } from "./lists.ts";

export interface RemovalRequest {
  readonly site: Site | null;
  readonly address: IpAddress;
  /** Ids of lists; none: all that hold it. */
  readonly lists: readonly string[];
  readonly catalogue: readonly List[];
  readonly serial: number;
  readonly keys: ListKeys;
  readonly servers: readonly string[];
  /** What a person says now: it is kept. */
  readonly because: string | null;
  readonly cause: string | null;
  readonly queueClean: string | null;
}

export type RemovalPorts = Omit<ListsTaskPorts, "store"> & {
  readonly store: Store;
  readonly reverse: Pick<Resolver, "ptr">;
  readonly tell: (text: string) => void;
};

/** Kinds of statements about an address: of a mailer they stand at each of its addresses (`say.ts`). */
const kinds = { because: "because", cause: "cause", queueClean: "queue-clean" } as const;

/** Throws `UsageError`. */
export async function removalTask(
  request: RemovalRequest,
  ports: RemovalPorts,
  signal: AbortSignal,
): Promise<RemovalDocument> {
  const { site, address, catalogue } = request;
  const { store, clock } = ports;
  const subject = formatIp(address);
  // Asked first: what is said now is then newer than what is seen for the first time.
  const asked = await askedNow(request, ports, signal);
  await keep(request, subject, store);
  const at = clock.now().toISOString();
  const known = await knownListings(subject, asked, request.lists, store);
  const said = await store.statements.about(subject);
  const latest = (kind: string, object: string): Said | null => {
    const found = said.filter((one) => one.kind === kind && one.object === object).at(-1);
    return found === undefined ? null : { says: found.says, at: found.at.toISOString() };
  };
  const evidence: RepairEvidence = {
    standing: standing(await assessmentsOf(address, site, store), at),
    cause: latest(kinds.cause, ""),
    queueClean: latest(kinds.queueClean, ""),
    override: latest(kinds.because, ""),
  };
  const steps = removalSteps({
    subject,
    listings: known,
    evidence,
    overrides: new Map(known.map(({ list }) => [list, latest(kinds.because, list)])),
    catalogue,
    now: at,
    writer: {
      site: site?.name ?? "our site",
      postmaster: site?.contacts.postmaster == null ? null : formatMailbox(site.contacts.postmaster),
      reverseName: await reverseNameOf(address, ports, signal),
      subject,
    },
  });
  const mailer = asked?.mailer ?? null;
  const held = steps.filter(({ state }) => state === "held");
  const unknown = asked?.unknown ?? [];
  const verdict =
    steps.length > 0 ? (held.length > 0 ? "held" : "free") : asked?.verdict === "clean" ? "nothing" : "unknown";
  return {
    schema: "fencepost/lists-removal/1",
    subject,
    mailer,
    verdict,
    because: becauseOf(verdict, steps.length, held.length, evidence),
    standing: { ...evidence.standing },
    first: firstSteps(subject, held),
    steps: [...steps],
    unknown: [...unknown],
    testers: testersAmong(catalogue, known, evidence),
    said: said.map(({ kind, object, says, at: when }) => ({ kind, object, says, at: when.toISOString() })),
    at,
  };
}

async function askedNow(
  request: RemovalRequest,
  ports: RemovalPorts,
  signal: AbortSignal,
): Promise<SubjectResult | null> {
  const events = listsTask({ ...request, subjects: [formatIp(request.address)] }, ports, signal);
  let result: SubjectResult | null = null;
  for await (const event of events) {
    if (event.kind === "progress") ports.tell(`${event.done}/${event.total ?? "?"}  ${event.doing}`);
    if (event.kind === "step") result = event.step;
  }
  return result;
}

async function keep({ because, cause, queueClean, lists }: RemovalRequest, subject: string, store: Store) {
  const add = (kind: string, object: string, says: string) =>
    store.statements.add({ kind, subject, object, says, evidence: null });
  if (cause !== null) await add(kinds.cause, "", cause);
  if (queueClean !== null) await add(kinds.queueClean, "", queueClean);
  if (because !== null) for (const list of lists.length === 0 ? [""] : lists) await add(kinds.because, list, because);
}

/** What is there by the last answer of each list; one that could not be asked now keeps what it said before. */
async function knownListings(
  subject: string,
  asked: SubjectResult | null,
  lists: readonly string[],
  store: Store,
): Promise<readonly KnownListing[]> {
  const kept = (await store.listings.of(subject)).filter(
    ({ list, goneAt }) => goneAt === null && (lists.length === 0 || lists.includes(list)),
  );
  return kept.flatMap(({ list, code, firstSeen }): readonly KnownListing[] => {
    const now = asked?.listings.filter((one) => one.list === list) ?? [];
    const base = { list, firstSeen: firstSeen.toISOString() };
    if (now.length === 0) return [{ ...base, code, meaning: "as it answered before", by: list }];
    return now.map((one) => ({ ...base, code: one.code, meaning: one.meaning, by: one.removal.by }));
  });
}

async function reverseNameOf(address: IpAddress, ports: RemovalPorts, signal: AbortSignal): Promise<string | null> {
  const answer = await ports.reverse.ptr(address, signal);
  return answer.kind === "answer" ? (answer.records[0] ?? null) : null;
}

function becauseOf(
  verdict: RemovalDocument["verdict"],
  count: number,
  held: number,
  { standing: { is, because } }: RepairEvidence,
): string {
  switch (verdict) {
    case "nothing":
      return "No list that could be asked holds it.";
    case "unknown":
      return "Lists that matter could not be asked: that nothing is known is no good news.";
    case "free":
      return `${count} listings, and nothing speaks against going ahead.`;
    case "held":
      return `${held} of ${count} requests are held back: the mailer is ${is === "unknown" ? "not known to be mended" : is} (${because}).`;
  }
}

function firstSteps(subject: string, held: RemovalDocument["steps"]): RemovalDocument["first"] {
  const missing = new Set(held.flatMap((step) => step.missing));
  return [
    ...(missing.has("closed-or-withdrawn")
      ? [
          {
            says: "Show that it is closed: a full test from outside, newer than the listing.",
            command: `fencepost check ${subject} --profile full`,
          },
        ]
      : []),
    ...(missing.has("queue-clean")
      ? [
          {
            says: "Look at the queue, and delete what was abused; then say so.",
            command: `fencepost lists removal ${subject} --queue-clean "looked at by …"`,
          },
        ]
      : []),
    ...(held.length === 0
      ? []
      : [
          {
            says: "If the cause was another (a stolen login, an infected host), name it.",
            command: `fencepost lists removal ${subject} --cause "…"`,
          },
        ]),
  ];
}

function testersAmong(
  catalogue: readonly List[],
  known: readonly KnownListing[],
  { standing: stands }: RepairEvidence,
): RemovalDocument["testers"] {
  return catalogue
    .filter(({ hazard, status }) => hazard !== null && status !== "dead" && status !== "merged")
    .map(({ id, name, hazard }) => ({
      list: id,
      name,
      says: `${testerWarning(
        known.some(({ list }) => list === id),
        stands,
      )} (${hazard})`,
    }));
}
