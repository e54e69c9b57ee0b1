import type { NullBits } from './nullBits.ts';

/*
 * Parquet's "RLE / bit-packing hybrid" (parquet-format, Encodings.md): runs of one value, and groups of eight values
 * packed from the lowest bit on; each run behind a varint whose lowest bit says which of the two it is.
 */

/** One value, so many times. `bitWidth` up to 16. */
export function sameRun(value: number, times: number, bitWidth: number): Buffer {
  const run = [...varint(2 * times)];
  for (let bits = 0; bits < bitWidth; bits += 8) run.push((value >> bits) & 0xff);
  return Buffer.from(run);
}

/** Values from `from` to before `to`, packed; `bitWidth` from 1 to 16. */
export function packedRun(values: Uint16Array, from: number, to: number, bitWidth: number): Buffer {
  const groups = (to - from + 7) >> 3;
  const head = varint(2 * groups + 1);
  const run = Buffer.alloc(head.length + groups * bitWidth);
  run.set(head);
  let at = head.length;
  let bits = 0;
  let held = 0;
  for (let index = from; index < to; index++) {
    held |= (values[index] as number) << bits;
    bits += bitWidth;
    while (bits >= 8) {
      run[at++] = held & 0xff;
      held >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) run[at] = held;
  return run;
}

/**
 * Definition levels of a flat optional column for the rows from `from` (a multiple of eight) to before `to`, behind
 * their length as data pages v1 have it: 1 for a value, 0 for NULL.
 */
export function definitionLevels(nulls: NullBits, from: number, to: number): Buffer {
  const missing = nulls.countIn(from, to);
  const rows = to - from;
  const run =
    missing === 0 || missing === rows
      ? sameRun(missing === 0 ? 1 : 0, rows, 1)
      : Buffer.concat([varint(2 * ((rows + 7) >> 3) + 1), nulls.presence(from, to)]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(run.length);
  return Buffer.concat([length, run]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
