/**
 * Huawei's VRP (and H3C's Comware) as blocks: a header at the beginning of a line and what stands below it, indented or,
 * as people paste it, not. `#`, `quit` and `return` end a block.
 */
import type { Source } from "../../../text/source.ts";

export interface Line {
  readonly words: readonly string[];
  readonly line: number;
}

export interface Block {
  readonly header: Line;
  readonly body: readonly Line[];
}

/** Statements that a block of this kind may begin with where it is not indented. */
const headers = [
  /^(undo )?acl /,
  /^interface /,
  /^traffic (classifier|behavior|policy) /,
  /^qos policy /,
  /^vlan \d+$/,
  /^firewall (zone|interzone) /,
  /^security-policy/,
  /^security-zone /,
  /^zone-pair /,
];

export function blocksOf(source: Source): readonly Block[] {
  const blocks: { header: Line; body: Line[] }[] = [];
  let open: { header: Line; body: Line[] } | null = null;
  for (let number = 1; number <= source.lineCount; number += 1) {
    const text = source.line(number).replace(/\r/g, "");
    const trimmed = text.trim();
    if (trimmed === "") continue;
    if (/^(#|!|quit$|return$|system-view$|sys$)/.test(trimmed)) {
      open = null;
      continue;
    }
    const line = { words: trimmed.split(/\s+/), line: number };
    const indented = /^\s/.test(text);
    const heads = headers.some((header) => header.test(trimmed));
    if (open !== null && (indented || !heads) && belongs(open.header, line, indented)) open.body.push(line);
    else {
      open = { header: line, body: [] };
      blocks.push(open);
    }
  }
  return blocks;
}

/** What is not indented belongs to a block if it looks like one of its statements. */
function belongs(header: Line, { words }: Line, indented: boolean): boolean {
  if (indented) return true;
  const start = header.words.slice(0, 2).join(" ");
  const first = words[0] === "undo" ? (words[1] ?? "") : (words[0] ?? "");
  if (header.words[0] === "acl") return /^(rule|step|description|ip|ipv6)$/.test(first);
  if (header.words[0] === "interface")
    return /^(traffic-|packet-filter|ip|ipv6|description|firewall|qos|zone|shutdown)/.test(first);
  if (start === "traffic classifier") return first === "if-match";
  if (start === "traffic behavior") return /^(permit|deny|filter|car|remark|statistic|redirect)$/.test(first);
  if (start === "traffic policy" || start === "qos policy") return first === "classifier";
  return false;
}
