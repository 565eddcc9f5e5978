/**
 * The header section of a message (RFC 5322 §2.2), read leniently and within bounds: a stranger wrote it. Never throws.
 */

export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** Unfolded, trimmed. */
  readonly value: string;
}

const maxFields = 500;
const maxValue = 8192;

/** The fields of the text up to the first empty line. Lines that are no field are left out. */
export function parseHeader(text: string): readonly HeaderField[] {
  const fields: { name: string; value: string }[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || fields.length >= maxFields) break;
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last !== undefined && last.value.length < maxValue) last.value += ` ${line.trim()}`;
      continue;
    }
    const match = /^([!-9;-~]{1,80})[ \t]*:(.*)$/.exec(line);
    if (match?.[1] !== undefined)
      fields.push({ name: match[1].toLowerCase(), value: (match[2] ?? "").trim().slice(0, maxValue) });
  }
  return fields;
}

/** The value of the first field of this name. */
export function fieldOf(fields: readonly HeaderField[], name: string): string | null {
  return fields.find((field) => field.name === name.toLowerCase())?.value ?? null;
}
