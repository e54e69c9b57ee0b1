import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { type DynamoDbUnderTest, reasonsOf } from './underTest.ts';

export function transactionPromises(promise: Promise_, under: DynamoDbUnderTest): void {
  const { client, table: TableName, partition } = under;
  const get = async (pk: string, sk: string): Promise<unknown> =>
    (await client().get({ TableName, Key: { pk, sk }, ConsistentRead: true })).Item;

  promise('writes, updates, deletes and checks in one transaction', async () => {
    const pk = partition();
    await client().put({ TableName, Item: { pk, sk: 'old', n: 1 } });
    await client().put({ TableName, Item: { pk, sk: 'gone' } });
    await client().put({ TableName, Item: { pk, sk: 'LOCK', token: 7 } });
    await client().transactWrite({
      TransactItems: [
        { Put: { TableName, Item: { pk, sk: 'new' } } },
        {
          Update: {
            TableName,
            Key: { pk, sk: 'old' },
            UpdateExpression: 'SET n = n + :one',
            ExpressionAttributeValues: { ':one': 1 },
          },
        },
        { Delete: { TableName, Key: { pk, sk: 'gone' } } },
        {
          ConditionCheck: {
            TableName,
            Key: { pk, sk: 'LOCK' },
            ConditionExpression: '#t = :seven',
            ExpressionAttributeNames: { '#t': 'token' },
            ExpressionAttributeValues: { ':seven': 7 },
          },
        },
      ],
    });
    expect(await get(pk, 'new')).toEqual({ pk, sk: 'new' });
    expect(await get(pk, 'old')).toEqual({ pk, sk: 'old', n: 2 });
    expect(await get(pk, 'gone')).toBeUndefined();
  });

  promise('writes nothing when one condition fails, and says which, with its item', async () => {
    const pk = partition();
    await client().put({ TableName, Item: { pk, sk: 'LOCK', token: 7 } });
    const error = await failureOf(
      client().transactWrite({
        TransactItems: [
          { Put: { TableName, Item: { pk, sk: 'new' } } },
          {
            ConditionCheck: {
              TableName,
              Key: { pk, sk: 'LOCK' },
              ConditionExpression: '#t = :six',
              ExpressionAttributeNames: { '#t': 'token' },
              ExpressionAttributeValues: { ':six': 6 },
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            },
          },
          {
            Put: {
              TableName,
              Item: { pk, sk: 'other' },
              ConditionExpression: 'attribute_exists(pk)',
            },
          },
        ],
      }),
    );
    expect(error).toMatchObject({
      name: 'TransactionCanceledException',
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed]',
    });
    expect(reasonsOf(error)).toEqual([
      { code: 'None', item: undefined },
      {
        code: 'ConditionalCheckFailed',
        item: { pk: { S: pk }, sk: { S: 'LOCK' }, token: { N: '7' } },
      },
      { code: 'ConditionalCheckFailed', item: undefined },
    ]);
    expect(await get(pk, 'new')).toBeUndefined();
  });

  promise('undoes changes of indexes with a cancelled transaction', async () => {
    const pk = partition();
    await client().put({ TableName, Item: { pk, sk: 'a', gsi1pk: pk, gsi1sk: 'before' } });
    await failureOf(
      client().transactWrite({
        TransactItems: [
          {
            Update: {
              TableName,
              Key: { pk, sk: 'a' },
              UpdateExpression: 'SET gsi1sk = :after',
              ExpressionAttributeValues: { ':after': 'after' },
            },
          },
          {
            Delete: {
              TableName,
              Key: { pk, sk: 'missing' },
              ConditionExpression: 'attribute_exists(pk)',
            },
          },
        ],
      }),
    );
    const { Items } = await client().query({
      TableName,
      IndexName: 'gsi1',
      KeyConditionExpression: 'gsi1pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
    });
    expect(Items?.map(({ gsi1sk }) => gsi1sk)).toEqual(['before']);
  });

  promise('names an update that does not fit its item as the reason', async () => {
    const pk = partition();
    await client().put({ TableName, Item: { pk, sk: 'a', text: 'x' } });
    const error = await failureOf(
      client().transactWrite({
        TransactItems: [
          { Put: { TableName, Item: { pk, sk: 'b' } } },
          {
            Update: {
              TableName,
              Key: { pk, sk: 'a' },
              UpdateExpression: 'SET #t = #t + :one',
              ExpressionAttributeNames: { '#t': 'text' },
              ExpressionAttributeValues: { ':one': 1 },
            },
          },
        ],
      }),
    );
    expect(reasonsOf(error).map(({ code }) => code)).toEqual(['None', 'ValidationError']);
    expect(await get(pk, 'b')).toBeUndefined();
  });

  promise(
    'writes once for requests with one token, and refuses another request with it',
    async () => {
      const pk = partition();
      const ClientRequestToken = `token-${pk}-${Date.now()}`;
      const add = (n: number) => ({
        ClientRequestToken,
        TransactItems: [
          {
            Update: {
              TableName,
              Key: { pk, sk: 'counter' },
              UpdateExpression: 'ADD n :n',
              ExpressionAttributeValues: { ':n': n },
            },
          },
        ],
      });
      await client().transactWrite(add(1));
      await client().transactWrite(add(1));
      expect(await get(pk, 'counter')).toMatchObject({ n: 1 });
      const error = await failureOf(client().transactWrite(add(2)));
      expect(error.name).toBe('IdempotentParameterMismatchException');
    },
  );

  promise('refuses two actions on one item', async () => {
    const pk = partition();
    const error = await failureOf(
      client().transactWrite({
        TransactItems: [
          { Put: { TableName, Item: { pk, sk: 'a' } } },
          { Delete: { TableName, Key: { pk, sk: 'a' } } },
        ],
      }),
    );
    expect(error).toMatchObject({
      name: 'ValidationException',
      message: 'Transaction request cannot include multiple operations on one item',
    });
  });

  promise('takes a hundred actions and refuses one more', async () => {
    const pk = partition();
    const puts = (count: number) => ({
      TransactItems: Array.from({ length: count }, (_, n) => ({
        Put: { TableName, Item: { pk, sk: `s${n}` } },
      })),
    });
    await client().transactWrite(puts(100));
    expect((await failureOf(client().transactWrite(puts(101)))).name).toBe('ValidationException');
  });

  promise('refuses a transaction on an unknown table', async () => {
    const error = await failureOf(
      client().transactWrite({
        TransactItems: [{ Put: { TableName: 'no-such-table', Item: { pk: 'a', sk: 'b' } } }],
      }),
    );
    expect(error.name).toBe('ResourceNotFoundException');
  });

  promise('reads several items as of one moment, in order, missing ones too', async () => {
    const pk = partition();
    await client().put({ TableName, Item: { pk, sk: 'a', x: 1, y: 2 } });
    const { Responses } = await client().transactGet({
      TransactItems: [
        { Get: { TableName, Key: { pk, sk: 'missing' } } },
        { Get: { TableName, Key: { pk, sk: 'a' }, ProjectionExpression: 'y' } },
      ],
    });
    expect(Responses).toHaveLength(2);
    expect(Responses?.[0]?.Item).toBeUndefined();
    expect(Responses?.[1]?.Item).toEqual({ y: 2 });
  });

  promise('lets exactly one of twenty transactions pass a fence', async () => {
    const pk = partition();
    await client().put({ TableName, Item: { pk, sk: 'LOCK', token: 1 } });
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        client().transactWrite({
          TransactItems: [
            {
              Update: {
                TableName,
                Key: { pk, sk: 'LOCK' },
                UpdateExpression: 'SET #t = :two',
                ConditionExpression: '#t = :one',
                ExpressionAttributeNames: { '#t': 'token' },
                ExpressionAttributeValues: { ':one': 1, ':two': 2 },
              },
            },
            { Put: { TableName, Item: { pk, sk: `commit${n}` } } },
          ],
        }),
      ),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { Items } = await client().query({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :c)',
      ExpressionAttributeValues: { ':pk': pk, ':c': 'commit' },
    });
    expect(Items).toHaveLength(1);
  });
}
