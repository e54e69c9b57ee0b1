import { type AttributeValue, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';

/** What a group of promises is given. The table has pk, sk (text), gsi1 (all), gsi2 (keys only), num (number). */
export interface DynamoDbUnderTest {
  readonly client: () => DynamoDBDocument;
  readonly table: string;
  /** A partition nobody else writes to. */
  readonly partition: () => string;
}

export const conformanceTable = (TableName: string) => ({
  TableName,
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [
    ...['pk', 'sk', 'gsi1pk', 'gsi1sk', 'gsi2pk', 'gsi2sk', 'numpk'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    { AttributeName: 'numsk', AttributeType: 'N' as const },
  ],
  KeySchema: keys('pk', 'sk'),
  GlobalSecondaryIndexes: [
    index('gsi1', 'ALL', 'gsi1pk', 'gsi1sk'),
    index('gsi2', 'KEYS_ONLY', 'gsi2pk', 'gsi2sk'),
    index('num', 'ALL', 'numpk', 'numsk'),
  ],
});

const keys = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];
const index = (
  IndexName: string,
  ProjectionType: 'ALL' | 'KEYS_ONLY',
  hash: string,
  range: string,
) => ({ IndexName, KeySchema: keys(hash, range), Projection: { ProjectionType } });

/** Code and item of each cancellation reason. */
export const reasonsOf = (
  error: unknown,
): readonly { code: string | undefined; item: Record<string, AttributeValue> | undefined }[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map(({ Code, Item }) => ({ code: Code, item: Item }))
    : [];
