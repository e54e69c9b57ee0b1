import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { apiOf } from '../api.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { localClientConfig } from '../local/hostServices.ts';
import { startHeadgate } from '../startHeadgate.ts';

export interface ManyFilesReport {
  readonly files: number;
  readonly rows: number;
  readonly runs: number;
  readonly snapshots: number;
  readonly seconds: number;
  readonly problems: readonly string[];
}

const rowsPerFile = 10;
const putsAtOnce = 32;
/** A commit per thousand files or so; one per file would be ten thousand. */
const mostSnapshots = 20;

/** Drops many small files into a source at once, and counts the commits that load them. */
export async function manyFiles(files: number): Promise<ManyFilesReport> {
  await using headgate = await startHeadgate();
  const api = apiOf(headgate.url, headgate.token);
  const { id } = await api.call<{ id: string }>('POST', '/v1/sources', {
    key: 'many',
    name: 'Many files',
    connector: 'local_files',
    status: 'active',
  });
  const s3 = new S3Client({
    ...localClientConfig,
    endpoint: headgate.awsEndpoint,
    forcePathStyle: true,
  });
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  const Bucket = Buckets?.find(({ Name }) => Name?.includes('landing'))?.Name;
  const started = Date.now();
  let next = 0;
  const put = async (): Promise<void> => {
    while (next < files) {
      const file = next++;
      const lines = Array.from(
        { length: rowsPerFile },
        (_, row) => `${file * rowsPerFile + row},x`,
      );
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key: `landing/default/${id}/f${file}.csv`,
          Body: `id,word\n${lines.join('\n')}\n`,
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: putsAtOnce }, put));

  const problems: string[] = [];
  const deadline = Date.now() + 30 * 60_000;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const listed = await api.allFiles('many');
    const loaded = listed.filter(({ status }) => status === 'loaded').length;
    console.log(`${loaded} of ${listed.length} files loaded`);
    if (loaded === files) break;
    if (Date.now() > deadline) {
      problems.push(`${loaded} of ${files} files were loaded in time`);
      break;
    }
  }
  const { data: runs } = await api.call<{ data: unknown[] }>(
    'GET',
    '/v1/sources/many/runs?limit=200',
  );
  const { snapshots } = await api.call<{ snapshots: unknown[] }>(
    'GET',
    '/v1/sources/many/snapshots?limit=200',
  );
  const { data: tables } = await api.call<{ data: { stream: string }[] }>('GET', '/v1/tables');
  const table = await api.call<LakeTable>(
    'GET',
    `/v1/sources/many/tables/${encodeURIComponent(tables[0]?.stream ?? '')}`,
  );
  const [found] = await lakeReader(headgate.awsEndpoint).query(
    table,
    'select count(*)::double as rows, count(distinct id)::double as ids from t',
  );
  const rows = Number(found?.['rows']);
  if (rows !== files * rowsPerFile || Number(found?.['ids']) !== rows)
    problems.push(`${rows} rows (${String(found?.['ids'])} ids) of ${files * rowsPerFile}`);
  if (snapshots.length > mostSnapshots)
    problems.push(`${snapshots.length} commits, more than ${mostSnapshots}`);
  return {
    files,
    rows,
    runs: runs.length,
    snapshots: snapshots.length,
    seconds: Math.round((Date.now() - started) / 1000),
    problems,
  };
}
