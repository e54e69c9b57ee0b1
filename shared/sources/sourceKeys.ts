import { type Table, tenantKey } from '../table.ts';
import type { TransactItem } from '../transact.ts';

/** Holds a source's key, so that no two sources of a tenant have the same. */
export const keyClaimKey = (tenant: string, key: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `KEY#${key}`,
});

/** Holds a table's name, so that no two sources of a tenant write the same. */
export const tableClaimKey = (tenant: string, table: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: `TABLE#${table}`,
});

/** How many sources a tenant has. */
export const sourceCountKey = (tenant: string): { pk: string; sk: string } => ({
  pk: tenantKey(tenant),
  sk: 'COUNT#sources',
});

/** Part of a transaction: refused when somebody has the name. */
export const claim = (
  table: Table,
  key: { readonly pk: string; readonly sk: string },
  sourceId: string,
): TransactItem => ({
  Put: {
    TableName: table.name,
    Item: { ...key, v: 1, sourceId },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
});

/** Part of a transaction. */
export const countSources = (table: Table, tenant: string, by: 1 | -1): TransactItem => ({
  Update: {
    TableName: table.name,
    Key: sourceCountKey(tenant),
    UpdateExpression: 'SET v = :v ADD #count :by',
    ExpressionAttributeNames: { '#count': 'count' },
    ExpressionAttributeValues: { ':v': 1, ':by': by },
  },
});
