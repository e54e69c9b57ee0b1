import type * as z from 'zod';
import type { table, tableSummary } from '../api/schemas/table.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import type { SourceItem } from '../sources/sourceItem.ts';

/** A table as lists show it. */
export const tableSummaryOf = (
  source: Pick<SourceItem, 'sourceId' | 'key'>,
  { stream, table, location, pointer, rejects, updatedAt }: StreamItem,
): z.infer<typeof tableSummary> => ({
  name: table,
  sourceId: source.sourceId,
  sourceKey: source.key,
  stream,
  location,
  rows: pointer?.rows ?? 0,
  rejectedRows: rejects?.rows ?? 0,
  bytes: pointer?.bytes ?? 0,
  dataFiles: pointer?.dataFiles ?? 0,
  snapshotId: pointer?.snapshotId ?? null,
  updatedAt,
});

/** A table with its columns. */
export const tableDetailsOf = (
  source: Pick<SourceItem, 'sourceId' | 'key'>,
  stream: StreamItem,
): z.infer<typeof table> => ({
  ...tableSummaryOf(source, stream),
  metadataLocation: stream.pointer?.metadataKey ?? null,
  columns: stream.schema.map(({ id, name, type, doc }) => ({ id, name, type, doc: doc ?? null })),
});
