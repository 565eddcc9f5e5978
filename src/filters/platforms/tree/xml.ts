/**
 * Reads PAN-OS' XML into the same tree that its `set` form grows: `<entry name="x">` and `<member>x</member>` are the
 * word x, every other element is a word with its text below it. No DTD, no entities but XML's own five and numbers.
 */
import type { Source } from "../../../text/source.ts";
import type { GrowingNode } from "./node.ts";
import { Tree } from "./tree.ts";

interface Open {
  readonly tag: string;
  readonly node: GrowingNode;
  readonly line: number;
  text: string;
  /** It had elements: then text between them is only space. */
  parent: boolean;
}

export function readXml(source: Source): Tree {
  const { text } = source;
  const tree = new Tree();
  const open: Open[] = [];
  let at = 0;
  let line = 1;
  const here = (): GrowingNode => open.at(-1)?.node ?? tree.root;
  const advance = (to: number): void => {
    for (let end = text.indexOf("\n", at); end >= 0 && end < to; end = text.indexOf("\n", end + 1)) line += 1;
    at = to;
  };
  const until = (mark: string, from: number): number => {
    const end = text.indexOf(mark, from);
    return end < 0 ? text.length : end + mark.length;
  };
  while (at < text.length) {
    const next = text.indexOf("<", at);
    const stop = next < 0 ? text.length : next;
    const top = open.at(-1);
    if (top !== undefined) top.text += decoded(text.slice(at, stop));
    advance(stop);
    if (next < 0) break;
    if (text.startsWith("<!--", at)) advance(until("-->", at));
    else if (text.startsWith("<![CDATA[", at)) {
      const end = until("]]>", at);
      if (top !== undefined) top.text += text.slice(at + 9, end).replace(/\]\]>$/, "");
      advance(end);
    } else if (text[at + 1] === "?" || text[at + 1] === "!") advance(until(">", at));
    else if (text[at + 1] === "/") {
      const end = until(">", at);
      const tag = text
        .slice(at + 2, end)
        .replace(/>$/, "")
        .trim();
      const closed = open.pop();
      if (closed === undefined || closed.tag !== tag)
        tree.trouble(line, `</${tag.slice(0, 40)}> closes what is not open: the text is damaged`);
      if (closed !== undefined) endOf(tree, closed, here());
      advance(end);
    } else {
      const end = tagEnd(text, at);
      if (end === null) {
        tree.trouble(line, "a tag without an end");
        break;
      }
      const parts = /^<\s*([^\s/>]+)/.exec(text.slice(at, Math.min(end, at + 200)));
      const tag = parts?.[1] ?? "";
      const body = text.slice(at, end);
      const name = tag === "entry" ? /\sname\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(body) : null;
      if (top !== undefined) top.parent = true;
      const word = tag === "entry" ? decoded(name?.[1] ?? name?.[2] ?? "") : tag;
      // A member's word is known only at its end.
      const node = tag === "member" ? here() : tree.set(here(), [word], line);
      if (!body.endsWith("/>")) open.push({ tag, node, line, text: "", parent: false });
      advance(end);
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined)
    tree.trouble(unclosed.line, `<${unclosed.tag.slice(0, 40)}> has no end: the text stops inside it`);
  return tree;
}

function endOf(tree: Tree, closed: Open, above: GrowingNode): void {
  const value = closed.text.trim();
  if (closed.parent || value === "") return;
  tree.set(closed.tag === "member" ? above : closed.node, [value], closed.line);
}

/** Behind the `>` that ends the tag, which quoted values may hide. */
function tagEnd(text: string, from: number): number | null {
  let quote = "";
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return at + 1;
    else if (char === "<") return null;
  }
  return null;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name] ?? whole;
    const code = name[1] === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
