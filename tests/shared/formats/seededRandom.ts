/** Random numbers in [0, 1) that a failed run can repeat: the seed is printed, and `HEADGATE_SEED` sets it. */
export function seededRandom(what: string): () => number {
  const seed = Number(process.env['HEADGATE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${what}: seed ${seed}`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
