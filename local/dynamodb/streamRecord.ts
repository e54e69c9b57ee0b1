import { randomUUID } from 'node:crypto';
import { localAccount } from '../localService.ts';
import { type Item, itemBytes } from './attributeValue.ts';
import { keyOf, type TableDefinition } from './tableDefinition.ts';

/** One change as Lambda receives it from DynamoDB Streams; the sequence number is added on delivery. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly eventSourceARN: string;
  readonly userIdentity?: { readonly type: 'Service'; readonly principalId: string };
  readonly dynamodb: {
    /** Epoch seconds. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    /** Decimal digits; grows with every change of the table. */
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: string;
  };
}

export const tableArn = (tableName: string): string =>
  `arn:aws:dynamodb:${localAccount.region}:${localAccount.accountId}:table/${tableName}`;

export const streamArn = (table: TableDefinition): string =>
  `${tableArn(table.TableName)}/stream/${table.streamLabel}`;

export function streamRecord(
  table: TableDefinition,
  before: Item | undefined,
  after: Item | undefined,
  now: number,
  byTimeToLive: boolean,
): StreamRecord {
  const view = table.streamViewType ?? 'KEYS_ONLY';
  const keys = keyOf(table, after ?? before ?? {});
  const newImage = view.startsWith('NEW') ? after : undefined;
  const oldImage = view.endsWith('OLD_IMAGES') || view === 'OLD_IMAGE' ? before : undefined;
  return {
    eventID: randomUUID().replaceAll('-', ''),
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: localAccount.region,
    eventSourceARN: streamArn(table),
    ...(byTimeToLive
      ? { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }
      : {}),
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(now / 1000),
      Keys: keys,
      ...(newImage === undefined ? {} : { NewImage: newImage }),
      ...(oldImage === undefined ? {} : { OldImage: oldImage }),
      SequenceNumber: '',
      SizeBytes: itemBytes(keys) + itemBytes(newImage ?? {}) + itemBytes(oldImage ?? {}),
      StreamViewType: view,
    },
  };
}
