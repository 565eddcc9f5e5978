/** Someone wants answers drafted: the reports are read, one draft for each reporter and incident is put on record, none is sent. */
import type { RawMessage } from "../complaints/read.ts";
import { draftsOf } from "../complaints/reply/draft.ts";
import { type Languages, wordingsIn } from "../complaints/reply/overrides.ts";
import type { RepliesDocument } from "../complaints/reply/result.ts";
import { waysOf } from "../complaints/reply/routes.ts";
import type { ComplaintsDocument } from "../complaints/result.ts";
import { type Standing, standing } from "../finding/assessment.ts";
import { formatIp } from "../net/ip.ts";
import type { Clock, Random } from "../ports.ts";
import type { Mailer, Site } from "../site/model.ts";
import { formatMailbox, type Mailbox } from "../smtp/path.ts";
import type { Store } from "../store/store.ts";
import { assessmentsOf } from "./assessments.ts";
import { complaintsTask } from "./complaints.ts";
import { SiteError } from "./errors.ts";
import { houseOf, noCounts, repliesDocument, repliesIn } from "./reply-record.ts";

export interface DraftRequest {
  readonly site: Site;
  readonly paths: readonly string[];
  /** Only what is new is read. */
  readonly mayBeEmpty?: true;
  readonly languages: Languages;
}

export interface DraftPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly messages: (path: string, maxBytes: number, signal: AbortSignal) => AsyncIterable<RawMessage>;
  readonly tell: (text: string) => void;
}

/** Throws `DataError` if nothing that was named holds a message, `SiteError` if there is no address to answer from. */
export async function draftReplies(
  request: DraftRequest,
  ports: DraftPorts,
  signal: AbortSignal,
): Promise<RepliesDocument> {
  const { site, languages } = request;
  const { store, clock, random } = ports;
  const role = roleOf(site);
  const read = await readReports(request, ports, signal);
  const counts = { ...noCounts };
  // Of half a mailbox the incidents cannot be told.
  if (read.ended === "finished") {
    await takeBounces(read, store);
    const drafts = draftsOf(read, {
      site: site.name,
      contact: formatMailbox(role),
      wordings: wordingsIn(languages, site.mail.language),
      language: site.mail.language,
      standings: await standingsOf(site, store, clock),
      hosts: new Map(site.mailers.map(({ name, host }) => [name, host ?? name])),
      refusedBy: await refusals(read, site, store),
    });
    for (const { occasion, draft } of drafts) {
      const { from, until, ...rest } = occasion;
      const done = await store.replies.add({
        ...rest,
        from: from === null ? null : new Date(from),
        until: until === null ? null : new Date(until),
        route: "submit",
        messageId: messageIdFor(role, random),
        draft: JSON.stringify(draft),
      });
      if (done === "added") counts.drafted += 1;
      else counts.covered += 1;
    }
  }
  return repliesDocument(await repliesIn(store, openStates), counts, clock.now());
}

/** What waits for somebody. */
export const openStates = ["drafted", "approved", "sending", "unknown", "refused"] as const;

/** Random, so that nobody can guess it and send us a bounce of it. */
export function messageIdFor({ domain }: Mailbox, random: Random): string {
  const name = domain.kind === "name" ? domain.name : "localhost";
  return `<${Buffer.from(random.bytes(16)).toString("hex")}@${name}>`;
}

export function roleOf(site: Site): Mailbox {
  const ways = waysOf(site);
  if (ways === null)
    throw new SiteError(
      "there is no address to answer from. Set contacts.abuse in the site file to one that people read (RFC 2142 §4).",
    );
  return ways.role;
}

/** How each mailer stands by all of its addresses, by its name. */
export async function standingsOf(site: Site, store: Store, clock: Clock): Promise<ReadonlyMap<string, Standing>> {
  const now = clock.now().toISOString();
  const found = new Map<string, Standing>();
  for (const mailer of site.mailers) found.set(mailer.name, await standingOf(mailer, site, store, now));
  return found;
}

async function standingOf(mailer: Mailer, site: Site, store: Store, now: string): Promise<Standing> {
  const all = [];
  for (const address of mailer.addresses) {
    const own = await assessmentsOf(address, site, store);
    // One address that was never looked at leaves the whole mailer untold.
    if (!own.some(({ tool }) => tool === "check"))
      return { is: "unknown", at: null, because: `${formatIp(address)} was not tested` };
    all.push(...own);
  }
  return standing(all, now);
}

async function readReports(request: DraftRequest, ports: DraftPorts, signal: AbortSignal): Promise<ComplaintsDocument> {
  for await (const event of complaintsTask(request, ports, signal)) {
    if (event.kind === "progress") ports.tell(`${event.done} messages  ${event.doing}`);
    if (event.kind === "result") return event.result;
  }
  throw new Error("reading the complaints ended without a result");
}

/** An answer of ours that came back: the reporter has none, and a person may choose another way. */
async function takeBounces({ reports }: ComplaintsDocument, store: Store): Promise<void> {
  for (const { format, originalMessageId, feedbackType, because } of reports) {
    if (format !== "bounce" || originalMessageId === null) continue;
    const ours = await store.replies.byMessageId(originalMessageId);
    if (ours === null || ours.state !== "sent") continue;
    const outcome = `it came back (${feedbackType ?? "no status"}): ${because}`.slice(0, 500);
    await store.replies.move(ours.id, "sent", "refused", { outcome });
  }
}

/** What speaks for it that a network refuses our mail: bounces that name a block, and listings. */
async function refusals(
  { reports }: ComplaintsDocument,
  site: Site,
  store: Store,
): Promise<(address: string) => readonly string[]> {
  const byHouse = new Map<string, string>();
  for (const { format, kind, recipients, source, feedbackType } of reports)
    if (format === "bounce" && kind !== "bounce")
      for (const recipient of recipients)
        byHouse.set(
          houseOf(recipient),
          `mail to ${recipient} was refused because of a block (${feedbackType ?? "no status"}; ${source.file}, message ${source.message})`,
        );
  const listed: string[] = [];
  for (const { name, addresses, sendsFrom } of site.mailers)
    for (const address of [...addresses, ...sendsFrom].map(formatIp))
      for (const { list, goneAt } of await store.listings.of(address))
        if (goneAt === null) listed.push(`${name} (${address}) is on ${list}: whoever goes by it refuses our mail`);
  return (address) => {
    const bounced = byHouse.get(houseOf(address));
    return [...(bounced === undefined ? [] : [bounced]), ...listed].slice(0, 5);
  };
}
