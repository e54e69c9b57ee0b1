/**
 * Footers of Parquet files are Thrift structs in the compact protocol. A footer with fewer row groups is made by
 * copying bytes: everything else of it stays as its writer wrote it, what is unknown here too.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData)
 */
const type = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
  uuid: 13,
} as const;
/** Of FileMetaData. */
const [rowsField, rowGroupsField] = [3, 4];
/** A list's size that does not fit its first byte. */
const longList = 15;

/** The footer with the row groups `[first, end)` and the given number of rows. Throws RangeError for nonsense. */
export function withRowGroups(
  footer: Uint8Array,
  first: number,
  end: number,
  rows: number,
): Uint8Array {
  const reader = new Reader(footer);
  const parts: Uint8Array[] = [];
  let copied = 0;
  const replace = (from: number, to: number, ...bytes: readonly Uint8Array[]): void => {
    parts.push(footer.subarray(copied, from), ...bytes);
    copied = to;
  };
  reader.fields((id, kind) => {
    const from = reader.at;
    if (id === rowsField && kind === type.i64) {
      reader.varint();
      replace(from, reader.at, varint(BigInt(rows) << 1n));
    } else if (id === rowGroupsField && kind === type.list) {
      const { size, of } = reader.listHeader();
      const starts: number[] = [];
      for (let index = 0; index < size; index++) {
        starts.push(reader.at);
        reader.skip(of);
      }
      starts.push(reader.at);
      if (end > size || first > end) throw new RangeError('no such row groups');
      const groups = footer.subarray(starts[first], starts[end]);
      replace(from, reader.at, listHeader(end - first, of), groups);
    } else reader.skip(kind);
  });
  parts.push(footer.subarray(copied));
  return Buffer.concat(parts);
}

/** Walks over values without making anything of them. */
class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('the footer is cut off');
    return byte;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
      if (shift > 63n) throw new RangeError('a number is too long');
    }
  }

  /** Calls `visit` at each value of a struct; it MUST walk over the value. */
  fields(visit: (id: number, kind: number) => void): void {
    let id = 0;
    for (let header = this.#byte(); (header & 15) !== type.stop; header = this.#byte()) {
      const delta = header >> 4;
      if (delta === 0) {
        const zigzag = Number(this.varint());
        id = (zigzag >>> 1) ^ -(zigzag & 1);
      } else id += delta;
      visit(id, header & 15);
    }
  }

  listHeader(): { readonly size: number; readonly of: number } {
    const header = this.#byte();
    const short = header >> 4;
    return { size: short === longList ? Number(this.varint()) : short, of: header & 15 };
  }

  skip(kind: number, isElement = false): void {
    switch (kind) {
      case type.true:
      case type.false:
        // As a field its type is its value.
        if (isElement) this.at++;
        return;
      case type.byte:
        this.at++;
        return;
      case type.i16:
      case type.i32:
      case type.i64:
        this.varint();
        return;
      case type.double:
        this.at += 8;
        return;
      case type.uuid:
        this.at += 16;
        return;
      case type.binary: {
        // Read before `at` is: it moves it.
        const length = Number(this.varint());
        this.at += length;
        return;
      }
      case type.list:
      case type.set: {
        const { size, of } = this.listHeader();
        for (let index = 0; index < size; index++) this.skip(of, true);
        return;
      }
      case type.map: {
        const size = Number(this.varint());
        if (size === 0) return;
        const kinds = this.#byte();
        for (let index = 0; index < size; index++) {
          this.skip(kinds >> 4, true);
          this.skip(kinds & 15, true);
        }
        return;
      }
      case type.struct:
        this.fields((_, inner) => this.skip(inner));
        return;
      default:
        throw new RangeError(`there is no type ${kind}`);
    }
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const listHeader = (size: number, of: number): Uint8Array =>
  size < longList
    ? Uint8Array.of((size << 4) | of)
    : Buffer.concat([Uint8Array.of((longList << 4) | of), varint(BigInt(size))]);
