import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type LocalLambda, openLambda } from '../../../local/lambda/openLambda.ts';
import { functionFolder } from './functionFolder.ts';

const source = `
import { DuckDBInstance } from ${JSON.stringify(import.meta.resolve('@duckdb/node-api'))};
let instance;
export const handler = async ({ sql }) => {
  instance ??= await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(sql);
  connection.closeSync();
  return reader.getRowsJson();
};`;

let lambda: LocalLambda | null = null;
afterEach(async () => {
  await lambda?.close();
  lambda = null;
});

function query(timeoutSeconds: number): (sql: string) => Promise<unknown> {
  const opened = openLambda({
    folder: mkdtempSync(join(tmpdir(), 'headgate-lambda-')),
    endpointUrl: () => 'http://127.0.0.1:1',
  });
  lambda = opened;
  const settings = { isolation: 'process', timeoutSeconds, memoryMegabytes: 512 } as const;
  opened.register(functionFolder('duck', source, settings));
  const { signal } = new AbortController();
  return async (sql) => await opened.invoke('duck', { sql }, { signal });
}

it('a function that is deep in a native query is ended at its timeout', async () => {
  const run = query(2);
  expect(await run('select 42 as answer')).toEqual([[42]]);
  await expect(
    run('select max(hash(a.range * b.range)) from range(10_000_000) a, range(10_000_000) b'),
  ).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
  expect(await run('select 43')).toEqual([[43]]);
});

it('a function whose native memory outgrows its limit is ended', async () => {
  const run = query(60);
  expect(await run('select 42')).toEqual([[42]]);
  await expect(
    run('create table t as select range a, hash(range)::text b from range(60_000_000)'),
  ).rejects.toMatchObject({ name: 'Runtime.OutOfMemory' });
  expect(await run('select 43')).toEqual([[43]]);
});
