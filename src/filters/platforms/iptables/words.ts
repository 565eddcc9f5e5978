/** Words of lines as a shell splits them, and commands with what joins them. Nothing is run, and no file is looked for. */

export interface Word {
  readonly text: string;
  /** A variable or a command in it is not known. */
  readonly open: boolean;
}

export interface Command {
  readonly words: readonly Word[];
  /** What stands before it: `&&`, `||`, or an end. */
  readonly joined: "&&" | "||" | "";
  readonly line: number;
  /** The lines of a here-document. */
  readonly input: readonly { readonly text: string; readonly line: number }[] | null;
}

export type Variables = Map<string, string>;

const sign = /^(&&|\|\||;;|;|\||&|\(|\)|\n)/;

/** Commands of one logical line; variables are replaced when a command is run, so `$` is kept, with its quotes told. */
export function commandsOf(
  text: string,
): readonly { readonly raw: readonly string[]; readonly joined: Command["joined"] }[] {
  const commands: { raw: string[]; joined: Command["joined"] }[] = [{ raw: [], joined: "" }];
  let at = 0;
  let word: string | null = null;
  const end = (): void => {
    if (word !== null) commands.at(-1)?.raw.push(word);
    word = null;
  };
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "#" && word === null) break;
    const found = sign.exec(text.slice(at, at + 2))?.[1];
    if (char === " " || char === "\t" || char === "\r") {
      end();
      at += 1;
    } else if (found !== undefined && !(found === "&" && /[<>]$/.test(word ?? ""))) {
      end();
      commands.push({ raw: [], joined: found === "&&" || found === "||" ? found : "" });
      at += found.length;
    } else if (char === "'") {
      const close = text.indexOf("'", at + 1);
      const stop = close < 0 ? text.length : close;
      // What is in these quotes has no variables: marked, so that it is kept.
      word = `${word ?? ""}${text.slice(at + 1, stop).replaceAll("$", "\u0001")}`;
      at = stop + 1;
    } else if (char === '"') {
      let stop = at + 1;
      let inner = "";
      for (; stop < text.length && text[stop] !== '"'; stop += 1) {
        if (text[stop] === "\\" && /["\\$`]/.test(text[stop + 1] ?? "")) stop += 1;
        inner += text[stop] ?? "";
      }
      // One word, whatever its variables hold.
      word = `${word ?? ""}${inner.replaceAll(" ", "\u0002")}`;
      at = stop + 1;
    } else if (char === "\\") {
      word = `${word ?? ""}${text[at + 1] ?? ""}`;
      at += 2;
    } else {
      word = `${word ?? ""}${char}`;
      at += 1;
    }
  }
  end();
  return commands.filter(({ raw, joined }) => raw.length > 0 || joined !== "");
}

/** Without redirections, and with what variables hold; a value with spaces becomes several words. */
export function expanded(raw: readonly string[], variables: Variables): readonly Word[] {
  const words: Word[] = [];
  let skip = false;
  for (const one of raw) {
    if (skip) {
      skip = false;
      continue;
    }
    if (/^(\d*|&)(>>?|<)/.test(one)) {
      skip = /^(\d*|&)(>>?|<<?)$/.test(one);
      continue;
    }
    const text = one.replace(/\$\{([A-Za-z_]\w*)(?::?-[^}]*)?\}|\$([A-Za-z_]\w*)/g, (whole, braced, bare) => {
      const value = variables.get((braced ?? bare) as string);
      return value ?? whole.replaceAll("$", "\u0003");
    });
    const open = /[`\u0003$]/.test(text);
    for (const part of open ? [text] : text.split(/[ \t]+/))
      if (part !== "")
        words.push({
          text: part.replaceAll("\u0001", "$").replaceAll("\u0002", " ").replaceAll("\u0003", "$"),
          open,
        });
  }
  return words;
}
