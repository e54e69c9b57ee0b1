import type { Json } from '../../shared/json.ts';

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
  /** Left out: the present version. */
  readonly versionId?: string;
}

/** Where a distributed Map reads its items and writes its results: S3, or a stand-in for it. */
export interface MapStorage {
  /** The object's bytes; rejects when there is none. */
  read(place: ObjectPlace, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Objects below a prefix as ListObjectsV2 describes them: Key, Size, ETag, LastModified … */
  list(bucket: string, prefix: string, signal: AbortSignal): AsyncIterable<Json>;
  /** Writes an object from its parts and answers its size in bytes. */
  write(
    place: ObjectPlace,
    body: Iterable<string> | AsyncIterable<string>,
    signal: AbortSignal,
  ): Promise<number>;
}
