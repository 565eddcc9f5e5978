/** How long ago something was, in one word for people. */

const steps = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [Number.POSITIVE_INFINITY, "day"],
] as const;

/** `12 seconds`, `3 hours`, `40 days`. */
export function ageWords(seconds: number): string {
  let left = Math.max(0, seconds);
  for (const [size, unit] of steps) {
    const count = Math.floor(left);
    if (left < size) return `${count} ${unit}${count === 1 ? "" : "s"}`;
    left /= size;
  }
  return "";
}
