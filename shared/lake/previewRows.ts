import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import { fieldsOf } from './icebergSchema.ts';
import { jsonValue, type PhysicalValue } from './jsonValue.ts';
import { listSnapshotLiveFiles } from './listLiveFiles.ts';
import { liveRanges } from './liveRanges.ts';
import { keyOf } from './objectPath.ts';
import { readParquetRows } from './readParquetRows.ts';
import type { Field } from './schema.ts';
import { snapshotAsOf } from './snapshotAsOf.ts';
import { snapshotTotals } from './snapshotSummary.ts';
import type { ObjectStore } from './tableChange.ts';
import { readTableMetadata, schemaWithId } from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

/** Wide tables answer fewer rows, and longer texts are cut, so that memory stays the same whatever a table holds. */
const maxCells = 100_000;
const maxCharacters = 16_000_000;
const maxCharactersPerValue = 4_096;
/** Where few rows are left of many, those found within so many bytes are answered. */
const maxBytes = 128 * 1024 * 1024;

export interface PreviewRows {
  readonly store: ObjectStore;
  readonly pointer: TablePointer;
  /**
   * Most rows answered; of a table with more than 200 columns fewer (100,000 values in all, but one row), and of one
   * whose first files have hardly a live row.
   */
  readonly limit: number;
  /** A snapshot's id, or an ISO 8601 instant: the table as it was then. Left out: as it is. */
  readonly asOf?: string;
  /** Names of the columns wanted; left out: all. */
  readonly columns?: readonly string[];
  readonly signal: AbortSignal;
}

export interface Preview {
  /** null: the table has no snapshot yet. */
  readonly snapshotId: string | null;
  readonly columns: readonly Field[];
  /** By column name, in the order the table stores them. Values as `jsonValue` gives them. */
  readonly rows: readonly { readonly [name: string]: Json }[];
  /** Live rows of the table at that snapshot. */
  readonly total: number;
  /** Columns in which at least one value was cut to at most 4,096 characters; a cut value ends with `…`. */
  readonly cut: readonly string[];
}

/**
 * The first live rows of a table, read with ranged requests and no database. Columns are found by field id, so files
 * written before a column was added or renamed read as the schema says now; with `asOf`, as it said then.
 *
 * Throws `not_found` for a snapshot that is not there (any more) and `validation_failed` for an unknown column.
 */
export async function previewRows(input: PreviewRows): Promise<Preview> {
  const { store, pointer, signal } = input;
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const snapshot = snapshotAsOf(metadata, input.asOf);
  const schema = schemaWithId(
    metadata,
    input.asOf === undefined ? undefined : snapshot?.['schema-id'],
  );
  const columns = wantedFields(fieldsOf(schema), input.columns);
  const rows: Record<string, Json>[] = [];
  const cut = new Set<string>();
  if (snapshot === null) return { snapshotId: null, columns, rows, total: 0, cut: [] };
  const limit = Math.min(input.limit, Math.max(1, Math.floor(maxCells / columns.length)));
  const longest = Math.min(
    maxCharactersPerValue,
    Math.floor(maxCharacters / (limit * columns.length)),
  );
  const byId = new Map(columns.map((column) => [column.id, column]));
  const convert = (fieldId: number, stored: PhysicalValue): Json => {
    const { name, type } = byId.get(fieldId) as Field;
    const value = jsonValue(type, stored);
    if (typeof value !== 'string' || value.length <= longest) return value;
    cut.add(name);
    return `${cutText(value, longest)}…`;
  };
  let bytes = 0;
  for await (const live of listSnapshotLiveFiles(store, snapshot, signal)) {
    if (rows.length >= limit || (rows.length > 0 && bytes > maxBytes)) break;
    if (live.deletes?.rows === live.file.rows) continue;
    const { path, bytes: size } = live.file;
    const found = readParquetRows({
      store,
      key: keyOf(store.bucket, path),
      bytes: size,
      fieldIds: [...byId.keys()],
      ranges: await liveRanges(store, live, limit - rows.length, signal),
      convert,
      signal,
    });
    for await (const group of found) {
      for (let index = 0; index < group.rows; index++)
        // Defines properties, where assigning to a hostile name could call a setter.
        rows.push(
          Object.fromEntries(
            columns.map(({ id, name }) => [name, group.columns.get(id)?.[index] ?? null]),
          ),
        );
      bytes += group.bytes;
      if (bytes > maxBytes) break;
    }
  }
  return {
    snapshotId: String(snapshot['snapshot-id']),
    columns,
    rows,
    total: snapshotTotals(snapshot).rows,
    cut: [...cut],
  };
}

/** Does not cut a surrogate pair in two: half of one is no valid JSON text. */
function cutText(text: string, characters: number): string {
  const last = text.charCodeAt(characters - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? characters - 1 : characters);
}

function wantedFields(
  fields: readonly Field[],
  names: readonly string[] | undefined,
): readonly Field[] {
  if (names === undefined) return fields;
  return names.map((name) => {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined)
      throw new HeadgateError('validation_failed', `The table has no column ${name}`);
    return field;
  });
}
