/**
 * nginx's `stream { }` (nginx.org, ngx_stream_core_module and ngx_stream_proxy_module): servers that hand TCP
 * connections on, with `proxy_protocol on` or `proxy_bind $remote_addr transparent` or without either.
 */
import { type Span, sourceOf } from "../../text/source.ts";
import type { ProxiedPort } from "./front.ts";

interface Directive {
  readonly words: readonly string[];
  readonly block: readonly Directive[] | null;
  readonly where: Span;
}

const maxDirectives = 20_000;
const maxDepth = 20;

/** Whether a text has a block of streams. */
export function looksLikeNginx(text: string): boolean {
  return /^\s*stream\s*\{/m.test(text);
}

/** What its streams hand on; bounded. */
export function readNginx(file: string, text: string): readonly ProxiedPort[] {
  const directives = parse(file, text);
  const streams = directives.filter(({ words, block }) => words[0] === "stream" && block !== null);
  return streams.flatMap(({ block }) => {
    const inside = block ?? [];
    const upstreams = new Map(
      inside.flatMap(({ words, block: servers }): [string, readonly string[]][] =>
        words[0] === "upstream" && servers !== null
          ? [[words[1] ?? "", servers.flatMap((one) => (one.words[0] === "server" ? (one.words[1] ?? []) : []))]]
          : [],
      ),
    );
    return inside
      .filter(({ words, block: server }) => words[0] === "server" && server !== null)
      .flatMap(({ block: server }) => portsOf(server ?? [], inside, upstreams));
  });
}

function portsOf(
  server: readonly Directive[],
  stream: readonly Directive[],
  upstreams: ReadonlyMap<string, readonly string[]>,
): readonly ProxiedPort[] {
  // A server has what the stream sets, unless it sets it itself.
  const setting = (name: string): Directive | undefined =>
    server.findLast(({ words }) => words[0] === name) ?? stream.findLast(({ words }) => words[0] === name);
  const pass = setting("proxy_pass");
  const to = pass?.words[1] ?? "";
  const header = setting("proxy_protocol");
  const bind = setting("proxy_bind");
  const hands =
    header?.words[1] === "on"
      ? "header"
      : bind?.words[1] === "$remote_addr" && bind.words.includes("transparent")
        ? "transparent"
        : "plain";
  if (pass === undefined) return [];
  return server
    .filter(({ words }) => words[0] === "listen" && !words.includes("udp"))
    .flatMap(({ words }) =>
      (upstreams.get(to) ?? [to]).flatMap((target): readonly ProxiedPort[] => {
        const listens = /^(?:(.*):)?([0-9]{1,5})$/.exec(words[1] ?? "");
        const goes = /^(.*):([0-9]{1,5})$/.exec(target);
        if (listens === null || goes === null) return [];
        const host = (listens[1] ?? "").replace(/^\[(.*)\]$/, "$1");
        const six = host.includes(":");
        return [
          {
            by: "nginx",
            name: "stream",
            listens: {
              port: Number(listens[2]),
              families: six ? (words.includes("ipv6only=off") ? [4, 6] : [6]) : [4],
              onLoopback: /^127\.|^::1$|^localhost$/.test(host),
            },
            server: { host: goes[1] ?? "", port: Number(goes[2]) },
            hands,
            source: bind === undefined || bind.words[1]?.startsWith("$") === true ? null : (bind.words[1] ?? null),
            where: header?.where ?? pass.where,
          },
        ];
      }),
    )
    .slice(0, 200);
}

/** Directives end in `;` or open a block; `#` begins a comment; quotes hold words together. */
function parse(file: string, text: string): readonly Directive[] {
  const source = sourceOf(file, text);
  const root: Directive[] = [];
  const open: Directive[][] = [root];
  let words: string[] = [];
  let start = 0;
  let count = 0;
  const token = /#[^\n]*|"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'|[;{}]|[^\s;{}"'#][^\s;{}]*/g;
  for (const match of text.matchAll(token)) {
    const [word] = match;
    if (word.startsWith("#")) continue;
    if (word === "}") {
      if (open.length > 1) open.pop();
      words = [];
      continue;
    }
    if (words.length === 0) start = match.index;
    if (word !== ";" && word !== "{") {
      words.push(/^["']/.test(word) ? word.slice(1, -1) : word);
      continue;
    }
    const block: Directive[] | null = word === "{" ? [] : null;
    open.at(-1)?.push({ words, block, where: source.span(start, match.index) });
    if (block !== null) open.push(block);
    words = [];
    count += 1;
    if (count > maxDirectives || open.length > maxDepth) break;
  }
  return root;
}
