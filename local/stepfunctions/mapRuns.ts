import type { DatabaseSync } from 'node:sqlite';
import type { Execution, ExecutionStatus } from './executions.ts';

export type MapRunStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
export type ItemStatus = 'PENDING' | ExecutionStatus;

/** A distributed Map at work. */
export interface MapRun {
  readonly arn: string;
  readonly executionArn: string;
  /** The frame that stands at the Map. */
  readonly frameId: number;
  readonly status: MapRunStatus;
  readonly maxConcurrency: number;
  /** Null when the definition says nothing. */
  readonly toleratedCount: number | null;
  readonly toleratedPercentage: number | null;
  /** Whether all items are stored; until then none has started. */
  readonly itemsRead: boolean;
  readonly startedAt: number;
  readonly stoppedAt: number | null;
}

export interface MapItem {
  readonly position: number;
  /** JSON. */
  readonly input: string;
  readonly executionArn: string | null;
}

export type ItemCounts = Readonly<Record<ItemStatus, number>>;

export interface MapRuns {
  insert(run: Omit<MapRun, 'status' | 'itemsRead' | 'stoppedAt'>): MapRun;
  get(arn: string): MapRun | null;
  /** The running one of a frame. */
  ofFrame(frameId: number): MapRun | null;
  list(executionArn: string): readonly MapRun[];
  end(arn: string, status: MapRunStatus, now: number): void;
  /** Ends the running Maps of an execution and answers their running children. */
  abort(executionArn: string, now: number): readonly Execution[];
  /** Forgets items that were stored before a restart cut the reading short. */
  clearItems(arn: string): void;
  addItem(arn: string, position: number, input: string): void;
  setItemsRead(arn: string): void;
  /** Items that were running when the process ended. */
  interrupted(arn: string): readonly MapItem[];
  /** The first item that has not started. */
  nextPending(arn: string): MapItem | null;
  startItem(arn: string, position: number, executionArn: string): void;
  endItem(arn: string, position: number, status: ExecutionStatus): void;
  counts(arn: string): ItemCounts;
  /** Ended children in the order of their items. */
  results(arn: string, statuses: readonly ExecutionStatus[]): Iterable<Execution>;
}

const resultsPerPage = 100;

const runColumns = `arn, execution_arn as executionArn, frame_id as frameId, status,
  max_concurrency as maxConcurrency, tolerated_count as toleratedCount,
  tolerated_percentage as toleratedPercentage, items_read as itemsRead, started_at as startedAt,
  stopped_at as stoppedAt`;
const itemColumns = 'position, input, execution_arn as executionArn';
const executionColumns = `e.arn, e.machine_arn as machineArn, e.name,
  e.definition_hash as definitionHash, e.role_arn as roleArn, e.status, e.input, e.output, e.error,
  e.cause, e.started_at as startedAt, e.stopped_at as stoppedAt, e.map_run_arn as mapRunArn`;

const toMapRun = (row: unknown): MapRun => {
  const mapRun = row as Omit<MapRun, 'itemsRead'> & { readonly itemsRead: number };
  return { ...mapRun, itemsRead: mapRun.itemsRead === 1 };
};

/** The stored runs of distributed Maps. */
export function openMapRuns(database: DatabaseSync): MapRuns {
  const insert = database.prepare(
    `insert into map_run (arn, execution_arn, frame_id, status, max_concurrency, tolerated_count,
       tolerated_percentage, started_at)
     values (?, ?, ?, 'RUNNING', ?, ?, ?, ?) returning ${runColumns}`,
  );
  const get = database.prepare(`select ${runColumns} from map_run where arn = ?`);
  const ofFrame = database.prepare(
    `select ${runColumns} from map_run where execution_arn =
       (select execution_arn from frame where id = ?1) and frame_id = ?1 and status = 'RUNNING'`,
  );
  const list = database.prepare(
    `select ${runColumns} from map_run where execution_arn = ? order by started_at, arn`,
  );
  const end = database.prepare('update map_run set status = ?, stopped_at = ? where arn = ?');
  const abort = database.prepare(
    `update map_run set status = 'ABORTED', stopped_at = ?
     where execution_arn = ? and status = 'RUNNING' returning arn`,
  );
  const runningChildren = database.prepare(
    `select ${executionColumns} from map_item i join execution e on e.arn = i.execution_arn
     where i.map_run_arn = ? and i.status = 'RUNNING' and e.status = 'RUNNING'`,
  );
  const abortItems = database.prepare(
    `update map_item set status = 'ABORTED' where map_run_arn = ? and status = 'RUNNING'`,
  );
  const clearItems = database.prepare('delete from map_item where map_run_arn = ?');
  const addItem = database.prepare(
    'insert into map_item (map_run_arn, position, input) values (?, ?, ?)',
  );
  const setItemsRead = database.prepare('update map_run set items_read = 1 where arn = ?');
  const interrupted = database.prepare(
    `select ${itemColumns} from map_item where map_run_arn = ? and status = 'RUNNING'
     order by position`,
  );
  const nextPending = database.prepare(
    `select ${itemColumns} from map_item where map_run_arn = ? and status = 'PENDING'
     order by position limit 1`,
  );
  const startItem = database.prepare(
    `update map_item set status = 'RUNNING', execution_arn = ?
     where map_run_arn = ? and position = ?`,
  );
  const endItem = database.prepare(
    'update map_item set status = ? where map_run_arn = ? and position = ?',
  );
  const counts = database.prepare(
    'select status, count(*) as count from map_item where map_run_arn = ? group by status',
  );
  const results = database.prepare(
    `select i.position, ${executionColumns}
     from map_item i join execution e on e.arn = i.execution_arn
     where i.map_run_arn = ? and i.status in (select value from json_each(?)) and i.position > ?
     order by i.position limit ${resultsPerPage}`,
  );
  return {
    insert: (run) =>
      toMapRun(
        insert.get(
          run.arn,
          run.executionArn,
          run.frameId,
          run.maxConcurrency,
          run.toleratedCount,
          run.toleratedPercentage,
          run.startedAt,
        ),
      ),
    get(arn) {
      const row = get.get(arn);
      return row ? toMapRun(row) : null;
    },
    ofFrame(frameId) {
      const row = ofFrame.get(frameId);
      return row ? toMapRun(row) : null;
    },
    list: (executionArn) => list.all(executionArn).map(toMapRun),
    end: (arn, status, now) => void end.run(status, now, arn),
    abort: (executionArn, now) =>
      (abort.all(now, executionArn) as unknown as { readonly arn: string }[]).flatMap(({ arn }) => {
        const children = runningChildren.all(arn) as unknown as Execution[];
        abortItems.run(arn);
        return children;
      }),
    clearItems: (arn) => void clearItems.run(arn),
    addItem: (arn, position, input) => void addItem.run(arn, position, input),
    setItemsRead: (arn) => void setItemsRead.run(arn),
    interrupted: (arn) => interrupted.all(arn) as unknown as MapItem[],
    nextPending: (arn) => (nextPending.get(arn) as MapItem | undefined) ?? null,
    startItem: (arn, position, executionArn) => void startItem.run(executionArn, arn, position),
    endItem: (arn, position, status) => void endItem.run(status, arn, position),
    counts(arn) {
      const zero: Record<ItemStatus, number> = {
        PENDING: 0,
        RUNNING: 0,
        SUCCEEDED: 0,
        FAILED: 0,
        TIMED_OUT: 0,
        ABORTED: 0,
      };
      for (const row of counts.all(arn) as unknown as { status: ItemStatus; count: number }[])
        zero[row.status] = row.count;
      return zero;
    },
    *results(arn, statuses) {
      type Row = Execution & { readonly position: number };
      let page: readonly Row[];
      let last = -1;
      do {
        page = results.all(arn, JSON.stringify(statuses), last) as unknown as Row[];
        last = page.at(-1)?.position ?? last;
        yield* page;
      } while (page.length === resultsPerPage);
    },
  };
}
