import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { TablePointer } from '../../shared/lake/tablePointer.ts';
import { type StreamItem, streamItem, streamItemPrefix } from '../../shared/runs/streamItem.ts';

/** What a record of the table's stream says about one STREAM item. */
export interface StreamChange {
  /** What a failed record is named by in `batchItemFailures`. */
  readonly sequenceNumber: string;
  /** The item now; the last one there was when it is `removed`. */
  readonly item: StreamItem;
  readonly removed: boolean;
  /** The pointers before, or null where there were none. */
  readonly before: { readonly pointer: TablePointer | null; readonly rejects: TablePointer | null };
}

/** The change a record tells of; null when it is about another item. Throws ZodError for an item that is none. */
export function streamChangeOf(record: DynamoDBRecord): StreamChange | null {
  const { Keys, NewImage, OldImage, SequenceNumber } = record.dynamodb ?? {};
  if (Keys?.['sk']?.S?.startsWith(streamItemPrefix) !== true) return null;
  const image = NewImage ?? OldImage;
  if (image === undefined || SequenceNumber === undefined) return null;
  const item = parse(image);
  const before = OldImage === undefined ? null : parse(OldImage);
  return {
    sequenceNumber: SequenceNumber,
    item,
    removed: NewImage === undefined,
    before: { pointer: before?.pointer ?? null, rejects: before?.rejects ?? null },
  };
}

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;

function parse(image: Image): StreamItem {
  const { pk: _pk, sk: _sk, ...attributes } = unmarshall(image as Parameters<typeof unmarshall>[0]);
  return streamItem.parse(attributes);
}
