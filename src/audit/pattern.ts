/**
 * Patterns of other people's regular expressions: turned into ours where that is safe, and strings that match them.
 * What cannot be turned, or could run for ever, is said not to be understood.
 */

/** A text that no pattern may take longer to read than. */
const maxSubject = 512;
const maxPattern = 4096;

/** Compiles a POSIX extended or Perl-compatible expression; `null` if it is not understood. */
export function compilePattern(pattern: string, flags: string): RegExp | null {
  if (pattern.length > maxPattern || runsWild(pattern)) return null;
  const leading = /^\(\?([imsx]+)\)/.exec(pattern);
  const body = leading === null ? pattern : pattern.slice(leading[0].length);
  const all = new Set([...flags, ...(leading?.[1] ?? "")].filter((flag) => "ims".includes(flag)));
  if (leading?.[1]?.includes("x") === true || flags.includes("x")) return null;
  const text = body
    .replace(/\[:alpha:\]/g, "A-Za-z")
    .replace(/\[:digit:\]/g, "0-9")
    .replace(/\[:alnum:\]/g, "A-Za-z0-9")
    .replace(/\[:space:\]/g, "\\s")
    .replace(/\[:upper:\]/g, "A-Z")
    .replace(/\[:lower:\]/g, "a-z")
    .replace(/\[:xdigit:\]/g, "0-9A-Fa-f")
    .replace(/\[:punct:\]/g, "!-\\/:-@\\[-`{-~")
    .replace(/\\[AG]/g, "^")
    .replace(/\\[zZ]/g, "$")
    .replace(/\\[<>]/g, "\\b")
    .replace(/([*+?}])\+/g, "$1")
    .replace(/\(\?>/g, "(?:");
  try {
    return new RegExp(text, [...all].join(""));
  } catch {
    return null;
  }
}

/** Whether the pattern matches; a text beyond the bound is compared up to it. */
export function matches(pattern: RegExp, text: string): RegExpExecArray | null {
  return pattern.exec(text.length > maxSubject ? text.slice(0, maxSubject) : text);
}

/** A repeated group that itself repeats can take exponential time: nobody's configuration may hold us up. */
function runsWild(pattern: string): boolean {
  const plain = pattern.replace(/\\./g, "x").replace(/\[[^\]]*\]/g, "x");
  return (
    /\([^()]*[*+}][^()]*\)[*+{]/.test(plain) ||
    /\((?:[^()]|\([^()]*\))*[*+][^()]*\)[*+]/.test(plain) ||
    (plain.match(/[*+]/g)?.length ?? 0) > 12
  );
}

/** Some strings that the pattern matches, verified; none if the pattern is beyond this small generator. */
export function samplesOf(pattern: RegExp): readonly string[] {
  const reader = { text: pattern.source, at: 0 };
  let made: readonly string[];
  try {
    made = alternatives(reader, 0);
  } catch {
    return [];
  }
  const grown = made.flatMap((text) => [text, `probe${text}`, `${text}x`]);
  return [...new Set(grown)].filter((text) => pattern.test(text)).slice(0, 24);
}

interface Reader {
  readonly text: string;
  at: number;
}

const most = 12;

function alternatives(reader: Reader, depth: number): readonly string[] {
  if (depth > 12) throw new Error("too deep");
  let all: string[] = [...sequence(reader, depth)];
  while (reader.text[reader.at] === "|") {
    reader.at += 1;
    all = [...all, ...sequence(reader, depth)];
  }
  return all.slice(0, most);
}

function sequence(reader: Reader, depth: number): readonly string[] {
  let made: readonly string[] = [""];
  while (reader.at < reader.text.length && reader.text[reader.at] !== "|" && reader.text[reader.at] !== ")") {
    const atom = quantified(reader, one(reader, depth));
    made = made.flatMap((before) => atom.map((text) => before + text)).slice(0, most);
  }
  return made;
}

function one(reader: Reader, depth: number): readonly string[] {
  const char = reader.text[reader.at++];
  switch (char) {
    case "^":
    case "$":
      return [""];
    case ".":
      return ["x"];
    case "[":
      return [classMember(reader)];
    case "(": {
      if (reader.text.startsWith("?!", reader.at) || reader.text.startsWith("?<!", reader.at)) {
        skipGroup(reader);
        return [""];
      }
      const head = /^\?(?::|=|<=|<[A-Za-z]\w*>)/.exec(reader.text.slice(reader.at, reader.at + 40));
      const zeroWidth = head?.[0].endsWith("=") === true;
      reader.at += head?.[0].length ?? 0;
      const inside = alternatives(reader, depth + 1);
      reader.at += 1; // the closing bracket
      return zeroWidth ? [""] : inside;
    }
    case "\\": {
      const escaped = reader.text[reader.at++] ?? "";
      if (/[bB]/.test(escaped)) return [""];
      if (escaped === "d") return ["1"];
      if (escaped === "w") return ["a"];
      if (escaped === "s") return [" "];
      if (/[SDW]/.test(escaped)) return [escaped === "W" ? "-" : "a"];
      return [escaped];
    }
    default:
      return [char ?? ""];
  }
}

function quantified(reader: Reader, atoms: readonly string[]): readonly string[] {
  const char = reader.text[reader.at];
  const braces = char === "{" ? /^\{(\d+)(,?)(\d*)\}/.exec(reader.text.slice(reader.at, reader.at + 20)) : null;
  let result = atoms;
  if (char === "*" || char === "?") {
    reader.at += 1;
    result = [...atoms, ""];
  } else if (char === "+") reader.at += 1;
  else if (braces !== null) {
    reader.at += braces[0].length;
    const count = Math.min(Number(braces[1]), 64);
    result = atoms.map((text) => text.repeat(count));
  } else return atoms;
  if (reader.text[reader.at] === "?") reader.at += 1; // lazy
  return result;
}

function classMember(reader: Reader): string {
  const start = reader.at;
  let end = reader.text.indexOf("]", reader.text[start] === "^" ? start + 2 : start + 1);
  while (end > 0 && reader.text[end - 1] === "\\") end = reader.text.indexOf("]", end + 1);
  if (end < 0) throw new Error("open class");
  reader.at = end + 1;
  const member = new RegExp(`[${reader.text.slice(start, end)}]`);
  const found = [..."abcxyz019ABCXYZ-_.@=%!+ "].find((char) => member.test(char));
  if (found === undefined) throw new Error("empty class");
  return found;
}

function skipGroup(reader: Reader): void {
  let depth = 1;
  while (reader.at < reader.text.length && depth > 0) {
    const char = reader.text[reader.at++];
    if (char === "\\") reader.at += 1;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
  }
}
