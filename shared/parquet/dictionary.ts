import type { BytesBuffer, WrittenColumn } from './columnBuffers.ts';

/** A chunk's distinct values in the order they first come, and which of them each value is. */
export interface Dictionary {
  /** PLAIN encoded. */
  readonly plain: Uint8Array;
  readonly count: number;
  readonly codes: Uint16Array;
}

/** As many as the text path lets DuckDB try, for the reason given there. */
const mostDistinct = 10_000;
/** A power of two well above `mostDistinct`, so that few values meet on the way to their slot. */
const slots = 32_768;

/** One table for all chunks, which are encoded one after the other. */
const table = new Int32Array(slots);
const starts = new Int32Array(mostDistinct + 1);
let codes = new Uint16Array(0);

/** null where a chunk has many distinct values; found out early. */
export function dictionaryOf(buffer: WrittenColumn): Dictionary | null {
  const { count } = buffer;
  if (count === 0) return null;
  if (codes.length < count) codes = new Uint16Array(Math.max(2 * codes.length, count));
  const most = Math.min(mostDistinct, Math.ceil(count / 5));
  switch (buffer.kind) {
    case 'bytes':
      return ofBytes(buffer, most);
    case 'int32':
    case 'float':
      return ofWords(new Int32Array(buffer.data.buffer), count, 1, most);
    case 'int64':
    case 'double':
      return ofWords(new Int32Array(buffer.data.buffer), count, 2, most);
    default:
      return null;
  }
}

/** Numbers of one or two words, told apart by their bits: -0 is not 0, and any NaN is itself. */
function ofWords(words: Int32Array, count: number, width: 1 | 2, most: number): Dictionary | null {
  table.fill(0);
  let distinct = 0;
  for (let index = 0; index < count; index++) {
    const low = words[index * width] as number;
    const high = width === 2 ? (words[2 * index + 1] as number) : 0;
    let slot = slotOf(Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b));
    for (;;) {
      const code = table[slot] as number;
      if (code === 0) {
        if (distinct === most) return null;
        starts[distinct] = index;
        codes[index] = distinct++;
        table[slot] = distinct;
        break;
      }
      const known = (starts[code - 1] as number) * width;
      if (words[known] === low && (width === 1 || words[known + 1] === high)) {
        codes[index] = code - 1;
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }
  const plain = new Int32Array(distinct * width);
  for (let code = 0; code < distinct; code++)
    for (let word = 0; word < width; word++)
      plain[code * width + word] = words[(starts[code] as number) * width + word] as number;
  return { plain: new Uint8Array(plain.buffer), count: distinct, codes: codes.slice(0, count) };
}

function ofBytes({ bytes, count }: BytesBuffer, most: number): Dictionary | null {
  table.fill(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let distinct = 0;
  let size = 0;
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = view.getInt32(at, true);
    // Longer values would make the dictionary large, and looking them up dear.
    if (length > longestValue) return null;
    const end = at + 4 + length;
    let hash = length;
    let next = at + 4;
    for (; next + 4 <= end; next += 4) {
      hash = Math.imul(hash ^ view.getInt32(next, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    for (; next < end; next++) hash = Math.imul(hash ^ (bytes[next] as number), 0x01000193);
    let slot = slotOf(Math.imul(hash, 0x9e3779b1));
    for (;;) {
      const code = table[slot] as number;
      if (code === 0) {
        if (distinct === most) return null;
        starts[distinct] = at;
        codes[index] = distinct++;
        table[slot] = distinct;
        size += end - at;
        break;
      }
      if (isSame(view, starts[code - 1] as number, at, end)) {
        codes[index] = code - 1;
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
    at = end;
  }
  const plain = Buffer.allocUnsafe(size);
  let to = 0;
  for (let code = 0; code < distinct; code++) {
    const start = starts[code] as number;
    to += bytes.copy(plain, to, start, start + 4 + view.getInt32(start, true));
  }
  return { plain, count: distinct, codes: codes.slice(0, count) };
}

const longestValue = 256;

/** Whether the value at `known`, its length before it, is that at `at`. */
function isSame(view: DataView, known: number, at: number, end: number): boolean {
  let other = known;
  let next = at;
  for (; next + 4 <= end; next += 4, other += 4)
    if (view.getInt32(other) !== view.getInt32(next)) return false;
  for (; next < end; next++) if (view.getUint8(other++) !== view.getUint8(next)) return false;
  return true;
}

/** The upper bits of a product are the mixed ones. */
const slotOf = (hash: number): number => (hash ^ (hash >>> 15)) >>> 17;
