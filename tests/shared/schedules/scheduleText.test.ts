import { expect, it } from 'vitest';
import { scheduleText } from '../../../shared/schedules/scheduleText.ts';

it.each([
  ['0 2 * * *', 'Daily at 02:00 (New York)'],
  ['0 0 * * *', 'Daily at midnight (New York)'],
  ['@daily', 'Daily at midnight (New York)'],
  ['0 6,18 * * *', 'Daily at 06:00 and 18:00 (New York)'],
  ['* * * * *', 'Every minute'],
  ['*/15 * * * *', 'Every 15 minutes'],
  ['0 * * * *', 'Every hour'],
  ['@hourly', 'Every hour'],
  ['20 * * * *', 'Every hour at :20'],
  ['0 */2 * * *', 'Every 2 hours'],
  ['5 */6 * * *', 'Every 6 hours at :05'],
  ['0 0/2 * * ? *', 'Every 2 hours'],
  ['30 6 * * 1-5', 'Weekdays at 06:30 (New York)'],
  ['30 6 ? * MON-FRI *', 'Weekdays at 06:30 (New York)'],
  ['0 9 * * 0,6', 'Weekends at 09:00 (New York)'],
  ['0 9 * * 1,4', 'Mondays and Thursdays at 09:00 (New York)'],
  ['0 9 ? * 2,5 *', 'Mondays and Thursdays at 09:00 (New York)'],
  ['0 9 * * 0', 'Sundays at 09:00 (New York)'],
  ['0 9 * * 7', 'Sundays at 09:00 (New York)'],
  ['0 9 * * 5-7', 'Fridays, Saturdays and Sundays at 09:00 (New York)'],
  ['0 9 * * 0-7', 'Daily at 09:00 (New York)'],
  ['0 9 1 * *', 'Monthly on day 1 at 09:00 (New York)'],
  ['0 9 L * ? *', 'Monthly on the last day at 09:00 (New York)'],
  ['0 9 24 12 *', 'Yearly on 24 December at 09:00 (New York)'],
  // What has no short name is shown as it is, rather than wrong.
  ['*/7 * * * *', 'Cron 0/7 * * * ? * (New York)'],
  ['0 */5 * * *', 'Cron 0 0/5 * * ? * (New York)'],
  ['5 4 1-7 * *', 'Cron 5 4 1-7 * ? * (New York)'],
  ['0 9 ? * 6#3 *', 'Cron 0 9 ? * 6#3 * (New York)'],
])('tells %s as "%s"', (cron, text) => {
  expect(scheduleText({ cron, timezone: 'America/New_York' })).toBe(text);
});

it('says when there is none, and names a zone by its place', () => {
  expect(scheduleText(null)).toBe('Not scheduled');
  const at = (timezone: string) => scheduleText({ cron: '0 2 * * *', timezone });
  expect(at('UTC')).toBe('Daily at 02:00 (UTC)');
  expect(at('America/Argentina/Buenos_Aires')).toBe('Daily at 02:00 (Buenos Aires)');
});
