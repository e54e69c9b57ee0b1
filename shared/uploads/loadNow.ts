import type { Change } from '../audit/auditItem.ts';
import { HeadgateError } from '../errors.ts';
import { noteFiles } from '../runs/noteFiles.ts';
import { type AcceptedRun, askForRun } from '../sources/askForRun.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { By, UploadDependencies } from './startUpload.ts';

/**
 * Has files that wait loaded. They are recorded, and counted here, so a source that is too busy to queue another
 * request loads them anyway, as soon as its run is over: null.
 */
export async function loadNow(
  dependencies: UploadDependencies,
  { principal, requestId }: By,
  source: SourceItem,
  action: Change['action'],
): Promise<AcceptedRun | null> {
  await noteFiles(dependencies.table, source.tenant, source.sourceId);
  try {
    return await askForRun(dependencies, source, {
      principal,
      requestId,
      request: { kind: 'ingest' },
      trigger: 'upload',
      whenBusy: 'queue',
      action,
    });
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'queue_full') return null;
    throw error;
  }
}
