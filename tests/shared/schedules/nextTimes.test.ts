import { expect, it } from 'vitest';
import { HeadgateError } from '../../../shared/errors.ts';
import { cronFields, readCron } from '../../../shared/schedules/cronExpression.ts';
import { checkSchedule, nextTimes } from '../../../shared/schedules/nextTimes.ts';

const next = (cron: string, timezone: string, after: string, count = 1): readonly string[] =>
  nextTimes({ cron, timezone }, new Date(after), count).map((time) => time.toISOString());

it.each([
  ['0 2 * * *', '0 2 * * ? *'],
  ['*/5 * * * *', '0/5 * * * ? *'],
  ['0 0 */2 * *', '0 0 1/2 * ? *'],
  ['0 9 * * 1', '0 9 ? * MON *'],
  ['0 9 * * 1-5', '0 9 ? * MON,TUE,WED,THU,FRI *'],
  ['0 9 * * sun', '0 9 ? * SUN *'],
  ['0 9 * * 7', '0 9 ? * SUN *'],
  ['0 9 * * 5#2', '0 9 ? * 6#2 *'],
  ['0 9 * * 5L', '0 9 ? * 6L *'],
  ['0 9 1 * ? 2027', '0 9 1 * ? 2027'],
  ['cron(0 9 1 * ? *)', '0 9 1 * ? *'],
  ['  0   9 * * *  ', '0 9 * * ? *'],
])('writes %s as EventBridge reads it: %s', (cron, fields) => {
  expect(cronFields(readCron(cron))).toBe(fields);
});

it('counts crontab’s weekdays from Sunday = 0 and EventBridge’s from Sunday = 1', () => {
  // 2026-03-02 is a Monday.
  expect(next('0 9 * * 1', 'UTC', '2026-03-01T00:00:00Z')).toEqual(['2026-03-02T09:00:00.000Z']);
  expect(next('0 9 ? * 2 *', 'UTC', '2026-03-01T00:00:00Z')).toEqual(['2026-03-02T09:00:00.000Z']);
});

it('skips the hour that does not exist when clocks go forward', () => {
  // New York, 8 March 2026: 02:00 becomes 03:00.
  expect(next('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
    '2026-03-09T06:30:00.000Z',
    '2026-03-10T06:30:00.000Z',
  ]);
});

it('keeps the local hour over a change of the clocks', () => {
  expect(next('0 9 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z', 2)).toEqual([
    '2026-03-28T08:00:00.000Z',
    '2026-03-29T07:00:00.000Z',
  ]);
});

it('fires once in the hour that happens twice', () => {
  const times = next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2);
  expect(times).toHaveLength(2);
  expect(times.map((time) => time.slice(0, 10))).toEqual(['2026-10-25', '2026-10-26']);
});

it.each([
  ['0 2 * *', 'UTC', '#/schedule/cron'],
  ['0 2 * * * * *', 'UTC', '#/schedule/cron'],
  ['60 2 * * *', 'UTC', '#/schedule/cron'],
  ['0 24 * * *', 'UTC', '#/schedule/cron'],
  ['0 0 32 * *', 'UTC', '#/schedule/cron'],
  ['0 0 * 13 *', 'UTC', '#/schedule/cron'],
  ['0 0 * * 8', 'UTC', '#/schedule/cron'],
  ['0 0 * * 5-2', 'UTC', '#/schedule/cron'],
  ['0 0 1 * 1', 'UTC', '#/schedule/cron'],
  ['0 0 30 2 *', 'UTC', '#/schedule/cron'],
  ['0 0 1 1 ? 2020', 'UTC', '#/schedule/cron'],
  ['*/0 * * * *', 'UTC', '#/schedule/cron'],
  ['$(rm) * * * *', 'UTC', '#/schedule/cron'],
  ['0 2 * * *', 'Mars/Olympus', '#/schedule/timezone'],
  ['0 2 * * *', '+02:00', '#/schedule/timezone'],
  ['0 2 * * *', '../../etc/localtime', '#/schedule/timezone'],
])('refuses %s in %s at %s', (cron, timezone, pointer) => {
  let thrown: unknown;
  try {
    checkSchedule({ cron, timezone }, new Date('2026-01-01T00:00:00Z'));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(HeadgateError);
  expect((thrown as HeadgateError).fields.map((field) => field.pointer)).toEqual([pointer]);
});
