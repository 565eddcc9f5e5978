import fc from "fast-check";
import { expect, test } from "vitest";
import { DataDecoder, stuffed } from "./data.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

/** Feeds the wire text in pieces of the given sizes. */
function decode(wire: string, sizes: readonly number[], end: "crlf" | "lenient" = "crlf") {
  const decoder = new DataDecoder(end);
  let content = "";
  let at = 0;
  for (let index = 0; at < wire.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    const { content: more, rest } = decoder.push(bytes(wire.slice(at, at + size)));
    at += size;
    content += more;
    if (rest !== null) return { content, rest: rest.toString() + wire.slice(at) };
  }
  return { content, rest: null };
}

test("what was stuffed comes out again, however the stream is cut", () => {
  const line = fc.stringMatching(/^[.\r\n a-c]{0,8}$/);
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
      const message = lines.map((l) => l.replaceAll("\n", "").replaceAll("\r", "")).join("\r\n");
      const decoded = decode(`${stuffed(message)}\r\n.\r\nQUIT\r\n`, sizes);
      expect(decoded.content).toBe(`${message}\r\n`);
      expect(decoded.rest).toBe("QUIT\r\n");
    }),
  );
});

for (const wire of [
  "a\n.\n",
  "a\n.\r\n",
  "a\r.\r",
  "a\r\n.\n",
  "a\r\n.\r",
  "a\r\n\0.\r\n",
  "a\r\n.\0\r\n",
  "a\r\n.\r\r\n",
]) {
  test(`${JSON.stringify(wire)} does not end the data`, () => {
    for (const size of [1, 2, 3, 100]) expect(decode(wire, [size]).rest).toBeNull();
  });
}

test("a lenient mailer, made to misbehave, takes a bare LF", () => {
  expect(decode("a\n.\nMAIL", [100], "lenient").rest).toBe("MAIL");
});
