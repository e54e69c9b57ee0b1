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

/** Rows of a file from `from` up to but without `to`. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

export interface ReadParquetRows<Value> {
  readonly store: ObjectStore;
  readonly key: string;
  /** Size of the object. */
  readonly bytes: number;
  /** Field ids of the wanted columns. */
  readonly fieldIds: readonly number[];
  /** The wanted rows; ascending, none twice. */
  readonly ranges: readonly RowRange[];
  /** Called for each value before its page is let go; MUST NOT keep the bytes it is handed. */
  readonly convert: (fieldId: number, value: PhysicalValue) => Value;
  readonly signal: AbortSignal;
}

/** The wanted rows of one row group. */
export interface ParquetRows<Value> {
  readonly rows: number;
  /** The rows' values by field id. A column the file does not have is absent. */
  readonly columns: ReadonlyMap<number, readonly Value[]>;
  /** Bytes fetched for them. */
  readonly bytes: number;
}

/**
 * Rows of a Parquet file, row group by row group, column by column, by field id, converted from what is stored.
 * Fetches the footer and, of the row groups needed, the wanted column chunks; of a large chunk only the first pages
 * up to the last row. Holds one row group's wanted rows. Flat columns only.
 *
 * Throws `internal_error` when the file is no Parquet file, or ends before the rows do.
 */
export async function* readParquetRows<Value>(
  input: ReadParquetRows<Value>,
): AsyncGenerator<ParquetRows<Value>> {
  const { store, key, bytes, signal } = input;
  const file: AsyncBuffer = {
    byteLength: bytes,
    slice: async (from, to = bytes) => toBuffer(await store.getRange(key, from, to, signal)),
  };
  try {
    const metadata = await parquetMetadataAsync(file, { initialFetchSize: footerBytes });
    yield* readRowGroups(input, metadata);
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
  /** Counted from the row group's first row. */
  readonly ranges: readonly RowRange[];
  readonly start: number;
  readonly end: number;
}

async function* readRowGroups<Value>(
  input: ReadParquetRows<Value>,
  metadata: FileMetaData,
): AsyncGenerator<ParquetRows<Value>> {
  const last = input.ranges.at(-1)?.to ?? 0;
  const wanted = new Set(input.fieldIds);
  let first = 0;
  for (const rowGroup of metadata.row_groups) {
    if (first >= last) return;
    const ranges = rangesWithin(input.ranges, first, first + Number(rowGroup.num_rows));
    first += Number(rowGroup.num_rows);
    if (ranges.length === 0) continue;
    const columns = new Map<number, readonly Value[]>();
    let bytes = 0;
    const runs = runsOf(chunksOf(metadata, rowGroup, wanted, ranges));
    for await (const run of prefetch(runs, depth, (run) => readRun(input, run))) {
      bytes += run.bytes;
      for (const [fieldId, values] of run.columns) columns.set(fieldId, values);
    }
    yield { rows: ranges.reduce((sum, { from, to }) => sum + to - from, 0), columns, bytes };
  }
  if (first < last) throw new RangeError(`it has ${first} rows of the ${last} it should have`);
}

/** The parts of the ranges that lie in `[first, end)`, counted from `first`. */
const rangesWithin = (ranges: readonly RowRange[], first: number, end: number): RowRange[] =>
  ranges
    .filter(({ from, to }) => from < end && to > first)
    .map(({ from, to }) => ({
      from: Math.max(from, first) - first,
      to: Math.min(to, end) - first,
    }));

function chunksOf(
  metadata: FileMetaData,
  rowGroup: RowGroup,
  wanted: ReadonlySet<number>,
  ranges: readonly RowRange[],
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
      ranges,
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
): Promise<{
  readonly columns: readonly (readonly [number, readonly Value[]])[];
  readonly bytes: number;
}> {
  const [first] = run;
  if (first === undefined) return { columns: [], bytes: 0 };
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
      return { columns, bytes: to - first.start };
    } catch (error) {
      if (to === end || !(error instanceof RangeError)) throw error;
    }
  }
}

/** Throws RangeError when `bytes`, which begin at `offset` of the file, end before the rows do. */
async function decodeChunk(
  { metadata, ranges }: Chunk,
  bytes: ArrayBuffer,
  offset: number,
): Promise<readonly PhysicalValue[]> {
  const end = ranges.at(-1)?.to ?? 0;
  let values: readonly (readonly unknown[])[] = [];
  let decoded = 0;
  await parquetRead({
    file: {
      byteLength: offset + bytes.byteLength,
      slice: (from, to) => bytes.slice(from - offset, (to ?? Infinity) - offset),
    },
    metadata,
    rowStart: 0,
    rowEnd: end,
    compressors,
    utf8: false,
    onComplete: (found) => {
      values = found;
    },
    onChunk: ({ columnData }) => {
      decoded += columnData.length;
    },
  });
  // Bytes that end exactly behind a page are no error to hyparquet: it leaves the rest undefined.
  if (decoded < end) throw new RangeError(`${decoded} of ${end} rows`);
  return ranges.flatMap(({ from, to }) =>
    values.slice(from, to).map(([value]) => value as PhysicalValue),
  );
}

const toBuffer = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
