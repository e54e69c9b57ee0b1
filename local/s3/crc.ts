/**
 * The two cyclic redundancy checks S3 knows and Node does not: CRC-32C (Castagnoli) and CRC-64/NVME.
 * Both are reflected; bytes are taken eight at a time through eight tables ("slicing by eight").
 */
const slices = 8;

function tables32(polynomial: number): readonly Uint32Array[] {
  const tables = Array.from({ length: slices }, () => new Uint32Array(256));
  const [first] = tables as [Uint32Array];
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    first[byte] = value;
  }
  for (let slice = 1; slice < slices; slice++)
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[slice - 1]?.[byte] ?? 0;
      (tables[slice] as Uint32Array)[byte] = (before >>> 8) ^ (first[before & 255] ?? 0);
    }
  return tables;
}

const castagnoli = 0x82f63b78;
let crc32cTables: readonly Uint32Array[] | null = null;

/** CRC-32C of `data`, going on from `previous` (0 at the start). */
export function crc32c(data: Uint8Array, previous = 0): number {
  crc32cTables ??= tables32(castagnoli);
  const [t0, t1, t2, t3, t4, t5, t6, t7] = crc32cTables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const at = (table: Uint32Array, index: number): number => table[index] as number;
  const byte = (index: number): number => data[index] as number;
  let crc = ~previous;
  let index = 0;
  for (const end = data.length - 7; index < end; index += 8) {
    crc ^= byte(index) | (byte(index + 1) << 8) | (byte(index + 2) << 16) | (byte(index + 3) << 24);
    crc =
      at(t7, crc & 255) ^
      at(t6, (crc >>> 8) & 255) ^
      at(t5, (crc >>> 16) & 255) ^
      at(t4, crc >>> 24) ^
      at(t3, byte(index + 4)) ^
      at(t2, byte(index + 5)) ^
      at(t1, byte(index + 6)) ^
      at(t0, byte(index + 7));
  }
  for (; index < data.length; index++) crc = at(t0, (crc ^ byte(index)) & 255) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Reflected polynomial of CRC-64/NVME. Source: NVM Express Command Set Specification, "64b CRC". */
const nvme = 0x9a6c9329ac4bc9b5n;
let crc64Tables: { readonly low: Uint32Array; readonly high: Uint32Array } | null = null;

/** Eight tables in one array each: entry `slice * 256 + byte`, split into 32-bit halves. */
function tables64(): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const values: bigint[] = [];
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ nvme : value >> 1n;
    values.push(value);
  }
  for (let index = 256; index < slices * 256; index++) {
    const before = values[index - 256] ?? 0n;
    values.push((before >> 8n) ^ (values[Number(before & 255n)] ?? 0n));
  }
  return {
    low: Uint32Array.from(values, (value) => Number(value & 0xffffffffn)),
    high: Uint32Array.from(values, (value) => Number(value >> 32n)),
  };
}

/** A running CRC-64/NVME; halves are kept as 32-bit integers because a bigint per byte is 50 times slower. */
export class Crc64Nvme {
  #low = -1;
  #high = -1;

  update(data: Uint8Array): void {
    crc64Tables ??= tables64();
    const { low: lows, high: highs } = crc64Tables;
    let low = this.#low;
    let high = this.#high;
    let index = 0;
    for (const end = data.length - 7; index < end; index += 8) {
      const a =
        low ^
        ((data[index] as number) |
          ((data[index + 1] as number) << 8) |
          ((data[index + 2] as number) << 16) |
          ((data[index + 3] as number) << 24));
      const b =
        high ^
        ((data[index + 4] as number) |
          ((data[index + 5] as number) << 8) |
          ((data[index + 6] as number) << 16) |
          ((data[index + 7] as number) << 24));
      const i7 = 1792 | (a & 255);
      const i6 = 1536 | ((a >>> 8) & 255);
      const i5 = 1280 | ((a >>> 16) & 255);
      const i4 = 1024 | (a >>> 24);
      const i3 = 768 | (b & 255);
      const i2 = 512 | ((b >>> 8) & 255);
      const i1 = 256 | ((b >>> 16) & 255);
      const i0 = b >>> 24;
      low =
        (lows[i7] as number) ^
        (lows[i6] as number) ^
        (lows[i5] as number) ^
        (lows[i4] as number) ^
        (lows[i3] as number) ^
        (lows[i2] as number) ^
        (lows[i1] as number) ^
        (lows[i0] as number);
      high =
        (highs[i7] as number) ^
        (highs[i6] as number) ^
        (highs[i5] as number) ^
        (highs[i4] as number) ^
        (highs[i3] as number) ^
        (highs[i2] as number) ^
        (highs[i1] as number) ^
        (highs[i0] as number);
    }
    for (; index < data.length; index++) {
      const entry = (low ^ (data[index] as number)) & 255;
      low = ((low >>> 8) | (high << 24)) ^ (lows[entry] as number);
      high = (high >>> 8) ^ (highs[entry] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Eight bytes, most significant first. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0, 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes;
  }
}

const polynomials = {
  CRC32: { reflected: 0xedb88320n, bits: 32 },
  CRC32C: { reflected: BigInt(castagnoli), bits: 32 },
  CRC64NVME: { reflected: nvme, bits: 64 },
} as const;
export type CrcName = keyof typeof polynomials;

/**
 * The check of two pieces put together, from the check of each and the length of the second, without reading
 * a byte: appending n zero bytes multiplies by x^(8n) modulo the polynomial.
 */
export function combineCrc(
  name: CrcName,
  first: bigint,
  second: bigint,
  secondBytes: number,
): bigint {
  const { reflected, bits } = polynomials[name];
  const one = 1n << BigInt(bits - 1);
  const multiply = (left: bigint, right: bigint): bigint => {
    let [product, factor] = [0n, left];
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if (right & bit) product ^= factor;
      factor = factor & 1n ? (factor >> 1n) ^ reflected : factor >> 1n;
    }
    return product;
  };
  // x^8, squared for every bit of the length.
  let [shift, square] = [one, one >> 8n];
  for (let bytes = secondBytes; bytes > 0; bytes = Math.floor(bytes / 2)) {
    if (bytes % 2 === 1) shift = multiply(shift, square);
    square = multiply(square, square);
  }
  return multiply(first, shift) ^ second;
}
