/** Type codes of fields and list elements (Apache Thrift, "Thrift Compact protocol encoding"). */
const kind = { yes: 1, no: 2, i16: 4, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

export type ListOf = 'i32' | 'binary' | 'struct';

/**
 * Thrift's compact protocol, as far as Parquet's footers and page headers need it. Fields of a struct MUST be written
 * in the order of their ids.
 */
export class ThriftWriter {
  #bytes = Buffer.allocUnsafe(512);
  #end = 0;
  #lastId = 0;
  readonly #outer: number[] = [];

  /** A copy of everything written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#end));
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? kind.yes : kind.no);
  }

  i16(id: number, value: number): void {
    this.#field(id, kind.i16);
    this.#zigzag(value);
  }

  i32(id: number, value: number): void {
    this.#field(id, kind.i32);
    this.#zigzag(value);
  }

  /** An integer up to 2^53. */
  i64(id: number, value: number): void {
    this.#field(id, kind.i64);
    this.#zigzag(value);
  }

  binary(id: number, value: string | Uint8Array): void {
    this.#field(id, kind.binary);
    this.element(value);
  }

  list(id: number, of: ListOf, length: number): void {
    this.#field(id, kind.list);
    if (length < 15) this.#byte((length << 4) | kind[of]);
    else {
      this.#byte(0xf0 | kind[of]);
      this.#varint(length);
    }
  }

  /** One element of a list of integers or of bytes. */
  element(value: number | string | Uint8Array): void {
    if (typeof value === 'number') {
      this.#zigzag(value);
      return;
    }
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** A struct as a field, or, without an id, as an element of a list. The outermost struct has neither. */
  struct(id: number | null, fields: () => void): void {
    if (id !== null) this.#field(id, kind.struct);
    this.#outer.push(this.#lastId);
    this.#lastId = 0;
    fields();
    this.#byte(0);
    this.#lastId = this.#outer.pop() ?? 0;
  }

  #field(id: number, type: number): void {
    const delta = id - this.#lastId;
    if (delta < 1 || delta > 15)
      throw new RangeError('fields are written in the order of their ids');
    this.#byte((delta << 4) | type);
    this.#lastId = id;
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? 2 * value : -2 * value - 1);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = value;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#bytes.length) return;
    const longer = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + more));
    this.#bytes.copy(longer, 0, 0, this.#end);
    this.#bytes = longer;
  }
}
