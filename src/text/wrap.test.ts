import fc from "fast-check";
import { expect, test } from "vitest";
import { wrapped } from "./wrap.ts";

test("no word is lost, and no line of several words is too long", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,80}$/), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(words, (all) => {
      const lines = wrapped(all.join(" ")).split("\n");
      expect(lines.flatMap((line) => line.split(" "))).toEqual(all);
      for (const line of lines) if (line.includes(" ")) expect(line.length).toBeLessThanOrEqual(72);
    }),
  );
});
