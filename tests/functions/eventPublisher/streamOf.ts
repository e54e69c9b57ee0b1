import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';

type Item = Readonly<Record<string, unknown>>;
let made = 0;

/** A record of the table's stream as Lambda hands it over. */
export function recordOf(
  key: { readonly pk: string; readonly sk: string },
  before: Item | null,
  after: Item | null,
): DynamoDBRecord {
  made += 1;
  const image = (item: Item | null, name: string) =>
    item === null ? {} : { [name]: marshall({ ...key, ...item }, { removeUndefinedValues: true }) };
  return {
    eventID: `record-${made}`,
    eventName: before === null ? 'INSERT' : after === null ? 'REMOVE' : 'MODIFY',
    dynamodb: {
      ApproximateCreationDateTime: 1_760_000_000 + made,
      SequenceNumber: String(made),
      Keys: marshall(key),
      ...image(before, 'OldImage'),
      ...image(after, 'NewImage'),
    } as NonNullable<DynamoDBRecord['dynamodb']>,
  };
}
