import { Cron } from 'croner';
import { AwsError } from '../protocol/awsError.ts';

/**
 * When something fires: `next(after)` answers the first time later than `after` (epoch milliseconds), or
 * undefined when there is none any more.
 */
export interface FireTimes {
  readonly kind: 'cron' | 'rate' | 'at';
  next(after: number): number | undefined;
}

/** croner looks for a date it never reaches (30 February) for long; a gap of the clock is one day at most. */
const maxSkipped = 400;

export const invalidExpression = (expression: string): AwsError =>
  new AwsError('ValidationException', `Invalid Schedule Expression ${expression}.`);

/**
 * Reads `cron(…)`, `rate(…)` and `at(…)` as EventBridge Scheduler does. `anchor` is when a rate starts to
 * count: its first firing is then.
 * Throws ValidationException.
 */
export function scheduleExpression(
  expression: string,
  timezone: string,
  anchor: number,
): FireTimes {
  const [, kind, body = ''] = /^(cron|rate|at)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === undefined) throw invalidExpression(expression);
  if (!isTimezone(timezone))
    throw new AwsError('ValidationException', `Invalid ScheduleExpressionTimezone ${timezone}.`);
  if (kind === 'rate') return rate(expression, body, anchor);
  return kind === 'at' ? at(expression, body, timezone) : cron(expression, body, timezone);
}

const millisecondsOf = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

function rate(expression: string, body: string, anchor: number): FireTimes {
  const [, count, unit, plural] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(body.trim()) ?? [];
  // "rate(1 hours)" and "rate(2 hour)" are refused by AWS too.
  if (unit === undefined || (count === '1') !== (plural === ''))
    throw invalidExpression(expression);
  const every = Number(count) * millisecondsOf[unit as keyof typeof millisecondsOf];
  return {
    kind: 'rate',
    next: (after) =>
      after < anchor ? anchor : anchor + (Math.floor((after - anchor) / every) + 1) * every,
  };
}

/** Minutes, hours, day of month, month, day of week, year; one of the two days is `?`. */
function cron(expression: string, body: string, timezone: string): FireTimes {
  const fields = body.trim().split(/\s+/);
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?'))
    throw invalidExpression(expression);
  let times: Cron;
  try {
    // Without these flags weekdays count from 0 instead of 1, and `0/15` is refused.
    times = new Cron(`0 ${fields.join(' ')}`, {
      timezone,
      alternativeWeekdays: true,
      sloppyRanges: true,
      paused: true,
    });
  } catch {
    throw invalidExpression(expression);
  }
  return {
    kind: 'cron',
    next: (after) => {
      let date = times.nextRun(new Date(after));
      // A time that the clocks jump over is moved on by croner and skipped by AWS.
      for (let skipped = 0; date !== null && skipped < maxSkipped; skipped++) {
        if (times.match(date)) return date.getTime();
        date = times.nextRun(date);
      }
      return undefined;
    },
  };
}

function at(expression: string, body: string, timezone: string): FireTimes {
  const text = body.trim();
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text) || Number.isNaN(Date.parse(`${text}Z`)))
    throw invalidExpression(expression);
  const time = instantOf(text, timezone);
  return { kind: 'at', next: (after) => (time !== undefined && time > after ? time : undefined) };
}

function isTimezone(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}

/** The first instant at which clocks in a zone show a local time; undefined when they jump over it. */
function instantOf(local: string, timezone: string): number | undefined {
  const asUtc = Date.parse(`${local}Z`);
  const format = new Intl.DateTimeFormat('sv', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const shown = (instant: number): number =>
    Date.parse(`${format.format(instant).replace(' ', 'T')}Z`);
  const day = 86_400_000;
  // The zone's offset a day before and a day after, which differ only around a change of clocks.
  const offsets = [asUtc - day, asUtc + day].map((instant) => shown(instant) - instant);
  return offsets
    .map((offset) => asUtc - offset)
    .sort((left, right) => left - right)
    .find((instant) => shown(instant) === asUtc);
}

/** The next `count` times, for tests and for looking at a schedule. */
export function nextFireTimes(
  expression: string,
  timezone: string,
  from: Date,
  count: number,
): readonly Date[] {
  const times = scheduleExpression(expression, timezone, from.getTime());
  const found: Date[] = [];
  for (let after = from.getTime(); found.length < count; ) {
    const next = times.next(after);
    if (next === undefined) break;
    found.push(new Date(next));
    after = next;
  }
  return found;
}
