/**
 * A configuration's lines without what is not for the machine to obey: comments, banners, macros. Banners of IOS, XR and
 * NX-OS end at a sign of their writer's choice, those of EOS at `EOF`; ASA's are single lines.
 */
import type { Place } from "../../model.ts";

export interface Line extends Place {
  /** How far it is indented, compared with the least indented line. */
  readonly indent: number;
  /** Without spaces at both ends. */
  readonly body: string;
}

const banner = /^banner\s+(?:motd|login|exec|incoming|slip-ppp|prompt-timeout|config-save)\b\s*(.*)$/;

export function linesOf(file: string, text: string, banners: "delimited" | "eof" | "none"): readonly Line[] {
  const raw = text.split(/\r*\n/);
  const lines: Line[] = [];
  let base = Number.POSITIVE_INFINITY;
  for (let index = 0; index < raw.length; index += 1) {
    const line = withoutPrompt(raw[index] ?? "");
    const body = line.trim();
    if (body === "" || body.startsWith("!")) continue;
    const opened = banners === "none" ? null : banner.exec(body);
    if (opened !== null) {
      index = bannerEnd(raw, index, opened[1] ?? "", banners);
      continue;
    }
    if (/^macro name /.test(body)) {
      index = find(raw, index, (one) => one.trim() === "@");
      continue;
    }
    const indent = /^[\t ]*/.exec(line)?.[0].length ?? 0;
    base = Math.min(base, indent);
    lines.push({ file, line: index + 1, text: raw[index] ?? "", indent, body: withoutComment(body) });
  }
  return base === 0 || base === Number.POSITIVE_INFINITY
    ? lines
    : lines.map((line) => ({ ...line, indent: line.indent - base }));
}

/** `R1(config-if)# ip access-group EDGE in`: copied out of a terminal. */
const withoutPrompt = (line: string): string =>
  line.includes(")#") ? line.replace(/^\s*[\w.-]{1,63}\(config[\w-]{0,40}\)# ?/, "") : line;

/** People write remarks of their own behind commands; in remarks and descriptions the sign is a sign. */
const withoutComment = (body: string): string =>
  body.includes(" !") && !/\b(remark|description)\b/.test(body) ? body.replace(/\s+!.*$/, "") : body;

/** The line on which the banner ends; a banner without an end is taken for one line, so that no list hides in it. */
function bannerEnd(raw: readonly string[], start: number, rest: string, banners: "delimited" | "eof" | "none"): number {
  if (banners === "eof" && rest === "") {
    return find(raw, start, (one) => one.trim() === "EOF");
  }
  // A control-C is shown as two signs.
  const delimiter = rest.startsWith("^C") ? "^C" : rest.slice(0, 1);
  if (delimiter === "" || rest.indexOf(delimiter, delimiter.length) >= 0) return start;
  return find(raw, start, (one) => one.includes(delimiter));
}

/** So many lines may a banner or a macro have. */
const maxLines = 1000;

/** The next line of this kind; `start` if none is near. */
function find(raw: readonly string[], start: number, is: (line: string) => boolean): number {
  for (let at = start + 1; at < Math.min(raw.length, start + maxLines); at += 1) if (is(raw[at] ?? "")) return at;
  return start;
}

export const placeOf = ({ file, line, text }: Place): Place => ({ file, line, text: text.trim() });
