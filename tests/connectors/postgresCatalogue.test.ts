import { afterAll, expect, it } from 'vitest';
import connector, { makePostgres } from '../../connectors/postgres.ts';
import type { StreamDescription } from '../../shared/connectors/connector.ts';
import { startPostgres } from '../postgres.ts';
import { postgresContext, readAll, requestOf } from './postgresContext.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const password = 'clerk-canary-77f0';
const asClerk = { credentials: { user: 'clerk', password } };
await postgres.execute(`create role clerk login password '${password}'`);

const discover = async (
  over: Parameters<typeof postgresContext>[1] = {},
): Promise<ReadonlyMap<string, StreamDescription>> =>
  new Map(
    (await connector.discover(postgresContext(postgres, over))).map((stream) => [
      stream.name,
      stream,
    ]),
  );
const typesOf = (stream: StreamDescription | undefined): object =>
  Object.fromEntries((stream?.columns ?? []).map(({ name, type }) => [name, type]));

it('offers tables, views, materialised views and partitioned tables, but not the partitions', async () => {
  await postgres.execute(`
    create schema kinds;
    create table kinds.plain(id int primary key);
    create view kinds.seen as select * from kinds.plain;
    create materialized view kinds.kept as select * from kinds.plain;
    create table kinds.parts(id int, day date, primary key (id, day)) partition by range (day);
    create table kinds.parts_2024 partition of kinds.parts for values from ('2024-01-01') to ('2025-01-01');
    create table kinds.empty();
    insert into kinds.plain values (1); refresh materialized view kinds.kept;
    insert into kinds.parts values (7, '2024-05-05')`);
  const config = { schemas: ['kinds'] };
  const streams = await discover({ config });
  expect([...streams.keys()]).toEqual(['kinds.kept', 'kinds.parts', 'kinds.plain', 'kinds.seen']);
  expect(streams.get('kinds.parts')?.primaryKey).toEqual(['id', 'day']);
  for (const [name, row] of [
    ['kinds.kept', { id: '1' }],
    ['kinds.seen', { id: '1' }],
    ['kinds.parts', { id: '7', day: '2024-05-05' }],
  ] as const)
    expect(
      (await readAll(connector, postgresContext(postgres, { config }), requestOf(name))).rows,
    ).toEqual([row]);
});

it('reads each row once, with the partition or the inheriting table that it lies in', async () => {
  await postgres.execute(`
    create schema trees;
    create table trees.cities(id int primary key, name text);
    create table trees.capitals(state text) inherits (trees.cities);
    insert into trees.cities values (1, 'a'), (2, 'b'); insert into trees.capitals values (1, 'c', 'x'), (3, 'd', 'y');
    create table trees.years(id int, day date not null, doubled int generated always as (id * 2) stored,
      primary key (id, day)) partition by range (day);
    create table trees.y23 partition of trees.years for values from ('2023-01-01') to ('2024-01-01') partition by list (id);
    create table trees.y23_odd partition of trees.y23 for values in (1, 3);
    create table trees.y23_rest partition of trees.y23 default;
    create table trees.later(id int not null, note text, day date not null, doubled int generated always as (id * 2) stored);
    alter table trees.later drop column note;
    alter table trees.years attach partition trees.later default;
    insert into trees.years select i, date '2023-12-30' + i from generate_series(1, 7) i`);
  const config = { schemas: ['trees'] };
  const streams = await discover({ config });
  expect([...streams.keys()]).toEqual(['trees.capitals', 'trees.cities', 'trees.years']);
  const small = makePostgres({ rows: 1, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 });
  const rowsOf = async (name: string, over = {}): Promise<readonly unknown[]> =>
    (await readAll(small, postgresContext(postgres, { config }), requestOf(name, over))).rows.map(
      (row) => row['id'],
    );
  expect(await rowsOf('trees.cities')).toEqual(['1', '2']);
  expect(await rowsOf('trees.capitals')).toEqual(['1', '3']);
  expect(streams.get('trees.cities')?.notes?.join()).toContain('inherit from it');
  const byNumber = { mode: 'incremental', cursorField: 'id', primaryKey: ['id'] } as const;
  expect(await rowsOf('trees.cities', byNumber)).toEqual(['1', '2']);
  expect(await rowsOf('trees.years')).toEqual(['1', '2', '3', '4', '5', '6', '7']);
});

it('resumes a view by its cursor', async () => {
  await postgres.execute(`
    create schema views;
    create table views.base(id int primary key, at timestamptz not null, gross numeric(10, 2));
    insert into views.base select i, timestamptz '2024-01-01Z' + i / 2 * interval '1 day', i from generate_series(1, 9) i;
    create view views.net as select id, at, round(gross / 1.19, 2) as net from views.base;
    create materialized view views.kept as select * from views.base; create unique index on views.kept(id)`);
  const context = postgresContext(postgres, { config: { schemas: ['views'] } });
  const streams = await discover({ config: { schemas: ['views'] } });
  expect(streams.get('views.net')).toMatchObject({ primaryKey: [], cursorFields: ['id', 'at'] });
  const small = makePostgres({ rows: 2, bytes: 2 ** 20, seconds: 30, unorderedBytes: 2 ** 20 });
  const request = requestOf('views.net', { cursorField: 'at' });
  const whole = await readAll(small, context, request);
  expect(whole.batches.length).toBeGreaterThan(3);
  for (const [index, checkpoint] of whole.checkpoints.slice(0, -1).entries()) {
    const rest = await readAll(small, context, request, checkpoint ?? null);
    expect([...whole.batches.slice(0, index + 1).flat(), ...rest.rows]).toEqual(whole.rows);
  }
  expect(whole.rows.map((row) => row['net']).slice(0, 2)).toEqual(['0.84', '1.68']);
});

it('follows domains to their types, and keeps the digits of decimals', async () => {
  await postgres.execute(`
    create schema typed;
    create type typed.mood as enum ('fine');
    create domain typed.price as numeric(12, 2) check (value >= 0);
    create domain typed.net as typed.price;
    create domain typed.moment as timestamptz;
    create type typed.pair as (a int, b text);
    create table typed.all_of_them(
      id typed.net primary key, moment typed.moment, mood typed.mood, moods typed.mood[], pair typed.pair,
      span int4range, wide numeric(60, 2), small numeric(2, 4), hundreds numeric(3, -2), free numeric, cash money,
      oid oid, bits bit(3), at time, zone timetz, twice int generated always as (hundreds * 2) stored)`);
  const streams = await discover({ config: { schemas: ['typed'] } });
  expect(typesOf(streams.get('typed.all_of_them'))).toEqual({
    id: 'decimal(12, 2)',
    moment: 'timestamptz',
    mood: 'string',
    moods: 'string',
    pair: 'string',
    span: 'string',
    wide: 'string',
    small: 'decimal(4, 4)',
    hundreds: 'decimal(5, 0)',
    free: 'string',
    cash: 'string',
    oid: 'long',
    bits: 'string',
    at: 'string',
    zone: 'string',
    twice: 'int',
  });
  expect(streams.get('typed.all_of_them')?.cursorFields).toEqual(['moment', 'twice']);
  await postgres.execute(`insert into typed.all_of_them(id, moment, mood, moods, pair, span, wide, small, hundreds, free, cash, oid, bits, at, zone)
    values (1.5, '2024-01-01Z', 'fine', '{fine,null}', '(1,"x,y")', '[1,3)', 12345678901234567890123456789012345678901234567890.12, 0.0042, 12345, 0.1, 1234.5, 4294967295, '101', '24:00', '12:00+05:30')`);
  const { rows } = await readAll(
    connector,
    postgresContext(postgres, { config: { schemas: ['typed'] } }),
    requestOf('typed.all_of_them', { cursorField: 'moment' }),
  );
  expect(rows).toEqual([
    {
      id: '1.50',
      moment: '2024-01-01 00:00:00+00',
      mood: 'fine',
      moods: '["fine",null]',
      pair: '(1,"x,y")',
      span: '[1,3)',
      wide: '12345678901234567890123456789012345678901234567890.12',
      small: '0.0042',
      hundreds: '12300',
      free: '0.1',
      cash: '1234.50',
      oid: '4294967295',
      bits: '101',
      at: '24:00:00',
      zone: '12:00:00+05:30',
      twice: '24600',
    },
  ]);
});

it('reads names with capitals, spaces, quotes and letters of any language', async () => {
  const name = 'Größe "neu"; drop table x; --';
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await postgres.execute(`create schema "Odd Schema";
    create table "Odd Schema".${quoted}(${quoted} int primary key, "select" text);
    insert into "Odd Schema".${quoted} values (1, 'a')`);
  const context = postgresContext(postgres, { config: { schemas: ['Odd Schema'] } });
  const [stream] = await connector.discover(context);
  expect(stream?.name).toBe(`Odd Schema.${name}`);
  const { rows } = await readAll(connector, context, requestOf(stream?.name ?? ''));
  expect(rows).toEqual([{ [name]: '1', select: 'a' }]);
});

it('leaves out a table whose name would be ambiguous, and says so in the log', async () => {
  await postgres.execute('create schema dots; create table dots."a.b"(id int)');
  const lines: string[] = [];
  expect((await discover({ config: { schemas: ['dots'] }, lines })).size).toBe(0);
  expect(lines.join()).toContain('"table":"a.b"');
});

it.each([
  'public.nope',
  'nope',
  'pg_catalog.pg_authid',
  'public.t"; drop table t; --',
  'public."t"',
  '../public.t',
  `public.${'t'.repeat(500)}`,
])('has no stream %j', async (name) => {
  await postgres.execute('create table if not exists t(id int)');
  await expect(
    readAll(connector, postgresContext(postgres), requestOf(name)),
  ).rejects.toMatchObject({ code: 'source_not_found' });
  expect((await postgres.execute('select * from t')).rows).toEqual([]);
});

it('notices a table that was dropped between two runs', async () => {
  await postgres.execute('create table fleeting(id int primary key)');
  const context = postgresContext(postgres);
  await readAll(connector, context, requestOf('public.fleeting'));
  await postgres.execute('drop table fleeting');
  await expect(readAll(connector, context, requestOf('public.fleeting'))).rejects.toMatchObject({
    code: 'source_not_found',
    message: expect.stringContaining('dropped or renamed'),
  });
});

it('says what the user may not read, and never reads around it', async () => {
  await postgres.execute(`
    create schema office; grant usage on schema office to clerk;
    create table office.open(id int primary key); grant select on office.open to clerk;
    create table office.closed(id int primary key);
    create table office.partly(id int primary key, secret text); grant select (id) on office.partly to clerk;
    insert into office.partly values (1, 'hidden');
    create table office.filtered(id int primary key, owner text); grant select on office.filtered to clerk;
    alter table office.filtered enable row level security;
    create policy own on office.filtered using (owner = current_user)`);
  const config = { schemas: ['office'] };
  const context = postgresContext(postgres, { config, ...asClerk });
  expect(await connector.check(context)).toEqual({
    ok: true,
    message: expect.stringMatching(/3 tables in office\. The user may not read office\.closed\./),
  });
  const streams = await discover({ config, ...asClerk });
  expect(streams.get('office.closed')?.notes).toContain(
    'The user has no permission to read it. Grant SELECT.',
  );
  expect(streams.get('office.partly')).toMatchObject({
    columns: [{ name: 'id' }],
    notes: ['Left out, no permission: secret.'],
  });
  expect(streams.get('office.filtered')?.notes?.join()).toContain('Row-level security');
  await expect(readAll(connector, context, requestOf('office.closed'))).rejects.toMatchObject({
    code: 'source_forbidden',
  });
  expect((await readAll(connector, context, requestOf('office.partly'))).rows).toEqual([
    { id: '1' },
  ]);
});

it('goes by another unique key where there is no primary key, never by one that can be null', async () => {
  await postgres.execute(`create schema keyed;
    create table keyed.other(a int unique, b int not null, c int not null);
    create unique index on keyed.other(c) where c > 5; create unique index on keyed.other((b + 1));
    create unique index on keyed.other(b) include (c);
    create table keyed.nullable(a int unique)`);
  const config = { schemas: ['keyed'] };
  const streams = await discover({ config });
  expect(streams.get('keyed.other')).toMatchObject({ primaryKey: ['b'], ordered: true });
  expect(streams.get('keyed.other')?.notes?.join()).not.toContain('No key');
  expect(streams.get('keyed.nullable')?.notes?.join()).toContain('No key');
  await postgres.execute('insert into keyed.other values (1, 2, 3), (2, 4, 3)');
  const read = await readAll(
    makePostgres({ rows: 1, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 }),
    postgresContext(postgres, { config }),
    requestOf('keyed.other'),
  );
  expect(read.checkpoints.map((checkpoint) => checkpoint?.at ?? null)).toEqual([
    expect.objectContaining({ order: ['b'], after: ['2'] }),
    null,
  ]);
});

it('says which cursors are slow or leave rows out', async () => {
  await postgres.execute(`create schema noted;
    create table noted.t(id int primary key, fast timestamptz not null, slow timestamptz not null, gaps timestamptz, odd numeric);
    create index on noted.t(fast); create index on noted.t(gaps)`);
  const streams = await discover({ config: { schemas: ['noted'] } });
  expect(streams.get('noted.t')?.notes).toEqual([
    expect.stringMatching(/null.*: gaps\.$/),
    expect.stringMatching(/without an index.*: slow\.$/),
    expect.stringMatching(/Kept as text.*: odd\.$/),
  ]);
});

it('finds nothing in a schema that does not exist, and says how many tables there are', async () => {
  const context = postgresContext(postgres, { config: { schemas: ['nowhere'] } });
  expect(await connector.check(context)).toMatchObject({ ok: false, code: 'source_not_found' });
  await postgres.execute('create schema bare');
  const bare = postgresContext(postgres, { config: { schemas: ['bare'] } });
  expect(await connector.check(bare)).toEqual({
    ok: true,
    message: expect.stringContaining('0 tables in bare'),
  });
});
