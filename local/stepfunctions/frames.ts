import type { DatabaseSync } from 'node:sqlite';
import type { Json } from '../../shared/json.ts';

export type Variables = Readonly<Record<string, Json>>;

/** Where a running flow stands. */
export interface Frame {
  readonly id: number;
  readonly executionArn: string;
  readonly parentId: number | null;
  /** Index of the Parallel branch or Map iteration; 0 for an execution's own flow. */
  readonly branch: number;
  /** The state it is at. */
  state: string;
  input: Json;
  /** Of this flow; those of the flows around it are theirs. */
  variables: Variables;
  enteredAt: number;
  /** The event that told of entering the state. */
  enteredEvent: number;
  /** The last event of this flow. */
  previousEvent: number;
  /** Retries taken so far, by the state's retrier. */
  retries: readonly number[];
  retryCount: number;
  /** End of a Wait, or, when `retrying`, of the pause before the next attempt. */
  resumeAt: number | null;
  retrying: boolean;
  /** What the state evaluated once and MUST keep over a restart, e.g. a Map's items. */
  scratch: Json;
  done: boolean;
  output: Json;
}

/** Where a flow enters a state. */
export type Entry = Pick<
  Frame,
  'state' | 'input' | 'variables' | 'enteredAt' | 'enteredEvent' | 'previousEvent'
>;

export interface Frames {
  add(place: Pick<Frame, 'executionArn' | 'parentId' | 'branch'>, entry: Entry): Frame;
  /** The execution's own frame, or null when it has ended. */
  root(executionArn: string): Frame | null;
  /** All that have not ended, outer ones first. */
  open(executionArn: string): readonly Frame[];
  children(parentId: number): readonly Frame[];
  /** Goes to another state; what the last one kept, and its branches, are gone. */
  enter(frame: Frame, entry: Entry): void;
  saveScratch(frame: Frame, scratch: Json): void;
  saveResumeAt(frame: Frame, resumeAt: number): void;
  /** The state failed and is tried again at `resumeAt`; its branches are gone. */
  saveRetry(frame: Frame, retries: readonly number[], resumeAt: number): void;
  /** The pause before a retry is over. */
  saveAttempt(frame: Frame): void;
  /** The flow ended; only for branches and iterations. */
  finish(frame: Frame, output: Json): void;
}

interface Row {
  readonly id: number;
  readonly execution_arn: string;
  readonly parent_id: number | null;
  readonly branch: number;
  readonly state: string;
  readonly input: string;
  readonly variables: string;
  readonly entered_at: number;
  readonly entered_event: number;
  readonly previous_event: number;
  readonly retries: string;
  readonly retry_count: number;
  readonly resume_at: number | null;
  readonly retrying: number;
  readonly scratch: string | null;
  readonly done: number;
  readonly output: string | null;
}

const parse = (text: string | null): Json => (text === null ? null : JSON.parse(text));

const toFrame = (row: Row): Frame => ({
  id: row.id,
  executionArn: row.execution_arn,
  parentId: row.parent_id,
  branch: row.branch,
  state: row.state,
  input: parse(row.input),
  variables: JSON.parse(row.variables),
  enteredAt: row.entered_at,
  enteredEvent: row.entered_event,
  previousEvent: row.previous_event,
  retries: JSON.parse(row.retries),
  retryCount: row.retry_count,
  resumeAt: row.resume_at,
  retrying: row.retrying === 1,
  scratch: parse(row.scratch),
  done: row.done === 1,
  output: parse(row.output),
});

/** The stored frames; a frame in memory is always what is stored. */
export function openFrames(database: DatabaseSync): Frames {
  const insert = database.prepare(
    `insert into frame (execution_arn, parent_id, branch, state, input, variables, entered_at,
       entered_event, previous_event)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning *`,
  );
  const root = database.prepare(
    'select * from frame where execution_arn = ? and parent_id is null',
  );
  const children = database.prepare('select * from frame where parent_id = ? order by branch');
  const open = database.prepare(
    'select * from frame where execution_arn = ? and done = 0 order by id',
  );
  const enter = database.prepare(
    `update frame set state = ?, input = ?, variables = ?, entered_at = ?, entered_event = ?,
       previous_event = ?, retries = '[]', retry_count = 0, resume_at = null, retrying = 0,
       scratch = null
     where id = ?`,
  );
  const dropChildren = database.prepare('delete from frame where parent_id = ?');
  const scratch = database.prepare('update frame set scratch = ? where id = ?');
  const resumeAt = database.prepare('update frame set resume_at = ? where id = ?');
  const retry = database.prepare(
    `update frame set retries = ?, retry_count = ?, resume_at = ?, retrying = 1, scratch = null,
       previous_event = ?
     where id = ?`,
  );
  const attempt = database.prepare('update frame set resume_at = null, retrying = 0 where id = ?');
  const finish = database.prepare('update frame set done = 1, output = ? where id = ?');
  return {
    add: ({ executionArn, parentId, branch }, entry) =>
      toFrame(
        insert.get(
          executionArn,
          parentId,
          branch,
          entry.state,
          JSON.stringify(entry.input),
          JSON.stringify(entry.variables),
          entry.enteredAt,
          entry.enteredEvent,
          entry.previousEvent,
        ) as unknown as Row,
      ),
    root(executionArn) {
      const row = root.get(executionArn) as Row | undefined;
      return row ? toFrame(row) : null;
    },
    open: (executionArn) => (open.all(executionArn) as unknown as Row[]).map(toFrame),
    children: (parentId) => (children.all(parentId) as unknown as Row[]).map(toFrame),
    enter(frame, entry) {
      dropChildren.run(frame.id);
      enter.run(
        entry.state,
        JSON.stringify(entry.input),
        JSON.stringify(entry.variables),
        entry.enteredAt,
        entry.enteredEvent,
        entry.previousEvent,
        frame.id,
      );
      Object.assign(frame, entry, {
        retries: [],
        retryCount: 0,
        resumeAt: null,
        retrying: false,
        scratch: null,
      });
    },
    saveScratch(frame, value) {
      scratch.run(JSON.stringify(value), frame.id);
      frame.scratch = value;
    },
    saveResumeAt(frame, at) {
      resumeAt.run(at, frame.id);
      frame.resumeAt = at;
    },
    saveRetry(frame, retries, at) {
      dropChildren.run(frame.id);
      retry.run(JSON.stringify(retries), frame.retryCount + 1, at, frame.previousEvent, frame.id);
      Object.assign(frame, {
        retries,
        retryCount: frame.retryCount + 1,
        resumeAt: at,
        retrying: true,
        scratch: null,
      });
    },
    saveAttempt(frame) {
      attempt.run(frame.id);
      Object.assign(frame, { resumeAt: null, retrying: false });
    },
    finish(frame, output) {
      finish.run(JSON.stringify(output), frame.id);
      Object.assign(frame, { done: true, output });
    },
  };
}
