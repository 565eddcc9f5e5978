/**
 * Whether a report may be answered, and where. Answers go to people: never to machines, into loops, or to whom a forged field
 * names (RFC 3834 §2, RFC 5321 §4.5.5). The first rule that fits decides.
 */
import { fieldOf } from "../message/header.ts";
import { parseDomain } from "../net/domain.ts";
import type { SiteView } from "./judge.ts";
import type { Mail, Writer } from "./mail.ts";
import { organisationOf } from "./organisation.ts";
import type { Reading } from "./reading.ts";
import { isPassedOn } from "./reporter.ts";
import type { Kind, Report } from "./result.ts";

type Reply = Report["reply"];

interface Case {
  readonly mail: Mail;
  readonly reading: Reading;
  readonly reporter: Writer | null;
  readonly kind: Kind;
  readonly ours: Report["ours"];
  readonly confidence: Report["confidence"];
  readonly view: SiteView | null;
}

const unanswered: ReadonlySet<Kind> = new Set([
  "bounce",
  "authentication",
  "opt-out",
  "not-spam",
  "automatic-reply",
  "not-a-report",
]);

/** Local-parts that nobody reads. */
const unread =
  /^(?:.*[._+-])?(?:no-?_?\.?reply|do-?_?\.?not-?_?\.?reply|bounces?|bounced|mailer-daemon|notifications?|autoreports?|feedback(?:loop)?|fbl|scomp|auto(?:mated|matic)?|robot|daemon|null|nobody|unmonitored|noresponse|abuse-auto)(?:[._+-].*)?$/i;

/** Addresses of feedback loops and feeds, by the domains that run them. */
const machines =
  /@(?:(?:[\w-]+\.)*(?:fbl|arf|feedback)\.[\w.-]+|(?:[\w-]+\.)*senderscore\.net|email-abuse\.amazonses\.com|hotmail\.com#staff|shadowserver\.org|projecthoneypot\.org|admin\.spamcop\.net|junkemailfilter\.com|mailpit\.powerweb\.de|[\w-]+\.iecc\.com)$/i;

export function replyOf(one: Case): Reply {
  const { mail, reading, reporter, kind, ours, confidence, view } = one;
  const field = (name: string): string => (fieldOf(mail.header, name) ?? "").trim().toLowerCase();
  const to = addressFor(one);
  const no = (why: string): Reply => ({ should: false, to: null, why });
  const review = (why: string): Reply =>
    to === null ? no("There is nobody to answer.") : { should: "review", to, why };
  if (to === null) return no("There is nobody to answer.");
  if (unanswered.has(kind)) return no("It is no complaint.");
  if (isOurDomain(to, view)) return no(`${to} is one of our own addresses.`);
  if (field("return-path") === "<>" || /^mailer-daemon@/i.test(to))
    return no("It came with the null reverse-path: a machine sent it.");
  const [localPart = ""] = to.split("@");
  if (unread.test(localPart) || machines.test(to) || (localPart === "staff" && to.endsWith("@hotmail.com")))
    return no(`Nobody reads ${to}.`);
  if (reading.format === "jmrp" || reading.format === "spamcop-summary" || reading.format === "shadowserver")
    return no("A feed sent it: it is answered by nobody.");
  if (kind === "list-notice" && reading.robot) return no("A list is answered by its removal, not by mail.");
  const automatic = field("auto-submitted");
  if (automatic !== "" && automatic !== "no") return no(`Auto-Submitted: ${automatic.slice(0, 40)} (RFC 3834).`);
  if (reading.robot) return no("A program sent it.");
  if (field("x-autoreply") !== "" || field("x-autorespond") !== "" || field("precedence") === "auto_reply")
    return no("A machine answered.");
  if (ours === "no") return review("It is not about us: a person may say whose it is.");
  // Every report by SpamCop, in ARF too, says `Precedence: list`, and a person stands behind it.
  const spamcop = to.endsWith("@reports.spamcop.net");
  const bulk =
    /^(?:bulk|junk|list)$/.test(field("precedence")) || mail.header.some(({ name }) => name.startsWith("list-"));
  if (bulk && !spamcop && !isPassedOn(mail)) return review("It calls itself bulk or list mail.");
  const wanted =
    mail.replyTo.length > 1
      ? "several addresses"
      : foreign(mail.replyTo[0], reporter)
        ? "an address of another house"
        : null;
  if (wanted !== null && !spamcop) return review(`Reply-To names ${wanted}: choose one.`);
  if (ours === "unknown") return review("It cannot be told whether it is about us.");
  if (confidence === "low" || confidence === "none") return review("It is not certain that it is about us.");
  return {
    should: true,
    to,
    why: spamcop
      ? "SpamCop passes the answer on to the person who reported."
      : "A person, or a desk, complained about us.",
  };
}

/** Where an answer would go: Reply-To, unless a list put itself there; else the reporter. */
function addressFor({ mail, reporter, reading }: Case): string | null {
  if (reading.reporter !== null || isPassedOn(mail)) return reporter?.address ?? null;
  return mail.replyTo[0]?.address ?? reporter?.address ?? null;
}

function foreign(replyTo: Writer | undefined, reporter: Writer | null): boolean {
  if (replyTo === undefined || reporter === null) return false;
  const house = (address: string): string | null => organisationOf(address.split("@").at(-1) ?? "");
  return house(replyTo.address) !== house(reporter.address);
}

function isOurDomain(address: string, view: SiteView | null): boolean {
  const name = parseDomain(address.split("@").at(-1) ?? "");
  return view !== null && name.ok && view.lookup.isOurDomain(name.value);
}
