import { Cron } from 'croner';
import { badField } from '../api/fieldErrors.ts';
import type { Schedule } from '../sources/sourceItem.ts';
import { badCron, cronFields, readCron } from './cronExpression.ts';

/** How many candidates may be skipped while looking for one that really fires. */
const maxSkips = 50;

const cronOf = (schedule: Schedule): Cron =>
  // Seconds first; weekdays as EventBridge counts them, Sunday = 1.
  new Cron(`0 ${cronFields(readCron(schedule.cron))}`, {
    timezone: schedule.timezone,
    alternativeWeekdays: true,
    sloppyRanges: true,
    paused: true,
  });

/**
 * The next times a schedule fires after `after`, at most `count`. An hour that does not exist on the day clocks
 * go forward is skipped, as EventBridge Scheduler does; croner would fire at the next that does.
 */
export function nextTimes(schedule: Schedule, after: Date, count: number): readonly Date[] {
  const cron = cronOf(schedule);
  const times: Date[] = [];
  let from: Date | null = after;
  for (let skips = 0; times.length < count && skips < maxSkips; ) {
    from = cron.nextRun(from);
    if (from === null) break;
    if (cron.match(from)) times.push(from);
    else skips++;
  }
  return times;
}

/** Throws `validation_failed` with the bad field when EventBridge could not run this, or when it never fires. */
export function checkSchedule(schedule: Schedule, now: Date): void {
  const { timezone } = schedule;
  if (!isTimeZone(timezone))
    throw badField(['schedule', 'timezone'], 'Not an IANA time zone, like Europe/Berlin or UTC.');
  readCron(schedule.cron);
  let next: readonly Date[];
  try {
    next = nextTimes(schedule, now, 1);
  } catch {
    throw badCron('Not a cron expression.');
  }
  if (next.length === 0) throw badCron('Never fires.');
}

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
