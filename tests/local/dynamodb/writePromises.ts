import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import type { DynamoDbUnderTest } from './underTest.ts';

export function writePromises(promise: Promise_, under: DynamoDbUnderTest): void {
  const { client, table: TableName, partition } = under;

  promise('gives back every type of value as it was put', async () => {
    const Item = {
      pk: partition(),
      sk: 'types',
      text: 'ümläut 🎈 \u0000 end',
      empty: '',
      whole: 42,
      fraction: -0.000125,
      yes: true,
      no: false,
      nothing: null,
      bytes: new Uint8Array([0, 255, 1]),
      list: [1, 'two', { three: [] }],
      map: { 'a.b': { c: 1 }, toString: 'x' },
      texts: new Set(['b', 'a']),
      numbers: new Set([3, 1]),
    };
    await client().put({ TableName, Item });
    const { Item: back } = await client().get({ TableName, Key: { pk: Item.pk, sk: 'types' } });
    expect(back).toEqual(Item);
  });

  promise('answers a missing item with nothing', async () => {
    const answer = await client().get({ TableName, Key: { pk: partition(), sk: 'none' } });
    expect(answer.Item).toBeUndefined();
  });

  promise('replaces the whole item and tells the old one when asked', async () => {
    const Key = { pk: partition(), sk: 'a' };
    await client().put({ TableName, Item: { ...Key, one: 1 } });
    const { Attributes } = await client().put({
      TableName,
      Item: { ...Key, two: 2 },
      ReturnValues: 'ALL_OLD',
    });
    expect(Attributes).toEqual({ ...Key, one: 1 });
    expect((await client().get({ TableName, Key })).Item).toEqual({ ...Key, two: 2 });
  });

  promise('refuses a put whose condition fails, and shows what is there when asked', async () => {
    const Key = { pk: partition(), sk: 'a' };
    await client().put({ TableName, Item: { ...Key, one: 1 } });
    const put = { TableName, Item: Key, ConditionExpression: 'attribute_not_exists(pk)' };
    const bare = await failureOf(client().put(put));
    expect(bare).toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(bare['Item']).toBeUndefined();
    const full = await failureOf(
      client().put({ ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    );
    expect(full).toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { one: { N: '1' } },
    });
  });

  promise('shows what is there when an update or a delete is refused', async () => {
    const Key = { pk: partition(), sk: 'a' };
    await client().put({ TableName, Item: { ...Key, one: 1 } });
    const refused = {
      TableName,
      Key,
      ConditionExpression: '#one = :two',
      ExpressionAttributeNames: { '#one': 'one' },
      ExpressionAttributeValues: { ':two': 2 },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    };
    const shown = { name: 'ConditionalCheckFailedException', Item: { one: { N: '1' } } };
    expect(await failureOf(client().delete(refused))).toMatchObject(shown);
    expect(
      await failureOf(client().update({ ...refused, UpdateExpression: 'REMOVE #one' })),
    ).toMatchObject(shown);
  });

  promise('shows no item when there was none to fail on', async () => {
    const error = await failureOf(
      client().delete({
        TableName,
        Key: { pk: partition(), sk: 'none' },
        ConditionExpression: 'attribute_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    expect(error.name).toBe('ConditionalCheckFailedException');
    expect(error['Item']).toBeUndefined();
  });

  promise(
    'deletes an item, tells the old one, and deletes a missing one without error',
    async () => {
      const Key = { pk: partition(), sk: 'a' };
      await client().put({ TableName, Item: { ...Key, one: 1 } });
      const first = await client().delete({ TableName, Key, ReturnValues: 'ALL_OLD' });
      expect(first.Attributes).toEqual({ ...Key, one: 1 });
      const second = await client().delete({ TableName, Key, ReturnValues: 'ALL_OLD' });
      expect(second.Attributes).toBeUndefined();
    },
  );

  promise('keeps 38 digits of a number and refuses a 39th', async () => {
    const Key = { pk: partition(), sk: 'a' };
    const { NumberValue } = await import('@aws-sdk/lib-dynamodb');
    const digits = '12345678901234567890123456789012345678';
    await client().put({ TableName, Item: { ...Key, n: NumberValue.from(digits) } });
    const { Items } = await client().query({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      FilterExpression: 'n = :n',
      ExpressionAttributeValues: { ':pk': Key.pk, ':n': NumberValue.from(digits) },
    });
    expect(Items).toHaveLength(1);
    const error = await failureOf(
      client().put({ TableName, Item: { ...Key, n: NumberValue.from(`${digits}9`) } }),
    );
    expect(error.name).toBe('ValidationException');
  });

  promise('refuses an item above 400 KB and takes one below', async () => {
    const Key = { pk: partition(), sk: 'a' };
    await client().put({ TableName, Item: { ...Key, text: 'x'.repeat(400 * 1024 - 100) } });
    const error = await failureOf(
      client().put({ TableName, Item: { ...Key, text: 'x'.repeat(400 * 1024) } }),
    );
    expect(error).toMatchObject({
      name: 'ValidationException',
      message: 'Item size has exceeded the maximum allowed size',
    });
  });

  promise('counts bytes and not characters against 400 KB', async () => {
    const error = await failureOf(
      client().put({ TableName, Item: { pk: partition(), sk: 'a', text: 'ü'.repeat(250_000) } }),
    );
    expect(error.name).toBe('ValidationException');
  });

  promise('takes values nested 31 lists deep and refuses deeper ones', async () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'x' : [nested(levels - 1)]);
    const Key = { pk: partition(), sk: 'a' };
    await client().put({ TableName, Item: { ...Key, deep: nested(31) } });
    const error = await failureOf(client().put({ TableName, Item: { ...Key, deep: nested(32) } }));
    expect(error.name).toBe('ValidationException');
  });

  promise('refuses an item without its key, and a key of the wrong type', async () => {
    for (const Item of [{ pk: 'only' }, { pk: 'p', sk: 7 }, { pk: '', sk: 'x' }])
      expect((await failureOf(client().put({ TableName, Item }))).name).toBe('ValidationException');
  });

  promise('refuses an index key of the wrong type', async () => {
    const Item = { pk: partition(), sk: 'a', gsi1pk: 7, gsi1sk: 'x' };
    expect((await failureOf(client().put({ TableName, Item }))).name).toBe('ValidationException');
  });

  promise('refuses an empty text as index key', async () => {
    const Item = { pk: partition(), sk: 'a', gsi1pk: '', gsi1sk: 'x' };
    expect((await failureOf(client().put({ TableName, Item }))).name).toBe('ValidationException');
  });

  promise('writes and reads in batches', async () => {
    const pk = partition();
    const puts = Array.from({ length: 25 }, (_, n) => ({
      PutRequest: { Item: { pk, sk: `s${n}`, n } },
    }));
    const written = await client().batchWrite({ RequestItems: { [TableName]: puts } });
    expect(written.UnprocessedItems).toEqual({});
    await client().batchWrite({
      RequestItems: { [TableName]: [{ DeleteRequest: { Key: { pk, sk: 's0' } } }] },
    });
    const Keys = ['s0', 's1', 's24'].map((sk) => ({ pk, sk }));
    const { Responses } = await client().batchGet({ RequestItems: { [TableName]: { Keys } } });
    expect(Responses?.[TableName]?.map(({ n }) => n).sort()).toEqual([1, 24]);
  });

  promise('refuses a batch of 26 and one that names an item twice', async () => {
    const pk = partition();
    const put = (sk: string) => ({ PutRequest: { Item: { pk, sk } } });
    const many = Array.from({ length: 26 }, (_, n) => put(`s${n}`));
    for (const requests of [many, [put('a'), put('a')]])
      expect(
        (await failureOf(client().batchWrite({ RequestItems: { [TableName]: requests } }))).name,
      ).toBe('ValidationException');
  });

  promise('reads only what a projection names', async () => {
    const Key = { pk: partition(), sk: 'a' };
    await client().put({ TableName, Item: { ...Key, a: { b: 1, c: 2 }, l: [1, 2, 3], x: 'y' } });
    const { Item } = await client().get({
      TableName,
      Key,
      ProjectionExpression: 'a.b, l[2], l[0], absent',
    });
    expect(Item).toEqual({ a: { b: 1 }, l: [1, 3] });
  });

  promise('refuses an expression that names a reserved word or an unused placeholder', async () => {
    const Key = { pk: partition(), sk: 'a' };
    const reserved = await failureOf(
      client().update({
        TableName,
        Key,
        UpdateExpression: 'SET name = :x',
        ExpressionAttributeValues: { ':x': 1 },
      }),
    );
    expect(reserved).toMatchObject({
      name: 'ValidationException',
      message:
        'Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name',
    });
    const unused = await failureOf(
      client().update({
        TableName,
        Key,
        UpdateExpression: 'SET a = :x',
        ExpressionAttributeValues: { ':x': 1, ':y': 2 },
      }),
    );
    expect(unused.message).toContain('unused in expressions: keys: {:y}');
  });

  promise('answers an unknown table with ResourceNotFoundException', async () => {
    const error = await failureOf(
      client().get({ TableName: 'no-such-table', Key: { pk: 'a', sk: 'b' } }),
    );
    expect(error.name).toBe('ResourceNotFoundException');
  });
}
