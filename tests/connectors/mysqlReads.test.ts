import { afterAll, describe, expect, it } from 'vitest';
import mysql, { makeMysql } from '../../connectors/mysql.ts';
import { startMariadb } from '../mariadb.ts';
import { mysqlContext } from './mysqlContext.ts';
import { readBatch } from './readBatch.ts';
import { numbersOf, readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

if (mariadb !== null) {
  await mariadb.execute('create database shop');
  const execute = (sql: string) =>
    mariadb.execute(`use shop; set time_zone = '+00:00', sql_mode = ''; ${sql}`);
  const connector = makeMysql({ rows: 3, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
  const context = (config: object = {}, lines?: string[]): ReturnType<typeof mysqlContext> =>
    mysqlContext(mariadb, { config: { ...config }, ...(lines === undefined ? {} : { lines }) });
  const byTime = (table: string): ReturnType<typeof wholeTable> =>
    wholeTable(`shop.${table}`, { mode: 'incremental', cursorField: 'at', primaryKey: ['id'] });

  describe('a full refresh', () => {
    it('is of one moment, however many batches it has', async () => {
      await execute(
        'create table moments(id int primary key auto_increment, n int) select seq as id, 0 as n from seq_1_to_9',
      );
      const seen: unknown[] = [];
      for await (const batch of connector.read(context(), wholeTable('shop.moments'), null)) {
        seen.push(...(await readBatch(batch, null)));
        await execute('update moments set n = n + 1; insert into moments(n) values (0)');
      }
      expect(seen).toEqual(
        Array.from({ length: 9 }, (_, index) => ({ id: `${index + 1}`, n: '0' })),
      );
    });

    it('of a table without a key is of one moment with its rows that have no cursor value', async () => {
      await execute(`create table apart(id int, at datetime(6));
        insert into apart values (1, '2024-01-01'), (2, null), (3, '2024-01-02')`);
      const request = wholeTable('shop.apart', { cursorField: 'at' });
      const seen: unknown[] = [];
      for await (const batch of connector.read(context(), request, null)) {
        seen.push(...(await readBatch(batch, null)).map((row) => row['id']));
        await execute(`update apart set at = '2024-01-03' where at is null`);
      }
      expect(seen).toEqual(['1', '3', '2']);
    });

    it('goes on to the rows without a cursor value, wherever its buffer was full', async () => {
      const request = wholeTable('shop.brims', { mode: 'incremental', cursorField: 'at' });
      await execute('create table brims(at datetime(6), note text)');
      // Full at 256 KB: the rows that fill it and the end come together in some of these.
      for (let rows = 250; rows < 300; rows += 5) {
        await execute(`truncate brims; insert into brims values (null, 'x');
          insert into brims select timestampadd(second, seq, '2024-01-01'), repeat('x', 1000) from seq_1_to_${rows}`);
        expect((await readSql(mysql as typeof connector, context(), request)).rows.length).toBe(
          rows + 1,
        );
      }
    });

    it('that goes on after a stop says that it is of more than one moment', async () => {
      await execute('create table paged(id int primary key) select seq as id from seq_1_to_7');
      const lines: string[] = [];
      const whole = await readSql(connector, context({}, lines), wholeTable('shop.paged'));
      expect(whole.checkpoints.map(({ consistency }) => consistency)).toEqual(
        Array(3).fill('snapshot'),
      );
      await execute('insert into paged values (8)');
      const rest = await readSql(
        connector,
        context({}, lines),
        wholeTable('shop.paged'),
        whole.checkpoints[0],
      );
      expect(numbersOf(rest)).toEqual([4, 5, 6, 7, 8]);
      expect(rest.last?.consistency).toBe('paged');
      expect(lines.join()).toContain('"consistency":"paged"');
    });

    it('of a small table, or of one without a key, is one batch', async () => {
      await execute(
        'create table keyless(word text); insert into keyless select null from seq_1_to_5',
      );
      const { batches } = await readSql(connector, context(), wholeTable('shop.keyless'));
      expect(batches.map((batch) => batch.length)).toEqual([5]);
      expect((await readSql(mysql, context(), wholeTable('shop.paged'))).batches.length).toBe(1);
    });

    it('keeps empty strings and NULL of a lone column apart', async () => {
      await execute(
        `create table lone(word varchar(9)); insert into lone values (''), ('\\\\N'), (null), ('a')`,
      );
      let text = '';
      for await (const { body } of connector.read(context(), wholeTable('shop.lone'), null)) {
        if (body.kind !== 'copyCsv') throw new Error('no rows');
        for await (const chunk of body.open()) text += Buffer.from(chunk).toString();
      }
      expect(text.split('\n')).toEqual(['""', '"\\N"', '\\N', '"a"', '']);
    });

    it('is not cut short by a server that limits how many rows a SELECT answers', async () => {
      await execute(
        'set global sql_select_limit = 2, global max_join_size = 2, global sql_mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,NO_ZERO_DATE"',
      );
      try {
        await execute(
          `create table padded(id char(9) primary key, at datetime(6)) select 'a\\\\b' as id, '0000-00-00' as at; insert into padded values ('c', '2024-01-01')`,
        );
        const read = await readSql(connector, context(), wholeTable('shop.paged'));
        expect(numbersOf(read)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        const odd = makeMysql({ rows: 1, bytes: 2 ** 28, seconds: 30, unorderedBytes: 0 });
        const padded = await readSql(odd, context(), wholeTable('shop.padded'));
        expect(padded.rows.map(({ id }) => id)).toEqual(['a\\b', 'c']);
        const rest = await readSql(
          odd,
          context(),
          wholeTable('shop.padded'),
          padded.checkpoints[0],
        );
        expect(rest.rows).toEqual([{ id: 'c', at: '2024-01-01 00:00:00.000000' }]);
      } finally {
        await execute(
          'set global sql_select_limit = default, global max_join_size = default, global sql_mode = default',
        );
      }
    });
  });

  describe('an incremental read', () => {
    it.each([
      'timestamp(6) null',
      'datetime(6)',
    ])('by %s leaves out what is younger than the lag, and has it next time', async (type) => {
      const table = `lagging_${type.slice(0, 4)}`;
      await execute(`create table ${table}(id int primary key, at ${type});
        insert into ${table} values (1, utc_timestamp(6) - interval 1 hour), (2, utc_timestamp(6) - interval 5 second), (3, null)`);
      const first = await readSql(connector, context(), byTime(table));
      expect(numbersOf(first)).toEqual([1, 3]);
      const later = await readSql(connector, context({ lagSeconds: 2 }), byTime(table), first.last);
      // Besides the last row it had, and the one without a cursor value.
      expect(numbersOf(later)).toEqual([1, 2, 3]);
    });

    it('takes zero dates with every read, and windows of others', async () => {
      await execute(`create table zeros(id int primary key, at datetime not null);
        insert into zeros values (1, '0000-00-00'), (2, '2024-01-01'), (3, '2024-02-01'), (4, '2024-00-00')`);
      const first = await readSql(connector, context(), byTime('zeros'));
      expect(numbersOf(first)).toEqual([1, 2, 3, 4]);
      await execute(`insert into zeros values (5, '0000-00-00'), (6, '2024-03-01')`);
      const next = await readSql(connector, context(), byTime('zeros'), first.last);
      expect(numbersOf(next)).toEqual([1, 3, 5, 6]);
    });

    it('keeps microseconds: rows one microsecond apart are two positions', async () => {
      await execute(`create table micros(id int primary key, at timestamp(6) null);
        insert into micros select 100 - seq, '2024-01-01 00:00:00' + interval seq microsecond from seq_1_to_8`);
      const exact = context({ overlapSeconds: 0 });
      const start = await readSql(connector, exact, byTime('micros'));
      expect(start.last?.through?.value).toBe('2024-01-01 00:00:00.000008+00');
      await execute(
        `insert into micros select 200 - seq, '2024-01-01 00:00:00.000008' + interval seq microsecond from seq_1_to_5`,
      );
      const next = await readSql(connector, exact, byTime('micros'), start.last);
      expect(next.rows.map((row) => row['id'])).toEqual(['92', '199', '198', '197', '196', '195']);
      expect(next.checkpoints[0]?.at?.after).toEqual(['2024-01-01 00:00:00.000010+00', '198']);
    });

    it.each([
      ['timestamp null', 'at'],
      ['bigint unsigned not null', 'at'],
      ['tinyint unsigned not null', 'at'],
      ['date not null', 'at'],
    ])('by %s goes on from each batch, with ties and an overlap that reaches below zero', async (type, at) => {
      const table = `by_${type.replaceAll(/\W/g, '_')}`;
      const value = /int/.test(type)
        ? 'seq div 4'
        : "timestamp '2024-01-01 00:00:00' + interval (seq div 4) day";
      await execute(`create table ${table}(id int primary key, at ${type});
        insert into ${table} select seq, ${value} from seq_1_to_14`);
      const config = context({ overlapValues: 100, overlapSeconds: 86_400, lagSeconds: 0 });
      const request = wholeTable(`shop.${table}`, {
        mode: 'incremental',
        cursorField: at,
        primaryKey: ['id'],
      });
      const first = await readSql(connector, config, request);
      const ids = Array.from({ length: 14 }, (_, index) => index + 1);
      expect(numbersOf(first)).toEqual(ids);
      await execute(`insert into ${table} select seq, ${value} from seq_15_to_22`);
      const next = await readSql(connector, config, request, first.last);
      expect(new Set([...ids, ...numbersOf(next)])).toEqual(
        new Set(Array.from({ length: 22 }, (_, index) => index + 1)),
      );
      for (const [index, checkpoint] of next.checkpoints.slice(0, -1).entries()) {
        const rest = await readSql(connector, config, request, checkpoint);
        expect(
          numbersOf({ rows: [...next.batches.slice(0, index + 1).flat(), ...rest.rows] }),
        ).toEqual(numbersOf(next));
      }
    });

    it('without a key touches where the last one ended, and has rows without a cursor again', async () => {
      await execute(`create table bare(id int, at timestamp(6) null);
        insert into bare select seq, if(seq > 14, null, '2024-01-01 00:00:00' + interval (seq div 4) day) from seq_1_to_18`);
      const request = wholeTable('shop.bare', { mode: 'incremental', cursorField: 'at' });
      const whole = await readSql(connector, context({ lagSeconds: 0 }), request);
      expect(numbersOf(whole)).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
      await execute(`insert into bare values (19, utc_timestamp(6))`);
      const next = await readSql(connector, context({ lagSeconds: 0 }), request, whole.last);
      expect(numbersOf(next)).toEqual([15, 16, 17, 18, 19]);
    });

    it('by a number waits for those who drew a lower one and have not committed', async () => {
      await execute('create table numbers(id int primary key auto_increment, word varchar(9))');
      const writer = await mariadb.connect();
      try {
        await writer.query(`use shop; begin; insert into numbers(word) values ('slow')`);
        await execute(`insert into numbers(word) values ('fast')`);
        const byNumber = wholeTable('shop.numbers', {
          mode: 'incremental',
          cursorField: 'id',
          primaryKey: ['id'],
        });
        const reading = readSql(connector, context(), byNumber);
        await new Promise((resolve) => setTimeout(resolve, 700));
        await writer.query('commit');
        expect((await reading).rows.map((row) => row['word'])).toEqual(['slow', 'fast']);

        await writer.query(`begin; insert into numbers(word) values ('slower')`);
        const lines: string[] = [];
        await readSql(connector, context({ lagSeconds: 1 }, lines), byNumber);
        expect(lines.join()).toContain('longer than the lag');
      } finally {
        await writer.query('rollback');
        await writer.end();
      }
    });

    it('by a number waits the whole lag where it may not see who is writing', async () => {
      await execute(`create table counted(id int primary key auto_increment, word varchar(9)); insert into counted(word) values ('a');
        create user reader@'%' identified by 'reader-canary-771'; grant select on shop.* to reader@'%'`);
      const waits: number[] = [];
      const lines: string[] = [];
      const asReader = mysqlContext(mariadb, {
        config: { lagSeconds: 7 },
        credentials: { user: 'reader', password: 'reader-canary-771' },
        lines,
        context: {
          sleep: async (milliseconds) => {
            waits.push(milliseconds);
          },
        },
      });
      const request = wholeTable('shop.counted', {
        mode: 'incremental',
        cursorField: 'id',
        primaryKey: ['id'],
      });
      expect(numbersOf(await readSql(connector, asReader, request))).toEqual([1]);
      expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(7_000);
      expect(lines.join()).toContain('PROCESS');
    });

    it('stays in the zone that is configured for times without one, which the server need not know', async () => {
      await execute(`create table zoned(id int primary key, at datetime);
        insert into zoned values (1, utc_timestamp() - interval 485 minute), (2, utc_timestamp() - interval 3 hour)`);
      // UTC−8, or −7 in summer.
      const west = await readSql(
        connector,
        context({ timeZone: 'America/Los_Angeles' }),
        byTime('zoned'),
      );
      expect(numbersOf(west)).toEqual([1]);
      expect(numbersOf(await readSql(connector, context(), byTime('zoned')))).toEqual([1, 2]);
    });
  });

  it('reads chosen columns, with those the position needs, in the table’s order', async () => {
    await execute(
      `create table chosen(a int, id int primary key, b text, c text); insert into chosen values (1, 2, 'b', 'c')`,
    );
    for await (const batch of connector.read(
      context(),
      wholeTable('shop.chosen', { columns: ['c'] }),
      null,
    )) {
      expect(batch.columns?.map(({ name }) => name)).toEqual(['id', 'c']);
      expect(await readBatch(batch, null)).toEqual([{ id: '2', c: 'c' }]);
    }
  });

  it('holds no more of a large read in memory than a few blocks', async () => {
    await execute(
      `create view large as select seq as id, repeat('x', 1000) as filler from shop.seq_1_to_150000`,
    );
    const before = process.memoryUsage().rss;
    let [peak, bytes] = [0, 0];
    for await (const { body } of connector.read(context(), wholeTable('shop.large'), null)) {
      if (body.kind !== 'copyCsv') throw new Error('no rows');
      for await (const chunk of body.open()) {
        // A reader that stops: all the rest would arrive meanwhile.
        if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 1_500));
        bytes += chunk.byteLength;
        peak = Math.max(peak, process.memoryUsage().rss - before);
      }
    }
    expect(bytes).toBeGreaterThan(150e6);
    expect(peak).toBeLessThan(100e6);
  });
}
