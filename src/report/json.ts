/** JSON as it is printed: one line. What JSON leaves as it is, but a terminal or a line reader would act on, is escaped. */

const acting = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(acting, (character) =>
    // Characters beyond the basic plane are two escapes (RFC 8259 §7).
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
  return `${text}\n`;
}
