import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mariadbSource } from './mariadbSource.ts';
import { type ModeName, modes, play } from './play.ts';
import { postgresSource } from './postgresSource.ts';
import type { Sabotage } from './sabotage.ts';
import type { SourceDatabase } from './sourceDatabase.ts';

let postgres: SourceDatabase;
beforeAll(async () => {
  postgres = await postgresSource();
});
const mariadb = await mariadbSource();
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  await mariadb?.[Symbol.asyncDispose]();
});

describe('a table kept through a random history of writers, runs and failures', () => {
  it.each(Object.keys(modes) as ModeName[])('is its source, row by row: %s', async (mode) => {
    const { problems, checks } = await play(postgres, mode, 500);
    expect(problems).toEqual([]);
    expect(checks).toBeGreaterThan(1);
  }, 180_000);

  if (mariadb !== null)
    it.each(Object.keys(modes) as ModeName[])('is its source in MariaDB, too: %s', async (mode) => {
      const { problems, checks } = await play(mariadb, mode, 250);
      expect(problems).toEqual([]);
      expect(checks).toBe(1);
    }, 180_000);
});

describe('the comparison', () => {
  it.each([
    ['exclusive lower bound', 'append without a lag', 5],
    ['no fence check', 'append of a log', 2],
    ['cursor before data', 'append', 5],
    ['null cursors skipped', 'upsert', 5],
    ['column shifted by a row', 'full refresh', 5],
    ['overlap not deduplicated', 'append', 5],
  ] as const satisfies readonly (readonly [Sabotage, ModeName, number])[])(
    'notices within 1,000 steps: %s',
    async (sabotage, mode, seed) => {
      const { problems, steps } = await play(postgres, mode, 1000, { sabotage, seed });
      expect(problems).not.toEqual([]);
      expect(steps).toBeLessThanOrEqual(1000);
    },
    180_000,
  );
});
