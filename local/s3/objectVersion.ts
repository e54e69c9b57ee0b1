import type { StoredChecksum } from './checksums.ts';

/** What a client said of an object beside its bytes. */
export interface ObjectMetadata {
  /** `content-type`, `cache-control`, … as they are sent back. */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-*`, without the prefix. */
  readonly user: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly storageClass: string;
  /** `x-amz-server-side-encryption`, echoed; nothing is encrypted on a laptop's disk by us. */
  readonly encryption?: string;
}

/** One version of one key, or a delete marker. */
export interface ObjectVersion {
  /** Orders the versions of a key, newest highest. */
  readonly seq: number;
  readonly bucket: string;
  readonly key: string;
  /** `null` where the bucket is not versioned. */
  readonly versionId: string;
  readonly current: boolean;
  readonly deleteMarker: boolean;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly metadata: ObjectMetadata;
  readonly checksum: StoredChecksum | null;
}

export type VersionRow = {
  seq: number;
  bucket: string;
  key: string;
  version: string;
  current: number;
  marker: number;
  bytes: number;
  etag: string;
  modified: number;
  metadata: string;
  checksum: string | null;
};

export const versionOf = (row: VersionRow): ObjectVersion => ({
  seq: row.seq,
  bucket: row.bucket,
  key: row.key,
  versionId: row.version,
  current: row.current === 1,
  deleteMarker: row.marker === 1,
  bytes: row.bytes,
  etag: row.etag,
  modifiedAt: new Date(row.modified),
  metadata: JSON.parse(row.metadata) as ObjectMetadata,
  checksum: row.checksum === null ? null : (JSON.parse(row.checksum) as StoredChecksum),
});
