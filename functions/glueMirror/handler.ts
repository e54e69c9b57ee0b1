import type { GlueClient } from '@aws-sdk/client-glue';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { listExpiredObjects } from '../../shared/lake/listExpiredObjects.ts';
import { pathOf } from '../../shared/lake/objectPath.ts';
import type { ObjectLister, ObjectStore } from '../../shared/lake/tableChange.ts';
import type { TablePointer } from '../../shared/lake/tablePointer.ts';
import type { Log } from '../../shared/log.ts';
import { rejectFields } from '../../shared/staging/streamLoader.ts';
import type { MirroredTable } from './glueTable.ts';
import { glueTableName } from './glueTableName.ts';
import { isRetryable } from './isRetryable.ts';
import { dropTable, mirrorTable } from './mirrorTable.ts';
import { type StreamChange, streamChangeOf } from './streamChanges.ts';
import { sweepTable } from './sweepTable.ts';

export interface GlueMirrorDependencies {
  readonly glue: GlueClient;
  /** Glue database of this stage. */
  readonly database: string;
  /** The lake bucket. */
  readonly store: ObjectStore & ObjectLister;
  readonly now: () => Date;
  readonly log: Log;
}

/** Below the function's own limit of 2 minutes. */
const timeoutMilliseconds = 100_000;
/** Past this nothing is begun that can as well be done tomorrow. */
const sweepMilliseconds = 40_000;

/**
 * Follows the STREAM items: each commit becomes the table's entry in the Glue catalogue, what the commit made
 * unreachable is deleted once the catalogue no longer names it, the entry of a stream that is gone is dropped, and
 * once a day what dead tries left behind is removed (`sweepTable`).
 *
 * Records may come twice and late: an entry is only ever moved forward. A record that fails for a passing reason is
 * reported in `batchItemFailures` and comes again, then goes to the DLQ; any other failure is logged with its code
 * and let go, because the stream's next commit mirrors the table anyway. A `metadata_location` that is not ours is
 * never written over: logged as `glue_foreign_metadata`.
 */
export const makeHandler =
  (dependencies: GlueMirrorDependencies) =>
  async (event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const noMoreSweeps = AbortSignal.timeout(sweepMilliseconds);
    const batchItemFailures: { itemIdentifier: string }[] = [];
    const mirrored: StreamChange[] = [];
    for (const change of latestChanges(event.Records, dependencies.log)) {
      const { tenant, sourceId, stream } = change.item;
      const log = dependencies.log.with({ tenant, sourceId, stream });
      try {
        await mirrorStream({ ...dependencies, log }, change, signal);
        mirrored.push(change);
      } catch (error) {
        const retried = isRetryable(error) || signal.aborted;
        log.error('table not mirrored', { code: 'glue_mirror_failed', retried, error });
        if (retried) batchItemFailures.push({ itemIdentifier: change.sequenceNumber });
      }
    }
    for (const change of mirrored)
      if (!noMoreSweeps.aborted) await sweep(dependencies, change, signal);
    return { batchItemFailures };
  };

/** What is left lying costs storage and nothing else: a failure is logged, and the next day tries again. */
async function sweep(
  { glue: client, database, store, now, log }: GlueMirrorDependencies,
  change: StreamChange,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, sourceId, stream } = change.item;
  const ownLog = log.with({ tenant, sourceId, stream });
  try {
    await sweepTable({ catalog: { client, database }, store, now, log: ownLog }, change, signal);
  } catch (error) {
    ownLog.error('table not swept', { code: 'sweep_failed', error });
  }
}

/**
 * One change for each stream: its last, from where its first began. The number reported for a failure is that of
 * the first record, because Lambda repeats everything from the lowest number on.
 */
function latestChanges(records: readonly DynamoDBRecord[], log: Log): readonly StreamChange[] {
  const changes = new Map<string, StreamChange>();
  for (const record of records) {
    try {
      const change = streamChangeOf(record);
      if (change === null) continue;
      const { tenant, sourceId, stream } = change.item;
      const key = JSON.stringify([tenant, sourceId, stream]);
      const first = changes.get(key);
      changes.set(
        key,
        first === undefined
          ? change
          : { ...change, before: first.before, sequenceNumber: first.sequenceNumber },
      );
    } catch (error) {
      log.error('stream record not understood', { code: 'glue_record_invalid', error });
    }
  }
  return [...changes.values()];
}

async function mirrorStream(
  dependencies: GlueMirrorDependencies,
  { item, before, removed }: StreamChange,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, sourceId, stream, table, location, schema } = item;
  const common = { sourceId, stream };
  if (removed) {
    const { glue: client, database, log } = dependencies;
    for (const rejects of [false, true]) {
      const name = glueTableName(tenant, table, rejects);
      if (await dropTable({ client, database }, { ...common, name }, signal))
        log.info('table dropped from the catalogue', { table: name });
    }
    return;
  }
  await mirrorOne(dependencies, before.pointer, item.pointer, signal, {
    ...common,
    name: glueTableName(tenant, table, false),
    location,
    schema,
  });
  await mirrorOne(dependencies, before.rejects, item.rejects, signal, {
    ...common,
    name: glueTableName(tenant, table, true),
    location: `${location}__rejects`,
    schema: rejectFields,
  });
}

async function mirrorOne(
  { glue, database, store, log }: GlueMirrorDependencies,
  before: TablePointer | null,
  pointer: TablePointer | null,
  signal: AbortSignal,
  table: Omit<MirroredTable, 'pointer' | 'metadataLocation'>,
): Promise<void> {
  // A write of the item that was no commit of this table.
  if (pointer === null || before?.version === pointer.version) return;
  const metadataLocation = pathOf(store.bucket, pointer.metadataKey);
  const mirrored = await mirrorTable(
    { client: glue, database },
    { ...table, pointer, metadataLocation },
    signal,
  );
  const facts = { table: table.name, version: pointer.version };
  if (mirrored.outcome === 'foreign') {
    log.error('the catalogue names metadata that is not Headgate’s; it was left alone', {
      code: 'glue_foreign_metadata',
      metadataLocation: mirrored.metadataLocation,
      ...facts,
    });
    return;
  }
  log.info(`table ${mirrored.outcome} in the catalogue`, facts);
  if (before === null) return;
  try {
    await deleteExpired({ store, log }, before, pointer, mirrored, signal);
  } catch (error) {
    if (isRetryable(error)) throw error;
    // They cost storage and nothing else; the catalogue is right.
    log.error('expired objects not deleted', { code: 'expiry_failed', error, ...facts });
  }
}

/** What snapshots that expired between two commits left behind. */
async function deleteExpired(
  { store, log }: Pick<GlueMirrorDependencies, 'store' | 'log'>,
  before: TablePointer,
  after: TablePointer,
  { metadataLocation }: { readonly metadataLocation: string | null },
  signal: AbortSignal,
): Promise<void> {
  const prefix = pathOf(store.bucket, '');
  const keys = await listExpiredObjects({
    store,
    before: before.metadataKey,
    after: after.metadataKey,
    glue: metadataLocation?.startsWith(prefix) ? metadataLocation.slice(prefix.length) : null,
    signal,
  });
  if (keys.length === 0) return;
  await store.delete(keys, signal);
  log.info('expired objects deleted', { objects: keys.length });
}
