import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { arriveFiles } from '../../shared/files/arriveFiles.ts';
import { droppedFile } from '../../shared/files/droppedFile.ts';
import type { FileItem } from '../../shared/files/fileItem.ts';
import { parseLandingKey } from '../../shared/files/landingKey.ts';
import type { Log } from '../../shared/log.ts';
import type { RunDependencies } from '../../shared/runs/endRun.ts';

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
  readonly file: FileItem;
}

/**
 * Files were dropped: each is written down first, each source is counted once, and then asked to run. Events come
 * at least once and in any order; the same one again changes nothing. A message that failed is delivered again, and
 * does not keep the others of its batch.
 */
export const makeHandler =
  (dependencies: RunDependencies, log: Log) =>
  async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: string[] = [];
    const arrivals = event.Records.flatMap((record) => {
      try {
        return arrivalIn(record, log) ?? [];
      } catch (error) {
        log.error('a message about a dropped file cannot be read', { error });
        failed.push(record.messageId);
        return [];
      }
    });
    const bySource = Map.groupBy(arrivals, ({ file }) => `${file.tenant}#${file.sourceId}`);
    for (const [source, group] of bySource)
      try {
        const [first] = group as [Arrival, ...Arrival[]];
        const files = group.map(({ file }) => file);
        await arriveFiles(dependencies, first.file, files, log);
      } catch (error) {
        log.error('arrived files could not be recorded', { source, error });
        failed.push(...group.map(({ messageId }) => messageId));
      }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

function arrivalIn({ messageId, body }: SQSRecord, log: Log): Arrival | null {
  const { time, detail } = objectCreated.parse(JSON.parse(body));
  const { key, size, etag, sequencer } = detail.object;
  const place = parseLandingKey(key);
  if (place === null) {
    log.info('ignored an object that is no data file', { key });
    return null;
  }
  const versionId = detail.object['version-id'];
  const file = droppedFile(place, {
    key,
    versionId,
    bytes: size,
    etag,
    modifiedAt: time,
    sequencer,
  });
  return { messageId, file };
}
