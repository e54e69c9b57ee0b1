import { expect, it } from 'vitest';
import { nextFireTimes } from '../../../local/scheduler/scheduleExpression.ts';

const times = (expression: string, timezone: string, from: string, count = 4): string[] =>
  nextFireTimes(expression, timezone, new Date(from), count).map((date) =>
    date.toISOString().replace('.000Z', 'Z'),
  );

it('skips the hour that clocks jump over, as AWS does', () => {
  // New York, 14 March 2027: 02:00 becomes 03:00.
  expect(times('cron(30 2 * * ? *)', 'America/New_York', '2027-03-12T12:00:00Z', 3)).toEqual([
    '2027-03-13T07:30:00Z',
    '2027-03-15T06:30:00Z',
    '2027-03-16T06:30:00Z',
  ]);
});

it('fires once in the hour that clocks repeat, as AWS does', () => {
  // New York, 7 November 2027: 02:00 becomes 01:00.
  expect(times('cron(30 1 * * ? *)', 'America/New_York', '2027-11-06T12:00:00Z', 2)).toEqual([
    '2027-11-07T05:30:00Z',
    '2027-11-08T06:30:00Z',
  ]);
});

it('keeps the local time through the year', () => {
  expect(times('cron(0 2 1 1,7 ? *)', 'America/New_York', '2027-01-01T00:00:00Z', 2)).toEqual([
    '2027-01-01T07:00:00Z',
    '2027-07-01T06:00:00Z',
  ]);
});

it('counts weekdays from Sunday as 1', () => {
  // 23 November 2026 is a Monday.
  expect(times('cron(0 10 ? * 2 *)', 'UTC', '2026-11-21T00:00:00Z', 1)).toEqual([
    '2026-11-23T10:00:00Z',
  ]);
  expect(times('cron(0 10 ? * MON-FRI *)', 'UTC', '2026-11-20T11:00:00Z', 2)).toEqual([
    '2026-11-23T10:00:00Z',
    '2026-11-24T10:00:00Z',
  ]);
});

it('knows last days, nearest weekdays, nth weekdays, steps and years', () => {
  const from = '2026-11-20T00:00:00Z';
  expect(times('cron(0 10 L * ? *)', 'UTC', from, 3)).toEqual([
    '2026-11-30T10:00:00Z',
    '2026-12-31T10:00:00Z',
    '2027-01-31T10:00:00Z',
  ]);
  expect(times('cron(0 10 ? * 6L *)', 'UTC', from, 1)).toEqual(['2026-11-27T10:00:00Z']);
  // 1 August 2027 is a Sunday.
  expect(times('cron(0 10 1W 8 ? *)', 'UTC', from, 1)).toEqual(['2027-08-02T10:00:00Z']);
  expect(times('cron(0 10 ? * 2#1 2027-2028)', 'UTC', from, 2)).toEqual([
    '2027-01-04T10:00:00Z',
    '2027-02-01T10:00:00Z',
  ]);
  expect(times('cron(0/20 9 * * ? *)', 'UTC', from, 4)).toEqual([
    '2026-11-20T09:00:00Z',
    '2026-11-20T09:20:00Z',
    '2026-11-20T09:40:00Z',
    '2026-11-21T09:00:00Z',
  ]);
  expect(times('cron(0 10 ? * * 2020)', 'UTC', from)).toEqual([]);
  expect(times('cron(0 10 30 2 ? *)', 'UTC', from)).toEqual([]);
});

it('counts a rate from its start in whole intervals, days as 24 hours', () => {
  expect(times('rate(1 day)', 'America/New_York', '2027-03-13T12:00:00Z', 2)).toEqual([
    '2027-03-14T12:00:00Z',
    '2027-03-15T12:00:00Z',
  ]);
  expect(times('rate(5 minutes)', 'UTC', '2027-01-01T00:00:00Z', 2)).toEqual([
    '2027-01-01T00:05:00Z',
    '2027-01-01T00:10:00Z',
  ]);
});

it('fires once at a local time, and never at one that does not exist', () => {
  expect(times('at(2027-07-01T02:30:00)', 'Europe/Berlin', '2027-01-01T00:00:00Z')).toEqual([
    '2027-07-01T00:30:00Z',
  ]);
  expect(times('at(2027-11-07T01:30:00)', 'America/New_York', '2027-01-01T00:00:00Z')).toEqual([
    '2027-11-07T05:30:00Z',
  ]);
  expect(times('at(2027-03-14T02:30:00)', 'America/New_York', '2027-01-01T00:00:00Z')).toEqual([]);
  expect(times('at(2020-01-01T00:00:00)', 'UTC', '2027-01-01T00:00:00Z')).toEqual([]);
});
