import { sqlText } from '../duckdb/openDuckDb.ts';
import { canonicalDialect, canonicalNull } from '../formats/canonicalCsv.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { CsvToParquet } from './csvToParquet.ts';
import type { LoaderState } from './loaderState.ts';
import { notReconciled } from './notReconciled.ts';
import type { RejectLog } from './rejectLog.ts';
import { rejectFields } from './streamLoader.ts';

/** Texts of rejects are cut at a megabyte, which quotes and escapes may double; so may names of columns be long. */
const longestRejectBytes = 5 * 2 ** 20;

/** Writes the rejects of one file. Their Parquet files hold no other file's, so that they can go with it. */
export async function writeRejects(
  { db, fifos, options, rejectPublisher, scratchName }: LoaderState,
  log: RejectLog,
  name: string,
  sourceFile: string | null,
): Promise<readonly DataFile[]> {
  const files: DataFile[] = [];
  if (log.count === 0) return files;
  await using writer = new CsvToParquet({
    db,
    fifos,
    folder: options.workFolder,
    name: scratchName('rejects'),
    dialect: canonicalDialect,
    nullText: canonicalNull,
    columnTypes: ['VARCHAR', 'BIGINT', 'VARCHAR', 'VARCHAR', 'VARCHAR', 'VARCHAR'],
    expressions: [
      'c0',
      'c1',
      'c2',
      'c3',
      sqlText(options.runId),
      `TIMESTAMPTZ ${sqlText(options.ingestedAt.toISOString())}`,
      sourceFile === null ? 'NULL::VARCHAR' : sqlText(sourceFile),
      'c4',
      'c5',
    ],
    fields: rejectFields,
    onFile: async (file) => {
      const published = await rejectPublisher.publish(file, sourceFile);
      if (published !== null) files.push(published);
    },
  });
  for await (const chunk of log.read()) await writer.write(chunk, longestRejectBytes);
  await writer.end();
  const written = files.reduce((sum, { rows }) => sum + rows, 0);
  if (written !== log.count)
    throw notReconciled(name, 'rejects were lost', { rejected: log.count, written });
  return files;
}
