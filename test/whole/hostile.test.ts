/** Whatever a peer does, the run ends in a named result, in bounded time and memory, and never says `closed`. */
import { describe, expect, test } from "vitest";
import { type HostileConduct, hostile, startHostile } from "../fakes/hostile-server.ts";
import { address, checkOne, hurried, rehearse } from "./rehearse.ts";

const waits = { ...hurried, connect: 500, greeting: 150, command: 150, tls: 300, data: 150, dot: 150 };
/** Far more than any of them takes, far less than a wait that was forgotten. */
const mostMs = 9000;
const mostBytes = 64 * 1024 * 1024;

/** How each must end; the rest may only not be closed. */
const expected: Partial<Record<HostileConduct, string>> = {
  "endless banner": "inconclusive",
  "a flood without a line end": "inconclusive",
  "a banner byte by byte": "inconclusive",
  "closed at once": "inconclusive",
  silent: "inconclusive",
  "silent at RCPT": "inconclusive",
  "codes from 1xx and 6xx": "inconclusive",
  HTTP: "inconclusive",
  "250 to everything": "suspect",
};

describe.concurrent("hostile servers", () => {
  for (const name of Object.keys(hostile) as HostileConduct[])
    test(name, { timeout: mostMs + 2000 }, async ({ expect }) => {
      await using server = await startHostile(name);
      const began = performance.now();
      const result = await checkOne({
        target: { address: address("127.0.0.1"), port: server.port },
        options: { profile: "quick", waits, waitMs: 100 },
      });
      expect(result.verdict).not.toBe("closed");
      if (expected[name] !== undefined) expect(result.verdict).toBe(expected[name]);
      expect(result.because).not.toBe("");
      expect(result.probes.length).toBeGreaterThan(0);
      expect(performance.now() - began).toBeLessThan(mostMs);
      expect(server.written()).toBeLessThan(mostBytes);
      await expect.poll(() => server.left()).toBe(0); // no connection is forgotten
      // Evidence is bounded too, and can be shown anywhere.
      const evidence = result.probes.map((probe) => probe.transcript).join("\n");
      expect(evidence).not.toMatch(/[^\n -~]/);
      expect(evidence.length).toBeLessThan(4 * 1024 * 1024);
    });
});

describe.concurrent("a run that is stopped", () => {
  test("by Ctrl-C keeps what is known", async () => {
    const stop = new AbortController();
    let steps = 0;
    const result = await rehearse(["tarpit"], {
      paces: { tarpitMs: 5 },
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "progress" && (steps += 1) === 25) stop.abort(new Error("interrupted"));
      },
    });
    expect([result.ended, result.verdict]).toEqual(["interrupted", "inconclusive"]);
    expect(result.probes.filter((probe) => probe.outcome === "refused").length).toBeGreaterThan(10);
    expect(result.probes.filter((probe) => probe.reason === "interrupted").length).toBeGreaterThan(100);
  });

  test("by Ctrl-C after a proof still says open", async () => {
    const stop = new AbortController();
    const result = await rehearse(["wide-open"], {
      signal: stop.signal,
      onEvent: (event) => {
        // Smuggling comes with the messages, which are sent after the plain relay was proved.
        if (event.kind === "progress" && / smug-/.test(event.doing) && !stop.signal.aborted)
          stop.abort(new Error("interrupted"));
      },
    });
    expect([result.ended, result.verdict]).toEqual(["interrupted", "open"]);
  });

  test("by its deadline keeps what is known", async () => {
    const result = await rehearse(["tarpit"], { paces: { tarpitMs: 40 }, options: { deadlineMs: 2500 } });
    expect([result.ended, result.verdict]).toEqual(["deadline", "inconclusive"]);
    expect(result.probes.filter((probe) => probe.outcome === "refused").length).toBeGreaterThan(0);
    expect(result.probes.filter((probe) => probe.reason === "deadline").length).toBeGreaterThan(50);
  });

  test("before it began has nothing to say", async () => {
    const stop = new AbortController();
    stop.abort(new Error("interrupted"));
    const result = await rehearse(["wide-open"], { signal: stop.signal });
    expect([result.ended, result.verdict]).toEqual(["interrupted", "inconclusive"]);
  });
});
