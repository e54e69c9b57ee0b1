import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import type { DynamoDbUnderTest } from './underTest.ts';

export function conditionPromises(promise: Promise_, under: DynamoDbUnderTest): void {
  const { client, table: TableName, partition } = under;
  const item = {
    n: 5,
    zero: 0,
    s: 'headgate',
    empty: '',
    no: false,
    nothing: null,
    bytes: new Uint8Array([1, 2, 3]),
    l: ['a', 1, { k: 'v' }],
    m: { owner: { runId: 'r1' }, counts: [1, 2] },
    ss: new Set(['x', 'y']),
    ns: new Set([1, 2]),
  };
  const names = { '#no': 'no', '#empty': 'empty' };

  /** Whether a condition holds for the item, by a write that depends on it. */
  const holds = async (
    condition: string,
    values: Record<string, unknown> = {},
  ): Promise<boolean> => {
    const Key = { pk: partition(), sk: 'c' };
    await client().put({ TableName, Item: { ...Key, ...item } });
    const used = Object.entries(names).filter(([name]) => condition.includes(name));
    try {
      await client().delete({
        TableName,
        Key,
        ConditionExpression: condition,
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
        ...(used.length === 0 ? {} : { ExpressionAttributeNames: Object.fromEntries(used) }),
      });
      return true;
    } catch (error) {
      if ((error as Error).name === 'ConditionalCheckFailedException') return false;
      throw error;
    }
  };
  const table = (
    name: string,
    rows: readonly (readonly [string, Record<string, unknown>, boolean])[],
  ): void =>
    promise(name, async () => {
      for (const [condition, values, expected] of rows)
        expect([condition, await holds(condition, values)]).toEqual([condition, expected]);
    });

  table('compares values of equal type and nothing else', [
    ['n = :v', { ':v': 5 }, true],
    ['n = :v', { ':v': '5' }, false],
    ['n <> :v', { ':v': '5' }, true],
    ['n > :v', { ':v': 4.999 }, true],
    ['n >= :v AND n <= :v', { ':v': 5 }, true],
    ['n < :v', { ':v': '9' }, false],
    ['s < :v', { ':v': 'heads' }, true],
    ['bytes < :v', { ':v': new Uint8Array([1, 3]) }, true],
    ['#empty = :v', { ':v': '' }, true],
    ['#no = :v', { ':v': false }, true],
    ['nothing = :v', { ':v': null }, true],
    ['n BETWEEN :a AND :b', { ':a': 5, ':b': 6 }, true],
    ['n BETWEEN :a AND :b', { ':a': 6, ':b': 7 }, false],
  ]);

  table('compares numbers by value, to the last digit', [
    ['n = :v', { ':v': 5.0 }, true],
    ['zero < :v', { ':v': 1e-20 }, true],
    ['zero > :v', { ':v': -1e15 }, true],
  ]);

  table('compares lists, maps and sets by content', [
    ['l = :v', { ':v': ['a', 1, { k: 'v' }] }, true],
    ['l = :v', { ':v': ['a', { k: 'v' }, 1] }, false],
    ['m = :v', { ':v': { counts: [1, 2], owner: { runId: 'r1' } } }, true],
    ['m <> :v', { ':v': { counts: [1, 2], owner: { runId: 'r1' } } }, false],
    ['m.counts = :v', { ':v': [1, 2] }, true],
    ['ss = :v', { ':v': new Set(['y', 'x']) }, true],
    ['ss = :v', { ':v': new Set(['y']) }, false],
  ]);

  table('finds a value in a list of values', [
    ['n IN (:a, :b)', { ':a': 4, ':b': 5 }, true],
    ['s IN (:a, :b)', { ':a': 4, ':b': 5 }, false],
    ['#no IN (:a)', { ':a': false }, true],
    ['#empty IN (:a)', { ':a': '' }, true],
    ['l IN (:a)', { ':a': ['a', 1, { k: 'v' }] }, true],
  ]);

  table('knows what exists and of which type it is', [
    ['attribute_exists(nothing)', {}, true],
    ['attribute_exists(#no)', {}, true],
    ['attribute_not_exists(absent)', {}, true],
    ['attribute_exists(m.absent)', {}, false],
    ['attribute_exists(l[2].k)', {}, true],
    ['attribute_not_exists(l[3])', {}, true],
    ['attribute_type(#no, :t)', { ':t': 'BOOL' }, true],
    ['attribute_type(#empty, :t)', { ':t': 'S' }, true],
    ['attribute_type(nothing, :t)', { ':t': 'NULL' }, true],
    ['attribute_type(l, :t)', { ':t': 'M' }, false],
  ]);

  table('looks into texts, bytes, sets and lists', [
    ['begins_with(s, :v)', { ':v': 'head' }, true],
    ['begins_with(s, :v)', { ':v': 'gate' }, false],
    ['begins_with(bytes, :v)', { ':v': new Uint8Array([1, 2]) }, true],
    ['contains(s, :v)', { ':v': 'dga' }, true],
    ['contains(ss, :v)', { ':v': 'x' }, true],
    ['contains(ns, :v)', { ':v': 3 }, false],
    ['contains(l, :v)', { ':v': 1 }, true],
    ['contains(l, :v)', { ':v': { k: 'v' } }, true],
    ['contains(bytes, :v)', { ':v': new Uint8Array([2, 3]) }, true],
  ]);

  table('measures sizes', [
    ['size(s) = :v', { ':v': 8 }, true],
    ['size(#empty) = :v', { ':v': 0 }, true],
    ['size(bytes) = :v', { ':v': 3 }, true],
    ['size(l) = :v', { ':v': 3 }, true],
    ['size(m) = :v', { ':v': 2 }, true],
    ['size(ss) > :v', { ':v': 1 }, true],
    ['size(absent) < :v', { ':v': 100 }, false],
  ]);

  table('binds NOT before AND before OR', [
    ['NOT n = :v OR n = :v', { ':v': 5 }, true],
    ['n = :v OR n = :v AND s = :v', { ':v': 5 }, true],
    ['(n = :v OR n = :v) AND s = :v', { ':v': 5 }, false],
    ['NOT (n = :v AND s = :v)', { ':v': 5 }, true],
  ]);

  table('takes a missing attribute as different from every value and as in no order', [
    ['absent = :v', { ':v': 1 }, false],
    ['absent <> :v', { ':v': 1 }, true],
    ['absent <> gone', {}, true],
    ['absent < :v', { ':v': 1 }, false],
    ['NOT absent < :v', { ':v': 1 }, true],
    ['absent BETWEEN :v AND :v', { ':v': 1 }, false],
  ]);

  table('compares two attributes of the item', [
    ['n > zero', {}, true],
    ['n = zero', {}, false],
    ['m.counts[0] < n', {}, true],
    ['gone = absent', {}, false],
  ]);

  promise(
    'refuses a condition with an unknown function or placeholder, or an order of what has none',
    async () => {
      for (const [condition, values] of [
        ['no_such(n)', {}],
        ['n = :missing', {}],
        ['n = ', {}],
        ['n < :v', { ':v': true }],
        ['l > :v', { ':v': [1] }],
      ] as const)
        expect((await failureOf(holds(condition, values))).name).toBe('ValidationException');
    },
  );
}
