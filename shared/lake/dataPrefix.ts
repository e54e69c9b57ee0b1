import type { StreamItem } from '../runs/streamItem.ts';

type Place = Pick<StreamItem, 'tenant' | 'sourceId' | 'table'>;

/** Where everything of a table's data lies in the lake bucket; `__rejects` for the table of its rejects. */
export const tableDataPrefix = (
  { tenant, sourceId, table }: Place,
  suffix: '' | '__rejects' = '',
): string => `lake/data/${tenant}/${sourceId}/${table}${suffix}`;

/** Where a table's metadata lies, ends with `/`. Only Commit writes there. */
export const tableMetadataPrefix = ({ tenant, sourceId, table }: Place): string =>
  `lake/metadata/${tenant}/${sourceId}/${table}/`;

/** Key prefix of the files of one unit of one attempt, ends with `/`: two attempts never share a key. */
export const dataPrefix = (
  run: { readonly runId: string },
  stream: Place,
  attempt: number,
  unit: number | string,
  suffix: '' | '__rejects' = '',
): string => `${tableDataPrefix(stream, suffix)}/${run.runId}/a${attempt}/u${unit}/`;
