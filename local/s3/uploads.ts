import { randomBytes } from 'node:crypto';
import { type ChecksumAlgorithm, parseAlgorithm, type StoredChecksum } from './checksums.ts';
import type { ObjectMetadata } from './objectVersion.ts';
import type { ObjectIndex } from './openIndex.ts';
import type { PartChecksums } from './requestBody.ts';
import { S3Error } from './s3Error.ts';

/** How the checksum of the finished object is made; fixed when the upload begins. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: StoredChecksum['type'];
  /** False: CRC64NVME by default, and answers do not speak of it. */
  readonly asked: boolean;
}

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedAt: Date;
  readonly metadata: ObjectMetadata;
  readonly checksum: UploadChecksum;
}

export interface Part {
  readonly number: number;
  readonly blob: string;
  readonly bytes: number;
  /** Hex. */
  readonly md5: string;
  /** In the upload's algorithm, and in the one the client sent. */
  readonly checksums: PartChecksums;
  readonly modifiedAt: Date;
}

export type UploadRow = {
  id: string;
  bucket: string;
  key: string;
  initiated: number;
  metadata: string;
  checksum: string;
};
type PartRow = {
  number: number;
  blob: string;
  bytes: number;
  md5: string;
  checksums: string;
  modified: number;
};

export const uploadOf = (row: UploadRow): Upload => ({
  id: row.id,
  bucket: row.bucket,
  key: row.key,
  initiatedAt: new Date(row.initiated),
  metadata: JSON.parse(row.metadata) as ObjectMetadata,
  checksum: JSON.parse(row.checksum) as UploadChecksum,
});

const partOf = (row: PartRow): Part => ({
  number: row.number,
  blob: row.blob,
  bytes: row.bytes,
  md5: row.md5,
  checksums: JSON.parse(row.checksums) as PartChecksums,
  modifiedAt: new Date(row.modified),
});

/**
 * What `x-amz-checksum-algorithm` and `x-amz-checksum-type` ask for. SHA sums have no full-object form,
 * CRC64NVME has only that. Source: "Checking object integrity", table of multipart checksum types.
 *
 * @throws S3Error InvalidRequest
 */
export function uploadChecksum(
  algorithmHeader: string | undefined,
  typeHeader: string | undefined,
): UploadChecksum {
  if (algorithmHeader === undefined) {
    if (typeHeader !== undefined)
      throw new S3Error(
        'InvalidRequest',
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
      );
    return { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', asked: false };
  }
  const algorithm = parseAlgorithm(algorithmHeader);
  const type = typeHeader ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const fits =
    (type === 'COMPOSITE' && algorithm !== 'CRC64NVME') ||
    (type === 'FULL_OBJECT' && algorithm.startsWith('CRC'));
  if (!fits)
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  return { algorithm, type: type as StoredChecksum['type'], asked: true };
}

export function createUpload(index: ObjectIndex, upload: Omit<Upload, 'id'>): string {
  const id = randomBytes(24).toString('base64url');
  index.run(
    'INSERT INTO uploads VALUES(?, ?, ?, ?, ?, ?)',
    id,
    upload.bucket,
    upload.key,
    upload.initiatedAt.getTime(),
    JSON.stringify(upload.metadata),
    JSON.stringify(upload.checksum),
  );
  return id;
}

/** @throws S3Error NoSuchUpload */
export function requireUpload(index: ObjectIndex, bucket: string, key: string, id: string): Upload {
  const row = index.get<UploadRow>(
    'SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?',
    id,
    bucket,
    key,
  );
  if (row === undefined)
    throw new S3Error(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      { elements: { UploadId: id } },
    );
  return uploadOf(row);
}

export const partsOf = (
  index: ObjectIndex,
  id: string,
  behind = 0,
  limit = 10_000,
): readonly Part[] =>
  index
    .all<PartRow>(
      'SELECT * FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?',
      id,
      behind,
      limit,
    )
    .map(partOf);

/** Stores a part, in place of one with the same number; answers the blob that frees. */
export function putPart(index: ObjectIndex, upload: Upload, part: Part): readonly string[] {
  return index.transaction(() => {
    // The upload may have been completed or aborted while the part was on its way.
    requireUpload(index, upload.bucket, upload.key, upload.id);
    const freed = index.all<{ blob: string }>(
      'DELETE FROM parts WHERE upload = ? AND number = ? RETURNING blob',
      upload.id,
      part.number,
    );
    index.run(
      'INSERT INTO parts VALUES(?, ?, ?, ?, ?, ?, ?)',
      upload.id,
      part.number,
      part.blob,
      part.bytes,
      part.md5,
      JSON.stringify(part.checksums),
      part.modifiedAt.getTime(),
    );
    return freed.map(({ blob }) => blob);
  });
}

/** Forgets the upload and its parts; answers their blobs. MUST be called within a transaction. */
export function removeUpload(index: ObjectIndex, id: string): readonly string[] {
  index.run('DELETE FROM uploads WHERE id = ?', id);
  return index
    .all<{ blob: string }>('DELETE FROM parts WHERE upload = ? RETURNING blob', id)
    .map(({ blob }) => blob);
}
