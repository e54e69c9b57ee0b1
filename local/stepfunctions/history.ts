import type { DatabaseSync } from 'node:sqlite';
import type { Json } from '../../shared/json.ts';

/** An event as GetExecutionHistory answers it, times in milliseconds since the epoch. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousId: number;
  readonly at: number;
  readonly type: string;
  /** The one member of the answer that holds its details, e.g. `{ stateEnteredEventDetails: … }`. */
  readonly details: Readonly<Record<string, Json>> | null;
}

export interface HistoryPage {
  readonly events: readonly HistoryEvent[];
  /** Where the next page starts, or null. */
  readonly next: number | null;
}

export interface History {
  /** Answers the event's id: 1, 2, 3 … within its execution. */
  add(executionArn: string, event: Omit<HistoryEvent, 'id'>): number;
  read(
    executionArn: string,
    page: { readonly reverse: boolean; readonly from: number | null; readonly limit: number },
  ): HistoryPage;
  count(executionArn: string): number;
}

/** AWS ends an execution that has this many. */
export const maxEvents = 25_000;

/** The stored events of executions. */
export function openHistory(database: DatabaseSync): History {
  const insert = database.prepare(
    `insert into event (execution_arn, id, previous_id, at, type, details)
     values (:arn, (select coalesce(max(id), 0) + 1 from event where execution_arn = :arn),
       :previousId, :at, :type, :details)
     returning id`,
  );
  const forward = database.prepare(
    `select id, previous_id as previousId, at, type, details from event
     where execution_arn = ? and id >= ? order by id limit ?`,
  );
  const backward = database.prepare(
    `select id, previous_id as previousId, at, type, details from event
     where execution_arn = ? and id <= ? order by id desc limit ?`,
  );
  const count = database.prepare(
    'select coalesce(max(id), 0) as count from event where execution_arn = ?',
  );
  return {
    add(arn, { previousId, at, type, details }) {
      const row = insert.get({
        arn,
        previousId,
        at,
        type,
        details: details === null ? null : JSON.stringify(details),
      });
      return (row as { id: number }).id;
    },
    read(arn, { reverse, from, limit }) {
      const start = from ?? (reverse ? Number.MAX_SAFE_INTEGER : 0);
      const rows = (reverse ? backward : forward).all(arn, start, limit + 1) as unknown as (Omit<
        HistoryEvent,
        'details'
      > & { readonly details: string | null })[];
      return {
        events: rows.slice(0, limit).map((row) => ({
          ...row,
          details: row.details === null ? null : JSON.parse(row.details),
        })),
        next: rows[limit]?.id ?? null,
      };
    },
    count: (arn) => (count.get(arn) as { count: number }).count,
  };
}
