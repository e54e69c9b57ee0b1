import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { openGlue } from '../../local/glue/openGlue.ts';
import { openS3 } from '../../local/s3/openS3.ts';
import { hostServices, localClientConfig } from '../local/hostServices.ts';
import type { MemoryStore } from '../shared/lake/memoryStore.ts';

export const glueDatabase = 'headgate';

export interface LakeOnS3 {
  /** Of S3 and of Glue. */
  readonly endpoint: string;
  readonly s3: S3Client;
  readonly glue: GlueClient;
  /** Copies all objects of a lake in memory into the bucket of the same name. */
  upload(store: MemoryStore): Promise<void>;
  close(): Promise<void>;
}

/**
 * The embedded S3 and Glue over HTTP. Readers find the tables as they do in an AWS account: the catalogue names a
 * metadata file, and every path in it is resolved as it stands, `s3://bucket/key`.
 */
export async function openLakeOnS3(bucket: string): Promise<LakeOnS3> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-engines-'));
  const host = await hostServices(
    openGlue({ folder: join(folder, 'glue') }),
    openS3({ folder: join(folder, 's3') }),
  );
  const config = { ...localClientConfig, endpoint: host.endpoint };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const glue = new GlueClient(config);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: glueDatabase } }));
  return {
    endpoint: host.endpoint,
    s3,
    glue,
    async upload(store) {
      for (const [Key, Body] of store.objects)
        await s3.send(new PutObjectCommand({ Bucket: store.bucket, Key, Body }));
    },
    async close() {
      s3.destroy();
      glue.destroy();
      await host.close();
      rmSync(folder, { recursive: true });
    },
  };
}
