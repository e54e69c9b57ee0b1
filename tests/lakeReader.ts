import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbType } from '../shared/lake/duckdbTypes.ts';
import { fieldsOf } from '../shared/lake/icebergSchema.ts';
import { listSnapshotLiveFiles } from '../shared/lake/listLiveFiles.ts';
import { s3ObjectStore } from '../shared/lake/s3ObjectStore.ts';
import type { Field } from '../shared/lake/schema.ts';
import type { ObjectStore } from '../shared/lake/tableChange.ts';
import { findSnapshot, readTableMetadata, schemaWithId } from '../shared/lake/tableMetadata.ts';
import { localClientConfig } from './local/hostServices.ts';

export type LakeRow = Readonly<Record<string, unknown>>;

/** The parts of a table's description that a reader needs. */
export interface LakeTable {
  /** Key of the metadata, with or without `s3://bucket/`; null before the first commit. */
  readonly metadataLocation: string | null;
  /** The current snapshot, or an older one: read with the schema it had. */
  readonly snapshotId: string | null;
}

/**
 * Reads committed tables from the lake bucket the way a query engine does: from the table's metadata to its files,
 * and never by asking Headgate. `sql` sees the live rows as `t`, with columns found by field id; values come as
 * DuckDB's JSON.
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
      const metadataKey = metadataLocation.replace(`s3://${lake}/`, '');
      return queryLake(s3ObjectStore(s3, lake), metadataKey, snapshotId, sql);
    },
  };
}

/** The same for any store. */
export async function queryLake(
  store: ObjectStore,
  metadataKey: string,
  snapshotId: string | null,
  sql: string,
): Promise<readonly LakeRow[]> {
  if (snapshotId === null) return [];
  const { signal } = new AbortController();
  const metadata = await readTableMetadata(store, metadataKey, signal);
  const snapshot = findSnapshot(metadata, snapshotId);
  if (snapshot === null) throw new Error(`there is no snapshot ${snapshotId}`);
  const isCurrent = String(metadata['current-snapshot-id']) === snapshotId;
  const schema = schemaWithId(metadata, isCurrent ? undefined : snapshot['schema-id']);
  const folder = mkdtempSync(join(tmpdir(), 'headgate-lake-'));
  const fetchTo = async (name: string, path: string): Promise<void> => {
    const key = path.replace(`s3://${store.bucket}/`, '');
    writeFileSync(join(folder, name), await store.get(key, signal));
  };
  try {
    let files = 0;
    let deletes = 0;
    for await (const live of listSnapshotLiveFiles(store, snapshot, signal)) {
      await fetchTo(`${++files}.data`, live.file.path);
      if (live.deletes === null) continue;
      deletes++;
      await fetchTo(`${files}.deletes`, live.deletes.path);
    }
    if (files === 0) return [];
    return await queryFiles(folder, fieldsOf(schema), deletes > 0, sql);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads `<n>.data` of the folder, without the rows that `<n>.deletes` name. */
async function queryFiles(
  folder: string,
  fields: readonly Field[],
  hasDeletes: boolean,
  sql: string,
): Promise<readonly LakeRow[]> {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  try {
    const byId = fields
      .map(
        ({ id, name, type }) =>
          `${id}: {name: '${name}', type: '${duckdbType(type)}', default_value: NULL}`,
      )
      .join(', ');
    const deleted = `NOT EXISTS (SELECT 1 FROM read_parquet('${folder}/*.deletes', filename = true) d
      WHERE d.pos = f.file_row_number AND replace(d.filename, '.deletes', '.data') = f.filename)`;
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(
      `CREATE VIEW t AS SELECT ${fields.map(({ name }) => `"${name}"`).join(', ')}
       FROM read_parquet('${folder}/*.data', schema = MAP {${byId}}) f ${hasDeletes ? `WHERE ${deleted}` : ''}`,
    );
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
