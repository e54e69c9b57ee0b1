import type { DatabaseSync } from 'node:sqlite';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Execution {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly definitionHash: string;
  readonly roleArn: string;
  readonly status: ExecutionStatus;
  /** JSON, as it was given. */
  readonly input: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly cause: string | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly stoppedAt: number | null;
  /** The distributed Map this is a child of, or null. */
  readonly mapRunArn: string | null;
}

/** An execution that has not begun. */
export type NewExecution = Omit<Execution, 'status' | 'output' | 'error' | 'cause' | 'stoppedAt'>;

/** How an execution ended. */
export type Ending =
  | { readonly status: 'SUCCEEDED'; readonly output: string }
  | {
      readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
      readonly error: string | null;
      readonly cause: string | null;
    };

export interface ListFilter {
  /** Null when a Map Run is given. */
  readonly machineArn: string | null;
  readonly status: ExecutionStatus | null;
  readonly mapRunArn: string | null;
  readonly limit: number;
  /** Only those before this one in the order of the list. */
  readonly before: { readonly startedAt: number; readonly arn: string } | null;
}

export interface Executions {
  insert(execution: NewExecution): Execution;
  get(arn: string): Execution | null;
  /** Newest first. Children of distributed Maps are listed only by their Map Run. */
  list(filter: ListFilter): readonly Execution[];
  /** Those to go on with after a restart, oldest first, without children of distributed Maps. */
  running(): readonly Execution[];
  /** Ends a running execution and forgets where it stood; false when it had ended already. */
  end(arn: string, ending: Ending, now: number): boolean;
  /** Executions whose present status nobody has been told. */
  unannounced(): readonly Execution[];
  announced(arn: string, status: ExecutionStatus): void;
}

const columns = `arn, machine_arn as machineArn, name, definition_hash as definitionHash,
  role_arn as roleArn, status, input, output, error, cause, started_at as startedAt,
  stopped_at as stoppedAt, map_run_arn as mapRunArn`;

/** The stored executions. */
export function openExecutions(database: DatabaseSync): Executions {
  const insert = database.prepare(
    `insert into execution (arn, machine_arn, name, definition_hash, role_arn, status, input,
       started_at, map_run_arn, announced)
     values (?, ?, ?, ?, ?, 'RUNNING', ?, ?, ?, ?) returning ${columns}`,
  );
  const select = database.prepare(`select ${columns} from execution where arn = ?`);
  const list = database.prepare(
    `select ${columns} from execution
     where (:machineArn is null or machine_arn = :machineArn) and (:status is null or status = :status)
       and map_run_arn is :mapRunArn
       and (:startedAt is null or (started_at, arn) < (:startedAt, :arn))
     order by started_at desc, arn desc limit :limit`,
  );
  const running = database.prepare(
    `select ${columns} from execution where status = 'RUNNING' and map_run_arn is null
     order by started_at, arn`,
  );
  const end = database.prepare(
    `update execution set status = ?, output = ?, error = ?, cause = ?, stopped_at = ?,
       announced = iif(map_run_arn is null, announced, ?1)
     where arn = ? and status = 'RUNNING'`,
  );
  const dropFrames = database.prepare('delete from frame where execution_arn = ?');
  const unannounced = database.prepare(
    `select ${columns} from execution where announced <> status order by started_at, arn`,
  );
  const announced = database.prepare('update execution set announced = ? where arn = ?');
  return {
    insert: (execution) =>
      insert.get(
        execution.arn,
        execution.machineArn,
        execution.name,
        execution.definitionHash,
        execution.roleArn,
        execution.input,
        execution.startedAt,
        execution.mapRunArn,
        // Nobody is told of children of distributed Maps.
        execution.mapRunArn === null ? '' : 'RUNNING',
      ) as unknown as Execution,
    get: (arn) => (select.get(arn) as Execution | undefined) ?? null,
    list: ({ machineArn, status, mapRunArn, limit, before }) =>
      list.all({
        machineArn,
        status,
        mapRunArn,
        limit,
        startedAt: before?.startedAt ?? null,
        arn: before?.arn ?? null,
      }) as unknown as Execution[],
    running: () => running.all() as unknown as Execution[],
    end(arn, ending, now) {
      const [output, error, cause] =
        ending.status === 'SUCCEEDED'
          ? [ending.output, null, null]
          : [null, ending.error, ending.cause];
      const { changes } = end.run(ending.status, output, error, cause, now, arn);
      if (changes === 0) return false;
      dropFrames.run(arn);
      return true;
    },
    unannounced: () => unannounced.all() as unknown as Execution[],
    announced: (arn, status) => void announced.run(status, arn),
  };
}
