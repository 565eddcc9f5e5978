// Choices that a seed decides, so that what failed can be tried again.

export interface Random {
  /** From 0 to `below`, which is not reached. */
  below(below: number): number;
  chance(share: number): boolean;
  one<T>(values: readonly T[]): T;
  /** Some of them, at least one, in their order. */
  some<T>(values: readonly T[]): readonly T[];
}

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const one = <T>(values: readonly T[]): T => values[below(values.length)]!;
  return {
    below,
    one,
    chance: (share) => next() < share,
    some(values) {
      const chosen = values.filter(() => next() < 0.4);
      return chosen.length > 0 ? chosen : [one(values)];
    },
  };
}
