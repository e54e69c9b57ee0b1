import { toIcebergSchema } from '../lake/icebergSchema.ts';
import type { Field } from '../lake/schema.ts';
import { type ColumnRange, writeStatistics } from './chunkStatistics.ts';
import { encodings } from './columnPages.ts';
import { physical, physicalType, writeSchemaElement } from './physicalType.ts';
import { ThriftWriter } from './thriftWriter.ts';

/** One column of one row group, as it lies in the file. */
export interface WrittenChunk {
  /** null: no dictionary. */
  readonly dictionaryOffset: number | null;
  readonly dataOffset: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly nulls: number;
  readonly range: ColumnRange;
}

export interface WrittenRowGroup {
  readonly rows: number;
  readonly chunks: readonly WrittenChunk[];
}

/** `ZSTD` among parquet.thrift's `CompressionCodec`. */
const zstd = 6;

/**
 * `FileMetaData` (parquet.thrift): the schema with Iceberg's field ids, the row groups, and the file's own schema under
 * `iceberg.schema`, as `copyOptions` has DuckDB write it.
 */
export function footerOf(fields: readonly Field[], rowGroups: readonly WrittenRowGroup[]): Buffer {
  const thrift = new ThriftWriter();
  thrift.struct(null, () => {
    thrift.i32(1, 1);
    thrift.list(2, 'struct', fields.length + 1);
    thrift.struct(null, () => {
      thrift.i32(3, 0);
      thrift.binary(4, 'headgate_schema');
      thrift.i32(5, fields.length);
    });
    for (const field of fields) writeSchemaElement(thrift, field);
    thrift.i64(
      3,
      rowGroups.reduce((sum, { rows }) => sum + rows, 0),
    );
    thrift.list(4, 'struct', rowGroups.length);
    for (const [ordinal, rowGroup] of rowGroups.entries())
      writeRowGroup(thrift, fields, rowGroup, ordinal);
    const plain = fields.map(({ id, name, type }) => ({ id, name, type }));
    thrift.list(5, 'struct', 1);
    thrift.struct(null, () => {
      thrift.binary(1, 'iceberg.schema');
      thrift.binary(2, JSON.stringify(toIcebergSchema(0, plain)));
    });
    thrift.binary(6, 'Headgate');
    // Without it, readers do not trust minima and maxima of texts.
    thrift.list(7, 'struct', fields.length);
    for (const _ of fields) thrift.struct(null, () => thrift.struct(1, () => undefined));
  });
  return thrift.take();
}

function writeRowGroup(
  thrift: ThriftWriter,
  fields: readonly Field[],
  { rows, chunks }: WrittenRowGroup,
  ordinal: number,
): void {
  const sum = (bytes: 'compressedBytes' | 'uncompressedBytes'): number =>
    chunks.reduce((total, chunk) => total + chunk[bytes], 0);
  thrift.struct(null, () => {
    thrift.list(1, 'struct', chunks.length);
    for (const [index, chunk] of chunks.entries())
      writeChunk(thrift, fields[index] as Field, chunk, rows);
    thrift.i64(2, sum('uncompressedBytes'));
    thrift.i64(3, rows);
    const [first] = chunks;
    if (first !== undefined) thrift.i64(5, first.dictionaryOffset ?? first.dataOffset);
    thrift.i64(6, sum('compressedBytes'));
    // A 16-bit number, which no file comes to in rows of ours; left out past it.
    if (ordinal < 2 ** 15) thrift.i16(7, ordinal);
  });
}

function writeChunk(
  thrift: ThriftWriter,
  { name, type }: Field,
  chunk: WrittenChunk,
  rows: number,
): void {
  thrift.struct(null, () => {
    // "Set to 0 when not used": a column's facts are in the footer alone.
    thrift.i64(2, 0);
    thrift.struct(3, () => {
      thrift.i32(1, physical[physicalType(type)]);
      const used =
        chunk.dictionaryOffset === null
          ? [encodings.levels, encodings.plain]
          : [encodings.levels, encodings.plain, encodings.dictionary];
      thrift.list(2, 'i32', used.length);
      for (const encoding of used) thrift.element(encoding);
      thrift.list(3, 'binary', 1);
      thrift.element(name);
      thrift.i32(4, zstd);
      thrift.i64(5, rows);
      thrift.i64(6, chunk.uncompressedBytes);
      thrift.i64(7, chunk.compressedBytes);
      thrift.i64(9, chunk.dataOffset);
      if (chunk.dictionaryOffset !== null) thrift.i64(11, chunk.dictionaryOffset);
      writeStatistics(thrift, 12, type, chunk.range, chunk.nulls);
    });
  });
}
