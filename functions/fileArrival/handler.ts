import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import type { FileItem } from '../../shared/files/fileItem.ts';
import { type LandingPlace, parseLandingKey } from '../../shared/files/landingKey.ts';
import { recordFiles } from '../../shared/files/recordFiles.ts';
import type { Log } from '../../shared/log.ts';
import type { RunDependencies } from '../../shared/runs/endRun.ts';
import { requestRun } from '../../shared/runs/requestRun.ts';
import { getSource } from '../../shared/sources/getSource.ts';

/** S3's "Object Created" as EventBridge delivers it. Its key is not URL-encoded. */
const objectCreated = z.object({
  time: z.iso.datetime(),
  detail: z.object({
    object: z.object({
      key: z.string(),
      size: z.int().nonnegative(),
      etag: z.string(),
      'version-id': z.string(),
      sequencer: z.string().optional(),
    }),
  }),
});

interface Arrival {
  readonly messageId: string;
  readonly place: LandingPlace;
  readonly file: FileItem;
}

/**
 * Files were dropped: each is written down first, each source is counted once, and then asked to run. Events come
 * at least once and in any order; the same one again changes nothing. A message that failed is delivered again.
 */
export const makeHandler =
  (dependencies: RunDependencies, log: Log) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: string[] = [];
    const arrivals = event.Records.flatMap((record) => arrivalIn(record, log));
    const bySource = Map.groupBy(arrivals, ({ place }) => `${place.tenant}#${place.sourceId}`);
    for (const [source, group] of bySource)
      try {
        await arrive(dependencies, group, log);
      } catch (error) {
        log.error('arrived files could not be recorded', { source, error });
        failed.push(...group.map(({ messageId }) => messageId));
      }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

function arrivalIn(record: SQSRecord, log: Log): readonly Arrival[] {
  const { time, detail } = objectCreated.parse(JSON.parse(record.body));
  const { key, size, etag, sequencer } = detail.object;
  const place = parseLandingKey(key);
  if (place === null) {
    log.info('ignored an object that is no data file', { key });
    return [];
  }
  const file: FileItem = {
    v: 1,
    ...place,
    versionId: detail.object['version-id'],
    key,
    bytes: size,
    etag,
    modifiedAt: time,
    ...(sequencer === undefined ? {} : { sequencer }),
    // An object that is written over is a file that was replaced.
    replaces: true,
    state: 'pending',
  };
  return [{ messageId: record.messageId, place, file }];
}

async function arrive(
  dependencies: RunDependencies,
  group: readonly Arrival[],
  log: Log,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { tenant, sourceId } = first.place;
  const source = await getSource(dependencies.table, tenant, sourceId);
  if (source === null) {
    log.warn('a file was dropped for a source that does not exist', { tenant, sourceId });
    return;
  }
  await recordFiles(
    dependencies.table,
    tenant,
    sourceId,
    group.map(({ file }) => file),
  );
  if (source.status !== 'active') return;
  const { outcome, runId } = await requestRun(dependencies, {
    tenant,
    sourceId,
    connector: source.connector,
    request: { kind: 'ingest' },
    trigger: 'file',
    requestedBy: `${group.length} dropped files`,
    whenBusy: 'queue',
  });
  log.info('dropped files recorded', { tenant, sourceId, runId, outcome, files: group.length });
}
