import type { Log } from '../log.ts';
import type { RunDependencies } from '../runs/endRun.ts';
import { requestRun } from '../runs/requestRun.ts';
import { getSource } from '../sources/getSource.ts';
import type { FileItem } from './fileItem.ts';
import { recordFiles } from './recordFiles.ts';

/**
 * Files of one source were dropped: they are written down and counted once, and a run is asked for. What is known
 * already changes nothing.
 */
export async function arriveFiles(
  dependencies: RunDependencies,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  files: readonly FileItem[],
  log: Log,
): Promise<void> {
  const source = await getSource(dependencies.table, tenant, sourceId);
  if (source === null) {
    log.warn('a file was dropped for a source that does not exist', { tenant, sourceId });
    return;
  }
  const { recorded } = await recordFiles(dependencies.table, tenant, sourceId, files);
  if (source.status !== 'active') return;
  const { outcome, runId } = await requestRun(dependencies, {
    tenant,
    sourceId,
    connector: source.connector,
    request: { kind: 'ingest' },
    trigger: 'file',
    requestedBy: `${files.length} dropped files`,
    whenBusy: 'queue',
  });
  log.info('dropped files recorded', {
    tenant,
    sourceId,
    runId,
    outcome,
    files: files.length,
    recorded,
  });
}
