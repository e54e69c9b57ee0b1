import { describe, expect, it } from 'vitest';
import { planRead } from '../../../../shared/connectors/sql/planRead.ts';
import type { SqlCheckpoint } from '../../../../shared/connectors/sql/sqlCheckpoint.ts';
import { changed, column, id, note, part, request, table } from './sqlExamples.ts';

const at = (over: Partial<SqlCheckpoint>): SqlCheckpoint => ({
  v: 1,
  read: 'full',
  order: [],
  after: null,
  upper: null,
  done: false,
  consistency: 'snapshot',
  ...over,
});
const byTime = { mode: 'incremental', cursorField: 'changed_at' } as const;

describe('the order of a read', () => {
  it('is the key for a whole table, and for the first incremental read', () => {
    for (const wish of [request(), request(byTime)])
      expect(planRead(table(), wish, null)).toMatchObject({
        kind: 'full',
        order: [id, part],
        unique: true,
        after: null,
      });
  });

  it('is cursor, then key, once there is a position', () => {
    const from = at({ done: true, order: ['changed_at'], after: ['2024'] });
    expect(planRead(table(), request(byTime), from)).toMatchObject({
      kind: 'incremental',
      order: [changed, id, part],
      after: ['2024'],
    });
  });

  it('names a cursor that is part of the key once', () => {
    const plan = planRead(
      table(),
      request({ mode: 'incremental', cursorField: 'id' }),
      at({ read: 'incremental', order: ['id', 'part'], after: ['7', '1'], done: true }),
    );
    expect(plan).toMatchObject({ order: [id, part], after: ['7', '1'] });
  });

  it('is the cursor alone for a table without a key, and nothing without either', () => {
    const bare = table({ primaryKey: [], orderKey: [] });
    expect(planRead(bare, request(byTime), null)).toMatchObject({
      order: [changed],
      unique: false,
    });
    expect(planRead(bare, request(), null)).toMatchObject({ order: [], unique: false });
  });
});

describe('a position', () => {
  it('goes on in the middle of a whole read, for both modes', () => {
    const from = at({ order: ['id', 'part'], after: ['7', '1'] });
    for (const wish of [request(), request(byTime)])
      expect(planRead(table(), wish, from)).toMatchObject({ kind: 'full', after: ['7', '1'] });
  });

  it('before the first row starts from nothing', () => {
    expect(planRead(table(), request(byTime), at({ read: 'full', done: false })).after).toBeNull();
    const empty = at({ done: true, order: ['changed_at'], after: null });
    expect(planRead(table(), request(byTime), empty)).toMatchObject({
      kind: 'incremental',
      after: null,
    });
  });

  it('of another cursor is refused, with what to do', () => {
    const from = at({ read: 'incremental', order: ['id'], after: ['7'], done: true });
    expect(() => planRead(table(), request(byTime), from)).toThrow(
      expect.objectContaining({
        code: 'cursor_expired',
        message: expect.stringContaining('Start a full refresh once'),
      }),
    );
  });

  it('of a whole read without a cursor is refused where rows would double, and dropped where a key replaces them', () => {
    const from = at({ done: true });
    expect(() => planRead(table(), request(byTime), from)).toThrow(
      expect.objectContaining({ code: 'cursor_expired' }),
    );
    expect(planRead(table(), request({ ...byTime, primaryKey: ['id'] }), from)).toMatchObject({
      kind: 'incremental',
      after: null,
    });
  });
});

describe('the columns of a read', () => {
  it('are those asked for and those the order, the cursor and the key need, as the table has them', () => {
    const plan = planRead(table(), request({ ...byTime, columns: ['note'] }), null);
    expect(plan.columns).toEqual([id, part, changed, note]);
    const lean = table({ primaryKey: [], orderKey: [] });
    expect(planRead(lean, request({ columns: ['note'] }), null).columns).toEqual([note]);
  });

  it.each([
    ['columns', { columns: ['nope'] }],
    ['cursor', { cursorField: 'nope' }],
    ['primary key', { primaryKey: ['id"; drop table x; --'] }],
  ])('are refused when the catalogue does not have them (%s)', (_, over) => {
    expect(() => planRead(table(), request(over), null)).toThrow(
      expect.objectContaining({
        code: 'invalid_config',
        message: expect.stringContaining('It has: id, part, changed_at, note'),
      }),
    );
  });

  it('say so when one cannot be a cursor, is missing, or cannot have a date range', () => {
    const refused =
      (over: object): (() => unknown) =>
      () =>
        planRead(table(), request(over), null);
    expect(refused({ cursorField: 'note' })).toThrow('cannot be a cursor');
    expect(refused({ mode: 'incremental' })).toThrow('needs a cursor field for incremental');
    const window = { from: '2024-01-01', to: null };
    expect(refused({ window })).toThrow('needs a cursor field for a date range');
    expect(refused({ window, cursorField: 'id' })).toThrow('needs a time or date cursor');
    expect(column('x').cursor).toBeNull();
  });
});
