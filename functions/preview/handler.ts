import { HeadgateError } from '../../shared/errors.ts';
import { listSnapshotLiveFiles } from '../../shared/lake/listLiveFiles.ts';
import { listSnapshots } from '../../shared/lake/listSnapshots.ts';
import {
  type PreviewAnswer,
  type PreviewInput,
  previewInput,
} from '../../shared/lake/previewProtocol.ts';
import { type Preview, previewRows } from '../../shared/lake/previewRows.ts';
import type { Field } from '../../shared/lake/schema.ts';
import { snapshotAsOf } from '../../shared/lake/snapshotAsOf.ts';
import { sourceFileOf } from '../../shared/lake/sourceFileOf.ts';
import type { ObjectStore } from '../../shared/lake/tableChange.ts';
import { readTableMetadata } from '../../shared/lake/tableMetadata.ts';
import type { Log } from '../../shared/log.ts';
import { rejectsText } from '../../shared/rejects/rejectsText.ts';
import type { StreamItem } from '../../shared/runs/streamItem.ts';
import { getStream } from '../../shared/runs/streams.ts';
import { rejectFields } from '../../shared/staging/streamLoader.ts';
import type { Table } from '../../shared/table.ts';

export interface PreviewDependencies {
  readonly table: Table;
  readonly store: ObjectStore;
  readonly log: Log;
}

/** The API gives up after 25 s; what is left is for saying so. */
const timeoutMilliseconds = 22_000;
/** Lambda's answers end at 6 MB. */
const maxAnswerBytes = 5_000_000;

/**
 * Rows, rejects, history or files of one stream, read from S3 without a database. Never throws for what a caller
 * can put right: a stream, snapshot or column that is not there is answered as a problem.
 */
export const makeHandler =
  ({ table, store, log }: PreviewDependencies) =>
  async (event: unknown): Promise<PreviewAnswer> => {
    const input = previewInput.parse(event);
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    try {
      const stream = await getStream(table, input.tenant, input.sourceId, input.stream);
      if (stream === null) return problem('not_found', `There is no stream ${input.stream}`);
      return await answer(store, stream, input, signal);
    } catch (error) {
      const { tenant, sourceId } = input;
      if (signal.aborted)
        return problem('service_unavailable', 'The rows could not be read in time. Try again.');
      if (!(error instanceof HeadgateError) || error.code === 'internal_error') throw error;
      log.info('preview refused', { tenant, sourceId, stream: input.stream, code: error.code });
      return problem(error.code, error.message);
    }
  };

const problem = (code: HeadgateError['code'], message: string): PreviewAnswer => ({
  kind: 'problem',
  code,
  message,
});

async function answer(
  store: ObjectStore,
  stream: StreamItem,
  input: PreviewInput,
  signal: AbortSignal,
): Promise<PreviewAnswer> {
  switch (input.what) {
    case 'rows':
      return rowsOf(store, stream.pointer, stream.schema, input, signal);
    case 'rejects':
      return rowsOf(store, stream.rejects, rejectFields, input, signal);
    case 'rejectsText':
      return textOf(store, stream.rejects, input, signal);
    case 'snapshots': {
      const all = stream.pointer === null ? [] : await listSnapshots(store, stream.pointer, signal);
      const snapshots = all.slice(0, input.limit);
      return { kind: 'snapshots', snapshots: [...snapshots], more: all.length > input.limit };
    }
    case 'files':
      return filesOf(store, stream, input, signal);
  }
}

async function rowsOf(
  store: ObjectStore,
  pointer: StreamItem['pointer'],
  fields: readonly Field[],
  { limit, asOf, columns }: PreviewInput,
  signal: AbortSignal,
): Promise<PreviewAnswer> {
  if (pointer === null)
    return {
      kind: 'rows',
      snapshotId: null,
      columns: [...fields],
      rows: [],
      cut: [],
      total: 0,
      more: false,
    };
  const preview = await previewRows({
    store,
    pointer,
    limit,
    signal,
    ...(asOf === undefined ? {} : { asOf }),
    ...(columns === undefined ? {} : { columns }),
  });
  const rows = fitting(preview.rows);
  return {
    kind: 'rows',
    snapshotId: preview.snapshotId,
    columns: [...preview.columns],
    rows: [...rows],
    cut: [...preview.cut],
    total: preview.total,
    more: rows.length < preview.total,
  };
}

async function textOf(
  store: ObjectStore,
  pointer: StreamItem['rejects'],
  { format = 'csv', after }: PreviewInput,
  signal: AbortSignal,
): Promise<PreviewAnswer> {
  if (pointer === null) return { kind: 'text', text: '', rows: 0, next: null };
  return { kind: 'text', ...(await rejectsText(store, pointer, format, after ?? null, signal)) };
}

function fitting(rows: Preview['rows']): Preview['rows'] {
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (bytes > maxAnswerBytes) return rows.slice(0, index);
  }
  return rows;
}

async function filesOf(
  store: ObjectStore,
  { pointer }: StreamItem,
  { limit, asOf }: PreviewInput,
  signal: AbortSignal,
): Promise<PreviewAnswer> {
  if (pointer === null) return { kind: 'files', snapshotId: null, files: [], more: false };
  const metadata = await readTableMetadata(store, pointer.metadataKey, signal);
  const snapshot = snapshotAsOf(metadata, asOf);
  if (snapshot === null) return { kind: 'files', snapshotId: null, files: [], more: false };
  const files: Extract<PreviewAnswer, { kind: 'files' }>['files'] = [];
  let more = false;
  for await (const { file, deletes } of listSnapshotLiveFiles(store, snapshot, signal)) {
    if (files.length === limit) {
      more = true;
      break;
    }
    const { path, rows, bytes } = file;
    const deletedRows = deletes?.rows ?? 0;
    files.push({ path, rows, deletedRows, bytes, sourceFile: sourceFileOf(metadata, file) });
  }
  return { kind: 'files', snapshotId: String(snapshot['snapshot-id']), files, more };
}
