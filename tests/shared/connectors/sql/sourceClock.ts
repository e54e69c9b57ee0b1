import type { PostgresServer } from '../../../postgres.ts';

export interface SourceClock {
  /** Of the role whose clock it is. */
  readonly credentials: { readonly user: string; readonly password: string };
  /** Any text PostgreSQL reads as an instant. */
  set(instant: string): Promise<void>;
}

/**
 * Puts the clock that a connector asks in a test's hands: a function of the test's own stands before
 * `transaction_timestamp` in a role's search path.
 */
export async function takeClock(postgres: PostgresServer): Promise<SourceClock> {
  const credentials = { user: 'clocked', password: 'clocked-canary-77d1' };
  await postgres.execute(`
    create schema clock;
    create table clock.face(at timestamptz not null);
    insert into clock.face values ('2024-01-01Z');
    create function clock.transaction_timestamp() returns timestamptz stable language sql
      as 'select at from clock.face';
    create role clocked superuser login password '${credentials.password}';
    alter role clocked set search_path = clock, pg_catalog, public`);
  return {
    credentials,
    set: async (instant) => {
      await postgres.execute(`update clock.face set at = '${instant}'`);
    },
  };
}
