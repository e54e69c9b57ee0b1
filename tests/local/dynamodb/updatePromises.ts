import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import type { DynamoDbUnderTest } from './underTest.ts';

export function updatePromises(promise: Promise_, under: DynamoDbUnderTest): void {
  const { client, table: TableName, partition } = under;

  /** Puts an item, updates it, and answers the item afterwards without its key. */
  const updated = async (
    item: Record<string, unknown>,
    UpdateExpression: string,
    values?: Record<string, unknown>,
    names?: Record<string, string>,
  ): Promise<Record<string, unknown>> => {
    const Key = { pk: partition(), sk: 'u' };
    await client().put({ TableName, Item: { ...Key, ...item } });
    const { Attributes } = await client().update({
      TableName,
      Key,
      UpdateExpression,
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
      ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      ReturnValues: 'ALL_NEW',
    });
    const { pk: _pk, sk: _sk, ...rest } = Attributes ?? {};
    expect((await client().get({ TableName, Key })).Item).toEqual(Attributes);
    return rest;
  };

  promise('creates the item that an update finds missing', async () => {
    const Key = { pk: partition(), sk: 'new' };
    const { Attributes } = await client().update({
      TableName,
      Key,
      UpdateExpression: 'SET a = if_not_exists(a, :zero) + :one',
      ExpressionAttributeValues: { ':zero': 0, ':one': 1 },
      ReturnValues: 'ALL_NEW',
    });
    expect(Attributes).toEqual({ ...Key, a: 1 });
  });

  promise('creates an item of its key alone when an update says nothing', async () => {
    const Key = { pk: partition(), sk: 'bare' };
    await client().update({ TableName, Key });
    expect((await client().get({ TableName, Key })).Item).toEqual(Key);
  });

  promise('reads every operand as it was before the update', async () => {
    expect(await updated({ a: 1, b: 2 }, 'SET a = b, b = a, c = a + :ten', { ':ten': 10 })).toEqual(
      { a: 2, b: 1, c: 11 },
    );
  });

  promise('keeps a copied value apart from what is added to the original', async () => {
    expect(
      await updated(
        { count: 1 },
        'SET previous = #c ADD #c :one',
        { ':one': 1 },
        { '#c': 'count' },
      ),
    ).toEqual({ previous: 1, count: 2 });
  });

  promise('adds to numbers exactly, to sets without doubles, and to what is missing', async () => {
    expect(
      await updated(
        { price: 0.1, tags: new Set(['a']) },
        'ADD price :fifth, tags :tags, fresh :fifth, freshTags :tags',
        { ':fifth': 0.2, ':tags': new Set(['a', 'b']) },
      ),
    ).toEqual({
      price: 0.3,
      tags: new Set(['a', 'b']),
      fresh: 0.2,
      freshTags: new Set(['a', 'b']),
    });
  });

  promise('removes set members, and the attribute with its last one', async () => {
    expect(
      await updated(
        { part: new Set([1, 2]), entire: new Set(['x']) },
        'DELETE part :one, entire :x',
        { ':one': new Set([1, 7]), ':x': new Set(['x']) },
      ),
    ).toEqual({ part: new Set([2]) });
  });

  promise('removes several list members by the positions they had before', async () => {
    expect(await updated({ l: ['a', 'b', 'c', 'd'] }, 'REMOVE l[0], l[2]')).toEqual({
      l: ['b', 'd'],
    });
  });

  promise('appends when a position lies past the end of a list', async () => {
    expect(
      await updated({ l: ['a'] }, 'SET l[9] = :x, l[5] = :y', { ':x': 'x', ':y': 'y' }),
    ).toEqual({ l: ['a', 'y', 'x'] });
  });

  promise('joins lists on either side', async () => {
    expect(
      await updated({ l: [2] }, 'SET l = list_append(:one, l), m = list_append(l, :one)', {
        ':one': [1],
      }),
    ).toEqual({ l: [1, 2], m: [2, 1] });
  });

  promise('changes inside maps and lists, and names with dots through placeholders', async () => {
    expect(
      await updated(
        { m: { a: { b: 1 }, 'x.y': 2 }, l: [{ k: 1 }] },
        'SET m.a.b = :v, m.#dot = :v, l[0].k = :v REMOVE m.absent',
        { ':v': 9 },
        { '#dot': 'x.y' },
      ),
    ).toEqual({ m: { a: { b: 9 }, 'x.y': 9 }, l: [{ k: 9 }] });
  });

  promise('refuses to write below something that is not there', async () => {
    const error = await failureOf(updated({ a: 1 }, 'SET m.b = :v', { ':v': 1 }));
    expect(error).toMatchObject({
      name: 'ValidationException',
      message: 'The document path provided in the update expression is invalid for update',
    });
  });

  promise('refuses to add a text, or to read an attribute that is not there', async () => {
    const text = await failureOf(updated({ a: 'x' }, 'SET a = a + :one', { ':one': 1 }));
    expect(text).toMatchObject({
      name: 'ValidationException',
      message: 'An operand in the update expression has an incorrect data type',
    });
    const missing = await failureOf(updated({}, 'SET a = b'));
    expect(missing).toMatchObject({
      name: 'ValidationException',
      message: 'The provided expression refers to an attribute that does not exist in the item',
    });
  });

  promise('refuses to change the key', async () => {
    const error = await failureOf(updated({}, 'SET sk = :x', { ':x': 'y' }));
    expect(error).toMatchObject({
      name: 'ValidationException',
      message:
        'One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key',
    });
  });

  promise('refuses two changes of one path', async () => {
    const error = await failureOf(updated({ a: { b: 1 } }, 'SET a.b = :v REMOVE a', { ':v': 1 }));
    expect(error.message).toContain('Two document paths overlap with each other');
  });

  promise('tells only what was updated, before or after', async () => {
    const Key = { pk: partition(), sk: 'u' };
    await client().put({ TableName, Item: { ...Key, a: 1, b: { c: 2, d: 3 }, e: 4 } });
    const update = {
      TableName,
      Key,
      UpdateExpression: 'SET b.c = b.c + :one, fresh = :one',
      ExpressionAttributeValues: { ':one': 1 },
    };
    const old = await client().update({ ...update, ReturnValues: 'UPDATED_OLD' });
    expect(old.Attributes).toEqual({ b: { c: 2 } });
    const fresh = await client().update({ ...update, ReturnValues: 'UPDATED_NEW' });
    expect(fresh.Attributes).toEqual({ b: { c: 4 }, fresh: 1 });
    const none = await client().update({ ...update, ReturnValues: 'NONE' });
    expect(none.Attributes).toBeUndefined();
  });

  promise('refuses an update that makes the item too large', async () => {
    const error = await failureOf(
      updated({ a: 'x'.repeat(300_000) }, 'SET b = :b', { ':b': 'x'.repeat(150_000) }),
    );
    expect(error).toMatchObject({
      name: 'ValidationException',
      message: 'Item size to update has exceeded the maximum allowed size',
    });
  });

  promise('lets exactly one of fifty conditional updates win', async () => {
    const Key = { pk: partition(), sk: 'LOCK' };
    await client().put({ TableName, Item: { ...Key, token: 0 } });
    const attempts = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        client().update({
          TableName,
          Key,
          UpdateExpression: 'SET #owner = :me, #token = #token + :one',
          ConditionExpression: 'attribute_not_exists(#owner)',
          ExpressionAttributeNames: { '#owner': 'owner', '#token': 'token' },
          ExpressionAttributeValues: { ':me': { runId: `run${n}` }, ':one': 1 },
        }),
      ),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await client().get({ TableName, Key })).Item?.['token']).toBe(1);
  });

  promise('loses no increment of a hundred at the same time', async () => {
    const Key = { pk: partition(), sk: 'counter' };
    await Promise.all(
      Array.from({ length: 100 }, () =>
        client().update({
          TableName,
          Key,
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': 1 },
        }),
      ),
    );
    expect((await client().get({ TableName, Key })).Item?.['n']).toBe(100);
  });
}
