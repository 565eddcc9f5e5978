/** Binary search, in the one form that ranges need. */

/** The index of the last element that is not above `value`, or -1. `sorted` ascends. */
export function indexAtOrBelow<T extends number | bigint>(sorted: ArrayLike<T>, value: T): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // The index is in bounds; the assertion keeps the hot loop free of a second comparison.
    if ((sorted[middle] as T) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
