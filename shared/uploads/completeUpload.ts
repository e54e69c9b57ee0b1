import { HeadgateError } from '../errors.ts';
import { changeFiles } from '../files/changeFiles.ts';
import type { FileItem } from '../files/fileItem.ts';
import { getName, putName } from '../files/fileName.ts';
import { getFile } from '../files/files.ts';
import type { AcceptedRun } from '../sources/askForRun.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { Table } from '../table.ts';
import { checkContent } from './checkContent.ts';
import { loadNow } from './loadNow.ts';
import {
  auditUpload,
  type By,
  requireNewName,
  requireUpload,
  type UploadDependencies,
} from './startUpload.ts';
import { markUploaded, type UploadItem } from './uploadItem.ts';

/** Enough to recognise what a file is. */
const sampleBytes = 4096;

/**
 * Checks what was uploaded and records it as a file of the source. Completing again answers the same file.
 * A file that is not what its name says is removed again (`unprocessable_file`).
 */
export async function completeUpload(
  dependencies: UploadDependencies,
  by: By,
  source: SourceItem,
  uploadId: string,
  triggerSync: boolean,
): Promise<{ readonly file: FileItem; readonly run: AcceptedRun | null }> {
  const { table, now } = dependencies;
  const { tenant, sourceId } = source;
  const upload = await requireUpload(dependencies, source, uploadId);
  const known =
    upload.versionId === null
      ? null
      : await getFile(table, tenant, sourceId, upload.name, upload.versionId);
  const file =
    known ??
    (await record(table, {
      ...(await acceptBytes(dependencies, upload)),
      modifiedAt: now().toISOString(),
      state: triggerSync ? 'pending' : 'on_disk',
    }));
  if (known === null) {
    await markUploaded(table, upload, file.versionId);
    const { name, bytes, versionId } = file;
    await auditUpload(dependencies, by, 'upload.completed', source, {
      uploadId,
      name,
      bytes,
      versionId,
    });
  }
  // Without it the file waits for the next run, and nothing starts one because of it.
  const run = triggerSync ? await loadNow(dependencies, by, source, 'run.requested') : null;
  return { file, run };
}

const maxTries = 5;

/**
 * Puts a file under its name, unless it is there already. Throws `file_exists` where another one is that it does not
 * replace, also when both come at the same moment.
 */
async function record(table: Table, file: FileItem): Promise<FileItem> {
  const { tenant, sourceId, name, versionId, replaces } = file;
  for (let tries = 0; tries < maxTries; tries++) {
    const there = await getFile(table, tenant, sourceId, name, versionId);
    if (there !== null) return there;
    const seen = await getName(table, file);
    if (!replaces) await requireNewName({ table }, file, name);
    const also = [putName(table, file, seen)];
    const refused = await changeFiles(table, [{ before: null, after: file, waits: true, also }]);
    if (refused.length === 0) return file;
  }
  throw new HeadgateError(
    'service_unavailable',
    `Uploads of "${name}" keep overtaking each other.`,
    {
      retryAfterSeconds: 1,
    },
  );
}

async function acceptBytes(
  { bucket, maxUploadBytes }: UploadDependencies,
  upload: UploadItem,
): Promise<Omit<FileItem, 'modifiedAt' | 'state'>> {
  const { tenant, sourceId, name, key, multipart, replace } = upload;
  const refuse = (detail: string): Error =>
    new HeadgateError('unprocessable_file', `${name}: ${detail}`, { facts: { file: name } });
  // False also when an earlier request joined the parts and then died: the object says.
  if (multipart !== null) await bucket.finishMultipart(key, multipart.id);
  const object = await bucket.head(key);
  if (object === null) throw refuse('its bytes have not been uploaded.');
  const { bytes, versionId } = object;
  try {
    if (multipart === null && bytes > maxUploadBytes)
      throw new HeadgateError(
        'payload_too_large',
        `A single upload may have ${maxUploadBytes} bytes.`,
        {
          facts: { maxBytes: maxUploadBytes },
        },
      );
    if (upload.bytes !== null && upload.bytes !== bytes)
      throw refuse(`${upload.bytes} bytes were announced and ${bytes} arrived.`);
    const head = await bucket.read(key, versionId, 0, Math.min(bytes, sampleBytes));
    const tail = bytes <= sampleBytes ? head : await bucket.read(key, versionId, bytes - 16, bytes);
    checkContent(name, bytes, head, tail);
  } catch (error) {
    if (error instanceof HeadgateError) await bucket.remove(key, versionId);
    throw error;
  }
  return {
    v: 1,
    tenant,
    sourceId,
    name,
    versionId,
    key,
    bytes,
    etag: object.etag,
    replaces: replace,
  };
}

/** Forgets what was uploaded so far. Throws `not_found` for an upload that has become a file. */
export async function abortUpload(
  dependencies: UploadDependencies,
  by: By,
  source: SourceItem,
  uploadId: string,
): Promise<void> {
  const { bucket } = dependencies;
  const { key, multipart, versionId, name } = await requireUpload(dependencies, source, uploadId);
  if (versionId !== null)
    throw new HeadgateError('not_found', 'The upload is complete: delete the file instead.');
  if (multipart !== null) await bucket.abortMultipart(key, multipart.id);
  const object = await bucket.head(key);
  if (object !== null) await bucket.remove(key, object.versionId);
  await auditUpload(dependencies, by, 'upload.aborted', source, { uploadId, name });
}
