import { afterAll, describe, expect, it } from 'vitest';
import mysql from '../../connectors/mysql.ts';
import { startMariadb } from '../mariadb.ts';
import { mysqlContext } from './mysqlContext.ts';
import { numbersOf, readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

if (mariadb !== null) {
  await mariadb.execute('create database shop');
  describe('a backfill', () => {
    const window = (from: string, to: string | null, cursorField = 'at') =>
      wholeTable('shop.past', {
        mode: 'incremental',
        cursorField,
        primaryKey: ['id'],
        window: { from, to },
      });

    it('reads its half-open window and nothing else, by time, by day and by local time', async () => {
      await mariadb.execute(`use shop; set time_zone = '+00:00'; create table past(id int primary key, at timestamp, day date, local datetime);
        insert into past select seq, t, t, t from (select seq, '2024-01-01 00:00:00' + interval seq * 12 hour as t from seq_0_to_9) x`);
      const newYork = mysqlContext(mariadb, { config: { timeZone: 'America/New_York' } });
      const idsOf = async (...of: Parameters<typeof window>) =>
        numbersOf(await readSql(mysql, newYork, window(...of)));
      expect(await idsOf('2024-01-02', '2024-01-03')).toEqual([2, 3]);
      expect(await idsOf('2024-01-02T14:00:00+02:00', null)).toEqual([3, 4, 5, 6, 7, 8, 9]);
      expect(await idsOf('2024-01-02', '2024-01-03', 'day')).toEqual([2, 3]);
      expect(await idsOf('2024-01-02T04:59:59Z', '2024-01-03T00:00', 'day')).toEqual([0, 1, 2, 3]);
      expect(await idsOf('2024-01-02T05:00:00Z', '2024-01-03', 'local')).toEqual([2, 3]);
      expect(await idsOf('2024-01-02T05:00:00.000001Z', '2024-01-03', 'local')).toEqual([3]);
    });

    it.each([
      'yesterday-ish',
      '2024-02-30',
      '2024-13-01',
      '2024-01-01T25:00',
      '',
      "2024-01-01' or 1=1",
    ])('refuses %j, which is no date', async (date) => {
      await expect(readSql(mysql, mysqlContext(mariadb), window(date, null))).rejects.toMatchObject(
        {
          code: 'invalid_config',
        },
      );
    });
  });
}
