import { afterAll, expect, it } from 'vitest';
import { makeMysql } from '../../../../connectors/mysql.ts';
import type { SqlCheckpoint } from '../../../../shared/connectors/sql/sqlCheckpoint.ts';
import { mysqlContext } from '../../../connectors/mysqlContext.ts';
import { requestOf } from '../../../connectors/postgresContext.ts';
import { readBatch } from '../../../connectors/readBatch.ts';
import { startMariadb } from '../../../mariadb.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

/** Keys whose order is not that of their text. */
const keys = [
  ['k bigint unsigned primary key', 'seq * 40000000000000000'],
  ['k varchar(20) collate utf8mb4_general_ci primary key', `concat(if(seq % 2, 'ä', 'B'), seq)`],
  ['k varbinary(20) primary key', 'unhex(md5(seq))'],
  ['k datetime(6) primary key', `timestamp '2024-01-01 00:00:00' + interval seq * 7 second`],
  ['k decimal(30,10) primary key', 'seq * -1.0000000001'],
  ['k int, k2 varchar(9), primary key (k, k2)', `seq % 3, concat('x', seq)`],
] as const;

if (mariadb !== null)
  it.each(keys)('a table lies in its slices once, on MariaDB too: %s', async (columns, values) => {
    await mariadb.execute(`create database if not exists shop; use shop; drop table if exists shop.cut;
      create table shop.cut(${columns}, id int, filler varchar(200));
      insert into shop.cut(k, ${columns.includes('k2') ? 'k2, ' : ''}id, filler)
        select ${values}, seq, repeat('x', 150) from seq_1_to_400;
      analyze table shop.cut`);
    const slices = { bytes: 8 * 1024, rows: 40 };
    const connector = makeMysql({
      rows: 9,
      bytes: 2 ** 20,
      seconds: 30,
      unorderedBytes: 0,
      slices,
    });
    const request = requestOf('shop.cut');
    const context = (): ReturnType<typeof mysqlContext> => mysqlContext(mariadb);
    const cut = await connector.split?.(context(), request, null);
    expect(cut?.slices.length).toBeGreaterThan(4);
    const ids: number[] = [];
    for (const slice of cut?.slices ?? []) {
      let from: SqlCheckpoint | null = null;
      // Each batch in an invocation of its own.
      do {
        for await (const batch of connector.read(context(), { ...request, slice }, from)) {
          ids.push(...(await readBatch(batch, null)).map((row) => Number(row['id'])));
          from = (batch.checkpoint as () => SqlCheckpoint)();
          break;
        }
      } while (from !== null && from.at !== null);
    }
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
  });
