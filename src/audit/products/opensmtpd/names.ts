/** What statements of smtpd.conf may name, and how they name tables. */
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Action, Filter } from "./model.ts";
import type { Cursor } from "./syntax.ts";
import { inlineTable, type Table } from "./tables.ts";

export interface Names {
  readonly tables: Map<string, Table>;
  readonly actions: Map<string, Action>;
  readonly filters: Map<string, Filter>;
  /** Commands by the names of their `proc` lines. */
  readonly programs: Map<string, string>;
  readonly tree: ConfigTree;
}

/** The statement is not one that smtpd takes; the message, if any, says why in a relative clause. */
export class NotUnderstood extends Error {}

/** `<name>`, a list in braces, or a single word. */
export function tableIn(cursor: Cursor, names: Names, where: Span): Table {
  if (cursor.sign("<")) {
    const name = cursor.take()?.text ?? "";
    const table = names.tables.get(name);
    if (!cursor.sign(">")) throw new NotUnderstood();
    if (table === undefined) throw new NotUnderstood(`whose table <${name}> does not exist`);
    return table;
  }
  if (cursor.sign("{")) {
    const table = inlineTable("list", cursor, where);
    if (table === null) throw new NotUnderstood();
    return table;
  }
  const word = cursor.take();
  if (word === undefined || word.kind === "sign") throw new NotUnderstood();
  const entry = { key: word.text.toLowerCase(), value: null, where };
  return { name: "list", entries: [entry], because: null, where };
}
