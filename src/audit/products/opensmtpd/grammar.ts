/** Statements of smtpd.conf(5) since 6.4 into the model. What is not understood is a gap: it may have been any rule. */
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { readFilter } from "./filter-grammar.ts";
import { readAccept } from "./legacy.ts";
import { readListen } from "./listen-grammar.ts";
import { MatchReader } from "./match-grammar.ts";
import type { Listen, Match, Model } from "./model.ts";
import { type Names, NotUnderstood } from "./names.ts";
import { type Cursor, cursorOver, type Statement } from "./syntax.ts";
import { backedTable, inlineTable } from "./tables.ts";

/** Statements that say nothing of who may send where. */
const harmless = new Set([
  "admd",
  "bounce",
  "bounce-warn",
  "ca",
  "expire",
  "limit",
  "max-message-size",
  "mda",
  "mta",
  "pki",
  "queue",
  "scheduler",
  "srs",
]);

export function readModel(statements: readonly Statement[], tree: ConfigTree): Model {
  const names: Names = { tables: new Map(), actions: new Map(), filters: new Map(), programs: new Map(), tree };
  const listens: Listen[] = [];
  const matches: (Match | { gap: Unknown })[] = [];
  const strange: Unknown[] = [];
  let grammar: Model["grammar"] = "match";
  let delimiter = "+";
  for (const statement of statements) {
    if (statement.kind === "gap") {
      matches.push({ gap: statement.because });
      if (strange.length < 200) strange.push(statement.because);
      continue;
    }
    const { tokens, where } = statement;
    const cursor = cursorOver(tokens);
    const keyword = cursor.take()?.text ?? "";
    try {
      switch (keyword) {
        case "listen":
          listens.push(...readListen(cursor, names, where));
          break;
        case "table":
          readTable(cursor, names, where);
          break;
        case "action":
          names.actions.set(...new MatchReader(cursor, names, where).action());
          break;
        case "match":
          matches.push(new MatchReader(cursor, names, where).match());
          break;
        case "accept":
        case "reject":
          grammar = "accept";
          matches.push(readAccept(keyword, cursor, names, where));
          break;
        case "proc":
          names.programs.set(cursor.take()?.text ?? "", cursor.take()?.text ?? "");
          break;
        case "filter":
          readFilter(cursor, names, where);
          break;
        case "smtp":
          if (cursor.accept("sub-addr-delim")) delimiter = cursor.take()?.text ?? delimiter;
          break;
        case "subaddressing-delimiter":
          delimiter = cursor.take()?.text ?? delimiter;
          break;
        default:
          if (!harmless.has(keyword)) throw new NotUnderstood();
      }
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      const reason = error.message === "" ? "which is not understood" : error.message;
      const gap: Unknown = { unknown: `the line "${where.text.slice(0, 60)}", ${reason}`, where };
      matches.push({ gap });
      if (strange.length < 200) strange.push(gap);
    }
  }
  return { grammar, listens, matches, filters: names.filters, delimiter, strange };
}

function readTable(cursor: Cursor, names: Names, where: Span): void {
  const name = cursor.take()?.text ?? "";
  if (cursor.sign("{")) {
    const table = inlineTable(name, cursor, where);
    if (table === null) throw new NotUnderstood();
    names.tables.set(name, table);
    return;
  }
  const backend = cursor.take();
  if (backend === undefined || backend.kind === "sign") throw new NotUnderstood();
  names.tables.set(name, backedTable(name, backend.text, where, names.tree));
}
