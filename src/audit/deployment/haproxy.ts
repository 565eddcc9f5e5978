/**
 * HAProxy's configuration, as far as mail goes through it: `frontend`, `backend`, `listen` and `defaults` with `bind`,
 * `server`, `default-server`, `source` (docs.haproxy.org, "Configuration Manual" 4 and 5).
 */
import { type Source, type Span, sourceOf } from "../../text/source.ts";
import type { ProxiedPort } from "./front.ts";

interface Section {
  readonly kind: string;
  readonly name: string;
  readonly lines: readonly Line[];
  /** What held where it began. */
  readonly defaults: readonly Line[];
}

interface Line {
  readonly words: readonly string[];
  readonly where: Span;
}

const keywords = new Set([
  "global",
  "defaults",
  "frontend",
  "backend",
  "listen",
  "peers",
  "resolvers",
  "userlist",
  "mailers",
  "cache",
  "program",
  "http-errors",
  "ring",
  "log-forward",
  "fcgi-app",
]);

/** Whether a text looks like HAProxy's configuration. */
export function looksLikeHaproxy(text: string): boolean {
  return /^\s*(frontend|listen)\s+\S/m.test(text) && /^\s*(bind|server)\s+\S/m.test(text);
}

/** What its frontends hand to the servers of their backends; bounded. */
export function readHaproxy(file: string, text: string): readonly ProxiedPort[] {
  const sections = sectionsOf(sourceOf(file, text));
  const backends = new Map(
    sections.filter(({ kind }) => kind === "backend" || kind === "listen").map((one) => [one.name, one]),
  );
  return sections.flatMap((section): readonly ProxiedPort[] => {
    if (section.kind !== "frontend" && section.kind !== "listen") return [];
    const named = [...section.defaults, ...section.lines].flatMap(({ words }) =>
      words[0] === "default_backend" || words[0] === "use_backend" ? (words[1] ?? []) : [],
    );
    const targets = [
      ...(section.kind === "listen" ? [section] : []),
      ...named.flatMap((name) => backends.get(name) ?? []),
    ];
    const binds = section.lines.filter(({ words }) => words[0] === "bind").flatMap(bindsOf);
    return binds
      .flatMap((listens) => targets.flatMap((target) => serversOf(target, section.name, listens)))
      .slice(0, 200);
  });
}

function sectionsOf(source: Source): readonly Section[] {
  const sections: { kind: string; name: string; lines: Line[]; defaults: readonly Line[] }[] = [];
  let defaults: readonly Line[] = [];
  for (let number = 1; number <= source.lineCount && number <= 50_000; number += 1) {
    const text = source.line(number);
    const words = text
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/)
      .slice(0, 100);
    const [first = ""] = words;
    if (first === "") continue;
    const where: Span = {
      file: source.file,
      start: { line: number, column: 1 },
      end: { line: number, column: text.length + 1 },
      text: text.trim(),
    };
    const last = sections.at(-1);
    if (keywords.has(first)) {
      if (last?.kind === "defaults") defaults = last.lines;
      sections.push({ kind: first, name: words[1] ?? "", lines: [], defaults });
    } else last?.lines.push({ words, where });
  }
  return sections;
}

/** `bind` takes several addresses: `:25,[::]:25`, `*:25`, `ipv6@:25`, a range of ports. */
function bindsOf({ words }: Line): readonly ProxiedPort["listens"][] {
  const v6only = words.includes("v6only");
  return (words[1] ?? "").split(",").flatMap((text): readonly ProxiedPort["listens"][] => {
    const match = /^(?:(ipv4|ipv6)@)?(.*):([0-9]{1,5})(?:-[0-9]+)?$/.exec(text);
    if (match === null) return [];
    const host = (match[2] ?? "").replace(/^\[(.*)\]$/, "$1");
    const six = match[1] === "ipv6" || host.includes(":");
    const both = six && (host === "::" || host === "") && !v6only && words.includes("v4v6");
    return [
      {
        port: Number(match[3]),
        families: both ? [4, 6] : six ? [6] : [4],
        onLoopback: /^127\.|^::1$|^localhost$/.test(host),
      },
    ];
  });
}

function serversOf(section: Section, name: string, listens: ProxiedPort["listens"]): readonly ProxiedPort[] {
  const lines = [...section.defaults, ...section.lines];
  const usual = lines.filter(({ words }) => words[0] === "default-server").flatMap(({ words }) => words.slice(1));
  const source = lines.findLast(({ words }) => words[0] === "source")?.words.slice(1) ?? [];
  return section.lines.flatMap(({ words, where }): readonly ProxiedPort[] => {
    if (words[0] !== "server") return [];
    const match = /^(?:ipv[46]@)?(.*?)(?::([0-9]{1,5}))?$/.exec(words[2] ?? "");
    const options = [...usual, ...words.slice(3)];
    const own = options.indexOf("source");
    const from = own < 0 ? source : options.slice(own + 1);
    const sends = options.some(
      (word, index) => /^send-proxy(-v2(-ssl(-cn)?)?)?$/.test(word) && !options.includes(`no-${word}`, index),
    );
    const transparent = from[1] === "usesrc" && /^client(ip)?$/.test(from[2] ?? "");
    return [
      {
        by: "HAProxy",
        name,
        listens,
        // Without a port the server gets the one that the client came to.
        server: { host: match?.[1] ?? "", port: Number(match?.[2] ?? listens.port) },
        hands: sends ? "header" : transparent ? "transparent" : "plain",
        source: from[0] === undefined || from[0] === "0.0.0.0" ? null : from[0].replace(/:[0-9]+$/, ""),
        where,
      },
    ];
  });
}
