/**
 * Someone wants to know which DNS lists have what is theirs: the addresses that send its mail, and its domains. What was
 * found of each is on record before anyone sees it.
 */
import { targetResultSchema } from "../check/result.ts";
import type { RunEvent } from "../finding/run.ts";
import type { List } from "../knowledge/list.ts";
import { type AskedSubject, checkLists, type ListsPorts } from "../lists/check.ts";
import { AnswerMemory } from "../lists/memory.ts";
import { type ListKeys, livingLists } from "../lists/plan.ts";
import { type Subject, subjectOfAddress, subjectText } from "../lists/question.ts";
import type { ListsDocument, SubjectResult } from "../lists/result.ts";
import { formatHostPort, parseHost } from "../net/host-port.ts";
import { formatIp, type IpAddress, isLoopback, isPrivate, parseIp } from "../net/ip.ts";
import type { Site } from "../site/model.ts";
import type { ListingChange, SeenListings } from "../store/listings.ts";
import type { Store } from "../store/store.ts";
import { nearest } from "../text/nearest.ts";
import { UsageError } from "./errors.ts";
import { runIdOf } from "./run-id.ts";

export interface ListsTaskRequest {
  /** Null: only with subjects. */
  readonly site: Site | null;
  /** Addresses and domains as they were typed; none: all of the site's. */
  readonly subjects: readonly string[];
  /** Ids of lists; none: all that live. */
  readonly lists: readonly string[];
  readonly catalogue: readonly List[];
  readonly serial: number;
  readonly keys: ListKeys;
  readonly servers: readonly string[];
}

export type ListsTaskPorts = Omit<ListsPorts, "memory"> & {
  /** Null: `--no-store`. */
  readonly store: Store | null;
};

const maxSubjects = 2000;

/** Throws `UsageError`. */
export async function* listsTask(
  request: ListsTaskRequest,
  ports: ListsTaskPorts,
  signal: AbortSignal,
): AsyncGenerator<RunEvent<SubjectResult, ListsDocument>> {
  const exits = ports.store === null || request.site === null ? [] : await provenExits(request.site, ports.store);
  const subjects = request.subjects.length > 0 ? namedSubjects(request) : siteSubjects(request.site, exits);
  if (subjects.length > maxSubjects)
    throw new UsageError(`${subjects.length} addresses and domains are more than one run asks about (${maxSubjects}).`);
  const { catalogue, keys, servers } = request;
  const lists = request.lists.length > 0 ? namedLists(request) : livingLists(catalogue);
  const { store, clock, random } = ports;
  const run = runIdOf(clock, random);
  const changes: { subject: string; text: string }[] = [];
  const dated = new Map<string, SubjectResult>();
  await store?.runs.begin({ id: run, tool: "lists", profile: request.lists.join(","), catalogue: request.serial });
  for await (const event of checkLists(
    { subjects, lists, catalogue, keys, servers },
    { ...ports, memory: new AnswerMemory(clock) },
    signal,
  )) {
    if (event.kind === "step") {
      const { subject, verdict } = event.step;
      for (const change of (await store?.listings.saw(seenOf(event.step))) ?? [])
        changes.push({ subject, text: changeWords(change, catalogue) });
      const step = await withFirstSeen(event.step, store);
      dated.set(subject, step);
      await store?.runs.addTarget(run, { subject, verdict, result: JSON.stringify(step), sent: [] });
      yield { kind: "step", step };
    } else if (event.kind !== "result") yield event;
    else {
      const document: ListsDocument = {
        ...event.result,
        subjects: event.result.subjects.map((one) => dated.get(one.subject) ?? one),
        ...(changes.length === 0 ? {} : { changes }),
      };
      const { verdict, ended } = document;
      await store?.runs.end(run, verdict, JSON.stringify({ verdict, ended, document }));
      yield { kind: "result", result: document };
    }
  }
}

async function withFirstSeen(result: SubjectResult, store: Store | null): Promise<SubjectResult> {
  if (store === null || result.listings.length === 0) return result;
  const since = new Map((await store.listings.of(result.subject)).map(({ list, firstSeen }) => [list, firstSeen]));
  return {
    ...result,
    listings: result.listings.map((listing) => {
      const first = since.get(listing.list);
      return first === undefined ? listing : { ...listing, firstSeen: first.toISOString() };
    }),
  };
}

/** An address that relayed mail was seen to come out of. */
interface Exit {
  readonly address: IpAddress;
  readonly mailer: string;
}

const maxResults = 200;

/** Where what went in at a mailer came out, by the tests on record: lists name the exit. */
async function provenExits(site: Site, store: Store): Promise<readonly Exit[]> {
  const exits: Exit[] = [];
  for (const { name, addresses } of site.mailers)
    for (const address of addresses) {
      const beginning = formatHostPort({ host: { kind: "address", address }, port: 0 }).replace(/0$/, "");
      for (const { tool, result } of await store.runs.ofSubjectsBeginning(beginning, maxResults)) {
        const read = tool === "check" ? targetResultSchema.safeParse(JSON.parse(result)) : null;
        if (read?.success !== true || read.data.practice) continue;
        for (const { proof } of read.data.probes) {
          const exit = proof === null ? null : parseIp(proof.exit);
          if (exit?.ok === true) exits.push({ address: exit.value, mailer: name });
        }
      }
    }
  return exits;
}

/** A list with several answers is one listing. */
function seenOf({ subject, listings, clean }: SubjectResult): SeenListings {
  const codes = new Map<string, string[]>();
  for (const { list, code } of listings) codes.set(list, [...(codes.get(list) ?? []), code]);
  return { subject, listed: [...codes].map(([list, all]) => ({ list, code: all.sort().join(" ") })), clean };
}

function changeWords({ kind, list, code, firstSeen }: ListingChange, catalogue: readonly List[]): string {
  const name = catalogue.find(({ id }) => id === list)?.name ?? list;
  const since = `${firstSeen.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return kind === "appeared" ? `is new on ${name} (${code})` : `is gone from ${name}, where it was since ${since}`;
}

/** What sends the site's mail, and the domains it sends for; addresses that no list can know are left out. */
function siteSubjects(site: Site | null, exits: readonly Exit[]): readonly AskedSubject[] {
  if (site === null)
    throw new UsageError(
      "No site.yaml was found here or in a parent folder: name addresses or domains, such as fencepost lists check 192.0.2.25",
    );
  const asked = new Map<string, AskedSubject>();
  const add = (subject: Subject, mailer: string | null): void => {
    const text = subjectText(subject);
    if (!asked.has(text)) asked.set(text, { subject, mailer });
  };
  for (const { name, addresses, sendsFrom } of site.mailers)
    for (const address of [...addresses, ...sendsFrom]) if (isKnowable(address)) add(subjectOfAddress(address), name);
  for (const { address, mailer } of exits) if (isKnowable(address)) add(subjectOfAddress(address), mailer);
  for (const { name } of [...site.domains, ...site.mailers.flatMap(({ domains }) => domains)])
    add({ kind: "domain", name }, null);
  if (asked.size === 0) throw new UsageError("The site file names no domain and no public address of a mailer.");
  return [...asked.values()];
}

const isKnowable = (address: IpAddress): boolean => !isPrivate(address) && !isLoopback(address);

function namedSubjects({ site, subjects }: ListsTaskRequest): readonly AskedSubject[] {
  const asked = new Map<string, AskedSubject>();
  for (const text of subjects) {
    const read = parseHost(text);
    if (!read.ok) throw new UsageError(`${text}: ${read.expected}.`);
    const host = read.value;
    // A top level is nobody's own, and most such words are slips.
    if (host.kind === "name" && !host.name.includes("."))
      throw new UsageError(`${text}: expected an address or a domain, such as 192.0.2.25 or ourcollege.example.`);
    if (host.kind === "address" && isPrivate(host.address))
      throw new UsageError(`${text} is a private address: no list can know whose it is. Name the one that others see.`);
    const subject: Subject =
      host.kind === "name" ? { kind: "domain", name: host.name } : subjectOfAddress(host.address);
    const mailer = host.kind === "name" ? null : mailerOf(host.address, site);
    asked.set(subjectText(subject), { subject, mailer });
  }
  return [...asked.values()];
}

function mailerOf(address: IpAddress, site: Site | null): string | null {
  const text = formatIp(address);
  const has = (all: readonly IpAddress[]): boolean => all.some((one) => formatIp(one) === text);
  return site?.mailers.find(({ addresses, sendsFrom }) => has(addresses) || has(sendsFrom))?.name ?? null;
}

/** Also those that ended, or whose entries another list holds: whoever names one wants to hear of it. */
function namedLists({ lists, catalogue }: ListsTaskRequest): readonly List[] {
  const byId = new Map(catalogue.map((list) => [list.id, list]));
  const found = lists.map((id) => {
    const list = byId.get(id);
    if (list === undefined) {
      const meant = nearest(id, [...byId.keys()]);
      throw new UsageError(
        `no list is called "${id}". ${meant === null ? "`fencepost catalogue list --lists` shows them." : `Did you mean ${meant}?`}`,
      );
    }
    if (list.zones.some(({ subjects }) => subjects.includes("hash")))
      throw new UsageError(`${id} lists hashes of mail addresses or links: it cannot be asked about these.`);
    // A part that has no zone of its own is asked where it is held.
    return list.zones.length === 0 ? (byId.get(list.within ?? "") ?? list) : list;
  });
  return [...new Set(found)];
}
