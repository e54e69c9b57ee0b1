import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The one DynamoDB table, and the document client to reach it with (`removeUndefinedValues: true`). */
export interface Table {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/**
 * Key prefixes shared by item modules. Each item's own module spells its sort key; no other file does.
 * Index 1 (`gsi1pk`, `gsi1sk`) lists a tenant's sources in creation order. Index 2 (`gsi2pk`, `gsi2sk`) is
 * sparse, and lists what is worth the reaper's look: locks, sharded, and deleted sources whose data is to be removed.
 * Both project keys only: readers read the item.
 */
export const tenantKey = (tenant: string): string => `T#${tenant}`;
export const sourceKey = (tenant: string, sourceId: string): string => `T#${tenant}#S#${sourceId}`;
export const sourcesIndex = 'gsi1';
export const locksIndex = 'gsi2';
/** Attribute with the epoch second after which DynamoDB may remove an item. */
export const ttlAttribute = 'expiresAt';
