/** Lists of domains: `locals`, `esmtpacceptmailfor`, `esmtppercentrelay` (courier(8)), and what makedat makes of folders. */
import type { Span } from "../../../text/source.ts";
import type { Truth } from "../../rules.ts";
import type { AddressLists } from "./address.ts";
import { type CourierFolder, databaseOf, linesOf } from "./files.ts";

export interface DomainList {
  /** The line that names the domain, or one above it; `null`: it is not in the list. */
  readonly find: (domain: string) => Span | null;
  readonly names: readonly { readonly name: string; readonly below: boolean; readonly where: Span }[];
}

/** What recipients are judged by. */
export interface CourierDomains extends AddressLists {
  /** The file `me`, or the name of the machine. */
  readonly ownName: string | null;
  readonly locals: DomainList;
  readonly hosted: DomainList;
  readonly accepted: DomainList;
  /** Hosts that `user%host` at one of our domains is sent on to. */
  readonly unfoldable: DomainList;
  /** Whether a local part names somebody at a domain of `locals`. */
  readonly account: (name: string) => Truth;
}

const place: Span = { file: "", start: { line: 1, column: 1 }, end: { line: 1, column: 1 }, text: "" };

/** A file with a name a line: `.example` covers what is below, `!name` is an exception to what follows it. */
export function textList(file: string, otherwise: string | null, folder: CourierFolder): DomainList {
  const lines = linesOf(file, folder);
  const entries =
    lines === null
      ? otherwise === null
        ? []
        : [{ name: otherwise, not: false, where: place }]
      : lines.flatMap(({ text, where }) => {
          const name = text.replace(/#.*$/, "").toLowerCase();
          return name === "" ? [] : [{ name: name.replace(/^!/, ""), not: name.startsWith("!"), where }];
        });
  const fits = (domain: string, name: string): boolean =>
    name.startsWith(".") ? domain.length >= name.length && domain.endsWith(name) : domain === name;
  return {
    find: (domain) => {
      const hit = entries.find(({ name }) => fits(domain, name));
      return hit === undefined || hit.not ? null : hit.where;
    },
    names: entries.filter(({ not }) => !not).map(({ name, where }) => nameOf(name, where)),
  };
}

/** A database: the name itself, then the part behind each dot, with the dot. */
export function databaseList(source: string, folder: CourierFolder): DomainList {
  const keys = new Map(databaseOf(source, folder).map(({ key, where }) => [key, where]));
  return {
    find: (domain) => {
      let at = 0;
      for (let step = 0; step < 8 && at < domain.length; step += 1) {
        const found = keys.get(domain.slice(at));
        if (found !== undefined) return found;
        const dot = domain.indexOf(".", domain[at] === "." ? at + 1 : at);
        if (dot < 0) return null;
        at = dot;
      }
      return null;
    },
    names: [...keys].map(([name, where]) => nameOf(name, where)),
  };
}

const nameOf = (name: string, where: Span) => ({ name: name.replace(/^\./, ""), below: name.startsWith("."), where });

/** What either list holds. */
export function eitherOf(a: DomainList, b: DomainList): DomainList {
  return { find: (domain) => a.find(domain) ?? b.find(domain), names: [...a.names, ...b.names] };
}
