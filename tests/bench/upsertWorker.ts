import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDuckDb, sqlText } from '../../shared/duckdb/openDuckDb.ts';
import { copyOptions } from '../../shared/lake/copyOptions.ts';
import { createLog } from '../../shared/log.ts';
import { mergeCommit } from '../../shared/merge/mergeCommit.ts';
import { type Keys, localPathOf, schema, upsertTable } from './upsertTable.ts';

/** What this process is asked for, and what it answers with. */
export interface UpsertWork {
  readonly what: 'merge' | 'rewrite';
  readonly keys: Keys;
  readonly rows: number;
  readonly memoryLimitMegabytes: number;
  readonly threads: number;
}
export interface UpsertMeasured {
  readonly seconds: number;
  readonly bytesRead: number;
  readonly peakMegabytes: number;
  readonly superseded: number;
  readonly deletes: number;
  readonly rewritten: number;
}

const { signal } = new AbortController();

async function merge(
  work: UpsertWork,
  workFolder: string,
): Promise<Omit<UpsertMeasured, 'seconds' | 'peakMegabytes'>> {
  const { folder, live, batches } = await upsertTable(work.rows);
  const { memoryLimitMegabytes, threads } = work;
  const merged = await mergeCommit({
    rule: { kind: 'upsert', key: ['id'], cursor: 'updated_at', onDelete: 'tombstone' },
    schema,
    adds: [batches[work.keys]],
    live: async function* () {
      for (const file of live) yield { file, deletes: null };
    },
    readRange: async (path, from, to) => {
      await using file = await open(localPathOf(folder, path));
      const bytes = Buffer.allocUnsafe(to - from);
      await file.read(bytes, 0, bytes.length, from);
      return bytes;
    },
    dataPrefix: 'out/',
    upload: async (localPath, key) => {
      const target = join(workFolder, key);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(localPath, target);
      return `s3://lake/${key}`;
    },
    runId: 'run-1',
    ingestedAt: new Date(),
    workFolder,
    memoryLimitMegabytes,
    threads,
    log: createLog(() => undefined),
    signal,
  });
  return {
    bytesRead: merged.bytesRead,
    superseded: merged.superseded,
    deletes: merged.deletes.length,
    rewritten: merged.removes.length,
  };
}

/** Every file of the table without the batch's keys, file by file, as a table without deletes has to be kept. */
async function rewrite(
  work: UpsertWork,
  workFolder: string,
): Promise<Omit<UpsertMeasured, 'seconds' | 'peakMegabytes'>> {
  const { folder, live, batches } = await upsertTable(work.rows);
  const { memoryLimitMegabytes, threads } = work;
  // DuckDB is kept to one folder, so it works in the table's.
  const scratch = mkdtempSync(join(folder, 'rewrite-'));
  await using db = openDuckDb({ workFolder: folder, memoryLimitMegabytes, threads, signal });
  try {
    const batch = sqlText(localPathOf(folder, batches[work.keys].path));
    await db.rows(`CREATE TABLE incoming AS SELECT DISTINCT id FROM ${batch}`);
    let [bytesRead, superseded] = [0, 0];
    for (const file of live) {
      const output = join(scratch, 'file.parquet');
      const [stats] = await db.rows(
        `COPY (SELECT * FROM ${sqlText(localPathOf(folder, file.path))} WHERE id NOT IN (SELECT id FROM incoming))
         TO ${sqlText(output)} (${copyOptions(schema)})`,
      );
      superseded += file.rows - Number(stats?.['count']);
      bytesRead += file.bytes;
      rmSync(output);
    }
    return { bytesRead, superseded, deletes: 0, rewritten: live.length };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    rmSync(workFolder, { recursive: true, force: true });
  }
}

const work = JSON.parse(process.argv[2] ?? '') as UpsertWork;
const { folder } = await upsertTable(work.rows);
const workFolder = mkdtempSync(join(folder, 'work-'));
const started = performance.now();
const done = await (work.what === 'merge' ? merge : rewrite)(work, workFolder);
const measured: UpsertMeasured = {
  ...done,
  seconds: (performance.now() - started) / 1000,
  peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
};
rmSync(workFolder, { recursive: true, force: true });
console.log(JSON.stringify(measured));
