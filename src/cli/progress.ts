/** One line of progress on stderr, rewritten in place, only where a person looks at it. */

export interface Progress {
  update(text: string): void;
  /** Takes the line away, so that something else can be printed. */
  clear(): void;
}

const leastMs = 80;

export function progressLine(quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { update: () => {}, clear: () => {} };
  let shown = false;
  let last = 0;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\x1b[K");
    shown = false;
  };
  return {
    clear,
    update(text) {
      const now = Date.now();
      if (now - last < leastMs) return;
      last = now;
      // Text from outside must not steer the terminal.
      const safe = text.replace(/[^\x20-\x7e]/g, "?").slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1));
      process.stderr.write(`\r\x1b[K${safe}`);
      shown = true;
    },
  };
}
