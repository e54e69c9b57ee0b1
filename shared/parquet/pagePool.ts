/** A page's values and levels, and a little more: eight rows may go beyond the page's length. */
const pooledBytes = 1.25 * 2 ** 20;
/** A page of this many bytes costs less to allocate than a pooled buffer costs to have. */
const smallBytes = 64 * 1024;

/**
 * Buffers of pages that take turns. Without it each megabyte written would be a megabyte to collect, and collecting
 * costs more than encoding (measured: 0.2 s of the main thread for a million rows of ten columns).
 */
export class PagePool {
  readonly #free: Buffer[] = [];

  /** Bytes of any content. */
  take(bytes: number): Buffer {
    if (bytes <= smallBytes || bytes > pooledBytes) return Buffer.allocUnsafeSlow(bytes);
    return (this.#free.pop() ?? Buffer.allocUnsafeSlow(pooledBytes)).subarray(0, bytes);
  }

  /** What was taken, once nobody reads it any more. */
  give({ buffer }: Buffer): void {
    if (buffer.byteLength === pooledBytes) this.#free.push(Buffer.from(buffer));
  }
}
