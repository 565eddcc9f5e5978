/** Patterns of names: `ge-*`, `xe-0/0/[0-3]`. No regular expression is made of them: they are a stranger's text. */

/** `*`, `?` and sets of characters, as in the shell. */
export function wildcardFits(pattern: string, word: string): boolean {
  const steps: { readonly kind: "star" | "one"; readonly fits: (char: string) => boolean }[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index] ?? "";
    const end = char === "[" ? pattern.indexOf("]", index + 2) : -1;
    if (char === "*") steps.push({ kind: "star", fits: () => true });
    else if (char === "?") steps.push({ kind: "one", fits: () => true });
    else if (end > 0) {
      const set = setOf(pattern.slice(index + 1, end));
      steps.push({ kind: "one", fits: set });
      index = end;
    } else steps.push({ kind: "one", fits: (other) => other === char });
  }
  // The last star is the only one that has to be tried again.
  let step = 0;
  let at = 0;
  let star = -1;
  let mark = 0;
  while (at < word.length) {
    const now = steps[step];
    if (now?.kind === "star") {
      star = step;
      mark = at;
      step += 1;
    } else if (now?.kind === "one" && now.fits(word[at] ?? "")) {
      step += 1;
      at += 1;
    } else if (star >= 0) {
      step = star + 1;
      mark += 1;
      at = mark;
    } else return false;
  }
  while (steps[step]?.kind === "star") step += 1;
  return step === steps.length;
}

function setOf(text: string): (char: string) => boolean {
  const except = text.startsWith("!") || text.startsWith("^");
  const body = except ? text.slice(1) : text;
  const fits = (char: string): boolean => {
    for (let index = 0; index < body.length; index += 1) {
      const first = body[index] ?? "";
      if (body[index + 1] === "-" && index + 2 < body.length) {
        if (char >= first && char <= (body[index + 2] ?? "")) return true;
        index += 2;
      } else if (char === first) return true;
    }
    return false;
  };
  return except ? (char) => !fits(char) : fits;
}
