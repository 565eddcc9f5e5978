/**
 * The markdown face (CommonMark, with GitHub's tables): for tickets, mails and wikis. What is not ours to format is escaped, so
 * that no name or reply becomes a link, an image or HTML.
 */
import { type Block, type Document, type Span, spansOf, type Text } from "../document.ts";
import { shown, shownLines } from "../shown.ts";

export function renderMarkdown({ blocks }: Document): string {
  return `${blocks
    .map(blockText)
    .filter((text) => text !== "")
    .join("\n\n")}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${inline(block.text)}`;
    case "banner":
      return `# ${escaped(block.title)}: ${escaped(block.word)}\n\n${inline(block.says)}`;
    case "paragraph":
      return inline(block.text);
    case "list":
      return block.items.map((item) => `- ${inline(item)}`).join("\n");
    case "facts":
      return block.rows
        .map(([name, value]) => (name === "" ? `  - ${inline(value)}` : `- **${escaped(name)}**: ${inline(value)}`))
        .join("\n");
    case "table":
      return table(block.head, block.rows);
    case "events":
      return block.events
        .map(({ word, title, lines }) =>
          [`- **${escaped(word)}** ${inline(title)}`, ...lines.map((line) => `  - ${inline(line)}`)].join("\n"),
        )
        .join("\n");
    case "matrix":
      return table(
        ["cell", "rule", "seen"],
        Object.entries(block.cells).map(([cell, { rule, seen }]) => [cell, rule, seen]),
      );
    case "finding":
      return `- **${escaped(block.finding.severity)}** ${escaped(block.finding.says)} ${escaped(block.finding.remedy)}`;
    case "transcript":
    case "code":
      return fenced(block.text);
    // Folded evidence and maps are for faces that can show them.
    case "details":
    case "map":
      return "";
  }
}

function table(head: readonly string[], rows: readonly (readonly Text[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head.map(escaped)), line(head.map(() => "---")), ...rows.map((row) => line(row.map(inline)))].join("\n");
}

function inline(text: Text): string {
  return spansOf(text).map(spanText).join("");
}

function spanText({ text, tone, code }: Span): string {
  if (code === true) return codeSpan(text);
  const plain = escaped(text);
  // Emphasis must not begin or end at a space (CommonMark §6.2).
  const [, before = "", core = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(plain) ?? [];
  return core === "" || (tone !== "strong" && tone !== "bad") ? plain : `${before}**${core}**${after}`;
}

/** Nothing is escaped in a code span, so it is fenced by more ticks than it holds (CommonMark §6.1). */
function codeSpan(text: string): string {
  const safe = shown(text).replaceAll("|", "\\|");
  const ticks = "`".repeat(longest(safe) + 1);
  return ticks.length === 1 ? `\`${safe}\`` : `${ticks} ${safe} ${ticks}`;
}

function fenced(text: string): string {
  const lines = shownLines(text).join("\n");
  const ticks = "`".repeat(Math.max(3, longest(lines) + 1));
  return `${ticks}\n${lines}\n${ticks}`;
}

const longest = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

/** A backslash takes the meaning of any ASCII punctuation (CommonMark §2.4). */
function escaped(text: string): string {
  return shown(text.replace(/\s+/g, " ")).replace(/[\\`*_[\]<>|#&~!]/g, "\\$&");
}
