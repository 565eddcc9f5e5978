// One configuration of one product, and what is true of it. The truth of every variant was seen, not assumed:
// `node test/lab/truth-all.ts` shows it again.

export type ProductName = "postfix" | "exim" | "sendmail" | "opensmtpd" | "courier" | "haraka";

export type ListenerRole = "mx" | "submission";

export type PortListener = {
  readonly address: string;
  readonly port: number;
  readonly role: ListenerRole;
  /** Speaks TLS from the first byte. */
  readonly implicitTls?: true;
  /** Says nothing before it has read a PROXY protocol header. */
  readonly behindProxy?: true;
};

/** One SMTP session that makes the mailer relay. `{token}` is replaced by a name of this run's own. */
export type Exploit = {
  /** The world's address to come from; default the stranger's. */
  readonly source?: string;
  readonly address: string;
  readonly port: number;
  readonly tls?: "starttls" | "implicit";
  /** A line before everything else: a PROXY protocol header. */
  readonly preface?: string;
  /** The attributes of an XCLIENT command, sent after EHLO. */
  readonly xclient?: string;
  readonly helo: string;
  readonly auth?: { readonly user: string; readonly password: string };
  /** Reverse-path without its angle brackets; empty for the null reverse-path. */
  readonly mailFrom: string;
  /** A recipient that must be accepted first, in the same transaction. */
  readonly rcptBefore?: string;
  /** Forward-path without its angle brackets. */
  readonly rcptTo: string;
  /** Ask only whether the recipient is accepted. */
  readonly message?: "none";
};

/** A running mailer's part: configuration files by absolute path, and where it listens. */
export type Mailer = {
  readonly product: ProductName;
  readonly files: Readonly<Record<string, string>>;
  readonly listeners: readonly PortListener[];
};

export type Variant = Mailer & {
  /** Unique, begins with the product's name. */
  readonly name: string;
  readonly truth: "open" | "closed";
  /** For an open one: to whom, by what. For a closed one: what might mislead a tester. */
  readonly openTo: string;
  /** The verdict an honest tester can give, where that is weaker than the truth; the row says why. */
  readonly expect?: "closed" | "suspect" | "inconclusive";
  /** The tester is given a domain of its own that names the mailer as its second MX. */
  readonly backupDomain?: true;
  /** What the tester must be told beyond the site, to see what is to be seen. */
  readonly checkOptions?: readonly string[];
  /** Needed if and only if the truth is "open". */
  readonly exploit?: Exploit;
  /** The mailer behind this one, in a chain. It trusts the site's networks. */
  readonly second?: Mailer;
};

/** What an honest tester says of the variant. */
export function expectedVerdict(variant: Variant): "open" | "closed" | "suspect" | "inconclusive" {
  return variant.expect ?? variant.truth;
}
