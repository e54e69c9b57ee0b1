import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { guardedValue } from '../../../shared/staging/guardedSql.ts';

const fractions = ['', '.1', '.12', '.123', '.1234', '.12345', '.123456'];

it('takes a time with up to six digits of a second, with whatever offset, and no seventh', async () => {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  const micros = async (text: string, type: 'timestamp' | 'timestamptz'): Promise<unknown> => {
    const value = guardedValue({ text: 'value', type });
    const sql = `set timezone = 'UTC'; select epoch_us(${value})::varchar from (select '${text}' as value)`;
    return (await connection.runAndReadAll(sql)).getRows()[0]?.[0];
  };
  try {
    const start = BigInt(Date.UTC(2024, 3, 29, 22, 55, 6)) * 1_000n;
    for (const fraction of fractions) {
      const expected = start + BigInt(fraction.slice(1).padEnd(6, '0'));
      for (const offset of ['+00', '+0000', '+00:00', 'Z'])
        expect(await micros(`2024-04-29 22:55:06${fraction}${offset}`, 'timestamptz')).toBe(
          `${expected}`,
        );
      expect(await micros(`2024-04-29 22:55:06${fraction}`, 'timestamp')).toBe(`${expected}`);
    }
    for (const type of ['timestamp', 'timestamptz'] as const)
      for (const offset of type === 'timestamp' ? [''] : ['+00', '+00:00', 'Z'])
        for (const digits of ['1234567', '123456789'])
          expect(await micros(`2024-04-29 22:55:06.${digits}${offset}`, type)).toBeNull();
  } finally {
    connection.closeSync();
    database.closeSync();
  }
});
