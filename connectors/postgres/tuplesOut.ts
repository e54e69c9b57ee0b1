import type { ColumnSink } from '../../shared/connectors/columnSink.ts';
import { RowBuffer } from '../../shared/connectors/sql/rowBuffer.ts';
import type { RowBlock } from '../../shared/connectors/sql/sqlDialect.ts';
import { headerBytes } from './copyFrames.ts';
import { CopyOut } from './copyOut.ts';
import type { TupleKind } from './decodedColumn.ts';
import { TupleDecoder } from './tupleDecoder.ts';
import { tupleTexts } from './tupleText.ts';

/** `PGCOPY\n\377\r\n\0`, flags, and how much more of a header follows (PostgreSQL's documentation, COPY). */
const fileHeaderBytes = 19;
/** Instead of a row's number of columns, behind the last row. */
const trailer = -1;
/** A message that may be the trailer. */
const trailerBytes = 2;

/**
 * A COPY … (FORMAT binary) under way: rows are decoded as they are loaded. They are kept as they come, each behind the
 * header of its message, so that what arrived at once is copied at once.
 */
export class TuplesOut extends CopyOut {
  readonly #kinds: readonly TupleKind[];
  #decoder: { readonly sink: ColumnSink; readonly decoder: TupleDecoder } | null = null;
  #isFirst = true;
  /** Where the message under way begins in the buffer. */
  #start = 0;

  constructor(sql: string, kinds: readonly TupleKind[]) {
    super(sql, new RowBuffer((row) => tupleTexts(kinds, row.subarray(headerBytes))));
    this.#kinds = kinds;
  }

  decode({ bytes, rows }: RowBlock, sink: ColumnSink): void {
    if (this.#decoder?.sink !== sink)
      this.#decoder = { sink, decoder: new TupleDecoder(this.#kinds, sink) };
    this.#decoder.decoder.decode(bytes as Buffer, rows);
  }

  /** Whether a block is whole is seen when it is decoded. */
  protected override assertWhole(): void {}

  override begin(bytes: number): void {
    super.begin(headerBytes + bytes);
    this.#start = this.buffer.end;
    this.buffer.end += headerBytes;
  }

  /** The first message begins with the file's header, and holds the first row, too; the last one is its trailer. */
  override end(): void {
    const { buffer } = this;
    const start = this.#start + headerBytes;
    if (this.#isFirst && buffer.end - start >= fileHeaderBytes) {
      const header = fileHeaderBytes + buffer.bytes.readUInt32BE(start + fileHeaderBytes - 4);
      buffer.bytes.copyWithin(start, start + header, buffer.end);
      buffer.end -= header;
    }
    this.#isFirst = false;
    const length = buffer.end - start;
    if (length <= 0 || (length === trailerBytes && buffer.bytes.readInt16BE(start) === trailer)) {
      buffer.end = this.#start;
      return;
    }
    buffer.bytes.writeUInt32BE(length + 4, this.#start + 1);
    this.endRow();
  }

  addWhole(source: Buffer, from: number, to: number): void {
    let start = from;
    for (let at = from; at < to; ) {
      const next = at + 1 + source.readUInt32BE(at + 1);
      if (this.#isFirst || next - at <= headerBytes + trailerBytes) {
        this.#addRows(source, start, at);
        this.begin(next - at - headerBytes);
        this.add(source, at + headerBytes, next);
        this.end();
        start = next;
      }
      at = next;
    }
    this.#addRows(source, start, to);
  }

  #addRows(source: Buffer, from: number, to: number): void {
    if (from === to) return;
    const { buffer } = this;
    super.begin(to - from);
    const shift = buffer.end - from;
    source.copy(buffer.bytes, buffer.end, from, to);
    for (let at = from; at < to; ) {
      at += 1 + source.readUInt32BE(at + 1);
      buffer.end = at + shift;
      buffer.endRow();
    }
    this.arrived();
  }
}
