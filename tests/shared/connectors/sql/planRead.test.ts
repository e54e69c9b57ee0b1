import { describe, expect, it } from 'vitest';
import { planRead } from '../../../../shared/connectors/sql/planRead.ts';
import type { Position, SqlCheckpoint } from '../../../../shared/connectors/sql/sqlCheckpoint.ts';
import { changed, column, id, note, part, request, table } from './sqlExamples.ts';

const checkpoint = (over: Partial<SqlCheckpoint>): SqlCheckpoint => ({
  v: 1,
  read: 'full',
  through: null,
  at: null,
  consistency: 'snapshot',
  ...over,
});
const position = (over: Partial<Position> = {}): Position => ({
  part: 'rows',
  order: [],
  after: null,
  upper: null,
  next: null,
  ...over,
});
const through = { column: 'changed_at', value: '2024-01-01 00:00:00+00', inclusive: true };
const byTime = { mode: 'incremental', cursorField: 'changed_at' } as const;
const keyed = { ...byTime, primaryKey: ['id', 'part'] };
const expired = (message: string): unknown =>
  expect.objectContaining({ code: 'cursor_expired', message: expect.stringContaining(message) });

describe('the order of a read', () => {
  it('is the key for a whole table, and for the first incremental read', () => {
    for (const wish of [request(), request(keyed)])
      expect(planRead(table(), wish, null)).toMatchObject({
        kind: 'full',
        order: [id, part],
        unique: true,
        nullsApart: false,
        at: null,
      });
  });

  it('is cursor, then key, once there is a position; nulls come apart', () => {
    const from = checkpoint({ read: 'incremental', through });
    expect(planRead(table(), request(keyed), from)).toMatchObject({
      kind: 'incremental',
      order: [changed, id, part],
      unique: true,
      nullsApart: true,
      through,
    });
  });

  it('names a cursor that is part of the key once', () => {
    const byId = request({ mode: 'incremental', cursorField: 'id', primaryKey: ['id', 'part'] });
    const from = checkpoint({ through: { column: 'id', value: '7', inclusive: true } });
    expect(planRead(table(), byId, from)).toMatchObject({ order: [id, part], cursorIsKey: false });
    expect(planRead(table({ orderKey: ['id'] }), byId, from).cursorIsKey).toBe(true);
  });

  it('is the cursor alone for a table without a key, and nothing without either', () => {
    const bare = table({ primaryKey: [], orderKey: [] });
    expect(planRead(bare, request(byTime), null)).toMatchObject({
      order: [changed],
      unique: false,
      keyed: false,
      nullsApart: true,
    });
    expect(planRead(bare, request(), null)).toMatchObject({ order: [], unique: false });
  });

  it('is what a slice was cut by', () => {
    const slice = { v: 1, by: ['id', 'part'], after: ['7'], to: null, upper: null, nulls: false };
    const window = { from: '2024-01-01', to: null };
    expect(planRead(table(), request({ ...keyed, window, slice }), null)).toMatchObject({
      kind: 'window',
      order: [id, part],
      unique: true,
      slice,
    });
  });
});

describe('a position', () => {
  const at = position({ order: ['id', 'part'], after: ['7', '1'] });

  it('goes on in the middle of a whole read, for both modes', () => {
    expect(planRead(table(), request(), checkpoint({ at }))).toMatchObject({ kind: 'full', at });
    const next = { ...at, next: through };
    expect(planRead(table(), request(keyed), checkpoint({ at: next }))).toMatchObject({
      kind: 'full',
      at: next,
    });
  });

  it('of a complete read is over for a full refresh, and a beginning for an incremental read', () => {
    expect(planRead(table(), request(), checkpoint({})).isOver).toBe(true);
    expect(planRead(table(), request(keyed), checkpoint({ through }))).toMatchObject({
      isOver: false,
      at: null,
      through,
    });
  });

  it('within rows without a cursor value goes on there', () => {
    const nulls = position({
      part: 'nulls',
      order: ['id', 'part'],
      after: ['7', '1'],
      next: through,
    });
    const from = checkpoint({ read: 'incremental', through, at: nulls });
    expect(planRead(table(), request(keyed), from).at).toEqual(nulls);
  });

  it('of another cursor is refused, with what changed and what to do', () => {
    const other = { column: 'id', value: '7', inclusive: true };
    for (const from of [
      checkpoint({ read: 'incremental', through: other }),
      checkpoint({ at: { ...at, next: other } }),
    ])
      expect(() => planRead(table(), request(keyed), from)).toThrow(
        expired('last read by the cursor "id", now by the cursor "changed_at"'),
      );
    expect(() =>
      planRead(table(), request(keyed), checkpoint({ read: 'incremental', through: other })),
    ).toThrow('Start a full refresh once');
  });

  it('read with a key is refused where there is none any more, unless the cursor itself is one', () => {
    const from = checkpoint({ read: 'incremental', through });
    expect(() => planRead(table(), request(byTime), from)).toThrow(expired('now has none'));
    const begun = checkpoint({ read: 'incremental', at: position({ next: through }) });
    expect(() => planRead(table(), request(byTime), begun)).toThrow(expired('now has none'));
    const byId = checkpoint({ through: { column: 'id', value: '7', inclusive: true } });
    const wish = request({ mode: 'incremental', cursorField: 'id' });
    expect(planRead(table({ orderKey: ['id'] }), wish, byId).through?.value).toBe('7');
  });

  it('in another order is refused; where a key finds repeats, the read begins anew instead', () => {
    const moved = position({ order: ['changed_at', 'note'], after: ['2024', 'x'], next: through });
    const from = checkpoint({ read: 'incremental', through, at: moved });
    expect(planRead(table(), request(keyed), from)).toMatchObject({ at: null, through });
    const keyless = { ...from, at: { ...moved, next: { ...through, inclusive: false } } };
    expect(() => planRead(table(), request(byTime), keyless)).toThrow(expired('key has changed'));
    expect(() =>
      planRead(table(), request(), checkpoint({ at: position({ order: ['note'] }) })),
    ).toThrow(expired('last read in the order (note), now in (id, part)'));
  });

  it('of a whole read without a cursor is refused where rows would double, and dropped where a key finds them', () => {
    const from = checkpoint({});
    expect(() => planRead(table(), request(byTime), from)).toThrow(expired('without the cursor'));
    expect(planRead(table(), request(keyed), from)).toMatchObject({
      kind: 'incremental',
      through: null,
    });
  });

  it('of a backfill is never the stream’s', () => {
    for (const at of [null, position()])
      expect(() => planRead(table(), request(keyed), checkpoint({ read: 'window', at }))).toThrow(
        expired('a backfill'),
      );
  });
});

describe('a backfill that knows how far the stream was read', () => {
  const window = { from: '2024-01-01', to: null };
  const bare = table({ primaryKey: [], orderKey: [] });

  it('ends there where rows have no key, and looks away where they have', () => {
    const from = checkpoint({ read: 'incremental', through });
    expect(planRead(bare, request({ ...byTime, window }), from).through).toEqual(through);
    expect(planRead(table(), request({ ...keyed, window }), from).through).toBeNull();
  });

  it('is refused in the middle of a read without a key', () => {
    const from = checkpoint({ read: 'incremental', through, at: position() });
    expect(() => planRead(bare, request({ ...byTime, window }), from)).toThrow('not completed');
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
    ['slice', { slice: { v: 1, by: ['x"'], after: null, to: null, upper: null, nulls: false } }],
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
