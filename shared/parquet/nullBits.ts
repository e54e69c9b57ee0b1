/** Which rows of a column are NULL, by their number in the row group. Columns without any cost nothing. */
export class NullBits {
  /** Bit `row & 7` of byte `row >> 3`; bytes behind the last NULL may be missing. */
  #bits = new Uint8Array(0);
  count = 0;

  /** Rows MUST be added once each. */
  add(row: number): void {
    const byte = row >> 3;
    if (byte >= this.#bits.length) this.#grow(byte);
    this.#bits[byte] = (this.#bits[byte] as number) | (1 << (row & 7));
    this.count++;
  }

  has(row: number): boolean {
    return ((this.#bits[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  /** NULLs among the rows from `from` on and before `to`; `from` MUST be a multiple of eight. */
  countIn(from: number, to: number): number {
    if (this.count === 0) return 0;
    const bits = this.#bits;
    const last = Math.min(to >> 3, bits.length);
    let count = 0;
    for (let byte = from >> 3; byte < last; byte++) count += onesOf[bits[byte] as number] as number;
    const rest = to & 7;
    return rest === 0
      ? count
      : count + (onesOf[(bits[to >> 3] ?? 0) & ((1 << rest) - 1)] as number);
  }

  /** One bit for each of these rows, 1 where it has a value; `from` MUST be a multiple of eight. */
  presence(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array((to - from + 7) >> 3);
    for (let at = 0; at < bytes.length; at++) bytes[at] = ~(this.#bits[(from >> 3) + at] ?? 0);
    return bytes;
  }

  clear(): void {
    this.#bits.fill(0);
    this.count = 0;
  }

  #grow(byte: number): void {
    const longer = new Uint8Array(Math.max(64, 2 * byte + 1));
    longer.set(this.#bits);
    this.#bits = longer;
  }
}

const onesOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones;
});
