import type { LandedFile, LandedFiles } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import { getFile } from '../files/files.ts';
import { handOut, type LandedFilesOptions } from '../ingest/landedFiles.ts';
import type { LandedRef } from './fanOutPlan.ts';

type Options = Pick<LandedFilesOptions, 'table' | 'run' | 'open'>;

/** Certain landed files, whatever else waits. */
export const namedFiles = (options: Options, refs: readonly LandedRef[]): LandedFiles => ({
  async *pending() {
    for (const ref of refs) yield await namedFile(options, ref);
  },
});

/** Throws `file_changed` for a file that is gone. */
export async function namedFile(
  { table, run, open }: Options,
  { name, versionId }: LandedRef,
): Promise<LandedFile> {
  const file = await getFile(table, run.tenant, run.sourceId, name, versionId);
  if (file !== null) return handOut({ open, taken: () => undefined }, file);
  throw new HeadgateError('file_changed', `${name} was removed while it was being loaded.`, {
    facts: { file: name },
  });
}
