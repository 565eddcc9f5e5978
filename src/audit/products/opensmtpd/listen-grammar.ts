/** `listen on …` of both grammars (smtpd.conf(5), listen). The socket of local programs is no way in for strangers. */
import type { Span } from "../../../text/source.ts";
import { namesIn } from "./filter-grammar.ts";
import type { Listen } from "./model.ts";
import { type Names, NotUnderstood, tableIn } from "./names.ts";
import type { Cursor } from "./syntax.ts";

const ports: Readonly<Record<string, number>> = { smtp: 25, smtps: 465, submissions: 465, submission: 587, ssmtp: 465 };

/** Options with a word or table behind them that say nothing of who may send where. */
const idle = new Set(["pki", "hostnames", "senders", "ciphers", "protocols"]);
const idleAlone = new Set(["mask-src", "mask-source", "received-auth", "no-dsn"]);

export function readListen(cursor: Cursor, names: Names, where: Span): readonly Listen[] {
  if (!cursor.accept("on")) throw new NotUnderstood();
  const on = cursor.take();
  if (on === undefined || on.kind === "sign") throw new NotUnderstood();
  let made: Listen = {
    on: on.text,
    family: null,
    port: null,
    tls: "none",
    verify: "no",
    auth: "none",
    authTable: null,
    tag: "",
    hostname: null,
    filters: [],
    proxy: false,
    where,
  };
  /** Before 6.4 `secure` meant both: STARTTLS on port 25, and TLS from the start on 465. */
  let both = false;
  let ownAuthority = false;
  for (let option = cursor.take(); option !== undefined; option = cursor.take()) {
    if (option.kind !== "word") throw new NotUnderstood();
    switch (option.text) {
      case "inet4":
        made = { ...made, family: 4 };
        break;
      case "inet6":
        made = { ...made, family: 6 };
        break;
      case "port":
        made = { ...made, port: portOf(cursor.take()?.text ?? "") };
        break;
      case "tls":
        made = { ...made, tls: "offered" };
        break;
      case "secure":
        both = true;
        break;
      case "tls-require":
      case "smtps": {
        const tls = option.text === "smtps" ? "implicit" : "required";
        made = { ...made, tls, verify: cursor.accept("verify") ? "public-ca" : "no" };
        break;
      }
      case "ca":
        cursor.take();
        ownAuthority = true;
        break;
      case "auth":
      case "auth-optional": {
        const auth = option.text === "auth" ? "required" : "optional";
        const next = cursor.peek();
        made = { ...made, auth, authTable: next?.text === "<" ? tableIn(cursor, names, where) : null };
        break;
      }
      case "tag":
        made = { ...made, tag: cursor.take()?.text ?? "" };
        break;
      case "hostname":
        made = { ...made, hostname: cursor.take()?.text ?? null };
        break;
      case "filter":
        made = { ...made, filters: filtersIn(cursor, names) };
        break;
      case "proxy-v2":
        made = { ...made, proxy: true };
        break;
      case "masquerade":
        break;
      default:
        if (idle.has(option.text)) tableIn(cursor, names, where);
        else if (!idleAlone.has(option.text)) throw new NotUnderstood();
    }
  }
  if (on.kind === "word" && on.text === "socket") return [];
  if (ownAuthority && made.verify !== "no") made = { ...made, verify: "own-ca" };
  if (!both) return [made];
  return [
    { ...made, tls: "offered" },
    { ...made, tls: "implicit" },
  ];
}

function portOf(text: string): number {
  const port = ports[text] ?? Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new NotUnderstood(`whose port is not known`);
  return port;
}

/** The filters of a listener, in order, chains opened. */
function filtersIn(cursor: Cursor, names: Names): readonly string[] {
  if (cursor.sign("{")) return namesIn(cursor, names);
  const name = cursor.take()?.text ?? "";
  const filter = names.filters.get(name);
  if (filter === undefined) throw new NotUnderstood(`whose filter "${name}" does not exist`);
  return filter.kind === "chain" ? filter.names : [name];
}
