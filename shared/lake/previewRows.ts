import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import { fieldsOf } from './icebergSchema.ts';
import { jsonValue } from './jsonValue.ts';
import { listSnapshotFiles } from './listDataFiles.ts';
import { keyOf } from './objectPath.ts';
import { readParquetRows } from './readParquetRows.ts';
import type { Field } from './schema.ts';
import type { ObjectStore } from './tableChange.ts';
import {
  currentSnapshot,
  findSnapshot,
  readTableMetadata,
  type Snapshot,
  schemaWithId,
  type TableMetadata,
} from './tableMetadata.ts';
import type { TablePointer } from './tablePointer.ts';

/** Longer texts are cut, so that a page of rows stays a page. */
const defaultMaxCharacters = 4_096;

export interface PreviewRows {
  readonly store: ObjectStore;
  readonly pointer: TablePointer;
  /** Most rows answered. */
  readonly limit: number;
  /** A snapshot's id, or an ISO 8601 instant: the table as it was then. Left out: as it is. */
  readonly asOf?: string;
  /** Names of the columns wanted; left out: all. */
  readonly columns?: readonly string[];
  readonly maxCharacters?: number;
  readonly signal: AbortSignal;
}

export interface Preview {
  /** null: the table has no snapshot yet. */
  readonly snapshotId: string | null;
  readonly columns: readonly Field[];
  /** By column name, in the order the table stores them. Values as `jsonValue` gives them. */
  readonly rows: readonly { readonly [name: string]: Json }[];
  /** Columns in which at least one value was cut to `maxCharacters`; a cut value ends with `…`. */
  readonly cut: readonly string[];
}

/**
 * The first rows of a table, read with ranged requests and no database. Columns are found by field id, so files
 * written before a column was added or renamed read as the schema says now; with `asOf`, as it said then.
 *
 * Throws `not_found` for a snapshot that is not there (any more) and `validation_failed` for an unknown column.
 */
export async function previewRows(input: PreviewRows): Promise<Preview> {
  const { store, pointer, limit, signal, maxCharacters = defaultMaxCharacters } = input;
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const snapshot = snapshotAsOf(metadata, input.asOf);
  const schema = schemaWithId(
    metadata,
    input.asOf === undefined ? undefined : snapshot?.['schema-id'],
  );
  const columns = wantedFields(fieldsOf(schema), input.columns);
  const rows: Record<string, Json>[] = [];
  const cut = new Set<string>();
  if (snapshot === null) return { snapshotId: null, columns, rows, cut: [] };
  for await (const file of listSnapshotFiles(store, snapshot, signal)) {
    if (rows.length >= limit) break;
    const count = Math.min(limit - rows.length, file.rows);
    const values = await readParquetRows({
      store,
      key: keyOf(store.bucket, file.path),
      bytes: file.bytes,
      fieldIds: columns.map(({ id }) => id),
      rows: count,
      signal,
    });
    for (let index = 0; index < count; index++) {
      const row = columns.map(({ id, name, type }) => {
        const value = jsonValue(type, values.get(id)?.[index]);
        if (typeof value !== 'string' || value.length <= maxCharacters)
          return [name, value] as const;
        cut.add(name);
        return [name, `${cutText(value, maxCharacters)}…`] as const;
      });
      // Defines properties, where assigning to a hostile name could call a setter.
      rows.push(Object.fromEntries(row));
    }
  }
  return { snapshotId: String(snapshot['snapshot-id']), columns, rows, cut: [...cut] };
}

/** Does not cut a surrogate pair in two: half of one is no valid JSON text. */
function cutText(text: string, characters: number): string {
  const last = text.charCodeAt(characters - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? characters - 1 : characters);
}

function snapshotAsOf(metadata: TableMetadata, asOf: string | undefined): Snapshot | null {
  if (asOf === undefined) return currentSnapshot(metadata);
  const instant = /^\d+$/.test(asOf) ? null : Date.parse(asOf);
  if (Number.isNaN(instant))
    throw new HeadgateError('validation_failed', `${asOf} is neither a snapshot id nor an instant`);
  const found =
    instant === null
      ? findSnapshot(metadata, asOf)
      : (metadata.snapshots
          .filter((snapshot) => snapshot['timestamp-ms'] <= instant)
          .toSorted((left, right) => right['sequence-number'] - left['sequence-number'])[0] ??
        null);
  if (found === null)
    throw new HeadgateError('not_found', `The table has no snapshot as of ${asOf} (any more)`);
  return found;
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
