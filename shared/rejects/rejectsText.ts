import { HeadgateError } from '../errors.ts';
import { csvCell } from '../formats/canonicalCsv.ts';
import type { Json } from '../json.ts';
import { jsonValue, type PhysicalValue } from '../lake/jsonValue.ts';
import { listSnapshotLiveFiles } from '../lake/listLiveFiles.ts';
import { keyOf } from '../lake/objectPath.ts';
import { readParquetRows } from '../lake/readParquetRows.ts';
import { snapshotAsOf } from '../lake/snapshotAsOf.ts';
import type { ObjectStore } from '../lake/tableChange.ts';
import { readTableMetadata } from '../lake/tableMetadata.ts';
import type { TablePointer } from '../lake/tablePointer.ts';
import { rejectFields } from '../staging/streamLoader.ts';

export type RejectsFormat = 'csv' | 'ndjson';

/** Where a part of a download ended: the rows before `row` of this file were in it. */
export interface RejectsPosition {
  readonly snapshotId: string;
  readonly path: string;
  readonly row: number;
}

export interface RejectsText {
  /** Whole rows. CSV begins with a header in the first part only. */
  readonly text: string;
  readonly rows: number;
  /** Where the next part begins; null: this was the last. */
  readonly next: RejectsPosition | null;
}

/** What is downloaded of a reject, and what it is called there. */
const columns = [
  ['_source_file', 'file'],
  ['line', 'line'],
  ['column_name', 'column'],
  ['reason', 'reason'],
  ['row_text', 'row'],
  ['_run_id', 'run'],
  ['_ingested_at', 'rejectedAt'],
] as const;

/** Lambda's answers end at 6 MB, and JSON doubles what has to be escaped. */
const mostCharacters = 2_500_000;
/** Rows read at once, before anything is known of their length. */
const firstStep = 16;
const largestStep = 2000;

/**
 * One part of everything rejected, whole texts and in the table's order. All parts of a download are of the snapshot
 * that the first one found. Throws `not_found` when that snapshot, or the place in it, is gone.
 */
export async function rejectsText(
  store: ObjectStore,
  pointer: TablePointer,
  format: RejectsFormat,
  after: RejectsPosition | null,
  signal: AbortSignal,
): Promise<RejectsText> {
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const snapshot = snapshotAsOf(metadata, after?.snapshotId);
  let text =
    after === null && format === 'csv' ? `${columns.map(([, name]) => name).join(',')}\n` : '';
  let rows = 0;
  if (snapshot === null) return { text, rows, next: null };
  const snapshotId = String(snapshot['snapshot-id']);
  let isReached = after === null;
  for await (const { file } of listSnapshotLiveFiles(store, snapshot, signal)) {
    const isHere = file.path === after?.path;
    if (!isReached && !isHere) continue;
    isReached = true;
    let from = isHere ? (after?.row ?? 0) : 0;
    while (from < file.rows) {
      const to = Math.min(file.rows, from + stepOf(text, rows));
      for await (const line of linesOf(store, file, { from, to }, format, signal)) {
        if (rows > 0 && text.length + line.length > mostCharacters)
          return { text, rows, next: { snapshotId, path: file.path, row: from } };
        text += line;
        rows++;
        from++;
      }
    }
  }
  if (!isReached)
    throw new HeadgateError(
      'not_found',
      'The rejects changed meanwhile. Start the download again.',
    );
  return { text, rows, next: null };
}

/** As many rows as will fill the part, going by those before. */
const stepOf = (text: string, rows: number): number =>
  rows === 0
    ? firstStep
    : Math.max(
        1,
        Math.min(largestStep, Math.floor((mostCharacters - text.length) / (text.length / rows))),
      );

async function* linesOf(
  store: ObjectStore,
  { path, bytes }: { readonly path: string; readonly bytes: number },
  range: { readonly from: number; readonly to: number },
  format: RejectsFormat,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const fields = columns.map(([column, name]) => {
    const field = rejectFields.find((each) => each.name === column);
    if (field === undefined) throw new TypeError(`no reject has a column ${column}`);
    return { ...field, title: name };
  });
  const groups = readParquetRows<Json>({
    store,
    key: keyOf(store.bucket, path),
    bytes,
    fieldIds: fields.map(({ id }) => id),
    ranges: [range],
    convert: (id, value: PhysicalValue) =>
      jsonValue(fields.find((field) => field.id === id)?.type ?? 'string', value),
    signal,
  });
  for await (const group of groups)
    for (let index = 0; index < group.rows; index++) {
      const values = fields.map(({ id, title }) => {
        const value = group.columns.get(id)?.[index] ?? null;
        return [title, title === 'line' && value !== null ? Number(value) : value] as const;
      });
      yield format === 'ndjson'
        ? `${JSON.stringify(Object.fromEntries(values))}\n`
        : `${values.map(([, value]) => (value === null ? '' : csvCell(String(value)))).join(',')}\n`;
    }
}
