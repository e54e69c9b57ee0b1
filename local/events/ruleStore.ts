import type { DatabaseSync } from 'node:sqlite';
import { localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { openSqlite } from '../protocol/sqlite.ts';
import { type FireTimes, scheduleExpression } from '../scheduler/scheduleExpression.ts';
import { compilePattern, type EventObject } from './eventPattern.ts';
import type { TargetInput } from './targetInput.ts';

const schema = `
CREATE TABLE IF NOT EXISTS rules(name TEXT PRIMARY KEY, rule TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS targets(
  rule TEXT NOT NULL, id TEXT NOT NULL, target TEXT NOT NULL, PRIMARY KEY(rule, id)) STRICT;
`;

export interface Rule {
  readonly name: string;
  readonly pattern?: string | undefined;
  readonly schedule?: string | undefined;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly description?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Epoch milliseconds; a rate counts from then. */
  readonly created: number;
}

export interface Target extends TargetInput {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string | undefined;
  readonly RetryPolicy?:
    | {
        readonly MaximumRetryAttempts?: number | undefined;
        readonly MaximumEventAgeInSeconds?: number | undefined;
      }
    | undefined;
  readonly DeadLetterConfig?: { readonly Arn?: string | undefined } | undefined;
}

/** A rule ready to be used. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly matches: ((event: EventObject) => boolean) | undefined;
  readonly times: FireTimes | undefined;
}

export const ruleArn = (name: string): string =>
  `arn:aws:events:${localAccount.region}:${localAccount.accountId}:rule/${name}`;

/** Rules of the default bus and their targets; compiled rules are kept in memory. */
export class RuleStore {
  readonly database: DatabaseSync;
  readonly #active = new Map<string, ActiveRule>();

  constructor(folder: string) {
    this.database = openSqlite(folder, 'events', schema);
    for (const row of this.database.prepare('SELECT rule FROM rules').iterate()) {
      const rule = JSON.parse(String(row['rule'])) as Rule;
      this.#active.set(rule.name, activate(rule));
    }
  }

  find(name: string): Rule | undefined {
    return this.#active.get(name)?.rule;
  }

  get(name: string): Rule {
    const rule = this.find(name);
    if (rule === undefined)
      throw new AwsError(
        'ResourceNotFoundException',
        `Rule ${name} does not exist on EventBus default.`,
      );
    return rule;
  }

  enabled(): readonly ActiveRule[] {
    return [...this.#active.values()].filter(({ rule }) => rule.state === 'ENABLED');
  }

  names(): readonly string[] {
    return [...this.#active.keys()].sort();
  }

  /** Throws when the pattern or the schedule is not valid; stores nothing then. */
  save(rule: Rule): void {
    const active = activate(rule);
    this.database
      .prepare('INSERT OR REPLACE INTO rules VALUES (?, ?)')
      .run(rule.name, JSON.stringify(rule));
    this.#active.set(rule.name, active);
  }

  remove(name: string): void {
    this.database.prepare('DELETE FROM rules WHERE name = ?').run(name);
    this.#active.delete(name);
  }

  targets(rule: string): readonly Target[] {
    return this.database
      .prepare('SELECT target FROM targets WHERE rule = ? ORDER BY id')
      .all(rule)
      .map((row) => JSON.parse(String(row['target'])) as Target);
  }

  saveTarget(rule: string, target: Target): void {
    this.database
      .prepare('INSERT OR REPLACE INTO targets VALUES (?, ?, ?)')
      .run(rule, target.Id, JSON.stringify(target));
  }

  /** False when there is no such target. */
  removeTarget(rule: string, id: string): boolean {
    const { changes } = this.database
      .prepare('DELETE FROM targets WHERE rule = ? AND id = ?')
      .run(rule, id);
    return Number(changes) > 0;
  }
}

const activate = (rule: Rule): ActiveRule => ({
  rule,
  matches: rule.pattern === undefined ? undefined : compilePattern(rule.pattern),
  times: rule.schedule === undefined ? undefined : ruleTimes(rule.schedule, rule.created),
});

/** Rules know rates and crons in UTC; a rate first fires one interval after the rule was made. */
function ruleTimes(schedule: string, created: number): FireTimes {
  if (schedule.startsWith('at('))
    throw new AwsError('ValidationException', 'Parameter ScheduleExpression is not valid.');
  const times = scheduleExpression(schedule, 'UTC', created);
  if (times.kind !== 'rate') return times;
  return { kind: 'rate', next: (after) => times.next(Math.max(after, created)) };
}
