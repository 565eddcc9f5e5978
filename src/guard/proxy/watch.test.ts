import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeadlinePassed } from "../../dialogue/deadline.ts";
import { Watch } from "./watch.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] }));
afterEach(() => void vi.useRealTimers());

function opened(pressed = false) {
  const stop = new AbortController();
  const watch = new Watch(() => pressed, stop.signal);
  return { watch, stop };
}

test("a wait that is too long ends the session, a new one begins anew", () => {
  using watch = opened().watch;
  using session = watch.begin(100_000);
  session.allow("upstream", 5000);
  vi.advanceTimersByTime(4000);
  session.allow("client", 5000);
  vi.advanceTimersByTime(4000);
  expect(session.signal.aborted).toBe(false);
  vi.advanceTimersByTime(2000);
  expect(session.signal.reason).toBeInstanceOf(DeadlinePassed);
});

test("a session ends, however busy it is", () => {
  using watch = opened().watch;
  using session = watch.begin(10_000);
  for (let n = 0; n < 12; n += 1) {
    session.allow("client", 5000);
    vi.advanceTimersByTime(1000);
  }
  expect(session.signal.aborted).toBe(true);
});

test("while connections run short clients are hurried, the upstream is not", () => {
  using watch = opened(true).watch;
  using idle = watch.begin(1e9);
  using waiting = watch.begin(1e9);
  idle.allow("client", 300_000);
  waiting.allow("upstream", 300_000);
  vi.advanceTimersByTime(11_000);
  expect([idle.signal.aborted, waiting.signal.aborted]).toEqual([true, false]);
});

test("the end of all ends each, but not what is over", () => {
  const { watch, stop } = opened();
  using running = watch.begin(1000);
  const over = watch.begin(1000);
  over[Symbol.dispose]();
  stop.abort(new Error("ended"));
  expect([running.signal.aborted, over.signal.aborted]).toEqual([true, false]);
  watch[Symbol.dispose]();
});
