/** `filter name phase … match … action`, `filter name proc …`, `filter name chain { … }` (smtpd.conf(5), filter). */
import type { Span } from "../../../text/source.ts";
import type { Filter, FilterCheck, FilterPhase } from "./model.ts";
import { type Names, NotUnderstood, tableIn } from "./names.ts";
import type { Cursor } from "./syntax.ts";

const phases: readonly FilterPhase[] = ["connect", "helo", "ehlo", "auth", "mail-from", "rcpt-to", "data", "commit"];

export function readFilter(cursor: Cursor, names: Names, where: Span): void {
  const name = cursor.take()?.text ?? "";
  const made = filterIn(name, cursor, names, where);
  names.filters.set(name, made);
}

function filterIn(name: string, cursor: Cursor, names: Names, where: Span): Filter {
  if (cursor.accept("proc-exec")) return { kind: "program", name, command: cursor.take()?.text ?? "", where };
  if (cursor.accept("proc")) {
    const command = names.programs.get(cursor.take()?.text ?? "");
    if (command === undefined) throw new NotUnderstood("whose program does not exist");
    return { kind: "program", name, command, where };
  }
  if (cursor.accept("chain")) {
    if (!cursor.sign("{")) throw new NotUnderstood();
    return { kind: "chain", name, names: namesIn(cursor, names), where };
  }
  if (!cursor.accept("phase")) throw new NotUnderstood();
  const phase = phases.find((one) => cursor.accept(one));
  if (phase === undefined || !cursor.accept("match")) throw new NotUnderstood();
  const check = checkIn(cursor, names, where);
  const does = (["reject", "disconnect", "rewrite", "report", "junk", "bypass"] as const).find((one) =>
    cursor.accept(one),
  );
  if (does === undefined) throw new NotUnderstood();
  const says = where.text.replace(/\s+/g, " ").slice(0, 300);
  return { kind: "builtin", name, phase, check, does, says, where };
}

/** The names of filters behind an opening brace. */
export function namesIn(cursor: Cursor, names: Names): readonly string[] {
  const listed: string[] = [];
  for (;;) {
    const token = cursor.take();
    if (token === undefined) throw new NotUnderstood();
    if (token.kind === "sign") {
      if (token.text === "}") return listed;
      if (token.text !== ",") throw new NotUnderstood();
      continue;
    }
    if (!names.filters.has(token.text)) throw new NotUnderstood(`whose filter "${token.text}" does not exist`);
    listed.push(token.text);
  }
}

function checkIn(cursor: Cursor, names: Names, where: Span): FilterCheck {
  const not = cursor.sign("!");
  const test = () => ({ not, regex: cursor.accept("regex"), table: tableIn(cursor, names, where) });
  const tableFollows = (): boolean => {
    const next = cursor.peek();
    return next?.kind === "string" || next?.text === "<" || next?.text === "{" || next?.text === "regex";
  };
  if (cursor.accept("fcrdns")) return { kind: "fcrdns", not };
  if (cursor.accept("rdns")) return tableFollows() ? { kind: "rdns-table", ...test() } : { kind: "rdns", not };
  if (cursor.accept("auth")) return tableFollows() ? { kind: "auth-table", ...test() } : { kind: "auth", not };
  for (const kind of ["src", "helo", "mail-from", "rcpt-to"] as const)
    if (cursor.accept(kind)) return { kind, ...test() };
  throw new NotUnderstood();
}
