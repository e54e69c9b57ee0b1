import type { DynamoDBRecord } from 'aws-lambda';

/** The token that a record of the table's stream says is gone, revoked or expired; null for anything else. */
export function revokedTokenOf(
  record: DynamoDBRecord,
): { readonly tenant: string; readonly tokenId: string } | null {
  const { Keys, OldImage } = record.dynamodb ?? {};
  if (record.eventName !== 'REMOVE' || Keys?.['sk']?.S !== 'TOKEN') return null;
  const tenant = OldImage?.['tenant']?.S;
  const tokenId = OldImage?.['tokenId']?.S;
  return tenant === undefined || tokenId === undefined ? null : { tenant, tokenId };
}
