import { badField } from '../api/fieldErrors.ts';

/** A cron expression as EventBridge reads it: weekdays by name, and `?` for the day field that does not count. */
export interface CronExpression {
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  readonly year: string;
}

const aliases: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};
/** As EventBridge names them, from Sunday on. */
export const weekdays: readonly string[] = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const badCron = (detail: string): Error => badField(['schedule', 'cron'], detail);

/**
 * Reads five fields (crontab), six (EventBridge, with a year) or an alias like `@daily`. Crontab counts weekdays
 * from Sunday = 0, EventBridge from Sunday = 1, so weekdays become names. Throws `validation_failed` for what
 * EventBridge cannot express: crontab's "day of month or weekday".
 */
export function readCron(text: string): CronExpression {
  const trimmed = text.trim();
  const bare = /^cron\((.*)\)$/i.exec(trimmed)?.[1] ?? aliases[trimmed.toLowerCase()] ?? trimmed;
  const fields = bare.trim().toUpperCase().split(/\s+/);
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields;
  if (
    minute === undefined ||
    hour === undefined ||
    dayOfMonth === undefined ||
    month === undefined ||
    dayOfWeek === undefined ||
    fields.length > 6
  )
    throw badCron(
      'Five fields (minute hour day month weekday), or six with a year as in EventBridge.',
    );
  for (const field of fields)
    if (!/^[0-9A-Z*?,/#-]{1,100}$/.test(field))
      throw badCron(`Cannot read "${field.slice(0, 40)}".`);
  const weekday = year === undefined ? crontabWeekdays(dayOfWeek) : dayOfWeek;
  return {
    minute: steps(minute, 0),
    hour: steps(hour, 0),
    month: steps(month, 1),
    year: year ?? '*',
    ...oneDayField(steps(dayOfMonth, 1), weekday),
  };
}

/** Crontab's steps from `*` start at the field's first value, which EventBridge wants to be named. */
const steps = (field: string, first: 0 | 1): string =>
  field.replaceAll(/(^|,)\*\/(?=\d)/g, `$1${first}/`);

function oneDayField(
  dayOfMonth: string,
  dayOfWeek: string,
): Pick<CronExpression, 'dayOfMonth' | 'dayOfWeek'> {
  const any = (field: string): boolean => field === '*' || field === '?';
  if (any(dayOfWeek)) return { dayOfMonth: dayOfMonth === '?' ? '*' : dayOfMonth, dayOfWeek: '?' };
  if (any(dayOfMonth)) return { dayOfMonth: '?', dayOfWeek };
  throw badCron('Give days of the month or weekdays, not both: use two sources or one of them.');
}

function crontabWeekdays(field: string): string {
  if (field === '*' || field === '?') return field;
  const days = new Set<number>();
  for (const part of field.split(',')) {
    const special = /^(\w+)(L|#[1-5])$/.exec(part);
    if (special !== null && field === part) return `${weekday(special[1]) + 1}${special[2]}`;
    const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [from, to] = range === '*' ? ['0', '6'] : range.split('-');
    const start = weekday(from);
    const stride = Number(step);
    if (stride < 1) throw badCron('A step must be at least 1.');
    const named = to === undefined ? (part.includes('/') ? 6 : start) : weekday(to);
    // Sunday at the end of a range is day 7: FRI-SUN, 5-7.
    const end = to === '7' || (to !== undefined && named === 0 && start > 0) ? 7 : named;
    if (end < start) throw badCron(`The weekdays "${part}" run backwards.`);
    for (let day = start; day <= end; day += stride) days.add(day % 7);
  }
  if (days.size === 7) return '*';
  return [...days]
    .sort((a, b) => a - b)
    .map((day) => weekdays[day])
    .join(',');
}

function weekday(text: string | undefined): number {
  const index = weekdays.indexOf(text ?? '');
  if (index >= 0) return index;
  if (text !== undefined && /^[0-7]$/.test(text)) return Number(text) % 7;
  throw badCron(`"${text ?? ''}" is no weekday: 0 to 7 or SUN to SAT.`);
}

/** The six fields in EventBridge's order. */
export const cronFields = (cron: CronExpression): string =>
  [cron.minute, cron.hour, cron.dayOfMonth, cron.month, cron.dayOfWeek, cron.year].join(' ');
