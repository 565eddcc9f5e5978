/** What smtpd.conf says, in the words of smtpd.conf(5): what the two grammars, before and since 6.4, have in common. */
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import type { Table } from "./tables.ts";

/** What is compared with a table: its entries are patterns of one kind. */
export interface TableTest {
  readonly not: boolean;
  readonly table: Table;
  readonly regex: boolean;
}

export type From =
  | { readonly kind: "any" | "local" | "socket"; readonly not: boolean }
  | ({ readonly kind: "src" } & TableTest)
  /** Without a table: whoever has a name. */
  | { readonly kind: "rdns"; readonly not: boolean; readonly table: Table | null; readonly regex: boolean };

export type For = { readonly kind: "any" | "local"; readonly not: boolean } | ({ readonly kind: "domain" } & TableTest);

/** A `match` line, or an `accept` or `reject` line of old. What is not written has its default. */
export interface Match {
  readonly from: From;
  readonly for: For;
  readonly tag: TableTest | null;
  readonly helo: TableTest | null;
  readonly mailFrom: TableTest | null;
  readonly rcptTo: TableTest | null;
  readonly auth: { readonly not: boolean; readonly table: Table | null; readonly regex: boolean } | null;
  /** `tls`: smtpd cannot tell, and answers with a temporary failure. */
  readonly tls: boolean;
  readonly does: { readonly kind: "reject" } | Action;
  readonly says: string;
  readonly where: Span;
}

export type Action =
  | { readonly kind: "relay"; readonly host: string | null }
  | {
      readonly kind: "deliver";
      readonly alias: Table | null;
      readonly virtual: Table | null;
      /** `null`: the accounts of the machine. */
      readonly userbase: Table | null;
      /** Only what a .forward file or a table says; without one the recipient is refused. */
      readonly only: "forward" | "expand" | null;
    };

export type FilterCheck =
  | { readonly kind: "fcrdns" | "rdns" | "auth"; readonly not: boolean }
  | ({ readonly kind: "rdns-table" | "src" | "helo" | "auth-table" | "mail-from" | "rcpt-to" } & TableTest);

export type FilterPhase = "connect" | "helo" | "ehlo" | "auth" | "mail-from" | "rcpt-to" | "data" | "commit";

export type Filter =
  | {
      readonly kind: "builtin";
      readonly name: string;
      readonly phase: FilterPhase;
      readonly check: FilterCheck;
      readonly does: "reject" | "disconnect" | "rewrite" | "junk" | "bypass" | "report";
      readonly says: string;
      readonly where: Span;
    }
  | { readonly kind: "program"; readonly name: string; readonly command: string; readonly where: Span }
  | { readonly kind: "chain"; readonly name: string; readonly names: readonly string[]; readonly where: Span };

export interface Listen {
  /** An interface, a group of interfaces, an address or a name. */
  readonly on: string;
  readonly family: 4 | 6 | null;
  readonly port: number | null;
  readonly tls: "none" | "offered" | "required" | "implicit";
  /** It asks for a certificate, and believes that of a public authority unless it names its own. */
  readonly verify: "no" | "public-ca" | "own-ca";
  readonly auth: "none" | "optional" | "required";
  readonly authTable: Table | null;
  readonly tag: string;
  readonly hostname: string | null;
  readonly filters: readonly string[];
  /** It believes the PROXY protocol. */
  readonly proxy: boolean;
  readonly where: Span;
}

export interface Model {
  readonly grammar: "match" | "accept";
  readonly listens: readonly Listen[];
  /** In order; a gap may have held any rule. */
  readonly matches: readonly (Match | { readonly gap: Unknown })[];
  readonly filters: ReadonlyMap<string, Filter>;
  /** What parts a user from a tag. */
  readonly delimiter: string;
  readonly strange: readonly Unknown[];
}
