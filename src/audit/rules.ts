/**
 * The one language into which every product's configuration is read: listeners, and per listener ordered programs of
 * rules with the line each comes from. A condition answers yes, no, or that the files cannot tell; nothing here guesses.
 * Pure data and small functions: products write it, `evaluate.ts` runs it, `search.ts` looks for sessions in it.
 */
import type { IpAddress } from "../net/ip.ts";
import type { IpSet } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import type { Span } from "../text/source.ts";

/** The files cannot tell; `reason` completes the sentence "It depends on …". */
export interface Unknown {
  readonly unknown: string;
  readonly where: Span | null;
}

export type Truth = "yes" | "no" | Unknown;

/** One client, one transaction, one recipient: what a rule may look at. */
export interface Session {
  readonly client: {
    readonly address: IpAddress;
    /** The name that forward and reverse DNS agree on; `null`: there is none. */
    readonly name: string | null;
    /** What reverse DNS says, confirmed or not: whoever owns the address may claim anything. */
    readonly reverseName: string | null;
    readonly authenticated: boolean;
    /** `public-ca`: a certificate that anybody can get from a public authority. */
    readonly certificate: "none" | "public-ca";
  };
  readonly tls: "none" | "starttls" | "implicit";
  readonly helo: string;
  /** As after `MAIL FROM:`, brackets included; also below. */
  readonly reversePath: string;
  readonly forwardPath: string;
  /** Recipients accepted before, in the same transaction. */
  readonly previousRecipients: readonly string[];
  /** The recipient's domain names us as one of its later MX hosts: its owner can arrange that. */
  readonly backupMx: boolean;
}

/** The parts of a session that are text, as the product compares them (`Listener.texts`). */
export type TextField =
  | "helo"
  | "sender"
  | "sender-domain"
  | "recipient"
  | "recipient-local-part"
  | "recipient-domain"
  | "client-name"
  | "client-reverse-name";

/** A test of a text: a pattern, a list, a table. `seeds` are texts worth trying: what it holds, or what matches it. */
export interface TextTest {
  readonly says: string;
  readonly test: (text: string) => Truth;
  readonly seeds: readonly string[];
}

export type Condition =
  | { readonly kind: "always" }
  | { readonly kind: "client-address"; readonly set: IpSet }
  /** A field that is absent (no client name, no domain) matches nothing. */
  | { readonly kind: "text"; readonly of: TextField; readonly matches: TextTest }
  | { readonly kind: "authenticated" }
  | { readonly kind: "encrypted" }
  | { readonly kind: "certificate" }
  /** Where the recipient ends for this listener, after its own rewriting. */
  | { readonly kind: "recipient-ends"; readonly at: readonly RecipientEnd[] }
  /** The recipient was written with routing syntax that the mailer acted on. */
  | { readonly kind: "recipient-routed" }
  | { readonly kind: "recipient-exists" }
  | { readonly kind: "backup-mx" }
  | { readonly kind: "first-recipient" }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "all" | "any"; readonly of: readonly Condition[] }
  /** What a named program says: permit is yes, refuse and defer are no. */
  | { readonly kind: "program-permits"; readonly program: Program }
  | { readonly kind: "unknown"; readonly because: Unknown }
  /** What no other kind can say; it may look at everything but must be pure. Ranges and seeds are as in a lookup. */
  | {
      readonly kind: "computed";
      readonly says: string;
      readonly test: (session: Session) => Truth;
      readonly ranges?: readonly IpRange[];
      readonly seeds?: readonly Seed[];
    };

/** A text worth trying for a field. */
export interface Seed {
  readonly of: TextField;
  readonly text: string;
}

export type Action =
  | { readonly kind: "permit" | "refuse" | "defer" }
  /** It may do anything: a policy service, a table that cannot be read. */
  | { readonly kind: "unknown"; readonly because: Unknown }
  /** Nothing by itself. */
  | { readonly kind: "go-on" }
  /** Whatever permits later in this transaction becomes a temporary refusal (Postfix `defer_if_permit`). */
  | { readonly kind: "defer-if-permit" }
  /** A named sub-program: what it decides is decided; where it falls through, the next rule follows. */
  | { readonly kind: "run"; readonly program: Program };

export interface Rule {
  /** For a person: the words of the configuration, expanded. */
  readonly says: string;
  readonly when: Condition;
  readonly does: Action;
  /** The line it comes from; `null`: a built-in default. */
  readonly where: Span | null;
}

/** A table that turns a session into an action by the keys it holds: an access map. Asked once, however large it is. */
export interface Lookup {
  readonly says: string;
  /** The rules of the entry that matches, an unknown, or `null`: none matches. */
  readonly find: (session: Session) => readonly Rule[] | Unknown | null;
  /** What is worth trying for a field, so that a witness can be found; bounded. */
  readonly seeds: readonly Seed[];
  /** Client addresses that the table tells apart: a range for each entry that names any. */
  readonly ranges: readonly IpRange[];
  /** Programs that its entries can run. */
  readonly programs: readonly Program[];
  readonly where: Span | null;
}

export type Step =
  | ({ readonly kind: "rule" } & Rule)
  | ({ readonly kind: "lookup" } & Lookup)
  /** What follows in the list cannot refuse (Postfix `warn_if_reject`). */
  | { readonly kind: "toothless"; readonly step: Step; readonly where: Span | null };

export interface Program {
  /** `smtpd_relay_restrictions`, `acl_check_rcpt`, a restriction class. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** What happens behind the last rule. */
  readonly end: "permit" | "refuse" | "go-on";
  readonly where: Span | null;
}

/** When a program is run. All of a listener's programs run; each can refuse, none can permit for another. */
export interface Stage {
  readonly at: "connect" | "helo" | "mail" | "rcpt" | "data";
  readonly program: Program;
}

/** Where a message for an address goes. */
export type RecipientEnd =
  /** Delivered here, or to an address that the owner of the mailer chose. */
  | "local"
  /** Handed to the mailer of a domain that the configuration lists. */
  | "listed"
  /** Wherever DNS says: relaying. */
  | "outside";

/** How the mailer reads a forward-path, before any rule sees it. */
export type Recipient =
  /** It refuses it as no address. */
  | { readonly kind: "refused"; readonly why: string }
  /** It takes it whatever the rules say (`<postmaster>`). */
  | { readonly kind: "always-accepted"; readonly end: "local" }
  | {
      readonly kind: "address";
      /** After rewriting: what rules compare. */
      readonly localPart: string;
      readonly domain: string;
      readonly end: RecipientEnd | Unknown;
      /** The line that makes it local or listed. */
      readonly where: Span | null;
      readonly routed: boolean;
      /** Whether it exists, where it ends here. */
      readonly exists: Truth;
      /** Where rewriting after acceptance sends it, if the client chose that destination (a map that copies). */
      readonly onward: { readonly to: string; readonly where: Span | null } | null;
    };

export type ListenerRole = "mx" | "submission" | "internal";

export interface Listener {
  /** The name of the service, as a person finds it in the files. */
  readonly name: string;
  /** `null`: all addresses of the machine. */
  readonly address: IpAddress | null;
  readonly port: number;
  readonly role: ListenerRole;
  readonly tls: "none" | "offered" | "required" | "implicit";
  readonly offersAuth: Truth;
  /** Who says whether a login is right, in words; the files do not tell how well. */
  readonly authBackend: string | null;
  /** Clients that may claim to be another client (XCLIENT, PROXY): for them every address is possible. */
  readonly impersonators: { readonly set: IpSet; readonly by: "xclient" | "proxy"; readonly where: Span | null } | null;
  readonly stages: readonly Stage[];
  readonly recipient: (forwardPath: string) => Recipient;
  /** The reverse-path as the rules see it, where the mailer rewrites it first; absent: as it was said. */
  readonly reversePath?: (reversePath: string) => string;
  /** Recipients that reading addresses suggests: what patterns of domains and of rewriting maps match. */
  readonly recipientSeeds: readonly string[];
  /** How rules see a text field of a session; `null`: the session has none. */
  readonly text: (session: Session, field: TextField) => string | null;
  /** What the rules rest on that no file tells: it makes a verdict conditional at best. */
  readonly caveats: readonly Caveat[];
  readonly where: Span | null;
}

/** A condition in words, beginning with "unless". */
export interface Caveat {
  readonly tag: string;
  readonly text: string;
  readonly where: Span | null;
}

/** A domain that the configuration names literally. */
export interface NamedDomain {
  readonly name: string;
  readonly end: "local" | "listed";
  /** Whether names below it count as well. */
  readonly below: boolean;
  readonly where: Span | null;
}

/** What a product reads out of its files. */
export interface Configuration {
  readonly product: string;
  readonly version: string | null;
  /** How it was learned that this reading is right. */
  readonly checkedAgainst: "running" | "parser" | "documents";
  readonly listeners: readonly Listener[];
  readonly domains: readonly NamedDomain[];
  /** The names by which the mailer calls itself. */
  readonly hostNames: readonly string[];
  /** What the reading takes for granted, in words. */
  readonly assumes: readonly string[];
  /** What could not be read, and matters. */
  readonly unreadable: readonly Unknown[];
}
