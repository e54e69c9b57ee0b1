import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { inTransaction, openSqlite } from '../../../local/protocol/sqlite.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

function open(folder = temporaryFolder()) {
  const database = openSqlite(folder, 'test', 'CREATE TABLE IF NOT EXISTS t(n INTEGER) STRICT');
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  const count = (): unknown => database.prepare('SELECT count(*) AS n FROM t').get()?.['n'];
  return {
    database,
    count,
    add: (n: number) => database.prepare('INSERT INTO t VALUES (?)').run(n),
  };
}

it('undoes everything when the work throws, and can go on', () => {
  const { database, count, add } = open();
  expect(() =>
    inTransaction(database, () => {
      add(1);
      throw new Error('half way');
    }),
  ).toThrow('half way');
  expect(count()).toBe(0);
  inTransaction(database, () => add(1));
  expect(count()).toBe(1);
});

it('makes nested work part of the outer transaction', () => {
  const { database, count, add } = open();
  expect(() =>
    inTransaction(database, () => {
      inTransaction(database, () => add(1));
      throw new Error('afterwards');
    }),
  ).toThrow('afterwards');
  expect(count()).toBe(0);
});

it('creates a folder and files for its owner only', () => {
  const folder = join(temporaryFolder(), 'a', 'b');
  open(folder).add(1);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const file of ['test.sqlite', 'test.sqlite-wal'])
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
});
