import type { Schedule } from '../sources/sourceItem.ts';
import { type CronExpression, cronFields, readCron, weekdays } from './cronExpression.ts';

const dayNames = [
  'Sundays',
  'Mondays',
  'Tuesdays',
  'Wednesdays',
  'Thursdays',
  'Fridays',
  'Saturdays',
] as const;
const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** A schedule in words: "Daily at 02:00 (New York)", "Every 2 hours", "Not scheduled". */
export function scheduleText(schedule: Schedule | null): string {
  if (schedule === null) return 'Not scheduled';
  const cron = readCron(schedule.cron);
  const zone = ` (${placeOf(schedule.timezone)})`;
  const often = intervalText(cron);
  if (often !== null) return often;
  const times = timesText(cron);
  const days = daysText(cron);
  if (times === null || days === null) return `Cron ${cronFields(cron)}${zone}`;
  return `${days} at ${times}${zone}`;
}

const placeOf = (timezone: string): string =>
  (timezone.split('/').at(-1) ?? timezone).replaceAll('_', ' ');

const isNumber = (field: string): boolean => /^\d+$/.test(field);
const everyDay = (cron: CronExpression): boolean =>
  cron.dayOfMonth === '*' && cron.month === '*' && cron.dayOfWeek === '?' && cron.year === '*';

/** Intervals that are even over the whole day; others are told as times. */
function intervalText(cron: CronExpression): string | null {
  if (!everyDay(cron)) return null;
  const { minute, hour } = cron;
  const step = (field: string): number => Number(/^0\/(\d+)$/.exec(field)?.[1] ?? 0);
  if (hour === '*') {
    if (minute === '*' || step(minute) === 1) return 'Every minute';
    if (step(minute) > 1 && 60 % step(minute) === 0) return `Every ${step(minute)} minutes`;
    if (isNumber(minute)) return `Every hour${past(minute)}`;
    return null;
  }
  const hours = step(hour);
  if (!isNumber(minute) || hours < 1 || 24 % hours !== 0) return null;
  if (hours === 24) return null;
  return `Every ${hours === 1 ? 'hour' : `${hours} hours`}${past(minute)}`;
}

const past = (minute: string): string =>
  Number(minute) === 0 ? '' : ` at :${minute.padStart(2, '0')}`;

function timesText({ minute, hour }: CronExpression): string | null {
  const hours = hour.split(',');
  if (!isNumber(minute) || !hours.every(isNumber) || hours.length > 4) return null;
  const times = hours.map((each) => `${each.padStart(2, '0')}:${minute.padStart(2, '0')}`);
  return listText(times.map((time) => (time === '00:00' ? 'midnight' : time)));
}

function daysText(cron: CronExpression): string | null {
  if (everyDay(cron)) return 'Daily';
  if (cron.year !== '*') return null;
  if (cron.dayOfMonth === '?') return cron.month === '*' ? weekdaysText(cron.dayOfWeek) : null;
  const day = cron.dayOfMonth === 'L' ? 'the last day' : cron.dayOfMonth;
  if (day !== 'the last day' && !isNumber(day)) return null;
  if (cron.month === '*')
    return day === 'the last day' ? 'Monthly on the last day' : `Monthly on day ${day}`;
  const month = isNumber(cron.month) ? monthNames[Number(cron.month) - 1] : undefined;
  return month === undefined || day === 'the last day' ? null : `Yearly on ${day} ${month}`;
}

function weekdaysText(field: string): string | null {
  const parts = field.split(',').flatMap((part) => {
    const [from, to] = part.split('-').map(weekdayIndex);
    if (from === undefined) return [-1];
    const last = to ?? from;
    return last < from ? [-1] : Array.from({ length: last - from + 1 }, (_, step) => from + step);
  });
  const days = [...new Set(parts)].sort((a, b) => a - b);
  if (days.some((day) => day < 0)) return null;
  const key = days.join('');
  if (key === '12345') return 'Weekdays';
  if (key === '06') return 'Weekends';
  const mondayFirst = [...days].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  return listText(mondayFirst.map((day) => dayNames[day] ?? ''));
}

/** EventBridge counts from Sunday = 1. */
const weekdayIndex = (text: string): number => {
  const named = weekdays.indexOf(text);
  if (named >= 0) return named;
  return /^[1-7]$/.test(text) ? Number(text) - 1 : -1;
};

const listText = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
