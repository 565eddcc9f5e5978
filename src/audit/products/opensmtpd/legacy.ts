/**
 * `accept …` and `reject …` of the grammar before 6.4 (smtpd.conf(5) of 6.3): first match wins, what is not said is
 * local. Whoever has logged in is local there, and no longer at an address.
 */
import type { Span } from "../../../text/source.ts";
import type { Action, For, From, Match, TableTest } from "./model.ts";
import { type Names, NotUnderstood, tableIn } from "./names.ts";
import type { Cursor } from "./syntax.ts";
import type { Table } from "./tables.ts";

export function readAccept(keyword: "accept" | "reject", cursor: Cursor, names: Names, where: Span): Match {
  const table = (): Table => tableIn(cursor, names, where);
  const test = (not: boolean): TableTest => ({ not, regex: false, table: table() });
  let from: From = { kind: "local", not: false };
  let to: For = { kind: "local", not: false };
  let tag: TableTest | null = null;
  let mailFrom: TableTest | null = null;
  let rcptTo: TableTest | null = null;
  let auth: Match["auth"] = null;
  let alias: Table | null = null;
  let virtual: Table | null = null;
  let userbase: Table | null = null;
  let only: "forward" | null = null;
  let relay: Action | null = null;
  while (cursor.peek() !== undefined) {
    const negated = cursor.sign("!");
    if (cursor.accept("authenticated")) auth = { not: negated, table: null, regex: false };
    else if (negated) throw new NotUnderstood();
    else if (cursor.accept("tagged")) tag = test(cursor.sign("!"));
    else if (cursor.accept("sender")) mailFrom = test(cursor.sign("!"));
    else if (cursor.accept("recipient")) rcptTo = test(cursor.sign("!"));
    else if (cursor.accept("from")) {
      const not = cursor.sign("!");
      if (cursor.accept("any")) from = { kind: "any", not };
      else if (cursor.accept("local")) from = { kind: "local", not };
      else if (cursor.accept("source")) from = { kind: "src", ...test(not) };
      else throw new NotUnderstood();
    } else if (cursor.accept("for")) {
      const not = cursor.sign("!");
      if (cursor.accept("any")) to = { kind: "any", not };
      else if (cursor.accept("local")) to = { kind: "local", not };
      else if (cursor.accept("domain")) to = { kind: "domain", ...test(not) };
      else throw new NotUnderstood();
    } else if (cursor.accept("alias")) alias = table();
    else if (cursor.accept("virtual")) virtual = table();
    else if (cursor.accept("userbase")) userbase = table();
    else if (cursor.accept("forward-only")) only = "forward";
    else if (cursor.accept("expire")) cursor.take();
    else if (cursor.accept("deliver")) deliver(cursor);
    else if (cursor.accept("relay")) relay = relayIn(cursor, table);
    else throw new NotUnderstood();
  }
  const does: Match["does"] =
    keyword === "reject" ? { kind: "reject" } : (relay ?? { kind: "deliver", alias, virtual, userbase, only });
  return {
    from: from,
    for: to,
    tag,
    helo: null,
    mailFrom,
    rcptTo,
    auth,
    tls: false,
    does,
    says: where.text.replace(/\s+/g, " ").slice(0, 300),
    where,
  };
}

function deliver(cursor: Cursor): void {
  if (!cursor.accept("to")) throw new NotUnderstood();
  const kind = ["mbox", "maildir", "mda", "lmtp"].find((one) => cursor.accept(one));
  if (kind === undefined) throw new NotUnderstood();
  const next = cursor.peek();
  if (kind !== "mbox" && (next?.kind === "string" || /^[:/~]/.test(next?.text ?? ""))) cursor.take();
  cursor.accept("rcpt-to");
  if (cursor.accept("as")) cursor.take();
}

function relayIn(cursor: Cursor, table: () => Table): Action {
  let host: string | null = null;
  for (;;) {
    const word = ["as", "source", "hostname", "hostnames", "auth", "pki", "ca"].find((one) => cursor.accept(one));
    if (word !== undefined) table();
    else if (cursor.accept("via")) host = cursor.take()?.text ?? "";
    else if (cursor.accept("backup")) {
      if (cursor.peek()?.kind === "string") cursor.take();
    } else if (cursor.accept("tls")) cursor.accept("verify");
    else if (!cursor.accept("verify")) return { kind: "relay", host };
  }
}
