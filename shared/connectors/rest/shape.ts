import type { Json } from '../../json.ts';
import type { Batch, SourceRecord, StreamRequest } from '../connector.ts';
import { at } from './paths.ts';
import { type Project, projection } from './projectRecord.ts';
import type { RestCheckpoint, RestPass } from './restCheckpoint.ts';
import type { RestColumn } from './restColumn.ts';
import type { RestOutcome } from './restPages.ts';
import type { RestStream } from './restStream.ts';
import { millisecondsOf } from './times.ts';

/** How records of one read become rows. */
export interface Shape {
  readonly stream: RestStream<never, never>;
  /** null: records as they are. */
  readonly columns: readonly RestColumn[] | null;
  readonly project: Project;
  readonly projectKey: Project;
  readonly key: readonly string[];
  /** A whole read may also tell of records that went while it was under way. */
  readonly wholeHasGone: boolean;
}

/** The columns that were asked for, and those without which rows cannot be told apart or ordered. */
export function shapeOf<Config, Credentials>(
  stream: RestStream<Config, Credentials>,
  columns: readonly RestColumn[] | null,
  request: StreamRequest,
): Shape {
  const { cursorField, others, parent } = stream;
  const key = request.primaryKey.length > 0 ? request.primaryKey : stream.primaryKey;
  const needed = new Set([
    ...stream.primaryKey,
    ...request.primaryKey,
    cursorField,
    parent?.column,
  ]);
  const wanted = (columns ?? []).filter(
    ({ name }) => request.columns === null || request.columns.includes(name) || needed.has(name),
  );
  const takesOthers =
    others !== undefined && (request.columns === null || request.columns.includes(others));
  return {
    stream: stream as unknown as RestStream<never, never>,
    columns: columns === null ? null : wanted,
    project:
      columns === null
        ? selection(request.columns === null ? null : new Set([...request.columns, ...needed]))
        : projection(
            wanted.filter(({ name }) => name !== others),
            takesOthers ? others : null,
          ),
    projectKey:
      columns === null
        ? selection(new Set([...key, cursorField]))
        : projection(
            columns.filter(({ name }) => key.includes(name) || name === cursorField),
            null,
          ),
    key,
    wholeHasGone:
      stream.changes?.kind === 'token' &&
      stream.repeats === true &&
      stream.deletes === 'tombstone' &&
      request.mode !== 'full_refresh_append',
  };
}

/** Fields of the record by name, as they are; null: all. What is no object is its only field. */
const selection =
  (names: ReadonlySet<string | undefined> | null): Project =>
  (record) => {
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      return { value: record };
    if (names === null) return record as SourceRecord;
    return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
  };

/** Records, then the keys of those that are gone; of several outcomes of one key on a page of changes the last. */
export function* toBatches(
  { stream, columns, project, projectKey, key, wholeHasGone }: Shape,
  outcomes: readonly RestOutcome[],
  pass: RestPass,
  parent: Json | undefined,
  checkpoint: RestCheckpoint,
): Generator<Batch<RestCheckpoint>> {
  const batch = (records: readonly SourceRecord[]) => ({
    body: { kind: 'records', records } as const,
    ...(columns === null ? {} : { columns }),
  });
  const whole = (raw: Json): SourceRecord => {
    const record = project(raw);
    return parent === undefined || stream.parent === undefined
      ? record
      : { ...record, [stream.parent.column]: parent };
  };
  if (pass === 'full' && !wholeHasGone) {
    const records: SourceRecord[] = [];
    for (const outcome of outcomes) if (!('gone' in outcome)) records.push(whole(outcome.record));
    yield { ...batch(records), checkpoint };
    return;
  }
  const live = new Map<string, SourceRecord>();
  const gone = new Map<string, SourceRecord>();
  const idOf = (record: SourceRecord): string =>
    key.length === 0 ? String(live.size) : JSON.stringify(key.map((name) => record[name] ?? null));
  for (const outcome of outcomes) {
    if ('gone' in outcome) {
      const record = projectKey(outcome.gone);
      const id = idOf(record);
      live.delete(id);
      gone.set(id, withTime(record, stream, outcome.gone, pass));
      continue;
    }
    const swallowed = stream.swallowed?.(outcome.record) ?? [];
    const record = whole(outcome.record);
    const id = idOf(record);
    gone.delete(id);
    live.set(id, record);
    for (const one of swallowed) {
      const dead = projectKey(one);
      gone.set(idOf(dead), dead);
    }
  }
  if (gone.size === 0) {
    yield { ...batch([...live.values()]), checkpoint };
    return;
  }
  if (live.size > 0) yield batch([...live.values()]);
  yield { ...batch([...gone.values()]), tombstones: true, checkpoint };
}

/** A row in a list of deletions was last changed when it was deleted. */
function withTime(
  record: SourceRecord,
  { deletions, cursorField }: RestStream<never, never>,
  raw: Json,
  pass: RestPass,
): SourceRecord {
  if (pass !== 'deletions' || deletions === undefined || cursorField === undefined) return record;
  const time = millisecondsOf(at(raw, deletions.time), deletions.format);
  return time === null ? record : { ...record, [cursorField]: new Date(time).toISOString() };
}
