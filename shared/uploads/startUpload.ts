import type { CreateUpload, Upload } from '../api/schemas/file.ts';
import { type Change, recordAudit } from '../audit/auditItem.ts';
import { HeadgateError } from '../errors.ts';
import { uploadsPrefix } from '../files/fileItem.ts';
import { versionsOf } from '../files/files.ts';
import { ulid } from '../ids.ts';
import type { RunDependencies } from '../runs/endRun.ts';
import type { Caller } from '../sources/sourceDependencies.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { LandingBucket } from './landingBucket.ts';
import { getUpload, putUpload, type UploadItem } from './uploadItem.ts';

export interface UploadDependencies extends RunDependencies {
  readonly bucket: LandingBucket;
  /** Of a single POST. */
  readonly maxUploadBytes: number;
}

/** Presigned addresses hold for an hour; a long upload asks for fresh ones. */
export const addressSeconds = 3600;
const mebibyte = 1024 ** 2;
/** S3 takes 10,000 parts, each of at least 5 MiB but the last. */
const maxParts = 10_000;
const smallestPartBytes = 16 * mebibyte;
/** Addresses in one answer. */
const partsPerAnswer = 100;

export type By = Pick<Caller, 'principal' | 'requestId'>;

/** Promises a place for one file's bytes. Nothing of it is visible until `completeUpload`. */
export async function startUpload(
  dependencies: UploadDependencies,
  by: By,
  source: Pick<SourceItem, 'tenant' | 'sourceId'>,
  file: CreateUpload,
): Promise<Upload> {
  const { table, bucket, maxUploadBytes, now } = dependencies;
  const { tenant, sourceId } = source;
  const { name, bytes, multipart, replace } = file;
  const uploadId = ulid(now());
  const key = `${uploadsPrefix(tenant, sourceId)}${uploadId}/${name}`;
  const plan =
    multipart && bytes !== undefined
      ? { id: await bucket.startMultipart(key), ...partsOf(bytes) }
      : null;
  await putUpload(table, {
    v: 1,
    tenant,
    sourceId,
    uploadId,
    name,
    key,
    replace,
    bytes: bytes ?? null,
    multipart: plan,
    versionId: null,
    createdBy: by.principal.tokenId,
    createdAt: now().toISOString(),
  });
  await auditUpload(dependencies, by, 'upload.created', source, { uploadId, name, replace });
  const shared = {
    uploadId,
    sourceId,
    name,
    expiresAt: new Date(now().getTime() + addressSeconds * 1000).toISOString(),
  };
  if (plan !== null)
    return {
      method: 'MULTIPART',
      ...shared,
      partBytes: plan.partBytes,
      partCount: plan.partCount,
      parts: await partAddresses(bucket, key, plan, 1, partsPerAnswer),
    };
  const { url, fields } = await bucket.presignPost(key, maxUploadBytes, addressSeconds);
  return { method: 'POST', ...shared, url, fields, maxBytes: maxUploadBytes };
}

/** As few parts as fit, but none too small to be worth a request. */
export function partsOf(bytes: number): { readonly partBytes: number; readonly partCount: number } {
  const needed = Math.ceil(bytes / maxParts / mebibyte) * mebibyte;
  const partBytes = Math.max(smallestPartBytes, needed);
  return { partBytes, partCount: Math.ceil(bytes / partBytes) };
}

/** Presigned addresses of up to `limit` parts from part `from` on. */
export async function partAddresses(
  bucket: LandingBucket,
  key: string,
  { id, partCount }: { readonly id: string; readonly partCount: number },
  from: number,
  limit: number,
): Promise<{ partNumber: number; url: string }[]> {
  const count = Math.max(0, Math.min(limit, partCount - from + 1));
  return Promise.all(
    Array.from({ length: count }, async (_, index) => ({
      partNumber: from + index,
      url: await bucket.presignPart(key, id, from + index, addressSeconds),
    })),
  );
}

/** The upload the caller means. Throws `not_found`. */
export async function requireUpload(
  { table }: Pick<UploadDependencies, 'table'>,
  { tenant, sourceId }: Pick<SourceItem, 'tenant' | 'sourceId'>,
  uploadId: string,
): Promise<UploadItem> {
  const upload = await getUpload(table, tenant, sourceId, uploadId);
  if (upload === null) throw new HeadgateError('not_found', 'There is no such upload.');
  return upload;
}

/** Throws `file_exists` when the source has a file of this name. */
export async function requireNewName(
  { table }: Pick<UploadDependencies, 'table'>,
  { tenant, sourceId }: Pick<SourceItem, 'tenant' | 'sourceId'>,
  name: string,
): Promise<void> {
  const [there] = await versionsOf(table, tenant, sourceId, name);
  if (there !== undefined)
    throw new HeadgateError(
      'file_exists',
      `The source has a file "${name}". Delete it, or upload with replace.`,
      { facts: { file: name } },
    );
}

/** Writes down who did what with an upload. */
export const auditUpload = (
  { table, now }: UploadDependencies,
  { principal, requestId }: By,
  action: Change['action'],
  { sourceId }: Pick<SourceItem, 'sourceId'>,
  after: NonNullable<Change['after']>,
): Promise<void> =>
  recordAudit(
    table,
    {
      tenant: principal.tenant,
      by: principal.tokenId,
      requestId,
      action,
      subject: sourceId,
      after,
    },
    now(),
  );
