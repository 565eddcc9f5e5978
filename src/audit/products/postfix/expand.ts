/**
 * `$name`, `${name?text:text}` and `${{a} == {b} ? {c} : {d}}`, as mac_expand(3) of Postfix reads them. A name that is
 * not defined expands to nothing; a circle is cut and said to be one.
 */

/** Expands a value. `lookup` answers with the unexpanded value of another parameter, or `null`. */
export function expand(value: string, lookup: (name: string) => string | null, depth = 0): string {
  if (!value.includes("$") || depth > 40) return depth > 40 ? "" : value;
  let out = "";
  for (let at = 0; at < value.length && out.length < 1_000_000; ) {
    const char = value[at] as string; // the index is in bounds
    if (char !== "$") {
      out += char;
      at += 1;
      continue;
    }
    const next = value[at + 1];
    if (next === "$") {
      out += "$";
      at += 2;
    } else if (next === "{" || next === "(") {
      const end = closing(value, at + 1);
      if (end < 0) return out + value.slice(at);
      out += inner(value.slice(at + 2, end), lookup, depth);
      at = end + 1;
    } else {
      const name = /^[A-Za-z0-9_]+/.exec(value.slice(at + 1, at + 200))?.[0];
      if (name === undefined) {
        out += "$";
        at += 1;
      } else {
        out += parameter(name, lookup, depth);
        at += 1 + name.length;
      }
    }
  }
  return out;
}

function parameter(name: string, lookup: (name: string) => string | null, depth: number): string {
  const raw = lookup(name);
  return raw === null ? "" : expand(raw, lookup, depth + 1);
}

/** What stands between the braces. */
function inner(text: string, lookup: (name: string) => string | null, depth: number): string {
  const trimmed = text.trimStart();
  if (trimmed.startsWith("{")) return relation(trimmed, lookup, depth);
  const name = /^\s*([A-Za-z0-9_]+)\s*/.exec(text);
  if (name?.[1] === undefined) return "";
  const rest = text.slice(name[0].length);
  if (rest === "") return parameter(name[1], lookup, depth);
  const full = parameter(name[1], lookup, depth) !== "";
  return choose(rest, full, lookup, depth);
}

/** `? yes`, `: no`, `? {yes} : {no}`. */
function choose(rest: string, truth: boolean, lookup: (name: string) => string | null, depth: number): string {
  const operator = rest[0];
  const body = rest.slice(1);
  if (operator !== "?" && operator !== ":") return "";
  const open = /^\s*\{/.exec(body);
  if (open === null) return truth === (operator === "?") ? expand(body, lookup, depth + 1) : "";
  const end = closing(body, open[0].length - 1);
  if (end < 0) return "";
  const first = body.slice(open[0].length, end).trim();
  const other = /^\s*:\s*\{/.exec(body.slice(end + 1));
  if (truth === (operator === "?")) return expand(first, lookup, depth + 1);
  if (other === null || operator === ":") return "";
  const start = end + 1 + other[0].length;
  const stop = closing(body, start - 1);
  return expand(body.slice(start, stop < 0 ? body.length : stop).trim(), lookup, depth + 1);
}

function relation(text: string, lookup: (name: string) => string | null, depth: number): string {
  const leftEnd = closing(text, 0);
  if (leftEnd < 0) return "";
  const left = expand(text.slice(1, leftEnd).trim(), lookup, depth + 1);
  const operator = /^\s*(==|!=|<=level|<level|>=level|>level|<=|<|>=|>)\s*\{/.exec(text.slice(leftEnd + 1));
  if (operator?.[1] === undefined) return "";
  const rightStart = leftEnd + operator[0].length;
  const rightEnd = closing(text, rightStart);
  if (rightEnd < 0) return "";
  const right = expand(text.slice(rightStart + 1, rightEnd).trim(), lookup, depth + 1);
  const order = operator[1].endsWith("level") ? compareLevels(left, right) : compareTexts(left, right);
  const truth = {
    "==": order === 0,
    "!=": order !== 0,
    "<": order < 0,
    "<=": order <= 0,
    ">": order > 0,
    ">=": order >= 0,
  }[operator[1].replace("level", "")];
  const rest = text.slice(rightEnd + 1).trimStart();
  if (rest === "") return truth === true ? "bogus" : "";
  return choose(rest, truth === true, lookup, depth);
}

function compareTexts(a: string, b: string): number {
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compatibility levels, and versions: `3.6` is above `2` and below `3.10`. */
export function compareLevels(a: string, b: string): number {
  const parts = (text: string): readonly number[] => text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The index of the bracket that closes the one at `at`, or -1. */
export function closing(text: string, at: number): number {
  const open = text[at];
  const close = open === "(" ? ")" : "}";
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    if (text[index] === open) depth += 1;
    else if (text[index] === close && --depth === 0) return index;
  }
  return -1;
}
