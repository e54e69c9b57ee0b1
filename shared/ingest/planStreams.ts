import { createHash } from 'node:crypto';
import type { StreamDescription, StreamRequest, SyncMode } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import type { RunRequest } from '../runs/runRequest.ts';
import type { SourceItem } from '../sources/sourceItem.ts';

/**
 * How the rows of a run meet those of the table.
 * `append`: they are added. `appendOnce`: those whose (key, cursor) is there already are not: an incremental read
 * begins a little before the last one's end. `upsert`: the newest row of each key stays.
 * `replace`: they take the place of all rows. `replaceWindow`: of those whose cursor lies in the run's dates.
 * `keepOnly`: they are keys, and rows of other keys go.
 */
export type Effect = 'append' | 'appendOnce' | 'upsert' | 'replace' | 'replaceWindow' | 'keepOnly';

/** Effects that need the whole read: parts are kept aside until it is complete, and one snapshot shows it. */
export const isStaged = (effect: Effect): boolean =>
  effect === 'replace' || effect === 'replaceWindow' || effect === 'keepOnly';

/** What a run does with one stream. */
export interface StreamPlan {
  readonly description: StreamDescription;
  readonly request: StreamRequest;
  readonly effect: Effect;
  /** Columns that tell rows apart, in the source's spelling; empty where nothing does. */
  readonly key: readonly string[];
  /** Columns that order the versions of a row. */
  readonly cursor: string | null;
  readonly onDelete: 'tombstone' | 'remove';
  /** What the source's settings say of columns; see `columnRulesOf`. */
  readonly settings: Pick<SourceItem, 'streams' | 'contract' | 'rules'>;
  /** Start from nothing, whatever the cursor says. */
  readonly fromStart: boolean;
  /** Whether the last checkpoint becomes the stream's cursor. */
  readonly keepsCursor: boolean;
  /** `<namespace>.<table>`. */
  readonly table: string;
}

/**
 * The streams of a run in a stable order. An incremental source reads streams without a cursor column whole; where it names
 * none, a stream that upserts takes the only one it offers.
 * Throws `source_not_found` for a chosen stream that the source does not have (any more), `invalid_config` for a
 * backfill of a stream without a cursor.
 */
export function planStreams(
  source: SourceItem,
  descriptions: readonly StreamDescription[],
  request: RunRequest,
  landing: boolean,
): readonly StreamPlan[] {
  const chosen = request.streams ?? (source.streams === null ? null : Object.keys(source.streams));
  const byName = new Map(descriptions.map((description) => [description.name, description]));
  const names = chosen ?? descriptions.map(({ name }) => name);
  const plans = names.map((name) => {
    const description = byName.get(name);
    if (description === undefined)
      throw new HeadgateError(
        'source_not_found',
        `The source has no stream "${name}". It has: ${[...byName.keys()].slice(0, 20).join(', ') || 'none'}.`,
        { facts: { stream: name } },
      );
    return planStream(source, description, request, landing, descriptions.length === 1);
  });
  return request.kind === 'detect_deletes' ? comparable(plans) : plans;
}

function planStream(
  source: SourceItem,
  description: StreamDescription,
  request: RunRequest,
  landing: boolean,
  single: boolean,
): StreamPlan {
  const settings = source.streams?.[description.name] ?? {};
  // Files load once each and add up; "everything again" is only done when asked for.
  const wanted: SyncMode = landing ? 'incremental' : (settings.syncMode ?? source.syncMode);
  const cursorField =
    settings.cursorField ??
    source.cursorField ??
    (wanted === 'incremental' ? onlyCursor(description) : null);
  const hasCursor = cursorField !== null && description.cursorFields.includes(cursorField);
  const incremental =
    wanted === 'incremental' &&
    description.modes.includes('incremental') &&
    (landing || hasCursor || description.cursorFields.length === 0);
  const mode: SyncMode = incremental
    ? 'incremental'
    : wanted === 'full_refresh_append' || request.mode === 'full_refresh_append'
      ? 'full_refresh_append'
      : 'full_refresh';
  const chosenKey =
    settings.primaryKey ?? (source.primaryKey.length > 0 ? source.primaryKey : null);
  const key = chosenKey ?? description.primaryKey;
  const upserts =
    key.length > 0 && (chosenKey !== null || description.upserts === true) && incremental;
  const window =
    request.startDate === undefined
      ? null
      : { from: request.startDate, to: request.endDate ?? null };
  if (window !== null && !hasCursor && !description.supportsDateRange)
    throw new HeadgateError(
      'invalid_config',
      `"${description.name}" cannot be read by date: choose a cursor field that is a date or a time.`,
      { facts: { stream: description.name } },
    );
  const keysOnly = request.kind === 'detect_deletes';
  const readAs: SyncMode = keysOnly ? 'full_refresh' : mode;
  return {
    description,
    effect: keysOnly ? 'keepOnly' : effectOf(request, mode, upserts, key, hasCursor),
    key,
    cursor: hasCursor ? cursorField : null,
    onDelete: settings.onDelete ?? source.rules?.onDelete ?? 'tombstone',
    settings: {
      streams: { [description.name]: settings },
      contract: source.contract,
      ...(source.rules === undefined ? {} : { rules: source.rules }),
    },
    fromStart: !incremental || request.mode === 'full_refresh' || keysOnly || window !== null,
    keepsCursor: incremental && window === null && !keysOnly,
    table: `${source.namespace}.${tableOf(source, description.name, settings.table, single)}`,
    request: {
      name: description.name,
      mode: readAs,
      primaryKey: key,
      cursorField: (incremental || window !== null) && hasCursor && !keysOnly ? cursorField : null,
      columns: keysOnly ? key : (settings.columns ?? null),
      window,
    },
  };
}

/** The cursor nobody has to choose: rows of one key replace each other, and there is one column to order them by. */
const onlyCursor = ({ upserts, cursorFields }: StreamDescription): string | null =>
  upserts === true && cursorFields.length === 1 ? (cursorFields[0] ?? null) : null;

function effectOf(
  request: RunRequest,
  mode: SyncMode,
  upserts: boolean,
  key: readonly string[],
  hasCursor: boolean,
): Effect {
  if (request.startDate !== undefined) return upserts ? 'upsert' : 'replaceWindow';
  if (request.mode === 'full_refresh') return 'replace';
  if (mode === 'full_refresh') return request.mode === 'full_refresh_append' ? 'append' : 'replace';
  if (mode === 'full_refresh_append') return 'append';
  if (upserts) return 'upsert';
  return key.length > 0 && hasCursor ? 'appendOnce' : 'append';
}

/** Deletes can be detected where rows have a key. Throws `invalid_config` when no stream has one. */
function comparable(plans: readonly StreamPlan[]): readonly StreamPlan[] {
  const keyed = plans.filter(({ key }) => key.length > 0);
  if (keyed.length === 0)
    throw new HeadgateError(
      'invalid_config',
      'Deletes can be detected only in streams with a primary key, and none of these has one.',
    );
  return keyed;
}

/** The source's table is the only stream's, and the first part of the name of each of several. */
const tableOf = (
  source: SourceItem,
  stream: string,
  chosen: string | undefined,
  single: boolean,
): string => chosen ?? (single ? source.table : `${source.table}_${tableName(stream)}`);

/** A table name every query engine takes without quotes. */
export const tableName = (stream: string): string => {
  const plain = stream
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return /^[a-z_]/.test(plain) ? plain : `t_${plain}`;
};

/** Changes when parts of an unfinished read no longer fit together. */
export const stageHash = (source: SourceItem, plan: StreamPlan): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        source.connector,
        source.config,
        source.streams?.[plan.request.name] ?? null,
        source.rules ?? null,
        plan.effect,
        plan.request,
        plan.description.columns,
      ]),
    )
    .digest('hex')
    .slice(0, 24);
