import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { listDataFiles } from '../shared/lake/listDataFiles.ts';
import { s3ObjectStore } from '../shared/lake/s3ObjectStore.ts';
import { localClientConfig } from './local/hostServices.ts';

export type LakeRow = Readonly<Record<string, unknown>>;

/** The parts of a table's description that a reader needs. */
export interface LakeTable {
  /** null before the first commit. */
  readonly metadataLocation: string | null;
  readonly snapshotId: string | null;
}

/**
 * Reads committed tables from the lake bucket the way a query engine does: from the table's metadata to its files,
 * and never by asking Headgate. `sql` sees the live rows as `t`; values come as DuckDB's JSON.
 */
export function lakeReader(awsEndpoint: string): {
  query(table: LakeTable, sql: string): Promise<readonly LakeRow[]>;
} {
  const s3 = new S3Client({ ...localClientConfig, endpoint: awsEndpoint, forcePathStyle: true });
  return {
    async query({ metadataLocation, snapshotId }, sql) {
      if (metadataLocation === null) return [];
      const { Buckets } = await s3.send(new ListBucketsCommand({}));
      const lake = Buckets?.find(({ Name }) => Name?.includes('lake'))?.Name;
      if (lake === undefined) throw new Error('there is no lake bucket');
      const store = s3ObjectStore(s3, lake);
      const { signal } = new AbortController();
      const folder = mkdtempSync(join(tmpdir(), 'headgate-lake-'));
      try {
        const paths: string[] = [];
        const pointer = {
          metadataKey: metadataLocation.replace(`s3://${lake}/`, ''),
          snapshotId,
          version: 1,
          rows: 0,
          bytes: 0,
          dataFiles: 0,
        };
        for await (const file of listDataFiles(store, pointer, signal)) {
          const path = join(folder, `${paths.length}.parquet`);
          writeFileSync(path, await store.get(file.path.replace(`s3://${lake}/`, ''), signal));
          paths.push(path);
        }
        return paths.length === 0 ? [] : await queryFiles(paths, sql);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

async function queryFiles(paths: readonly string[], sql: string): Promise<readonly LakeRow[]> {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  try {
    const list = paths.map((path) => `'${path}'`).join(', ');
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(
      `CREATE VIEW t AS SELECT * FROM read_parquet([${list}], union_by_name = true)`,
    );
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
