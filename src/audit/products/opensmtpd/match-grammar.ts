/** `match … action "name" | reject` and `action "name" …` (parse.y of 6.8 to 7.8). */
import type { Span } from "../../../text/source.ts";
import type { Action, For, From, Match, TableTest } from "./model.ts";
import { type Names, NotUnderstood, tableIn } from "./names.ts";
import type { Cursor } from "./syntax.ts";
import type { Table } from "./tables.ts";

/** Options of `action` that take one word or table, and say nothing of who may send where. */
const idle = new Set([
  "helo",
  "helo-src",
  "pki",
  "ca",
  "src",
  "mail-from",
  "auth",
  "ttl",
  "wrapper",
  "user",
  "ciphers",
  "protocols",
]);

export class MatchReader {
  readonly #cursor: Cursor;
  readonly #names: Names;
  readonly #where: Span;

  constructor(cursor: Cursor, names: Names, where: Span) {
    this.#cursor = cursor;
    this.#names = names;
    this.#where = where;
  }

  #table(): Table {
    return tableIn(this.#cursor, this.#names, this.#where);
  }

  #test(not: boolean): TableTest {
    const regex = this.#cursor.accept("regex");
    return { not, regex, table: this.#table() };
  }

  match(): Match {
    const cursor = this.#cursor;
    const where = this.#where;
    let made: Omit<Match, "does"> = {
      // What is not said is local (smtpd.conf(5), match).
      from: { kind: "local", not: false },
      for: { kind: "local", not: false },
      tag: null,
      helo: null,
      mailFrom: null,
      rcptTo: null,
      auth: null,
      tls: false,
      says: where.text.replace(/\s+/g, " ").slice(0, 300),
      where,
    };
    for (;;) {
      if (cursor.accept("reject")) return this.#ended({ ...made, does: { kind: "reject" } });
      if (cursor.accept("action")) {
        const name = cursor.take()?.text ?? "";
        const action = this.#names.actions.get(name);
        if (action === undefined) throw new NotUnderstood(`whose action "${name}" does not exist`);
        return this.#ended({ ...made, does: action });
      }
      const not = cursor.sign("!");
      if (cursor.accept("from")) made = { ...made, ...this.#from(not) };
      else if (cursor.accept("for")) made = { ...made, ...this.#for(not) };
      else if (cursor.accept("tag")) made = { ...made, tag: this.#test(not) };
      else if (cursor.accept("helo")) made = { ...made, helo: this.#test(not) };
      else if (cursor.accept("mail-from")) made = { ...made, mailFrom: this.#test(not) };
      else if (cursor.accept("rcpt-to")) made = { ...made, rcptTo: this.#test(not) };
      else if (cursor.accept("auth")) made = { ...made, auth: this.#auth(not) };
      else if (cursor.accept("tls")) made = { ...made, tls: true };
      else throw new NotUnderstood();
    }
  }

  #ended(match: Match): Match {
    if (this.#cursor.peek() !== undefined) throw new NotUnderstood();
    return match;
  }

  #from(not: boolean): Partial<Match> {
    const cursor = this.#cursor;
    const any: From = { kind: "any", not: false };
    for (const kind of ["any", "local", "socket"] as const) if (cursor.accept(kind)) return { from: { kind, not } };
    if (cursor.accept("src")) return { from: { kind: "src", ...this.#test(not) } };
    if (cursor.accept("rdns")) {
      const bare = !this.#tableFollows() && cursor.peek()?.text !== "regex";
      const from: From = bare ? { kind: "rdns", not, table: null, regex: false } : { kind: "rdns", ...this.#test(not) };
      return { from };
    }
    // Anybody who says so: what is negated is the login, or the sender.
    if (cursor.accept("auth")) return { from: any, auth: this.#auth(not) };
    if (cursor.accept("mail-from")) return { from: any, mailFrom: this.#test(not) };
    throw new NotUnderstood();
  }

  #for(not: boolean): Partial<Match> {
    const cursor = this.#cursor;
    const any: For = { kind: "any", not: false };
    for (const kind of ["any", "local"] as const) if (cursor.accept(kind)) return { for: { kind, not } };
    if (cursor.accept("domain")) return { for: { kind: "domain", ...this.#test(not) } };
    if (cursor.accept("rcpt-to")) return { for: any, rcptTo: this.#test(not) };
    throw new NotUnderstood();
  }

  #auth(not: boolean): Match["auth"] {
    if (!this.#tableFollows() && this.#cursor.peek()?.text !== "regex") return { not, table: null, regex: false };
    return this.#test(not);
  }

  /** A table, not the next keyword. */
  #tableFollows(): boolean {
    const next = this.#cursor.peek();
    if (next === undefined) return false;
    if (next.kind === "sign") return next.text === "<" || next.text === "{";
    return next.kind === "string" || !keywords.has(next.text);
  }

  action(): readonly [string, Action] {
    const cursor = this.#cursor;
    const name = cursor.take()?.text ?? "";
    const action = cursor.accept("relay") ? this.#relay() : this.#deliver();
    if (cursor.peek() !== undefined) throw new NotUnderstood();
    return [name, action];
  }

  #relay(): Action {
    const cursor = this.#cursor;
    let host: string | null = null;
    for (;;) {
      if (cursor.accept("host") || cursor.accept("domain")) host = this.#table().entries[0]?.key ?? "";
      else if (cursor.accept("backup")) {
        if (cursor.accept("mx")) cursor.take();
      } else if (cursor.accept("tls")) cursor.accept("no-verify");
      else if (cursor.accept("filter")) this.#table();
      else if (!cursor.accept("srs") && !this.#idle()) return { kind: "relay", host };
    }
  }

  #idle(): boolean {
    const next = this.#cursor.peek();
    if (next?.kind !== "word" || !idle.has(next.text)) return false;
    this.#cursor.take();
    this.#table();
    return true;
  }

  #deliver(): Action {
    const cursor = this.#cursor;
    let only: "forward" | "expand" | null = null;
    if (cursor.accept("maildir")) {
      if (this.#tableFollows()) cursor.take();
      cursor.accept("junk");
    } else if (cursor.accept("lmtp")) {
      cursor.take();
      cursor.accept("rcpt-to");
    } else if (cursor.accept("mda")) cursor.take();
    else if (cursor.accept("forward-only")) only = "forward";
    else if (cursor.accept("expand-only")) only = "expand";
    else if (!cursor.accept("mbox")) throw new NotUnderstood();
    let alias: Table | null = null;
    let virtual: Table | null = null;
    let userbase: Table | null = null;
    for (;;) {
      if (cursor.accept("alias")) alias = this.#table();
      else if (cursor.accept("virtual")) virtual = this.#table();
      else if (cursor.accept("userbase")) userbase = this.#table();
      else if (!this.#idle()) return { kind: "deliver", alias, virtual, userbase, only };
    }
  }
}

/** Words that may follow a criterion or action without a table of its own. */
const keywords = new Set([
  "action",
  "alias",
  "auth",
  "for",
  "from",
  "helo",
  "junk",
  "mail-from",
  "rcpt-to",
  "regex",
  "reject",
  "tag",
  "tls",
  "ttl",
  "user",
  "userbase",
  "virtual",
  "wrapper",
]);
