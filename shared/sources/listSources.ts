import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { decodeCursor, encodeCursor } from '../api/cursor.ts';
import type { Principal } from '../api/principal.ts';
import type { ListSourcesQuery } from '../api/schemas/source.ts';
import { getLocks } from '../runs/lock.ts';
import type { LockItem } from '../runs/lockItem.ts';
import { sourcesIndex, type Table, tenantKey } from '../table.ts';
import { readSources } from './findSource.ts';
import { healthOf } from './health.ts';
import { listingKey } from './insertSource.ts';
import { type SourceItem, sourceItemKey } from './sourceItem.ts';
import { sourceCountKey } from './sourceKeys.ts';

export interface ListedSource {
  readonly source: SourceItem;
  readonly lock: LockItem | undefined;
}

const batchSize = 100;

/**
 * A tenant's sources with their locks in creation order, after `after` (a source id). Reads a hundred at a time,
 * so memory does not grow with the tenant.
 */
export async function* eachSource(
  table: Table,
  principal: Pick<Principal, 'tenant' | 'sources'>,
  after: string | null = null,
  size: number = batchSize,
): AsyncGenerator<ListedSource> {
  for await (const ids of idBatches(table, principal, after, size)) {
    const [sources, locks] = await Promise.all([
      readSources(table, principal.tenant, ids),
      getLocks(table, principal.tenant, ids),
    ]);
    for (const source of sources) yield { source, lock: locks.get(source.sourceId) };
  }
}

async function* idBatches(
  table: Table,
  { tenant, sources }: Pick<Principal, 'tenant' | 'sources'>,
  after: string | null,
  size: number,
): AsyncGenerator<readonly string[]> {
  if (sources !== null) {
    // Ids sort by creation.
    yield [...sources].sort().filter((sourceId) => after === null || sourceId > after);
    return;
  }
  let ExclusiveStartKey: Record<string, unknown> | undefined =
    after === null ? undefined : { ...listingKey(tenant, after), ...sourceItemKey(tenant, after) };
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: sourcesIndex,
        KeyConditionExpression: 'gsi1pk = :tenant',
        ExpressionAttributeValues: { ':tenant': tenantKey(tenant) },
        Limit: size,
        ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
      }),
    );
    yield (page.Items ?? []).map((item) => String(item['gsi1sk']));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
}

const position = z.strictObject({
  after: z.string().regex(/^[0-9a-z]{26}$/),
  /** Matches as counted for the first page; null: not filtered. */
  total: z.int().nonnegative().nullable(),
});

export interface SourcePage {
  readonly sources: readonly ListedSource[];
  readonly total: number;
  readonly nextCursor: string | null;
}

/**
 * One page of sources, oldest first. `total` counts everything that matches: from a counter without filters,
 * by reading all sources once, for the first page, with them.
 */
export async function listSources(
  table: Table,
  principal: Principal,
  { limit, cursor, ...filters }: ListSourcesQuery,
): Promise<SourcePage> {
  const from = cursor === undefined ? null : decodeCursor(cursor, 'sources', filters, position);
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const countsMatches = from === null && (filtered || principal.sources !== null);
  const found: ListedSource[] = [];
  let matches = 0;
  const size = countsMatches || filtered ? batchSize : Math.min(batchSize, limit + 1);
  for await (const listed of eachSource(table, principal, from?.after ?? null, size)) {
    if (!isWanted(listed, filters)) continue;
    matches += 1;
    if (found.length <= limit) found.push(listed);
    if (found.length > limit && !countsMatches) break;
  }
  const total = countsMatches ? matches : (from?.total ?? (await countOf(table, principal.tenant)));
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    sources: page,
    total,
    nextCursor:
      found.length > limit && last !== undefined
        ? encodeCursor('sources', filters, {
            after: last.source.sourceId,
            total: filtered || principal.sources !== null ? total : null,
          })
        : null,
  };
}

function isWanted(
  { source, lock }: ListedSource,
  filters: Omit<ListSourcesQuery, 'limit' | 'cursor'>,
): boolean {
  const { status, connector, tag, collection, health, search } = filters;
  if (status !== undefined && source.status !== status) return false;
  if (connector !== undefined && source.connector !== connector) return false;
  if (tag !== undefined && !source.tags.includes(tag)) return false;
  if (collection !== undefined && source.collection !== collection) return false;
  if (health !== undefined && healthOf(source, lock) !== health) return false;
  if (search === undefined) return true;
  const text = `${source.key}\n${source.name}\n${source.description}`.toLowerCase();
  return text.includes(search.toLowerCase());
}

async function countOf(table: Table, tenant: string): Promise<number> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: sourceCountKey(tenant) }),
  );
  return Number(Item?.['count'] ?? 0);
}
