import { afterAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../../postgres.ts';
import { seeded } from '../../../randomness.ts';
import { type Fault, ReadHistory, type Story } from './readHistory.ts';
import { takeClock } from './sourceClock.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());
const clock = await takeClock(postgres);

const byTime = {
  cursor: 'timestamptz',
  timeZone: 'UTC',
  startsAt: '2024-06-01T00:00:00Z',
  stepSeconds: 20,
  lagSeconds: 30,
  overlapSeconds: 60,
} as const;
/** In steps of minutes, so that the hour that changes lies in the middle. */
const night = {
  ...byTime,
  cursor: 'timestamp',
  stepSeconds: 600,
  lagSeconds: 300,
  overlapSeconds: 0,
} as const;
const autumn = { ...night, timeZone: 'Europe/Berlin', startsAt: '2024-10-27T00:20:00Z' } as const;
const spring = {
  ...night,
  timeZone: 'America/New_York',
  startsAt: '2024-03-10T06:20:00Z',
} as const;
const byNumber = { ...byTime, cursor: 'bigint', overlapSeconds: 0 } as const;

const stories: readonly (readonly [string, Story])[] = [
  ['upserted by time', { ...byTime, rule: 'upsert' }],
  ['added once by time', { ...byTime, rule: 'appendOnce' }],
  ['added without a key by time', { ...byTime, rule: 'append' }],
  ['upserted by number', { ...byNumber, rule: 'upsert' }],
  ['added without a key by number', { ...byNumber, rule: 'append' }],
  ['upserted by local time while the clocks are put back', { ...autumn, rule: 'upsert' }],
  ['added without a key while the clocks are put back', { ...autumn, rule: 'append' }],
  ['upserted by local time while the clocks are put forward', { ...spring, rule: 'upsert' }],
  ['added without a key while the clocks are put forward', { ...spring, rule: 'append' }],
];

describe('a copy kept through a random history of writers and stopped reads', () => {
  it.each(stories)(
    'is its source, row by row: %s',
    async (name, story) => {
      const random = seeded(`read history, ${name}`);
      for (let round = 0; round < 2; round += 1)
        expect(await ReadHistory.play(postgres, clock, random, story, 80)).toEqual([]);
    },
    120_000,
  );
});

describe('the comparison', () => {
  it.each([
    ['exclusive lower bound', { ...byTime, rule: 'append' }],
    ['exclusive lower bound', { ...byNumber, rule: 'upsert' }],
    ['null cursors skipped', { ...byTime, rule: 'upsert' }],
    ['tie split', { ...byTime, rule: 'append' }],
  ] as const satisfies readonly (readonly [Fault, Story])[])(
    'notices: %s',
    async (fault, story) => {
      const random = seeded(`read history, ${fault}`);
      const problems: string[] = [];
      for (let round = 0; round < 40 && problems.length === 0; round += 1)
        problems.push(...(await ReadHistory.play(postgres, clock, random, story, 80, fault)));
      expect(problems).not.toEqual([]);
    },
    120_000,
  );
});
