/** Words filled into lines for mail: no line is longer than the width, unless a single word is. Pure. */

/** RFC 3676 §4.2 advises at most 78 characters a line, quoting included; 72 leave room for it. */
const width = 72;

export function wrapped(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
