/** Gathers what logs and listings tell: per receiver and cause one refusal, everything else counted apart. */
import type { Receiver } from "../../knowledge/receiver.ts";
import { formatIp, isLoopback, isPrivate, isUnspecified, parseIp } from "../../net/ip.ts";
import { fromWire } from "../../text/wire.ts";
import { whomToAsk } from "./ask.ts";
import type { Attempt, LogEvent, Waiting } from "./attempt.ts";
import { type Cause, causeJudge, type Said } from "./cause.ts";
import type { ListName } from "./list-names.ts";
import { replyIn } from "./logs/postfix.ts";
import { type OtherCause, otherCauses } from "./other-causes.ts";
import { domainOf, receiverOf } from "./receiver-of.ts";
import { codesIn, joinedReply } from "./reply-text.ts";
import type { Refusal, RefusalsDocument } from "./result.ts";
import { type Reason, waitingRoom } from "./waiting.ts";

export type Summary = Pick<
  RefusalsDocument,
  "refusals" | "others" | "sent" | "waitingFrom" | "waitingUnexplained" | "atLeast"
>;

export interface Summariser {
  tell(event: LogEvent): void;
  summary(): Summary;
}

interface Bucket extends Reason {
  readonly receiver: Receiver | null;
  readonly name: string;
  readonly cause: Exclude<Cause, { readonly kind: "other" }>;
  readonly flow: Flow;
  readonly hosts: Set<string>;
  readonly domains: Set<string>;
  readonly ours: Set<string>;
  text: string;
  enhanced: string | null;
  since: number | null;
  last: number | null;
  /** The place in the order of reading, for lines without a time. */
  lastAt: number;
  acceptedSince: number | null;
  attempts: number;
  bounced: number;
}

/** Deliveries to one receiver. */
interface Flow {
  readonly buckets: Bucket[];
  lastSent: number | null;
  lastSentAt: number;
}

interface Other extends Reason {
  attempts: number;
  example: string;
}

/** Refusals kept, and names kept of each. */
const maxBuckets = 20_000;
const maxNames = 50;
const maxFlows = 200_000;

export function summariser(lists: readonly ListName[], receivers: readonly Receiver[]): Summariser {
  const judge = remembering(causeJudge(lists, receivers));
  const whose = receiverOf(receivers);
  const buckets = new Map<string, Bucket>();
  const flows = new Map<string, Flow>();
  const others = new Map<OtherCause, Other>();
  const room = waitingRoom();
  let sent = 0;
  let full = false;
  let read = 0;

  const flowOf = (name: string): Flow => {
    const known = flows.get(name);
    if (known !== undefined) return known;
    const flow: Flow = { buckets: [], lastSent: null, lastSentAt: -1 };
    if (flows.size < maxFlows) flows.set(name, flow);
    else full = true;
    return flow;
  };

  const otherOf = (cause: OtherCause, text: string): Other => {
    const known = others.get(cause);
    if (known !== undefined) return known;
    const other = { waiting: 0, attempts: 0, example: joinedReply(fromWire(text)) };
    others.set(cause, other);
    return other;
  };

  /** Null: there are more than are kept. */
  const bucketOf = (cause: Bucket["cause"], host: string | null, domain: string | null): Bucket | null => {
    const place = whose(host, domain);
    const named = cause.kind === "private" ? cause.receiver : null;
    const name = named?.name ?? place.name;
    const key = `${name} ${cause.kind} ${cause.kind === "list" ? cause.id : ""}`;
    const known = buckets.get(key);
    if (known !== undefined) return known;
    if (buckets.size >= maxBuckets) {
      full = true;
      return null;
    }
    const bucket: Bucket = {
      receiver: named ?? place.known,
      name,
      cause,
      // A filter that stands before many receivers is heard of through their hosts.
      flow: flowOf(place.name),
      hosts: new Set(),
      domains: new Set(),
      ours: new Set(),
      text: "",
      enhanced: null,
      since: null,
      last: null,
      lastAt: -1,
      acceptedSince: null,
      attempts: 0,
      bounced: 0,
      waiting: 0,
    };
    bucket.flow.buckets.push(bucket);
    buckets.set(key, bucket);
    return bucket;
  };

  const accept = ({ host, recipients, at, queueId }: Attempt): void => {
    sent += recipients.length;
    for (const recipient of recipients) if (queueId !== null) room.done(queueId, recipient);
    const flow = flowOf(whose(host, domainOf(recipients[0] ?? "")).name);
    flow.lastSentAt = read;
    if (at === null) return;
    flow.lastSent = Math.max(at, flow.lastSent ?? at);
    for (const bucket of flow.buckets)
      if (bucket.last !== null && at > bucket.last) bucket.acceptedSince = Math.min(at, bucket.acceptedSince ?? at);
  };

  const refuse = (attempt: Attempt): void => {
    const { recipients, queueId, outcome, host, ip, at } = attempt;
    const cause = judge(attempt);
    // A line about a host alone is one attempt; of its recipients another line tells.
    const domains = new Map<string | null, string[]>();
    for (const recipient of recipients) {
      const domain = domainOf(recipient);
      domains.set(domain, [...(domains.get(domain) ?? []), recipient]);
    }
    for (const [domain, of] of recipients.length === 0 ? [[null, []] as const] : domains) {
      const bucket = cause.kind === "other" ? null : bucketOf(cause, host ?? ip, domain);
      const reason = cause.kind === "other" ? otherOf(cause.cause, attempt.text) : bucket;
      if (reason === null) continue;
      reason.attempts += Math.max(1, of.length);
      for (const recipient of of) {
        if (queueId === null) continue;
        if (outcome === "deferred") room.deferred(queueId, recipient, reason);
        else room.done(queueId, recipient);
      }
      if (bucket === null) continue;
      if (outcome === "bounced") bucket.bounced += of.length;
      if (domain !== null) add(bucket.domains, domain);
      if (host !== null) add(bucket.hosts, host.toLowerCase());
      else if (ip !== null) add(bucket.hosts, ip);
      for (const one of ownAddresses(attempt)) add(bucket.ours, one);
      if (at !== null) bucket.since = Math.min(at, bucket.since ?? at);
      if (at !== null && bucket.last !== null && at < bucket.last) continue;
      bucket.text = attempt.text;
      bucket.enhanced = attempt.enhanced;
      bucket.lastAt = read;
      if (at === null) continue;
      bucket.last = at;
      const { lastSent } = bucket.flow;
      if (bucket.acceptedSince !== null && bucket.acceptedSince <= at)
        bucket.acceptedSince = lastSent !== null && lastSent > at ? lastSent : null;
      else if (bucket.acceptedSince === null && lastSent !== null && lastSent > at) bucket.acceptedSince = lastSent;
    }
  };

  const wait = (entry: Waiting): void => {
    const { text, since, recipients } = entry;
    if (text === null) {
      room.listed(entry, null);
      return;
    }
    const reply = replyIn(text);
    const said = { text: reply?.text ?? text, answered: reply !== null || codesIn(text).code !== null, enhanced: null };
    const cause = judge(said);
    const reason =
      cause.kind === "other"
        ? otherOf(cause.cause, said.text)
        : bucketOf(cause, reply?.host ?? null, domainOf(recipients[0] ?? ""));
    room.listed(entry, reason);
    if (cause.kind === "other" || reason === null) return;
    const bucket = reason as Bucket; // made by bucketOf just above
    for (const recipient of recipients) {
      const domain = domainOf(recipient);
      if (domain !== null) add(bucket.domains, domain);
    }
    if (reply?.host != null) add(bucket.hosts, reply.host.toLowerCase());
    for (const one of ownAddresses({ text: said.text, ip: reply?.ip ?? null, local: null })) add(bucket.ours, one);
    if (since !== null) bucket.since = Math.min(since, bucket.since ?? since);
    if (bucket.text === "") bucket.text = said.text;
    bucket.lastAt = read;
  };

  return {
    tell(event) {
      read++;
      if (event.kind === "left") room.left(event.queueId);
      else if (event.kind === "waiting") wait(event);
      else if (event.outcome === "sent") accept(event);
      else refuse(event);
    },
    summary() {
      const { from, unexplained, full: roomFull } = room.settle();
      return {
        refusals: [...buckets.values()].map(refusalOf).sort(worstFirst),
        others: otherCauses.flatMap(({ id, words }) => {
          const other = others.get(id);
          return other === undefined ? [] : [{ cause: id, words, ...other }];
        }),
        sent,
        waitingFrom: from,
        waitingUnexplained: unexplained,
        atLeast: full || roomFull,
      };
    },
  };
}

function refusalOf(bucket: Bucket): Refusal {
  const { receiver, cause, flow } = bucket;
  const text = joinedReply(fromWire(bucket.text));
  const { code, enhanced } = codesIn(text);
  // Without times the order of the lines tells.
  const accepted = bucket.last === null ? flow.lastSentAt > bucket.lastAt : bucket.acceptedSince !== null;
  const advice = cause.kind === "private" ? receiver : null;
  return {
    receiver: {
      id: receiver?.id ?? null,
      name: bucket.name,
      hosts: [...bucket.hosts],
      domains: [...bucket.domains],
    },
    cause: cause.kind,
    list: cause.kind === "list" ? { id: cause.id, name: cause.name } : null,
    state: accepted ? "accepted-again" : "refusing",
    acceptedSince: isoOf(bucket.acceptedSince),
    text,
    code,
    enhanced: enhanced ?? bucket.enhanced,
    since: isoOf(bucket.since),
    last: isoOf(bucket.last),
    attempts: bucket.attempts,
    bounced: bucket.bounced,
    waiting: bucket.waiting,
    ours: [...bucket.ours],
    ask: whomToAsk(text, receiver, [...bucket.domains]),
    removal: advice?.removal ?? null,
    time: advice?.time ?? null,
    weight: receiver?.weight ?? null,
    confidence: advice?.confidence ?? null,
  };
}

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function worstFirst(a: Refusal, b: Refusal): number {
  return (
    Number(a.state !== "refusing") - Number(b.state !== "refusing") ||
    b.waiting - a.waiting ||
    b.bounced - a.bounced ||
    b.attempts - a.attempts ||
    a.receiver.name.localeCompare(b.receiver.name)
  );
}

function add(set: Set<string>, name: string): void {
  if (set.size < maxNames) set.add(name);
}

/** Numbers with dots are versions and codes too: an address is called one, or stands in brackets. */
const addressForm =
  /(?:[[<=]|\b(?:from|ip|ips|address|host|client|sender|server|mta|connecting)\b[ :=]{0,2}\[?)((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{2,40})(?![\w:]|\.\d)/gi;

/** The address that the log says we called from, and public ones that the reply names and that are not the receiver's. */
function ownAddresses({ text, ip, local }: Pick<Attempt, "text" | "ip" | "local">): readonly string[] {
  const named = [...text.matchAll(addressForm)].slice(0, 8).map((match) => match[1] ?? "");
  return (local === null ? named : [local]).flatMap((one) => {
    const parsed = parseIp(one);
    if (!parsed.ok || isLoopback(parsed.value) || isPrivate(parsed.value) || isUnspecified(parsed.value)) return [];
    const address = formatIp(parsed.value);
    return address === ip ? [] : [address];
  });
}

/** The same words come again and again while a queue is tried: judged once. */
function remembering(judge: (said: Said) => Cause): (said: Said) => Cause {
  const known = new Map<string, Cause>();
  return (said) => {
    const key = `${said.answered ? 1 : 0}${said.enhanced} ${said.text}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= 5000) known.clear();
    const cause = judge(said);
    known.set(key, cause);
    return cause;
  };
}
