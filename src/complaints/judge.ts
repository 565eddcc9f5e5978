/**
 * From what a report says to what it means for the site: whose address it is, how sure that is, how the message came to us.
 * Of values that disagree none is dropped: the one that is taken says why, the others are `claimedIps`. Pure.
 */
import { formatIp, type IpAddress, widthOf } from "../net/ip.ts";
import { contains, formatPrefix, type Prefix } from "../net/prefix.ts";
import type { SiteLookup } from "../site/lookup.ts";
import type { Mailer, Site } from "../site/model.ts";
import { isReportable } from "./addresses.ts";
import { limits } from "./limits.ts";
import type { Mail } from "./mail.ts";
import { organisationOf } from "./organisation.ts";
import type { Claim, Format, Reading, Topic } from "./reading.ts";
import { type Trace, traceOf } from "./received.ts";
import type { Kind, Report } from "./result.ts";
import { parseTime } from "./time.ts";

export interface SiteView {
  readonly site: Site;
  readonly lookup: SiteLookup;
}

export type Judged = Pick<
  Report,
  | "kind"
  | "sourceIp"
  | "sourceIpFrom"
  | "claimedIps"
  | "confidence"
  | "eventTime"
  | "eventTimeFrom"
  | "mailer"
  | "ours"
  | "because"
  | "entry"
  | "problems"
>;

/** A source address and what speaks for it. */
interface Source {
  readonly network: Prefix;
  readonly from: string;
  readonly confidence: Report["confidence"];
  readonly note: string | null;
}

export function judge(reading: Reading, mail: Mail, view: SiteView | null, reporterAddress: string | null): Judged {
  const lookup = view?.lookup ?? null;
  const isOurs = (address: IpAddress): boolean =>
    lookup !== null && (lookup.isOurAddress(address) || lookup.mailerAt(address) !== null);
  const reporterDomain = organisationOf(reporterAddress?.split("@").at(-1) ?? "");
  const trace = reading.evidence === null ? null : traceOf(reading.evidence, lookup, reporterDomain);
  // The copy in a bounce is our own mail: its trail tells how it came to us, never who is complained of.
  const complains = reading.format !== "bounce";
  const claims = reading.claims.filter(({ network }) => isReportable(network.address, isOurs));
  const source = sourceOf(claims, complains ? trace : null, view, reading.format);
  const mailer = source === null || view === null ? null : mailerIn(source.network, view);
  const ours = source === null || lookup === null ? false : mailer !== null || networkIsOurs(source.network, view!);
  const time = timeOf(reading, mail, trace);
  const topic = reading.topic;
  const kind = kindOf(topic, ours ? trace : null, mailer);
  const problems = [
    ...reading.problems,
    ...(source?.note === null || source === null ? [] : [source.note]),
    ...(time?.assumed.map((what) => `The time does not say its ${what}: it may be wrong by that.`) ?? []),
  ];
  return {
    kind,
    sourceIp: source === null ? null : textOf(source.network),
    sourceIpFrom: source?.from ?? null,
    claimedIps: claimedOf(claims, trace, source),
    confidence: source?.confidence ?? "none",
    eventTime: time?.at ?? null,
    eventTimeFrom: time?.from ?? null,
    mailer: mailer?.name ?? null,
    ...standing(kind, source, mailer, ours, trace, view, complains),
    entry:
      ours && trace?.entry !== null && trace?.entry !== undefined
        ? {
            way: trace.entry.way,
            client: trace.entry.client === null ? null : formatIp(trace.entry.client),
            queueId: trace.entry.id,
            at: trace.entry.at,
          }
        : null,
    problems,
  };
}

/** Kinds that nobody has to answer for, whoever's address it is. */
const idle: ReadonlySet<Kind> = new Set(["authentication", "opt-out", "not-spam", "automatic-reply", "not-a-report"]);

function standing(
  kind: Kind,
  source: Source | null,
  mailer: Mailer | null,
  ours: boolean,
  trace: Trace | null,
  view: SiteView | null,
  complains: boolean,
): Pick<Report, "ours" | "because"> {
  if (idle.has(kind)) return { ours: "no", because: idleWords[kind] ?? "It complains of nothing." };
  if (kind === "bounce") return { ours: "no", because: "A delivery report that names no block: no complaint." };
  if (view === null)
    return { ours: "unknown", because: "There is no site file, so nobody knows which addresses are ours." };
  if (source === null) {
    if (kind === "other-abuse") return { ours: "no", because: "It names no address, and is not about mail." };
    return {
      ours: "unknown",
      because: complains
        ? "The report names no address and brings no trail that could be read: ask for the full header."
        : "The refusal does not say which address is blocked.",
    };
  }
  const address = textOf(source.network);
  if (mailer !== null) return { ours: "yes", because: `${address} is ${mailer.name}.` };
  if (ours) return { ours: "yes", because: `${address} lies in our networks, and is none of the managed mailers.` };
  const claimed = trace?.claimed.find((one) => view.lookup.isOurAddress(one) || view.lookup.mailerAt(one) !== null);
  if (claimed !== undefined)
    return {
      ours: "unknown",
      because: `${address} handed the message over. ${formatIp(claimed)}, one of ours, stands only in lines below that ${address} may have written.`,
    };
  return { ours: "no", because: `${address} is not in our networks.` };
}

const idleWords: Readonly<Partial<Record<Kind, string>>> = {
  authentication: "A report on authentication (SPF, DKIM, DMARC): no complaint.",
  "opt-out": "Someone wants to be taken off a list.",
  "not-spam": "Someone says that a message was no spam.",
  "automatic-reply": "A machine answered a mail.",
  "not-a-report": "It complains of nothing that could be recognised.",
};

/**
 * The trail is evidence, the report's field a claim: where the trail shows one of our mailers handing over, that is the
 * address, even if the report names who was behind it. Otherwise the report's word counts, and the trail supports it or not.
 */
function sourceOf(claims: readonly Claim[], trace: Trace | null, view: SiteView | null, format: Format): Source | null {
  const hop = trace?.source?.address ?? null;
  const chosen = chosenOf(claims, view);
  if (hop !== null && trace?.ours === true) {
    const agreed = claims.find(({ network }) => contains(network, hop));
    if (agreed !== undefined)
      return { network: host(hop), from: `${agreed.from}, and the trail`, confidence: "high", note: null };
    return { network: host(hop), from: "trail", ...besideTrail(chosen, hop, trace.entry?.client ?? null) };
  }
  if (chosen === null) return hop === null ? null : fromTrail(hop);
  const { network, from, weight } = chosen;
  const alone = weight === "mentioned" ? "low" : "medium";
  if (hop === null) return { network, from, confidence: alone, note: null };
  if (contains(network, hop)) return { network, from: `${from}, and the trail`, confidence: "high", note: null };
  const isOwn = view !== null && isOwnNetwork(network, view);
  if (weight !== "stated" && !isOwn) return fromTrail(hop);
  const inTrail = trace?.hops.some(({ address }) => address !== null && contains(network, address)) === true;
  // A line below the one that is believed may be forged, and words may repeat what it says.
  if (inTrail && weight !== "stated") return fromTrail(hop);
  return {
    network,
    from,
    // The receiving server wrote the field, or a parser that knows the reporter's servers; a person reads what a forger wrote.
    confidence: inTrail && from !== "subject" && format !== "plain" ? "medium" : "low",
    note: inTrail
      ? `${textOf(network)} stands in the trail below ${formatIp(hop)}, which handed the message over.`
      : `The trail does not name ${textOf(network)}: by it, ${formatIp(hop)} handed the message over.`,
  };
}

const fromTrail = (hop: IpAddress): Source => ({ network: host(hop), from: "trail", confidence: "medium", note: null });

/** The trail shows ours; the report names nobody, whoever was behind it, or somebody else. */
function besideTrail(
  chosen: Claim | null,
  hop: IpAddress,
  behind: IpAddress | null,
): Pick<Source, "confidence" | "note"> {
  if (chosen === null || chosen.weight === "mentioned") return { confidence: "medium", note: null };
  const named = textOf(chosen.network);
  if (behind !== null && contains(chosen.network, behind))
    return { confidence: "medium", note: `The report names ${named}, whose mail our mailer passed on.` };
  return { confidence: "low", note: `The report names ${named} (${chosen.from}), the trail shows ${formatIp(hop)}.` };
}

/** Of several addresses, what is stated; then one of ours: for it the report was sent here. */
function chosenOf(claims: readonly Claim[], view: SiteView | null): Claim | null {
  const stated = claims.filter(({ weight }) => weight === "stated");
  const own = (list: readonly Claim[]): Claim | undefined =>
    view === null ? undefined : list.find(({ network }) => isOwnNetwork(network, view));
  const told = claims.filter(({ weight }) => weight === "told");
  const mentioned = claims.filter(({ weight }) => weight === "mentioned");
  return (
    own(stated) ??
    stated[0] ??
    own(told) ??
    own(mentioned) ??
    told[0] ??
    (mentioned.length === 1 ? mentioned[0] : undefined) ??
    null
  );
}

const host = (address: IpAddress): Prefix => ({ address, length: widthOf(address.family) });

export function textOf(network: Prefix): string {
  return network.length === widthOf(network.address.family) ? formatIp(network.address) : formatPrefix(network);
}

/** The mailer that has this address, or the first one that lies in this network. */
function mailerIn(network: Prefix, { site, lookup }: SiteView): Mailer | null {
  if (network.length === widthOf(network.address.family)) return lookup.mailerAt(network.address);
  return (
    site.mailers.find((mailer) => [...mailer.addresses, ...mailer.sendsFrom].some((one) => contains(network, one))) ??
    null
  );
}

export const isOwnNetwork = (network: Prefix, view: SiteView): boolean =>
  mailerIn(network, view) !== null || networkIsOurs(network, view);

/** Wholly within ours, or around some of ours. */
function networkIsOurs(network: Prefix, { site, lookup }: SiteView): boolean {
  return (
    lookup.isOurAddress(network.address) ||
    site.networks.some((own) => contains(network, own.address) && network.length <= own.length && network.length >= 16)
  );
}

function claimedOf(claims: readonly Claim[], trace: Trace | null, source: Source | null): Report["claimedIps"] {
  const found = new Map<string, string>();
  const add = (ip: string, from: string): void => {
    if (source !== null && ip === textOf(source.network)) return;
    if (!found.has(ip) && found.size < 50) found.set(ip, from);
  };
  for (const { network, from } of claims) add(textOf(network), from);
  if (trace?.source?.address !== null && trace?.source?.address !== undefined)
    add(formatIp(trace.source.address), "trail: handed the message over");
  if (trace?.entry?.client !== null && trace?.entry?.client !== undefined)
    add(formatIp(trace.entry.client), "trail: gave the message to our mailer");
  for (const address of trace?.claimed ?? []) add(formatIp(address), "trail: a line that nobody vouches for");
  return [...found].map(([ip, from]) => ({ ip, from: from.slice(0, limits.value) }));
}

const kindOfTopic = {
  spam: "spam",
  "open-relay": "open-relay",
  "stolen-account": "stolen-account",
  listing: "list-notice",
  bounce: "bounce",
  authentication: "authentication",
  "opt-out": "opt-out",
  "not-spam": "not-spam",
  exposure: "exposure",
  "other-abuse": "other-abuse",
  "automatic-reply": "automatic-reply",
  nothing: "not-a-report",
} as const satisfies Record<Topic, Kind>;

/** What our own line of the trail shows weighs more than the reporter's guess. */
function kindOf(topic: Topic, trace: Trace | null, mailer: Mailer | null): Kind {
  const way = trace?.entry?.way;
  if (topic !== "spam" && topic !== "open-relay" && topic !== "stolen-account") return kindOfTopic[topic];
  if (way === "login") return "stolen-account";
  if (way === "local") return "infected-host";
  if (way === "inside") return "infected-host";
  if (way === "stranger" && mailer !== null) return "open-relay";
  return kindOfTopic[topic];
}

function timeOf(
  reading: Reading,
  mail: Mail,
  trace: Trace | null,
): { at: string; from: string; assumed: readonly string[] } | null {
  const near = parseTime(mail.date ?? "", null);
  const sent = near === null ? null : new Date(near.at);
  for (const { text, from } of reading.times) {
    const time = parseTime(text, sent);
    if (time !== null) return { at: time.at, from, assumed: time.assumed };
  }
  if (trace?.source?.at !== null && trace?.source?.at !== undefined)
    return { at: trace.source.at, from: "trail", assumed: [] };
  const written = reading.evidence?.find(({ name }) => name === "date")?.value;
  const said = written === undefined ? null : parseTime(written, sent);
  if (said !== null) return { at: said.at, from: "Date of the offending message", assumed: said.assumed };
  return near === null ? null : { at: near.at, from: "Date of the report: an estimate", assumed: [] };
}
