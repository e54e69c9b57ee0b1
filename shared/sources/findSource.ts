import { BatchGetCommand, type BatchGetCommandOutput, GetCommand } from '@aws-sdk/lib-dynamodb';
import { type Principal, requireSource } from '../api/principal.ts';
import { HeadgateError } from '../errors.ts';
import type { Table } from '../table.ts';
import { getSource, parseSource } from './getSource.ts';
import { type SourceItem, sourceItemKey } from './sourceItem.ts';
import { keyClaimKey } from './sourceKeys.ts';

/** What `newSourceId` makes. */
const sourceIdPattern = /^[0-9a-z]{26}$/;

/** The source with this id or key; null when the tenant has none. */
export async function findSource(
  table: Table,
  tenant: string,
  idOrKey: string,
): Promise<SourceItem | null> {
  if (sourceIdPattern.test(idOrKey)) {
    const source = await getSource(table, tenant, idOrKey);
    if (source !== null) return source;
  }
  const { Item } = await table.client.send(
    new GetCommand({
      TableName: table.name,
      Key: keyClaimKey(tenant, idOrKey),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? null : getSource(table, tenant, String(Item['sourceId']));
}

/** The source the caller means. Throws 404 (also for another tenant's) and 403 for a token of other sources. */
export async function requireSourceOf(
  table: Table,
  principal: Principal,
  idOrKey: string,
): Promise<SourceItem> {
  const source = await findSource(table, principal.tenant, idOrKey);
  if (source === null)
    throw new HeadgateError('not_found', `There is no source "${idOrKey.slice(0, 255)}".`);
  requireSource(principal, source.sourceId);
  return source;
}

const batchSize = 100;

/** Many sources by id, in the order given; those that are gone are left out. */
export async function readSources(
  table: Table,
  tenant: string,
  sourceIds: readonly string[],
): Promise<readonly SourceItem[]> {
  const found = new Map<string, SourceItem>();
  for (let index = 0; index < sourceIds.length; index += batchSize) {
    let keys: Record<string, unknown>[] | undefined = sourceIds
      .slice(index, index + batchSize)
      .map((sourceId) => sourceItemKey(tenant, sourceId));
    while (keys !== undefined && keys.length > 0) {
      const answer: BatchGetCommandOutput = await table.client.send(
        new BatchGetCommand({ RequestItems: { [table.name]: { Keys: keys } } }),
      );
      for (const item of answer.Responses?.[table.name] ?? []) {
        const source = parseSource(item);
        found.set(source.sourceId, source);
      }
      keys = answer.UnprocessedKeys?.[table.name]?.Keys;
    }
  }
  return sourceIds.flatMap((sourceId) => found.get(sourceId) ?? []);
}
