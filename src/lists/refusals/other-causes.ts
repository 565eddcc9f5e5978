/**
 * Refusals that are not about our reputation: about the recipient, the message, our DNS or keys, the rate. Told apart so that
 * a full mailbox never looks like a list. In order: the first that fits holds. Patterns are bounded (`knowledge/pattern.ts`).
 */

export const otherCauses = [
  { id: "user-unknown", words: "the recipient does not exist" },
  { id: "mailbox-full", words: "the mailbox is full or switched off" },
  { id: "greylisting", words: "greylisting: first attempts are put off" },
  { id: "authentication", words: "SPF, DKIM or DMARC of the sender failed" },
  { id: "relay-denied", words: "the host does not take mail for that domain from us" },
  { id: "our-dns", words: "our reverse name or HELO name is missing or wrong" },
  { id: "sender", words: "the sender's address was refused" },
  { id: "tls", words: "encryption failed or is asked for" },
  { id: "size", words: "the message is too large" },
  { id: "content", words: "the message itself was taken for spam, a virus or malformed" },
  { id: "rate", words: "too many messages or connections at once" },
  { id: "receiver-trouble", words: "the receiver has troubles of its own" },
  { id: "not-reached", words: "nobody answered, or the name was not found" },
  { id: "not-told", words: "the log does not hold what the receiver said" },
  { id: "other", words: "another reason" },
] as const;
export type OtherCause = (typeof otherCauses)[number]["id"];

interface Sign {
  readonly cause: OtherCause;
  readonly says: RegExp;
}

/** By the words. Before reputation: they name their matter. */
export const plainSigns: readonly Sign[] = [
  { cause: "receiver-trouble", says: /hop count|mail loop|loops back|too many hops/i },
  // A person's own choice, or the name in MAIL FROM.
  { cause: "sender", says: /blocked by the recipient|user reject\b|domain of sender|sender address rejected/i },
  {
    cause: "greylisting",
    says: /gr[ea]y ?-?list|postgrey|try again in \d{1,5} (?:second|minute)|come back later|temporar\w{2,5} (?:unavailable|rejected|deferred)[^.]{0,24}first (?:time|attempt)/i,
  },
  {
    cause: "user-unknown",
    says: /user unknown|unknown user|no such (?:user|recipient|mailbox|person|address|account)|(?:user|recipient|mailbox|account|address|addressee)(?: \S{1,64})? (?:does not|doesn'?t) exist|recipient(?: address)? (?:rejected: )?(?:unknown|not found)|RecipientNotFound|invalid (?:recipient|mailbox|user)|(?:user|mailbox|recipient|account) (?:is )?(?:unknown|not found|invalid|inactive)|not a (?:valid|known) (?:user|recipient|mailbox)|no (?:mailbox|account) (?:here )?by that name|unrouteable address|mailbox unavailable|unknown (?:recipient|mailbox|local.part)|recipient verify (?:fail|error)|recipient address rejected: (?:access denied|unknown|undeliver|user|no such|mailbox|account)|5\.1\.[01] address rejected|unknown address|not our customer|mailbox unallocated|user doesn'?t have an?|no such domain|host unknown|domain does not exist: ?<|is not hosted/i,
  },
  {
    cause: "mailbox-full",
    says: /over ?quota|mailbox (?:is )?full|quota (?:is )?(?:exceeded|full)|exceed\w{0,4} (?:\w{1,12} )?quota|insufficient (?:system|disk) storage|out of storage|mailbox (?:size )?(?:limit|disabled|is disabled)|(?:account|mailbox|user) (?:is |has been )?(?:disabled|suspended|locked|inactive)|receiving mail (?:at a rate|too quickly)|storage (?:limit|space)/i,
  },
  {
    cause: "authentication",
    says: /\b(?:spf|dkim|dmarc)\b|5\.7\.2[0-9]\b|sender policy framework|unauthenticated|invalid ip for sending mail of domain|not authori[sz]ed to send|domain-based message auth|sender (?:id|authentication) (?:check|fail)/i,
  },
  {
    cause: "relay-denied",
    says: /relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed)|prohibited)|unable to relay|not permitted to relay|we do not relay|rcpthosts|authentication (?:is )?required|must (?:be )?authenticate|relay not permitted|does not accept mail for/i,
  },
  {
    cause: "our-dns",
    says: /reverse (?:dns|lookup|hostname|name|ip)|\bptr\b|\br?dns record|rdns|cannot find your (?:reverse )?hostname|helo (?:command rejected|name|invalid|is invalid)|invalid helo|ehlo (?:name|argument)|need fully-qualified hostname|hostname (?:lookup|does not match)|no dns a-data|client host rejected: cannot/i,
  },
  {
    cause: "tls",
    says: /starttls|\btls\b|certificate|encryption (?:required|needed)|ssl handshake/i,
  },
  {
    cause: "size",
    says: /message (?:size|is too (?:large|big))|size (?:limit|exceeds)|too (?:large|big)|exceeds (?:fixed )?(?:maximum|size)/i,
  },
];

/** After reputation: their words are also used of us. */
export const lateSigns: readonly Sign[] = [
  {
    cause: "sender",
    says: /sender (?:address )?(?:rejected|verify|denied|invalid|domain)|verification failed for|invalid sender|bad sender|mail from domain|domain of sender|return ?path|envelope sender|sender is not/i,
  },
  {
    cause: "content",
    says: /\bspam\b|DT:SPM|mail score|MessageScoring|spam ?(?:content|message|score)|virus|malware|phish|content (?:filter|rejected|denied|policy)|message content|suspicious|unsolicited|bulk mail|attachment|header|mime|format error|bare (?:lf|cr)|duplicate|message-id|rfc ?-?5322|rfc ?2822|line length|dirty words|body/i,
  },
  {
    cause: "rate",
    says: /too (?:many|much|fast)|rate.?(?:limit|control|exceed)|throttl|\blimit(?:ed|s)?\b|concurren|slow down|slower|connection (?:limit|rate|frequency)|try again later.{0,24}load|exceeded|unusual rate|frequency/i,
  },
  {
    cause: "receiver-trouble",
    says: /server (?:busy|error|configuration|too busy)|system (?:resources|problem|error|full)|local (?:error|problem)|lookup (?:failure|failed|error)|internal (?:server )?error|resources|not (?:available|accepting (?:mail|messages|network))|service (?:is )?(?:unavailable|not available|shutting|currently)|temporar\w{0,4} (?:failure|problem|error|local|unavailable|lookup)|overload|loop|hop count|timed? ?out|maintenance|queue file|database|disk|closing (?:transmission|connection)|try (?:again )?later|please retry|mx pointing|not implemented|unrecogni[sz]ed|syntax/i,
  },
];

/** RFC 3463: what the status says where words do not. */
export const statusSigns: readonly Sign[] = [
  { cause: "user-unknown", says: /^[45]\.1\.(?:1|2|3|6|10)$/ },
  { cause: "sender", says: /^[45]\.1\.[789]$/ },
  { cause: "mailbox-full", says: /^[45]\.2\.[0-9]$/ },
  { cause: "size", says: /^[45]\.3\.4$/ },
  { cause: "receiver-trouble", says: /^[45]\.3\.[0-9]$/ },
  { cause: "not-reached", says: /^[45]\.4\.[0-9]{1,3}$/ },
  { cause: "receiver-trouble", says: /^[45]\.5\.[0-9]$/ },
  { cause: "content", says: /^[45]\.6\.[0-9]{1,2}$/ },
  { cause: "our-dns", says: /^[45]\.7\.25$/ },
  { cause: "authentication", says: /^[45]\.7\.2[0-9]$/ },
  { cause: "rate", says: /^4\.7\.28$/ },
];
