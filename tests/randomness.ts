/** A seeded generator (mulberry32): the same seed gives the same sequence on every machine. */
export interface Randomness {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, below). */
  below(below: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** Takes the seed from `SEED`, else makes one up, and prints it so that a failure can be had again. */
export function seeded(
  what: string,
  seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31),
): Randomness {
  console.log(`${what}: SEED=${seed}`);
  return generator(seed);
}

/** The same, of a seed that is known. */
export function generator(seed: number): Randomness {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    seed,
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
  };
}
