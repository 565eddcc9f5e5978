/**
 * Variables as Compose knows them: files of `NAME=value`, and their use in texts (docs.docker.com, "Interpolation" and
 * "Environment file"). What no file sets and has no default is unknown: it may come from the shell.
 */
import { type Span, sourceOf } from "../../text/source.ts";

export interface Variable {
  /** `null`: it is set to something that no file tells. */
  readonly value: string | null;
  readonly where: Span | null;
}

export type Variables = ReadonlyMap<string, Variable>;

/** Where variables are looked up. */
type Lookup = Pick<Variables, "get">;

const maxVariables = 5000;
/** Longer values are nobody's: they come from variables that repeat each other. */
const maxLength = 100_000;

/** Reads an environment file. Values may be quoted; `export` may stand before a name; a comment begins at ` #`. */
export function readEnvFile(file: string, text: string, known: Variables = new Map()): Variables {
  const source = sourceOf(file, text);
  const found = new Map<string, Variable>();
  for (let number = 1; number <= source.lineCount && found.size < maxVariables; number += 1) {
    const line = source.line(number).slice(0, maxLength);
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s?(.*)$/.exec(line);
    if (match?.[1] === undefined) continue;
    const where: Span = {
      file,
      start: { line: number, column: 1 },
      end: { line: number, column: line.length + 1 },
      text: line,
    };
    const raw = (match[2] ?? "").trim();
    const single = /^'([^']*)'/.exec(raw);
    const double = /^"([^"\\]*(?:\\.[^"\\]*)*)"/.exec(raw);
    if (single !== null) found.set(match[1], { value: single[1] ?? "", where });
    else {
      const body = double === null ? raw.replace(/(^|\s+)#.*$/, "") : (double[1] ?? "").replace(/\\(["\\$])/g, "$1");
      found.set(match[1], {
        value: interpolate(body, { get: (name) => found.get(name) ?? known.get(name) }).text,
        where,
      });
    }
  }
  return found;
}

export interface Interpolated {
  /** `null`: it depends on a variable that no file sets. */
  readonly text: string | null;
  /** The variable whose setting gave the text its last part, or that is missing. */
  readonly by: string | null;
  readonly defaulted: boolean;
}

/** Puts variables into a text: `$NAME`, `${NAME}`, `:-` and `-` with a default, `:+` and `+`, `:?` and `?`, `$$`. */
export function interpolate(text: string, variables: Lookup, depth = 0): Interpolated {
  let result = "";
  let by: string | null = null;
  let defaulted = false;
  for (let index = 0; index < text.length; ) {
    if (result.length > maxLength) return { text: null, by, defaulted };
    const dollar = text.indexOf("$", index);
    if (dollar < 0) {
      result += text.slice(index);
      break;
    }
    result += text.slice(index, dollar);
    if (text[dollar + 1] === "$") {
      result += "$";
      index = dollar + 2;
      continue;
    }
    const bare = /^\$([A-Za-z_][A-Za-z0-9_]*)/.exec(text.slice(dollar, dollar + 200));
    const close = text[dollar + 1] === "{" ? closingBrace(text, dollar + 1) : -1;
    if (bare === null && close < 0) {
      result += "$";
      index = dollar + 1;
      continue;
    }
    const body = bare === null ? text.slice(dollar + 2, close) : (bare[1] ?? "");
    index = bare === null ? close + 1 : dollar + bare[0].length;
    const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])(.*))?$/s.exec(body);
    if (parts?.[1] === undefined || depth > 10) return { text: null, by: body, defaulted };
    const [, name, operator = "", word = ""] = parts;
    const variable = variables.get(name);
    if (variable?.value === null) return { text: null, by: name, defaulted };
    const value = variable?.value ?? null;
    const counts = value !== null && !(operator.startsWith(":") && value === "");
    const mark = operator.replace(":", "");
    if (mark === "+") {
      if (!counts) continue;
    } else if (counts) {
      result += value;
      by = name;
      continue;
    } else if (mark !== "-") return { text: null, by: name, defaulted };
    const inner = interpolate(word, variables, depth + 1);
    if (inner.text === null) return inner;
    result += inner.text;
    by = inner.by ?? by;
    defaulted = defaulted || mark === "-";
  }
  return { text: result, by, defaulted };
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    if (text[index] === "{") depth += 1;
    else if (text[index] === "}" && (depth -= 1) === 0) return index;
  }
  return -1;
}
