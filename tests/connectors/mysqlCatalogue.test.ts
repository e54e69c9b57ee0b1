import { afterAll, expect, it } from 'vitest';
import mysql, { makeMysql } from '../../connectors/mysql.ts';
import type { StreamDescription } from '../../shared/connectors/connector.ts';
import { startMariadb } from '../mariadb.ts';
import { mysqlContext } from './mysqlContext.ts';
import { readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

if (mariadb !== null) {
  const password = 'clerk-canary-19a2';
  await mariadb.execute(`create user clerk@'%' identified by '${password}'`);
  const asClerk = { credentials: { user: 'clerk', password } };
  const discover = async (
    schema: string,
    over: Parameters<typeof mysqlContext>[1] = {},
  ): Promise<ReadonlyMap<string, StreamDescription>> => {
    const config = { ...over.config, schemas: [schema] };
    const streams = await mysql.discover(mysqlContext(mariadb, { ...over, config }));
    return new Map(streams.map((stream) => [stream.name, stream]));
  };
  const readAll = (name: string, over: Parameters<typeof mysqlContext>[1] = {}) =>
    readSql(
      mysql,
      mysqlContext(mariadb, { ...over, config: { ...over.config, schemas: [name.split('.')[0]] } }),
      wholeTable(name),
    );

  it('offers tables, views, system-versioned and partitioned tables once, but no sequences', async () => {
    await mariadb.execute(`create database kinds; use kinds;
      create table plain(id int primary key);
      create view seen as select id, id * 2 as twice from plain;
      create table history(id int primary key) with system versioning;
      create sequence numbers;
      create table parts(id int, day date, primary key (id, day)) partition by range (year(day))
        (partition old values less than (2024), partition rest values less than maxvalue);
      insert into plain values (1); insert into history values (1), (2); delete from history where id = 2;
      insert into parts values (7, '2023-05-05'), (8, '2024-05-05')`);
    const streams = await discover('kinds');
    expect([...streams.keys()]).toEqual([
      'kinds.history',
      'kinds.parts',
      'kinds.plain',
      'kinds.seen',
    ]);
    expect(streams.get('kinds.parts')?.primaryKey).toEqual(['id', 'day']);
    expect(streams.get('kinds.seen')?.notes?.join()).toContain('A view');
    expect((await readAll('kinds.seen')).rows).toEqual([{ id: '1', twice: '2' }]);
    expect((await readAll('kinds.history')).rows).toEqual([{ id: '1' }]);
    expect((await readAll('kinds.parts')).rows).toEqual([
      { id: '7', day: '2023-05-05' },
      { id: '8', day: '2024-05-05' },
    ]);
  });

  it('reads generated and invisible columns, whole numbers as numbers where that is wanted', async () => {
    await mariadb.execute(`create database made; use made;
      create table t(id int primary key, net decimal(10,2), gross decimal(10,2) as (net * 1.19) virtual,
        kept varchar(20) as (concat('#', id)) stored, secret int invisible default 7, flag tinyint(1));
      insert into t(id, net, flag) values (1, 100, 3)`);
    const row = { id: '1', net: '100.00', gross: '119.00', kept: '#1', secret: '7', flag: '3' };
    expect((await readAll('made.t')).rows).toEqual([row]);
    const typesWith = async (tinyint1: string): Promise<unknown> =>
      (await discover('made', { config: { tinyint1 } })).get('made.t')?.columns?.at(-1)?.type;
    expect(await typesWith('boolean')).toBe('boolean');
    expect(await typesWith('int')).toBe('int');
  });

  it('reads names with capitals, spaces, quotes and letters of any language', async () => {
    const name = 'Größe `neu`; drop table x; -- ?1';
    const quoted = `\`${name.replaceAll('`', '``')}\``;
    await mariadb.execute(`create database \`Odd Name\`; use \`Odd Name\`; set names utf8mb4;
      create table ${quoted}(${quoted} int primary key, \`select\` varchar(9), \`?1\` int,
        constructor varchar(9), \`toString\` tinyint(1), \`__proto__\` varchar(9));
      insert into ${quoted} values (1, 'a', 2, 'b', 1, 'c'), (2, 'a', 2, 'b', 0, 'c')`);
    const [stream] = [...(await discover('Odd Name')).values()];
    expect(stream?.name).toBe(`Odd Name.${name}`);
    const connector = makeMysql({ rows: 1, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 });
    const context = mysqlContext(mariadb, { config: { schemas: ['Odd Name'] } });
    const { checkpoints, batches } = await readSql(
      connector,
      context,
      wholeTable(stream?.name ?? ''),
    );
    expect(Object.entries(batches[0]?.[0] ?? {})).toEqual([
      ...[
        [name, '1'],
        ['select', 'a'],
        ['?1', '2'],
        ['constructor', 'b'],
        ['toString', 't'],
        ['__proto__', 'c'],
      ],
    ]);
    const rest = await readSql(connector, context, wholeTable(stream?.name ?? ''), checkpoints[0]);
    expect(rest.rows.map((row) => row[name])).toEqual(['2']);
  });

  it('leaves out what cannot be offered, and says so in the log', async () => {
    await mariadb.execute(`create database dots; use dots; create table \`a.b\`(id int);
      create table base(id int); create view broken as select * from base; drop table base`);
    const lines: string[] = [];
    expect((await discover('dots', { lines })).size).toBe(0);
    expect(lines.join()).toContain('"table":"a.b"');
    expect(lines.join()).toContain('"table":"broken"');
  });

  it.each([
    'shop.nope',
    'nope.t',
    'mysql.user',
    'shop.t`; drop table t; --',
    'shop.T',
    '../shop.t',
    `shop.${'t'.repeat(500)}`,
    'shop.t\u0000',
  ])('has no stream %j', async (name) => {
    await mariadb.execute(
      'create database if not exists shop; create table if not exists shop.t(id int)',
    );
    await expect(readSql(mysql, mysqlContext(mariadb), wholeTable(name))).rejects.toMatchObject({
      code: 'source_not_found',
    });
    expect(await mariadb.execute('select * from shop.t')).toEqual([]);
  });

  it('tells a missing database from one the user may not see, and counts tables', async () => {
    await mariadb.execute('create database bare; create database hidden');
    const check = (schema: string, over = {}) =>
      mysql.check(mysqlContext(mariadb, { ...over, config: { schemas: [schema] } }));
    expect(await check('nowhere')).toMatchObject({ ok: false, code: 'source_not_found' });
    expect(await check('hidden', asClerk)).toMatchObject({ ok: false, code: 'source_forbidden' });
    expect(await check('bare')).toEqual({
      ok: true,
      message: expect.stringMatching(/^MariaDB 1\d\.\d+\.\d+: 0 tables in bare\.$/),
    });
  });

  it('tells capitals apart where the server does not', async () => {
    await using folding = await startMariadb({ 'lower-case-table-names': 1 });
    if (folding === null) throw new Error('there was one before');
    await folding.execute('create database Shop; create table Shop.Orders(id int primary key)');
    const contextFor = (schema: string) => mysqlContext(folding, { config: { schemas: [schema] } });
    expect(await mysql.check(contextFor('Shop'))).toMatchObject({
      ok: false,
      code: 'source_not_found',
      message: expect.stringContaining('capitals count'),
    });
    expect((await mysql.discover(contextFor('shop'))).map(({ name }) => name)).toEqual([
      'shop.orders',
    ]);
    await expect(
      readSql(mysql, contextFor('shop'), wholeTable('shop.Orders')),
    ).rejects.toMatchObject({ code: 'source_not_found' });
  });

  it('says what the user may not read, and never reads around it', async () => {
    await mariadb.execute(`create database office; use office;
      create table open(id int primary key); grant select on office.open to clerk@'%';
      create table closed(id int primary key); grant insert on office.closed to clerk@'%';
      create table unseen(id int primary key);
      create table partly(id int primary key, secret text); grant select (id), insert (secret) on office.partly to clerk@'%';
      insert into partly values (1, 'hidden')`);
    const config = { schemas: ['office'] };
    expect(await mysql.check(mysqlContext(mariadb, { config, ...asClerk }))).toEqual({
      ok: true,
      message: expect.stringMatching(/2 tables in office\. The user may not read office\.closed\./),
    });
    const streams = await discover('office', asClerk);
    expect([...streams.keys()]).toEqual(['office.closed', 'office.open', 'office.partly']);
    expect(streams.get('office.closed')?.notes).toContain(
      'The user has no permission to read it. Grant SELECT.',
    );
    expect(streams.get('office.partly')).toMatchObject({ columns: [{ name: 'id' }] });
    expect(streams.get('office.partly')?.notes).toContain('Left out, no permission: secret.');
    for (const name of ['office.closed', 'office.unseen'])
      await expect(readAll(name, asClerk)).rejects.toMatchObject({ code: 'source_forbidden' });
    expect((await readAll('office.partly', asClerk)).rows).toEqual([{ id: '1' }]);
  });

  it('goes by another unique key where there is no primary key, never by one that may be null or sorts otherwise', async () => {
    await mariadb.execute(`create database keyed; use keyed;
      create table other(a int unique, b int not null, c int not null, unique (c, b), unique (b));
      create table nullable(a int unique);
      create table listed(e enum('z', 'a') not null unique, f float not null unique, s set('x') not null unique)`);
    const streams = await discover('keyed');
    expect(streams.get('keyed.other')?.primaryKey).toEqual(['b']);
    for (const name of ['keyed.nullable', 'keyed.listed'])
      expect(streams.get(name)).toMatchObject({ primaryKey: [] });
    expect(streams.get('keyed.nullable')?.notes?.join()).toContain('No key');
  });

  it('says which cursors there are, and which are slow', async () => {
    await mariadb.execute(`create database noted; use noted;
      create table t(id int primary key, at timestamp(6) not null, day date not null, local datetime not null,
        odd decimal(50,2), y year, f tinyint(1), big bigint unsigned not null, key (at))`);
    const stream = (await discover('noted')).get('noted.t');
    expect(stream?.cursorFields).toEqual(['id', 'at', 'day', 'local', 'big']);
    expect(stream?.notes).toEqual([
      expect.stringMatching(/without an index.*: day, local\.$/),
      expect.stringMatching(/Kept as text.*: odd\.$/),
    ]);
  });

  it('says that an engine has no transactions', async () => {
    await mariadb.execute(
      'create database flat; create table flat.t(id int primary key) engine = Aria',
    );
    expect((await discover('flat')).get('flat.t')?.notes?.join()).toContain(
      'Aria has no transactions',
    );
  });
}
