/**
 * What people and small programs write: words, an address, perhaps the message. An address is only taken where the text says
 * that it is the source, from the subject, or from the trail of the message; signatures, links and receivers name others.
 */
import { fieldOf } from "../../message/header.ts";
import { widthOf } from "../../net/ip.ts";
import { networksIn } from "../addresses.ts";
import { evidenceOf, messageIdIn } from "../evidence.ts";
import { limits } from "../limits.ts";
import { type Mail, wordsOf } from "../mail.ts";
import { type Claim, nothingRead, type Reading, type Topic } from "../reading.ts";

/** Words of complaints, in the languages that are seen most. */
const complaint =
  /\b(?:abuse|spam(?:mer|ming|vertised)?|ucer?|ube|unsolicited|junk ?mail|phish(?:ing)?|complain(?:t|ing)?|scam|malware|attack(?:s|ed|ing)?|hack(?:ed|ing)?|brute[ -]?force|scan(?:ning|s)?|intrusion|copyright|infring\w+|fail2ban|blacklist\w*|open relay|relay(?:ing|ed)?|compromised|botnet|ddos|vulnerab\w+|missbrauch|beschwerde|unerwünscht\w*|werbung|angriff\w*|belästig\w+|pourriel|indésirable|plainte|correo no deseado|abuso|queja|denuncia|segnalazione|spamming|incident|takedown|fraud\w*|malicious|suspicious|unauthori[sz]ed|violations?|infect(?:ed|ion)|exposed|misus\w+|illegal|spamtrap|honeypot|(?:spam )?trap hits?|schadprogramm\w*|schadsoftware|infizier\w*|kompromittier\w*|verwundbar\w*|schwachstelle\w*|sicherheitslücke\w*|offene (?:dns|ntp|server|dienste)\w*|maliciel\w*|piraté\w*|vulnerabilidad\w*)\b/i;

const relay =
  /\bopen[ -](?:mail[ -])?relay\b|\brelay(?:ed|ing|s)? (?:through|via|by|over|mail|spam)\b|\boffene[rs]? (?:mail[ -]?)?relay|\bthird[ -]party relay|\brelais ouvert\b/i;
const account =
  /\b(?:compromised|hacked|stolen|hijacked|gehackt\w*|phished) (?:e-?mail |mail |user )?(?:account|mailbox|login|credentials|konto|postfach)/i;
const mailAbuse =
  /\b(?:spam\w*|ucer?|ube|unsolicited|junk ?mail|e-?mails?|mail server|mailserver|newsletter|phishing (?:e-?)?mail|scam|419|werbemail\w*|unerwünscht\w*|pourriel|correo no deseado)\b/i;
const otherAbuse =
  /\b(?:ssh|brute[ -]?force|login attempt\w*|port ?scan\w*|scanning|fail2ban|ddos|dos attack|copyright|infring\w+|dmca|malware|botnet|web attack|wordpress|exploit\w*|sql injection|intrusion|netscan|hacking|phishing (?:site|page|url|website)|takedown|sip|voip|telnet|rdp)\b/i;

/** What stands before the address of a source. */
const cue =
  /(?:\b(?:source|src|origin(?:ating)?|offend(?:ing|er)|attack(?:er|ing)?|sending|sender|abus(?:ive|ing|er)|spam(?:ming|mer)?|infected|your|ihre?[rn]?|votre|su|client|remote|relay(?:ed)?|listed|reported|affected|betroffene[rns]*|quell?e?|source)[ -]*(?:ip|ipv4|ipv6|host|server|mail ?server|address|adresse|machine|system|network|netz|relay|mta)?(?:[ -]?(?:address|adresse|addr|number))?(?:\(?e?s\)?)?\b|\bip(?:v4|v6)?[ -]?(?:address|adresse|addr|number)?(?:es|s)?\b|\bfrom\b|\bvon\b|\bvia\b|\bthrough\b|\bdepuis\b|\bhost\b|\bserver\b|\bcaused by\b|\bbehind\b)[^\w\n]{0,12}(?:(?:is|was|ist|est|the|ip|host|server|address|adresse|of|at|a|und|and|machine)\b[^\w\n]{0,6}){0,4}(?:[\w.-]{1,80} ?[([]{1,2})?$/i;

/** Lines that name receivers, servers of the writer, or times. */
const others =
  /\b(?:destination|dest|dst|target(?:ed)?|victim|our (?:server|ip|mx|host|network)|unser\w*|my (?:server|ip|host)|ziel|honeypot ip|to ip|local ip)\b[^\n]{0,40}$/i;

export function readPlain(mail: Mail): Reading {
  const text = wordsOf(mail);
  const evidence = evidenceOf(mail);
  const subject = networksIn(mail.subject).map((network): Claim => ({ network, from: "subject", weight: "stated" }));
  const told = claimsIn(text);
  const claims = distinct([...subject, ...told]).slice(0, limits.reportsPerMessage);
  const all = `${mail.subject}\n${text.slice(0, 20_000)}`;
  return {
    ...nothingRead,
    format: "plain",
    topic: topicOf(all, claims, evidence),
    claims,
    evidence,
    times: timesIn(text),
    originalMessageId: messageIdIn(evidence),
    reportId:
      /\[[^\]\n]{0,40}#\s?([\w-]{2,30})\]|\b(?:ticket|case|incident|report|reference|ref)[ -]?(?:id|number|no\.?|#)?\s{0,3}[:#]\s{0,3}([\w-]*\d[\w-]{1,40})/i
        .exec(all)
        ?.slice(1)
        .find((one) => one !== undefined) ?? null,
    deadline: deadlineIn(text),
    robot: isRobot(mail, text),
  };
}

function topicOf(text: string, claims: readonly Claim[], evidence: Reading["evidence"]): Topic {
  if (relay.test(text)) return "open-relay";
  if (account.test(text)) return "stolen-account";
  const trail = evidence?.some(({ name }) => name === "received") === true;
  // Whoever names an address as the source of something complains, in whatever language.
  const told = claims.some(({ weight }) => weight !== "mentioned");
  if (!complaint.test(text) && !trail && !told) return "nothing";
  if (otherAbuse.test(text) && !trail && !/\bspam/i.test(text.slice(0, 400))) return "other-abuse";
  if (trail || mailAbuse.test(text)) return "spam";
  return "other-abuse";
}

function claimsIn(text: string): readonly Claim[] {
  const found: Claim[] = [];
  const lines = text.split("\n", limits.lines);
  for (const [index, whole] of lines.entries()) {
    if (found.length >= limits.reportsPerMessage) break;
    const line = whole.slice(0, limits.lineLength);
    // Lines of a trail are read as a trail.
    if (!/\d\.\d|\[\.\]|[0-9a-f]:/i.test(line) || trailLine.test(line)) continue;
    const networks = networksIn(line).slice(0, 20);
    const [first] = networks;
    if (first === undefined) continue;
    // Patterns that end at the address are tried from every word before it: only the nearest words are looked at.
    const at = positionOf(line, first.address.family);
    const before = line.slice(Math.max(0, at - 100), at);
    if (others.test(before)) continue;
    const above = /^[\s>*•-]*$/.test(before) ? lineAbove(lines, index) : "";
    const told = cue.test(before) || (above !== "" && cue.test(above));
    const from = `line "${line.trim().slice(0, 60)}"`;
    for (const network of networks)
      found.push({ network, from, weight: told && network === first ? "told" : "mentioned" });
  }
  return found;
}

const trailLine = /^[ \t>]*(?:received|x-|arc-|authentication-results|received-spf)\b[^:]{0,40}:/i;

/** The words above an address that stands alone in its line. */
function lineAbove(lines: readonly string[], index: number): string {
  const above = lines[index - 1]?.trim() === "" ? lines[index - 2] : lines[index - 1];
  return `${(above ?? "").slice(-100).replace(/[:\s]+$/, "")} `;
}

/** Where the first address of this family begins; names beside it do not matter. */
function positionOf(line: string, family: 4 | 6): number {
  const at = line.search(
    family === 4 ? /(?<![\w.])\d{1,3}(?:\[?\.\]?\d{1,3}){3}/ : /(?<![\w:])[0-9a-f]{0,4}:[0-9a-f]{0,4}:/i,
  );
  return at < 0 ? 0 : at;
}

function distinct(claims: readonly Claim[]): readonly Claim[] {
  const seen = new Set<string>();
  // What is told outweighs what is mentioned; a host outweighs the network that a routing table puts beside it.
  const order = [...claims].sort((a, b) => weightOf(a) - weightOf(b));
  return order.filter(({ network: { address, length } }) => {
    const key = `${address.family}:${address.bits}/${length}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function weightOf({ weight, network: { address, length } }: Claim): number {
  return ["stated", "told", "mentioned"].indexOf(weight) + (length === widthOf(address.family) ? 0 : 0.5);
}

function timesIn(text: string): Reading["times"] {
  const line =
    /^[^\n]{0,60}\b(?:date|time(?:stamp)?|datum|zeit|uhrzeit|fecha|when|last seen|first seen|detected|occurred)\b[^\n:]{0,20}:[ \t]*([^\n]{6,80})/im.exec(
      text.slice(0, 50_000),
    )?.[1];
  const said =
    /\b(?:on|at|am|le|el)\s+((?:mon|tue|wed|thu|fri|sat|sun)?[^\n]{0,12}\d{1,4}[^\n]{5,50}\d{1,2}:\d{2}[^\n]{0,20})/i.exec(
      text.slice(0, 20_000),
    )?.[1];
  return [line, said].flatMap((one) => (one === undefined ? [] : [{ text: one, from: "text" }]));
}

function deadlineIn(text: string): string | null {
  const said =
    /\b(?:within|innerhalb von|binnen|dans les|en un plazo de)\s+(\d{1,3}|twenty[ -]four|forty[ -]eight|a|one|two|three|seven)\s+(hours?|days?|business days?|working days?|stunden|tagen?|heures|jours|horas|días|weeks?)\b/i.exec(
      text.slice(0, 50_000),
    );
  return said === null ? null : said[0].toLowerCase();
}

function isRobot(mail: Mail, text: string): boolean {
  const auto = (fieldOf(mail.header, "auto-submitted") ?? "no").trim().toLowerCase();
  return (
    auto !== "no" ||
    /\b(?:do not|don't|cannot|please do not|bitte nicht|ne pas) (?:reply|respond|répondre)\b|\b(?:replies|responses) (?:to this (?:e-?mail|address|message) )?(?:are|will) not (?:be )?(?:read|monitored|received)|automatically generated (?:e-?mail|message)\b.{0,60}\bnot? reply|nicht (?:auf diese|direkt) .{0,20}antworten/i.test(
      text.slice(0, 30_000),
    )
  );
}
