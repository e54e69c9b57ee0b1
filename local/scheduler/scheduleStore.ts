import type { DatabaseSync } from 'node:sqlite';
import { AwsError } from '../protocol/awsError.ts';
import { inTransaction, openSqlite } from '../protocol/sqlite.ts';
import type { Schedule } from './schedule.ts';
import { scheduleExpression } from './scheduleExpression.ts';

const schema = `
CREATE TABLE IF NOT EXISTS groups(name TEXT PRIMARY KEY, created REAL NOT NULL, tags TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS schedules(
  grp TEXT NOT NULL, name TEXT NOT NULL, schedule TEXT NOT NULL,
  scheduled INTEGER, fires INTEGER, PRIMARY KEY(grp, name)) STRICT;
CREATE INDEX IF NOT EXISTS schedules_fires ON schedules(fires) WHERE fires IS NOT NULL;
INSERT OR IGNORE INTO groups VALUES ('default', 0, '{}');
`;

/** Scheduler promises to fire within a minute of the scheduled time. */
const lateMilliseconds = 60_000;

export interface Group {
  readonly name: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface DueSchedule {
  readonly schedule: Schedule;
  /** The time it was scheduled for, epoch milliseconds; its firing may be later, within its window. */
  readonly scheduled: number;
}

/** Schedules, their groups, and when each fires next. */
export class ScheduleStore {
  readonly database: DatabaseSync;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(folder: string, now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
    this.database = openSqlite(folder, 'scheduler', schema);
    // What was missed while nothing ran is not made up for.
    for (const schedule of this.#all()) this.#plan(schedule, this.now);
  }

  get now(): number {
    return this.#now();
  }

  group(name: string): Group {
    const row = this.database.prepare('SELECT * FROM groups WHERE name = ?').get(name);
    if (row === undefined)
      throw new AwsError('ResourceNotFoundException', `Schedule group ${name} does not exist.`, {
        status: 404,
      });
    return groupOf(row);
  }

  saveGroup(group: Group): void {
    this.database
      .prepare('INSERT OR REPLACE INTO groups VALUES (?, ?, ?)')
      .run(group.name, group.created, JSON.stringify(group.tags));
  }

  hasGroup(name: string): boolean {
    return this.database.prepare('SELECT 1 FROM groups WHERE name = ?').get(name) !== undefined;
  }

  dropGroup(name: string): void {
    inTransaction(this.database, () => {
      this.database.prepare('DELETE FROM schedules WHERE grp = ?').run(name);
      this.database.prepare('DELETE FROM groups WHERE name = ?').run(name);
    });
  }

  groups(prefix: string, after: string, limit: number): readonly Group[] {
    return this.database
      .prepare(
        'SELECT * FROM groups WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?',
      )
      .all(after, prefix.length, prefix, limit)
      .map(groupOf);
  }

  find(group: string, name: string): Schedule | undefined {
    const row = this.database
      .prepare('SELECT schedule FROM schedules WHERE grp = ? AND name = ?')
      .get(group, name);
    return row === undefined ? undefined : (JSON.parse(String(row['schedule'])) as Schedule);
  }

  get(group: string, name: string): Schedule {
    const schedule = this.find(group, name);
    if (schedule === undefined)
      throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, {
        status: 404,
      });
    return schedule;
  }

  /** Stores a schedule and plans its next firing. */
  save(schedule: Schedule): void {
    inTransaction(this.database, () => {
      this.database
        .prepare('INSERT OR REPLACE INTO schedules(grp, name, schedule) VALUES (?, ?, ?)')
        .run(schedule.GroupName, schedule.Name, JSON.stringify(schedule));
      // A rate without a start date fires at once; so what lies at this very moment counts.
      this.#plan(schedule, this.now - 1);
    });
  }

  remove(group: string, name: string): void {
    this.database.prepare('DELETE FROM schedules WHERE grp = ? AND name = ?').run(group, name);
  }

  /** A page in the order of group and name. */
  page(
    group: string | undefined,
    after: readonly [string, string],
    limit: number,
  ): readonly Schedule[] {
    return this.database
      .prepare(
        `SELECT schedule FROM schedules WHERE (?1 IS NULL OR grp = ?1) AND (grp, name) > (?2, ?3)
         ORDER BY grp, name LIMIT ?4`,
      )
      .all(group ?? null, ...after, limit)
      .map((row) => JSON.parse(String(row['schedule'])) as Schedule);
  }

  /** What fires now, each planned anew; `fire` runs in the same transaction as that. */
  takeDue(limit: number, fire: (due: DueSchedule) => void): number {
    return inTransaction(this.database, () => {
      const rows = this.database
        .prepare(
          'SELECT schedule, scheduled FROM schedules WHERE fires <= ? ORDER BY fires LIMIT ?',
        )
        .all(this.now, limit);
      for (const row of rows) {
        const schedule = JSON.parse(String(row['schedule'])) as Schedule;
        const scheduled = Number(row['scheduled']);
        fire({ schedule, scheduled });
        // After a suspension one late firing is enough; those in between were missed.
        const more = this.#plan(schedule, Math.max(scheduled, this.now - lateMilliseconds));
        if (!more && schedule.ActionAfterCompletion === 'DELETE')
          this.remove(schedule.GroupName, schedule.Name);
      }
      return rows.length;
    });
  }

  /** When the next one fires, epoch milliseconds. */
  nextFiring(): number | undefined {
    const fires = this.database.prepare('SELECT min(fires) AS fires FROM schedules').get()?.[
      'fires'
    ];
    return typeof fires === 'number' ? fires : undefined;
  }

  /** Plans the first firing later than `after`; false when there is none. */
  #plan(schedule: Schedule, after: number): boolean {
    const scheduled = nextTime(schedule, after);
    const { Mode, MaximumWindowInMinutes = 0 } = schedule.FlexibleTimeWindow;
    const window = Mode === 'FLEXIBLE' ? MaximumWindowInMinutes * 60_000 : 0;
    const fires =
      scheduled === undefined ? undefined : scheduled + Math.floor(this.#random() * window);
    this.database
      .prepare('UPDATE schedules SET scheduled = ?, fires = ? WHERE grp = ? AND name = ?')
      .run(scheduled ?? null, fires ?? null, schedule.GroupName, schedule.Name);
    return scheduled !== undefined;
  }

  *#all(): Generator<Schedule> {
    let after: readonly [string, string] = ['', ''];
    for (;;) {
      const schedules = this.page(undefined, after, 200);
      yield* schedules;
      const last = schedules.at(-1);
      if (last === undefined) return;
      after = [last.GroupName, last.Name];
    }
  }
}

/** The first time later than `after` within the schedule's dates; a disabled schedule has none. */
export function nextTime(schedule: Schedule, after: number): number | undefined {
  if (schedule.State === 'DISABLED') return undefined;
  const start = Math.round((schedule.StartDate ?? schedule.CreationDate) * 1000);
  const times = scheduleExpression(
    schedule.ScheduleExpression,
    schedule.ScheduleExpressionTimezone,
    start,
  );
  // The dates bound recurring schedules only (API reference, CreateSchedule).
  if (times.kind === 'at') return times.next(after);
  const next = times.next(Math.max(after, start - 1));
  const end = (schedule.EndDate ?? Number.POSITIVE_INFINITY) * 1000;
  return next !== undefined && next <= end ? next : undefined;
}

const groupOf = (row: Readonly<Record<string, unknown>>): Group => ({
  name: String(row['name']),
  created: Number(row['created']),
  tags: JSON.parse(String(row['tags'])) as Record<string, string>,
});
