import type { DatabaseSync } from 'node:sqlite';
import { openSqlite } from '../protocol/sqlite.ts';

/**
 * `execution`: one row per execution, kept after its end so that its name stays taken.
 * `frame`: where each running flow stands; the execution's own has no parent, those of Parallel branches
 * and Map iterations have. A frame is written before its state acts, so a restart begins there again.
 * `map_run`, `map_item`: a distributed Map and its items; each started item is an execution of its own.
 */
const schema = `
  create table if not exists definition (
    hash text primary key,
    text text not null
  ) strict;
  create table if not exists machine (
    arn text primary key,
    name text not null,
    definition_hash text not null references definition,
    role_arn text not null,
    created_at integer not null
  ) strict;
  create table if not exists execution (
    arn text primary key,
    machine_arn text not null,
    name text not null,
    definition_hash text not null,
    role_arn text not null,
    status text not null,
    input text not null,
    output text,
    error text,
    cause text,
    started_at integer not null,
    stopped_at integer,
    map_run_arn text,
    announced text not null default ''
  ) strict;
  create index if not exists execution_machine on execution (machine_arn, started_at);
  create index if not exists execution_map_run on execution (map_run_arn)
    where map_run_arn is not null;
  create index if not exists execution_running on execution (status) where status = 'RUNNING';
  create index if not exists execution_unannounced on execution (arn) where announced <> status;
  create table if not exists frame (
    id integer primary key,
    execution_arn text not null references execution on delete cascade,
    parent_id integer references frame on delete cascade,
    branch integer not null,
    state text not null,
    input text not null,
    variables text not null,
    entered_at integer not null,
    entered_event integer not null,
    previous_event integer not null,
    retries text not null default '[]',
    retry_count integer not null default 0,
    resume_at integer,
    retrying integer not null default 0,
    scratch text,
    done integer not null default 0,
    output text
  ) strict;
  create index if not exists frame_parent on frame (parent_id);
  create index if not exists frame_execution on frame (execution_arn);
  create table if not exists event (
    execution_arn text not null references execution on delete cascade,
    id integer not null,
    previous_id integer not null,
    at integer not null,
    type text not null,
    details text,
    primary key (execution_arn, id)
  ) strict, without rowid;
  create table if not exists map_run (
    arn text primary key,
    execution_arn text not null references execution on delete cascade,
    frame_id integer not null,
    status text not null,
    max_concurrency integer not null,
    tolerated_count integer,
    tolerated_percentage real,
    items_read integer not null default 0,
    started_at integer not null,
    stopped_at integer
  ) strict;
  create index if not exists map_run_execution on map_run (execution_arn);
  create table if not exists map_item (
    map_run_arn text not null references map_run on delete cascade,
    position integer not null,
    input text not null,
    status text not null default 'PENDING',
    execution_arn text,
    primary key (map_run_arn, position)
  ) strict, without rowid;
  create index if not exists map_item_status on map_item (map_run_arn, status, position);
  create index if not exists map_item_execution on map_item (execution_arn);
`;

/** AWS forgets executions, and frees their names, this long after their end. */
const retentionMilliseconds = 90 * 24 * 3600 * 1000;

/** Opens the database of machines and executions, and forgets executions that ended 90 days ago. */
export function openStore(folder: string, now: number): DatabaseSync {
  const database = openSqlite(folder, 'stepfunctions', schema);
  database.exec('PRAGMA foreign_keys = ON');
  database.prepare('delete from execution where stopped_at < ?').run(now - retentionMilliseconds);
  return database;
}
