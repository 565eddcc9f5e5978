/**
 * Exim's string expansions (specification §11) as a tree. What is not understood stays in it as `opaque`, so that only
 * those who need its value learn that it cannot be told.
 */

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string }
  /** `${lc:…}` */
  | { readonly kind: "operator"; readonly name: string; readonly of: Text }
  /** `${sg{…}{…}{…}}`, `${extract{…}{…}{yes}{no}}` */
  | { readonly kind: "item"; readonly name: string; readonly args: readonly Text[]; readonly fails: boolean }
  | { readonly kind: "if"; readonly test: Test; readonly branches: Branches }
  | {
      readonly kind: "lookup";
      readonly type: string;
      /** `null`: a query-style lookup. */
      readonly key: Text | null;
      readonly file: Text;
      readonly branches: Branches;
    }
  | { readonly kind: "opaque"; readonly text: string };

export type Text = readonly Node[];

/** `null`: not given; `fail`: the expansion is forced to fail. */
export interface Branches {
  readonly yes: Text | "fail" | null;
  readonly no: Text | "fail" | null;
}

export type Test =
  | { readonly kind: "not"; readonly of: Test }
  | { readonly kind: "and" | "or"; readonly of: readonly Test[] }
  | { readonly kind: "defined"; readonly name: string }
  | { readonly kind: "named"; readonly name: string; readonly args: readonly Text[] }
  | { readonly kind: "opaque"; readonly text: string };

/** The tree, or `null` if the text is no expansion that Exim would take. */
export function parseExpansion(text: string): Text | null {
  if (text.length > maxLength) return null;
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parser = new Parser(text);
  let tree: Text | null = parser.text(false, 0);
  if (parser.failed || parser.at < text.length) tree = null;
  if (cache.size > 20_000) cache.clear();
  cache.set(text, tree);
  return tree;
}

const maxLength = 262_144;
const maxDepth = 60;
const cache = new Map<string, Text | null>();

/** Operators, and items whose arguments are all in braces. */
const operators = new Set(
  "address domain escape eval eval10 from_utf8 hexquote l lc length local_part mask quote quote_local_part rxquote s strlen substr uc".split(
    " ",
  ),
);
const items = new Set(["sg", "tr", "extract", "length", "substr", "listextract"]);

class Parser {
  readonly #text: string;
  at = 0;
  failed = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the end, or up to a closing brace that was not opened here. */
  text(inBraces: boolean, depth: number): Text {
    const nodes: Node[] = [];
    let plain = "";
    const put = (node: Node): void => {
      if (plain !== "") nodes.push({ kind: "text", text: plain });
      plain = "";
      nodes.push(node);
    };
    if (depth > maxDepth) this.failed = true;
    while (!this.failed && this.at < this.#text.length) {
      const char = this.#text[this.at] ?? "";
      if (char === "}" && inBraces) break;
      if (char === "\\") plain += this.#escape();
      else if (char === "$") {
        this.at += 1;
        put(this.#dollar(depth));
      } else {
        plain += char;
        this.at += 1;
      }
    }
    if (plain !== "") nodes.push({ kind: "text", text: plain });
    return nodes;
  }

  #escape(): string {
    const next = this.#text[this.at + 1] ?? "";
    if (next === "N") {
      const end = this.#text.indexOf("\\N", this.at + 2);
      const literal = this.#text.slice(this.at + 2, end < 0 ? undefined : end);
      this.at = end < 0 ? this.#text.length : end + 2;
      return literal;
    }
    const hex = /^x[0-9a-fA-F]{1,2}/.exec(this.#text.slice(this.at + 1, this.at + 4))?.[0];
    if (hex !== undefined) {
      this.at += 1 + hex.length;
      return String.fromCharCode(Number.parseInt(hex.slice(1), 16));
    }
    const octal = /^[0-7]{1,3}/.exec(this.#text.slice(this.at + 1, this.at + 4))?.[0];
    if (octal !== undefined) {
      this.at += 1 + octal.length;
      return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    }
    this.at += 2;
    return next === "n" ? "\n" : next === "t" ? "\t" : next === "r" ? "\r" : next;
  }

  #dollar(depth: number): Node {
    const rest = this.#text.slice(this.at, this.at + 200);
    const header = /^(?:rheader|rh|bheader|bh|lheader|lh|header|h)_[!-9;-~]*:/.exec(rest)?.[0];
    if (header !== undefined) {
      this.at += header.length;
      return { kind: "opaque", text: `$${header}` };
    }
    const plain = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)/.exec(rest)?.[0];
    if (plain !== undefined) {
      this.at += plain.length;
      return { kind: "variable", name: plain };
    }
    if (rest[0] !== "{") {
      this.failed = true;
      return { kind: "opaque", text: "$" };
    }
    this.at += 1;
    this.#space();
    const inner = this.#text.slice(this.at, this.at + 200);
    const variable = /^([A-Za-z_][A-Za-z0-9_]*|[0-9]+)\s*\}/.exec(inner);
    if (variable !== null) {
      this.at += variable[0].length;
      return { kind: "variable", name: variable[1] ?? "" };
    }
    const from = this.at;
    const word = /^[A-Za-z_][A-Za-z0-9_]*/.exec(inner)?.[0] ?? "";
    const base = word.replace(/(?:_-?[0-9]+)+$/, "");
    if (inner[word.length] === ":" || (base !== word && /^(?:_-?[0-9]+)*:/.test(inner.slice(base.length)))) {
      this.at += this.#text.slice(this.at).indexOf(":") + 1;
      const of = this.text(true, depth + 1);
      this.#expect("}");
      if (operators.has(word) || operators.has(base)) return { kind: "operator", name: word, of };
      return { kind: "opaque", text: `\${${word}:…}` };
    }
    const negative = /^(substr|length)((?:_-?[0-9]+)+):/.exec(inner);
    if (negative !== null) {
      this.at += negative[0].length;
      const of = this.text(true, depth + 1);
      this.#expect("}");
      return { kind: "operator", name: `${negative[1]}${negative[2]}`, of };
    }
    this.at += word.length;
    if (word === "if") return this.#if(depth);
    if (word === "lookup") return this.#lookup(depth);
    if (items.has(word)) {
      const args = this.#arguments(depth);
      const fails = this.#word("fail");
      this.#expect("}");
      return { kind: "item", name: word, args, fails };
    }
    this.#skip(from);
    return { kind: "opaque", text: `\${${word}…}` };
  }

  #if(depth: number): Node {
    const test = this.#test(depth);
    const branches = this.#branches(depth);
    return { kind: "if", test, branches };
  }

  /** `{yes}{no}}`, `{yes} fail}`, `fail}` or `}`. */
  #branches(depth: number): Branches {
    const yes = this.#branch(depth);
    const no = yes === null ? null : this.#branch(depth);
    this.#expect("}");
    return { yes, no };
  }

  #branch(depth: number): Text | "fail" | null {
    this.#space();
    if (this.#word("fail")) return "fail";
    if (this.#text[this.at] !== "{") return null;
    return this.#braced(depth);
  }

  #test(depth: number): Test {
    if (depth > maxDepth) this.failed = true;
    this.#space();
    if (this.failed) return { kind: "opaque", text: "" };
    if (this.#text[this.at] === "!") {
      this.at += 1;
      return { kind: "not", of: this.#test(depth + 1) };
    }
    const rest = this.#text.slice(this.at, this.at + 120);
    const defined = /^def:([A-Za-z_][A-Za-z0-9_]*:?)/.exec(rest);
    if (defined !== null) {
      this.at += defined[0].length;
      return { kind: "defined", name: defined[1] ?? "" };
    }
    const name = /^(?:[a-z][a-z0-9_]*|==|>=|<=|=|>|<)/.exec(rest)?.[0];
    if (name === undefined) {
      this.failed = true;
      return { kind: "opaque", text: rest.slice(0, 20) };
    }
    this.at += name.length;
    if (name === "and" || name === "or") {
      this.#space();
      this.#expect("{");
      const of: Test[] = [];
      for (;;) {
        this.#space();
        if (this.failed || this.#text[this.at] !== "{") break;
        this.at += 1;
        of.push(this.#test(depth + 1));
        this.#space();
        this.#expect("}");
      }
      this.#expect("}");
      return { kind: name, of };
    }
    const count = arity[name] ?? null;
    if (count === null) {
      // Its arguments are skipped, so that the branches are found: all groups but the last one or two may be theirs.
      this.#space();
      if (this.#text[this.at] === "{") this.#skipGroup();
      return { kind: "opaque", text: name };
    }
    const args: Text[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#space();
      args.push(this.#braced(depth));
    }
    return { kind: "named", name, args };
  }

  #lookup(depth: number): Node {
    this.#space();
    const key = this.#text[this.at] === "{" ? this.#braced(depth) : null;
    this.#space();
    const type = /^[A-Za-z0-9_*@,=()-]+/.exec(this.#text.slice(this.at, this.at + 100))?.[0] ?? "";
    this.at += type.length;
    this.#space();
    const file = this.#braced(depth);
    const branches = this.#branches(depth);
    return { kind: "lookup", type, key, file, branches };
  }

  #arguments(depth: number): readonly Text[] {
    const args: Text[] = [];
    for (;;) {
      this.#space();
      if (this.failed || this.#text[this.at] !== "{") return args;
      args.push(this.#braced(depth));
    }
  }

  #braced(depth: number): Text {
    this.#expect("{");
    if (this.failed) return [];
    const text = this.text(true, depth + 1);
    this.#expect("}");
    return text;
  }

  /** Over an expansion that is not understood, to behind its closing brace. */
  #skip(from: number): void {
    let open = 1;
    for (this.at = from; this.at < this.#text.length && open > 0; this.at += 1) {
      const char = this.#text[this.at];
      if (char === "\\") this.at += 1;
      else if (char === "{") open += 1;
      else if (char === "}") open -= 1;
    }
    if (open > 0) this.failed = true;
  }

  #skipGroup(): void {
    this.at += 1;
    this.#skip(this.at);
  }

  #word(word: string): boolean {
    this.#space();
    if (!this.#text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.at] ?? "")) this.at += 1;
  }

  #expect(char: string): void {
    if (char === "}") this.#spaceBefore(char);
    if (this.#text[this.at] === char) this.at += 1;
    else this.failed = true;
  }

  #spaceBefore(char: string): void {
    let at = this.at;
    while (/\s/.test(this.#text[at] ?? "")) at += 1;
    if (this.#text[at] === char) this.at = at;
  }
}

/** How many arguments in braces a condition takes. */
const arity: Readonly<Record<string, number>> = {
  bool: 1,
  bool_lax: 1,
  exists: 1,
  isip: 1,
  isip4: 1,
  isip6: 1,
  eq: 2,
  eqi: 2,
  ge: 2,
  gei: 2,
  gt: 2,
  gti: 2,
  le: 2,
  lei: 2,
  lt: 2,
  lti: 2,
  match: 2,
  match_address: 2,
  match_domain: 2,
  match_ip: 2,
  match_local_part: 2,
  inlist: 2,
  inlisti: 2,
  "=": 2,
  "==": 2,
  ">": 2,
  ">=": 2,
  "<": 2,
  "<=": 2,
};

/** Texts that stand in an expansion literally: what a comparison is likely to be about. */
export function literalsIn(text: Text): readonly string[] {
  const found: string[] = [];
  const ofBranches = ({ yes, no }: Branches): void => {
    for (const one of [yes, no]) if (one !== null && one !== "fail") visit(one);
  };
  const ofTest = (test: Test): void => {
    switch (test.kind) {
      case "not":
        ofTest(test.of);
        break;
      case "and":
      case "or":
        test.of.forEach(ofTest);
        break;
      case "named":
        test.args.forEach(visit);
        break;
      default:
    }
  };
  const visit = (nodes: Text): void => {
    for (const node of nodes) {
      switch (node.kind) {
        case "text":
          if (node.text.trim() !== "") found.push(node.text.trim());
          break;
        case "operator":
          visit(node.of);
          break;
        case "item":
          node.args.forEach(visit);
          break;
        case "if":
          ofTest(node.test);
          ofBranches(node.branches);
          break;
        case "lookup":
          if (node.key !== null) visit(node.key);
          visit(node.file);
          ofBranches(node.branches);
          break;
        default:
      }
    }
  };
  visit(text);
  return found.slice(0, 200);
}

/** Names of variables that an expansion looks at. */
export function variablesIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/\$\{?\s*([A-Za-z_][A-Za-z0-9_]*)/g)].map((match) => match[1] ?? ""));
}
