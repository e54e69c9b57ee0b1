import { zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  type RowGroup,
  type SchemaElement,
} from 'hyparquet';
import { HeadgateError } from '../errors.ts';
import type { PhysicalValue } from './jsonValue.ts';
import { prefetch } from './prefetch.ts';
import type { ObjectStore } from './tableChange.ts';

/** A footer this small takes one request. */
const footerBytes = 64 * 1024;
/** Column chunks next to each other are fetched together up to this size. */
const runBytes = 4 * 1024 * 1024;
/** Bytes nobody asked for that are cheaper to fetch than another request. */
const gapBytes = 64 * 1024;
/** Runs read ahead. */
const depth = 3;

/** Node's own zstd; hyparquet brings none. Headgate's files use no other codec. */
const compressors: Compressors = {
  ZSTD: (input, outputLength) =>
    zstdDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
};

export interface ReadParquetRows<Value> {
  readonly store: ObjectStore;
  readonly key: string;
  /** Size of the object. */
  readonly bytes: number;
  /** Field ids of the wanted columns. */
  readonly fieldIds: readonly number[];
  /** How many rows from the start. */
  readonly rows: number;
  /** Called for each value before its page is let go; MUST NOT keep the bytes it is handed. */
  readonly convert: (fieldId: number, value: PhysicalValue) => Value;
  readonly signal: AbortSignal;
}

/**
 * The first rows of a Parquet file, column by column, by field id, converted from what is stored. A column the
 * file does not have is absent. Fetches the footer and, of the row groups needed, the wanted column chunks; of a large chunk only the
 * first pages that hold the rows. Flat columns only.
 *
 * Throws `internal_error` when the file is no Parquet file.
 */
export async function readParquetRows<Value>(
  input: ReadParquetRows<Value>,
): Promise<ReadonlyMap<number, readonly Value[]>> {
  const { store, key, bytes, signal } = input;
  const file: AsyncBuffer = {
    byteLength: bytes,
    slice: async (from, to = bytes) => toBuffer(await store.getRange(key, from, to, signal)),
  };
  try {
    const metadata = await parquetMetadataAsync(file, { initialFetchSize: footerBytes });
    return await readColumns(input, metadata);
  } catch (error) {
    if (error instanceof HeadgateError || signal.aborted) throw error;
    throw new HeadgateError('internal_error', `${key} cannot be read as Parquet`, {
      cause: error,
    });
  }
}

interface Chunk {
  readonly fieldId: number;
  /** A file's metadata cut down to this one column of this one row group, with its logical type taken off. */
  readonly metadata: FileMetaData;
  readonly rows: number;
  readonly start: number;
  readonly end: number;
}

async function readColumns<Value>(
  input: ReadParquetRows<Value>,
  metadata: FileMetaData,
): Promise<ReadonlyMap<number, readonly Value[]>> {
  const columns = new Map<number, Value[]>();
  let left = input.rows;
  for (const rowGroup of metadata.row_groups) {
    if (left <= 0) break;
    const rows = Math.min(left, Number(rowGroup.num_rows));
    const chunks = chunksOf(metadata, rowGroup, new Set(input.fieldIds), rows);
    const read = prefetch(runsOf(chunks), depth, (run) => readRun(input, run));
    for await (const run of read)
      for (const [fieldId, values] of run) {
        const column = columns.get(fieldId);
        if (column === undefined) columns.set(fieldId, [...values]);
        else column.push(...values);
      }
    left -= rows;
  }
  return columns;
}

function chunksOf(
  metadata: FileMetaData,
  rowGroup: RowGroup,
  wanted: ReadonlySet<number>,
  rows: number,
): Chunk[] {
  const [root, ...leaves] = metadata.schema;
  return rowGroup.columns.flatMap((column, position) => {
    const element = leaves[position];
    const facts = column.meta_data;
    const fieldId = element?.field_id;
    if (root === undefined || element === undefined || facts === undefined) return [];
    if (fieldId === undefined || !wanted.has(fieldId)) return [];
    const start = Number(facts.dictionary_page_offset ?? facts.data_page_offset);
    return {
      fieldId,
      rows,
      start,
      end: start + Number(facts.total_compressed_size),
      metadata: {
        ...metadata,
        schema: [{ ...root, num_children: 1 }, physicalElement(element)],
        row_groups: [{ ...rowGroup, columns: [column] }],
      },
    };
  });
}

/** Without these hyparquet hands out what is stored; with them decimals become rounded numbers. */
function physicalElement(element: SchemaElement): SchemaElement {
  const { converted_type: _converted, logical_type: _logical, ...physical } = element;
  return physical;
}

function runsOf(chunks: readonly Chunk[]): Chunk[][] {
  const runs: Chunk[][] = [];
  let start = 0;
  let end = -Infinity;
  for (const chunk of chunks.toSorted((left, right) => left.start - right.start)) {
    if (chunk.start - end <= gapBytes && chunk.end - start <= runBytes) runs.at(-1)?.push(chunk);
    else {
      runs.push([chunk]);
      start = chunk.start;
    }
    end = chunk.end;
  }
  return runs;
}

async function readRun<Value>(
  { store, key, convert, signal }: ReadParquetRows<Value>,
  run: readonly Chunk[],
): Promise<readonly (readonly [number, readonly Value[]])[]> {
  const [first] = run;
  if (first === undefined) return [];
  const end = run.at(-1)?.end ?? first.end;
  const fetched: Uint8Array[] = [];
  let to = first.start;
  // Several chunks fit one run; a chunk that alone exceeds it is read from its start until it holds the rows.
  for (let size = runBytes; ; size *= 2) {
    const from = to;
    to = Math.min(end, from + size);
    fetched.push(await store.getRange(key, from, to, signal));
    const bytes = toBuffer(Buffer.concat(fetched));
    try {
      const columns = [];
      for (const chunk of run) {
        const values = await decodeChunk(chunk, bytes, first.start);
        columns.push([
          chunk.fieldId,
          values.map((value) => convert(chunk.fieldId, value)),
        ] as const);
      }
      return columns;
    } catch (error) {
      if (to === end || !(error instanceof RangeError)) throw error;
    }
  }
}

/** Throws RangeError when `bytes`, which begin at `offset` of the file, end before the rows do. */
async function decodeChunk(
  { metadata, rows }: Chunk,
  bytes: ArrayBuffer,
  offset: number,
): Promise<readonly PhysicalValue[]> {
  let values: readonly PhysicalValue[] = [];
  let decoded = 0;
  await parquetRead({
    file: {
      byteLength: offset + bytes.byteLength,
      slice: (from, to) => bytes.slice(from - offset, (to ?? Infinity) - offset),
    },
    metadata,
    rowStart: 0,
    rowEnd: rows,
    compressors,
    utf8: false,
    onComplete: (found) => {
      values = found.map(([value]) => value as PhysicalValue);
    },
    onChunk: ({ columnData }) => {
      decoded += columnData.length;
    },
  });
  // Bytes that end exactly behind a page are no error to hyparquet: it leaves the rest undefined.
  if (decoded < rows) throw new RangeError(`${decoded} of ${rows} rows`);
  return values;
}

const toBuffer = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
