import type { StreamItem } from '../runs/streamItem.ts';
import type { StreamState } from './schemas/run.ts';

/** A stream as the API shows it beside its table. */
export const streamStateOf = (stream: StreamItem): StreamState => ({
  name: stream.stream,
  table: stream.table,
  rows: stream.pointer?.rows ?? 0,
  cursor: stream.cursor,
  unfinishedSince: stream.stage?.startedAt ?? null,
  renewed: stream.renewed ?? null,
  lastRunId: stream.committedBy?.runId ?? null,
  updatedAt: stream.updatedAt,
});
