import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';

/** One version of an object, or a delete marker, which has no bytes. */
export interface LandingVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
  readonly bytes: number;
  readonly etag: string;
  readonly modifiedAt: Date;
}

/** Where a listing goes on. */
export interface ListingPlace {
  readonly keyMarker: string;
  readonly versionMarker?: string | undefined;
}

/** XML can carry no control characters, and anybody who may drop files chooses their names: keys come encoded. */
const decoded = (key = ''): string => decodeURIComponent(key.replaceAll('+', ' '));

/** One page, of up to 1,000 versions by key, the newest of each key first; null behind the last. */
export async function listLandingVersions(
  s3: S3Client,
  bucket: string,
  prefix: string,
  from: ListingPlace | null,
  signal: AbortSignal,
): Promise<{ readonly versions: readonly LandingVersion[]; readonly next: ListingPlace | null }> {
  const page = await s3.send(
    new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: prefix,
      EncodingType: 'url',
      ...(from === null
        ? {}
        : { KeyMarker: from.keyMarker, VersionIdMarker: from.versionMarker ?? undefined }),
    }),
    { abortSignal: signal },
  );
  const common = (each: {
    readonly Key?: string | undefined;
    readonly VersionId?: string | undefined;
    readonly IsLatest?: boolean | undefined;
    readonly LastModified?: Date | undefined;
  }) => ({
    key: decoded(each.Key),
    versionId: each.VersionId ?? '',
    isLatest: each.IsLatest === true,
    modifiedAt: each.LastModified ?? new Date(0),
  });
  const versions = [
    ...(page.DeleteMarkers ?? []).map((marker) => ({
      ...common(marker),
      isMarker: true,
      bytes: 0,
      etag: '',
    })),
    ...(page.Versions ?? []).map((version) => ({
      ...common(version),
      isMarker: false,
      bytes: version.Size ?? 0,
      etag: (version.ETag ?? '').replaceAll('"', ''),
    })),
  ];
  const isMore = page.IsTruncated === true && page.NextKeyMarker !== undefined;
  return {
    versions,
    next: isMore
      ? { keyMarker: decoded(page.NextKeyMarker), versionMarker: page.NextVersionIdMarker }
      : null,
  };
}
