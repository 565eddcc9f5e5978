/**
 * Where a message would end up if a mailer honoured the routing that a forward-path can carry: source routes
 * (RFC 5321 §C), the percent hack (RFC 1123 §5.2.16), bang paths (RFC 976 §2.4), a second `@` inside quotes, and any
 * nesting of them. Mailers disagree on precedence, so every reading is followed: the end is ours only if all agree.
 *
 * The local-parts of SRS, BATV (`prvs=`) and VERP carry a second address behind `=` and `+`, which no mailer takes for
 * routing, and neither do we. Should one hold a `%` or `!` besides, it is judged like any other: a mailer that honours
 * the percent hack does not stop to ask whether the rest looks like SRS.
 */
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";
import { type ForwardPath, type MailDomain, parseMailDomain, readForwardPath } from "./path.ts";

/** The syntax by which a message goes on. */
export type RoutingSyntax = "source-route" | "percent" | "bang" | "at";

/** One step on the way: by which syntax, to which domain. */
export interface Hop {
  readonly by: RoutingSyntax;
  readonly to: MailDomain;
}

/** The end of the way. `reason` is about the step that settled it; `via` are the hops before it. */
export type Destination =
  | { readonly end: "ours"; readonly reason: OursReason; readonly via: readonly Hop[] }
  | { readonly end: "external"; readonly reason: ExternalReason; readonly to: MailDomain; readonly via: readonly Hop[] }
  /** Its end cannot be told; the rule counts it as external. */
  | { readonly end: "unknown"; readonly reason: UnknownReason; readonly via: readonly Hop[] };

export type OursReason =
  /** The domain is ours and nothing leads on from it. */
  | "our-domain"
  /** Routing syntax, but every reading of it ends with us. */
  | "routed-to-us"
  /** `<Postmaster>`, or a local-part without a domain: the mailer's own. */
  | "no-domain";

export type ExternalReason =
  /** The domain is not ours. */
  | "outside-domain"
  /** Ours at first sight; routing syntax leads outside. */
  | "routed-outside";

export type UnknownReason =
  /** The path could not be read. */
  | "malformed"
  /** Routing syntax whose next destination could not be read. */
  | "unreadable-route"
  /** More routing syntax than a real address ever has. */
  | "too-deep";

/** Tells where a forward-path leads. `isOurs` answers for domains of ours and address literals of our mailers. */
export function destination(path: ForwardPath, isOurs: (domain: MailDomain) => boolean): Destination {
  switch (path.kind) {
    case "postmaster":
      return { end: "ours", reason: "no-domain", via: [] };
    case "malformed":
      return { end: "unknown", reason: "malformed", via: [] };
    case "local": {
      const onward = follow(path.localPart, [], isOurs);
      return onward.end === "ours" && onward.reason === "our-domain" ? { ...onward, reason: "no-domain" } : onward;
    }
    case "mailbox": {
      // RFC 5321 §C lets us ignore a source route, but a mailer that honours it relays to each hop in turn.
      const hops: Hop[] = path.route.map((to) => ({ by: "source-route", to }));
      for (const [index, { to }] of hops.entries()) {
        if (!isOurs(to)) return outside(to, hops.slice(0, index));
      }
      const { localPart, domain } = path.mailbox;
      return isOurs(domain) ? follow(localPart, hops, isOurs) : outside(domain, hops);
    }
  }
}

/** Each level of routing doubles the readings. */
const maxSeparators = 8;

/** A message for this local-part has reached one of our mailers: what might it do next? */
function follow(localPart: string, via: readonly Hop[], isOurs: (domain: MailDomain) => boolean): Destination {
  const separators = localPart.match(/[%!@]/g)?.length ?? 0;
  if (separators === 0) return { end: "ours", reason: via.length === 0 ? "our-domain" : "routed-to-us", via };
  if (separators > maxSeparators) return { end: "unknown", reason: "too-deep", via };

  let worst: Destination = { end: "ours", reason: "routed-to-us", via };
  for (const reading of readings(localPart)) {
    if (!reading.ok) {
      worst = { end: "unknown", reason: "unreadable-route", via };
      continue;
    }
    const { hops, rest } = reading.value;
    let onward: Destination | null = null;
    const way = [...via];
    for (const hop of hops) {
      if (!isOurs(hop.to)) {
        onward = outside(hop.to, way);
        break;
      }
      way.push(hop);
    }
    onward ??= rest === "" ? { end: "unknown", reason: "unreadable-route", via: way } : follow(rest, way, isOurs);
    if (onward.end === "external") return { ...onward, reason: "routed-outside" };
    if (worst.end === "ours") worst = onward;
  }
  return worst;
}

interface Reading {
  readonly hops: readonly Hop[];
  readonly rest: string;
}

/** The ways in which mailers take a local-part apart. */
function readings(localPart: string): readonly Parsed<Reading>[] {
  const all: Parsed<Reading>[] = [];
  const add = (by: RoutingSyntax, domain: string, rest: string) => {
    const to = parseMailDomain(domain);
    all.push(to.ok ? parsed({ hops: [{ by, to: to.value }], rest }) : to);
  };
  if (localPart.startsWith("@")) {
    // A source route inside quotes: "@a,@b:c@d"@here.
    const path = readForwardPath(`<${localPart}>`);
    if (path.kind !== "mailbox") all.push(notParsed(0, "expected a source route"));
    else {
      const hops: Hop[] = path.route.map((to) => ({ by: "source-route", to }));
      hops.push({ by: "at", to: path.mailbox.domain });
      all.push(parsed({ hops, rest: path.mailbox.localPart }));
    }
    return all;
  }
  const bang = localPart.indexOf("!");
  const at = localPart.lastIndexOf("@");
  const percent = localPart.lastIndexOf("%");
  // The left-most host of a bang path is the next hop; the right-most of the others is (RFC 976 §2.4, RFC 1123 §5.2.16).
  if (bang >= 0) add("bang", localPart.slice(0, bang), localPart.slice(bang + 1));
  if (at >= 0) add("at", localPart.slice(at + 1), localPart.slice(0, at));
  if (percent >= 0) add("percent", localPart.slice(percent + 1), localPart.slice(0, percent));
  return all;
}

function outside(to: MailDomain, via: readonly Hop[]): Destination {
  return { end: "external", reason: via.length === 0 ? "outside-domain" : "routed-outside", to, via };
}
