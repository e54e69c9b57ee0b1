import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { sourceKey, type Table } from '../table.ts';
import {
  type DriftItem,
  driftItem,
  driftItemKey,
  driftOfRunPrefix,
  driftPrefix,
} from './driftItem.ts';
import {
  type SchemaVersionItem,
  schemaVersionItem,
  schemaVersionKey,
  schemaVersionPrefix,
} from './schemaVersionItem.ts';

/** Where a page ended. */
export interface HistoryPosition {
  readonly runId: string;
  readonly seq: number;
}

interface Page {
  readonly limit: number;
  /** The last one of the page before. */
  readonly after: HistoryPosition | null;
}

/** The schemas a stream had, newest first. */
export async function listSchemaVersions(
  table: Table,
  { tenant, sourceId, stream }: Pick<SchemaVersionItem, 'tenant' | 'sourceId' | 'stream'>,
  { limit, after }: Page,
): Promise<readonly SchemaVersionItem[]> {
  const start = after === null ? null : schemaVersionKey({ tenant, sourceId, stream, ...after });
  const found: SchemaVersionItem[] = [];
  for await (const item of newestFirst(
    table,
    sourceKey(tenant, sourceId),
    schemaVersionPrefix(stream),
    { limit, start },
  )) {
    const version = schemaVersionItem.parse(item);
    // The name of another stream may begin with this one's.
    if (version.stream === stream) found.push(version);
    if (found.length === limit) break;
  }
  return found;
}

/** A source's drift records, newest first. */
export async function listDrift(
  table: Table,
  { tenant, sourceId }: Pick<DriftItem, 'tenant' | 'sourceId'>,
  { limit, after }: Page,
): Promise<readonly DriftItem[]> {
  const start = after === null ? null : driftItemKey({ tenant, sourceId, ...after });
  const found: DriftItem[] = [];
  for await (const item of newestFirst(table, sourceKey(tenant, sourceId), driftPrefix, {
    limit,
    start,
  })) {
    found.push(driftItem.parse(item));
    if (found.length === limit) break;
  }
  return found;
}

/** Commits of one run that may have a record each; far more than any has. */
const mostOfRun = 1000;

/** The drift records of one run, in order. */
export async function listDriftOfRun(
  table: Table,
  { tenant, sourceId, runId }: Pick<DriftItem, 'tenant' | 'sourceId' | 'runId'>,
): Promise<readonly DriftItem[]> {
  const found: DriftItem[] = [];
  for await (const item of newestFirst(
    table,
    sourceKey(tenant, sourceId),
    driftOfRunPrefix(runId),
    { limit: mostOfRun, start: null },
  )) {
    found.push(driftItem.parse(item));
    if (found.length === mostOfRun) break;
  }
  return found.reverse();
}

async function* newestFirst(
  table: Table,
  pk: string,
  prefix: string,
  { limit, start }: { readonly limit: number; readonly start: { pk: string; sk: string } | null },
): AsyncGenerator<Record<string, unknown>> {
  let ExclusiveStartKey: Record<string, unknown> | undefined = start ?? undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
        ScanIndexForward: false,
        Limit: limit,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    for (const { pk: _pk, sk: _sk, ...item } of page.Items ?? []) yield item;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}
