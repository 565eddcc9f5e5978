import fc from "fast-check";
import { expect, test } from "vitest";
import { DataGate } from "./data-gate.ts";

/** Pushes chunks until the end. What went on, what is left for commands, and whether the message was spoilt. */
function through(chunks: readonly string[]) {
  const gate = new DataGate();
  let on = "";
  for (const [index, text] of chunks.entries()) {
    const { held, pass, end, spoilt } = gate.push(Buffer.from(text, "latin1"));
    if (!spoilt) on += Buffer.from(held).toString("latin1") + text.slice(0, pass);
    if (end !== null) return { on, rest: text.slice(end) + chunks.slice(index + 1).join(""), spoilt };
    if (spoilt) on = "spoilt";
  }
  return { on, rest: null, spoilt: null };
}

for (const [name, text, rest] of [
  ["a message", "Subject: x\r\n\r\nhello\r\n.\r\n", ""],
  ["an empty one", ".\r\n", ""],
  ["commands behind it", "x\r\n.\r\nQUIT\r\n", "QUIT\r\n"],
  ["stuffed dots", "..\r\n.x\r\n...\r\n.\r\n", ""],
  ["a dot that ends a line", "x.\r\n.\r\n", ""],
  ["bytes beyond ASCII", "\xff\x80\r\n.\r\n", ""],
] as const)
  test(`${name} passes as it is`, () => {
    expect(through([text])).toEqual({ on: text.slice(0, text.length - rest.length), rest, spoilt: false });
    expect(through([...text])).toEqual({ on: text.slice(0, text.length - rest.length), rest, spoilt: false });
  });

// What SEC Consult and others found some mailers to take for an end (2023), and its like.
for (const end of [
  "\n.\n",
  "\n.\r\n",
  "\r.\r",
  "\r.\r\n",
  "\r\n.\n",
  "\r\n.\r",
  "\n.\r",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\r\r\n.\r\n",
  "\r\n.\r\r\n",
])
  test(`${JSON.stringify(end)} is no end, and goes nowhere`, () => {
    const smuggled = `x${end}MAIL FROM:<a@b.example>\r\n.\r\n`;
    for (const chunks of [[smuggled], [...smuggled]]) {
      const { on, spoilt } = through(chunks);
      expect(spoilt).toBe(true);
      expect(on).not.toContain("MAIL");
    }
  });

test("half an end is kept back until it is whole", () => {
  const gate = new DataGate();
  const first = gate.push(Buffer.from("x\r\n.\r"));
  expect([first.pass, first.end]).toEqual([3, null]);
  expect(gate.push(Buffer.from("x\r\n.\r\n"))).toMatchObject({ pass: 0, spoilt: true, end: 6 });
});

const pieces = fc.array(fc.constantFrom("\r\n", "\r", "\n", ".", "\0", "a", "\r\n.\r\n", "\r\n."), { maxLength: 30 });

test("however it is cut, the end is the first CRLF.CRLF, and only whole lines of CRLF pass", () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 8 }), (parts, sizes) => {
      const text = parts.join("");
      const chunks: string[] = [];
      for (let at = 0, n = 0; at < text.length; n += 1) {
        const size = 1 + (sizes[n % sizes.length] ?? 0);
        chunks.push(text.slice(at, at + size));
        at += size;
      }
      const at = `\r\n${text}`.indexOf("\r\n.\r\n");
      const { on, rest, spoilt } = through(chunks);
      if (at < 0) {
        expect(rest).toBe(null);
        return;
      }
      const message = text.slice(0, at + 3);
      expect(rest).toBe(text.slice(at + 3));
      expect(spoilt).toBe(/\0|\r(?!\n)|(?<!\r)\n/.test(message));
      if (spoilt === false) expect(on).toBe(message);
    }),
    { numRuns: 2000 },
  );
});

test("a hundred megabytes pass in a moment, and none of it stays", () => {
  const gate = new DataGate();
  const chunk = Buffer.from(`${"x".repeat(70)}\r\n`.repeat(900));
  const began = performance.now();
  for (let sent = 0; sent < 100_000_000; sent += chunk.length) expect(gate.push(chunk).pass).toBe(chunk.length);
  expect(performance.now() - began).toBeLessThan(3000);
});
