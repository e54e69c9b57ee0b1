import { openSqlite } from '../protocol/sqlite.ts';

/** An asynchronous invocation that was accepted and has not ended. */
export interface QueuedEvent {
  readonly id: number;
  readonly requestId: string;
  readonly functionName: string;
  /** JSON. */
  readonly payload: string;
  /** Invocations that failed so far. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

export interface EventQueue {
  add(event: { requestId: string; functionName: string; payload: string; now: number }): void;
  /** The oldest due events of a function, at most `limit`, without those in `except`. */
  due(functionName: string, now: number, limit: number, except: ReadonlySet<number>): QueuedEvent[];
  /** When the next event of any function is due, or null. */
  nextDue(except: ReadonlySet<number>): number | null;
  postpone(id: number, attempts: number, dueAt: number): void;
  remove(id: number): void;
  close(): void;
}

/** Accepted events, kept over kill -9: an event that was being handled then is handled again. */
export function openEventQueue(folder: string): EventQueue {
  const database = openSqlite(
    folder,
    'events',
    `create table if not exists event (
      id integer primary key,
      request_id text not null,
      function_name text not null,
      payload text not null,
      attempts integer not null default 0,
      received_at integer not null,
      due_at integer not null
    ) strict;
    create index if not exists event_due on event (function_name, due_at);`,
  );
  const insert = database.prepare(
    'insert into event (request_id, function_name, payload, received_at, due_at) values (?, ?, ?, ?, ?)',
  );
  const selectDue = database.prepare(
    `select id, request_id as requestId, function_name as functionName, payload, attempts,
       received_at as receivedAt
     from event where function_name = ? and due_at <= ?
       and id not in (select value from json_each(?)) order by due_at, id limit ?`,
  );
  const selectNext = database.prepare(
    'select min(due_at) as due from event where id not in (select value from json_each(?))',
  );
  const update = database.prepare('update event set attempts = ?, due_at = ? where id = ?');
  const remove = database.prepare('delete from event where id = ?');
  const list = (ids: ReadonlySet<number>): string => JSON.stringify([...ids]);
  return {
    add: ({ requestId, functionName, payload, now }) =>
      void insert.run(requestId, functionName, payload, now, now),
    due: (functionName, now, limit, except) =>
      selectDue.all(functionName, now, list(except), limit) as unknown as QueuedEvent[],
    nextDue: (except) => (selectNext.get(list(except)) as { due: number | null }).due,
    postpone: (id, attempts, dueAt) => void update.run(attempts, dueAt, id),
    remove: (id) => void remove.run(id),
    close: () => database.close(),
  };
}
