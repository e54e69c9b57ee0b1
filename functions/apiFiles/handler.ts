import * as z from 'zod';
import { createApi } from '../../shared/api/createApi.ts';
import { decodeCursor, encodeCursor } from '../../shared/api/cursor.ts';
import { badField } from '../../shared/api/fieldErrors.ts';
import { requireAllSources } from '../../shared/api/principal.ts';
import type { Change } from '../../shared/audit/auditItem.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { Claimers } from '../../shared/files/claimers.ts';
import type { FileItem } from '../../shared/files/fileItem.ts';
import { getFile, versionsOf } from '../../shared/files/files.ts';
import { resolveFile } from '../../shared/files/resolveFile.ts';
import type { Log } from '../../shared/log.ts';
import { askForRun, requireRunnable } from '../../shared/sources/askForRun.ts';
import { type Connectors, connectorOf } from '../../shared/sources/checkSettings.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';
import type { SourceItem } from '../../shared/sources/sourceItem.ts';
import { sourceViewOf } from '../../shared/sources/sourceView.ts';
import { checkUpload } from '../../shared/uploads/checkUpload.ts';
import { abortUpload, completeUpload } from '../../shared/uploads/completeUpload.ts';
import { fileViewOf } from '../../shared/uploads/fileView.ts';
import { listFilesPage } from '../../shared/uploads/listFilesPage.ts';
import { loadNow } from '../../shared/uploads/loadNow.ts';
import { reloadFile } from '../../shared/uploads/reloadFile.ts';
import { restoreFile } from '../../shared/uploads/restoreFile.ts';
import { sourceForFile } from '../../shared/uploads/sourceForFile.ts';
import {
  addressSeconds,
  type By,
  partAddresses,
  requireNewName,
  requireUpload,
  startUpload,
  type UploadDependencies,
} from '../../shared/uploads/startUpload.ts';

export interface Dependencies extends UploadDependencies {
  readonly connectors: Connectors;
  readonly log: Log;
}

const position = z.strictObject({ name: z.string().max(900), versionId: z.string().max(1024) });

/** Uploads and the files of a source. */
export const makeHandler = (dependencies: Dependencies) => {
  const { table, connectors, bucket, maxUploadBytes, now, log } = dependencies;
  return createApi(
    'apiFiles',
    {
      createUpload: async (request) => {
        const { principal, params, body } = request;
        const source = await requireSourceOf(table, principal, params.idOrKey);
        requireRunnable(source);
        const connector = connectorOf(connectors, source.connector);
        if (connector === null) throw badField(['connector'], 'The source has no connector yet.');
        checkUpload(body, connector, maxUploadBytes);
        if (!body.replace) await requireNewName(dependencies, source, body.name);
        return startUpload(dependencies, request, source, body);
      },
      getUploadParts: async ({ principal, params, query }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        const upload = await requireUpload(dependencies, source, params.uploadId);
        if (upload.multipart === null)
          throw new HeadgateError('not_found', 'The upload is not one in parts.');
        return {
          parts: await partAddresses(bucket, upload.key, upload.multipart, query.from, query.limit),
          expiresAt: new Date(now().getTime() + addressSeconds * 1000).toISOString(),
        };
      },
      completeUpload: async (request) => {
        const { principal, params, body } = request;
        const source = await requireSourceOf(table, principal, params.idOrKey);
        requireRunnable(source);
        const { file, run } = await completeUpload(
          dependencies,
          request,
          source,
          params.uploadId,
          body.triggerSync,
        );
        const { tenant } = principal;
        const stored = await getFile(table, tenant, source.sourceId, file.name, file.versionId);
        return {
          file: fileViewOf(await new Claimers(table, tenant).resolve(stored ?? file)),
          run,
        };
      },
      abortUpload: async (request) => {
        const { principal, params } = request;
        const source = await requireSourceOf(table, principal, params.idOrKey);
        await abortUpload(dependencies, request, source, params.uploadId);
        return null;
      },
      listFiles: async ({ principal, params, query }) => {
        const { tenant, sourceId } = await requireSourceOf(table, principal, params.idOrKey);
        const filters = { sourceId, status: query.status ?? null };
        const { files, next } = await listFilesPage(table, tenant, sourceId, {
          limit: query.limit,
          status: query.status ?? null,
          after:
            query.cursor === undefined
              ? null
              : decodeCursor(query.cursor, 'files', filters, position),
        });
        return {
          data: files.map(fileViewOf),
          pagination: {
            limit: query.limit,
            hasMore: next !== null,
            nextCursor: next === null ? null : encodeCursor('files', filters, next),
          },
        };
      },
      deleteFile: async ({ principal, params, requestId }) => {
        const source = await requireSourceOf(table, principal, params.idOrKey);
        const versions = await versionsOf(table, source.tenant, source.sourceId, params.name);
        if (versions.length === 0)
          throw new HeadgateError('not_found', 'The source has no such file.');
        return askForRun(dependencies, source, {
          principal,
          requestId,
          request: { kind: 'file_delete', files: [params.name] },
          trigger: 'api',
          whenBusy: 'queue',
          action: 'file.deleted',
        });
      },
      reloadFile: async (request) => {
        const { principal, params, body } = request;
        const source = await requireSourceOf(table, principal, params.idOrKey);
        requireRunnable(source);
        const file = await reloadFile(table, source, params.name, body.force);
        return loaded(request, source, file, 'file.reloaded');
      },
      restoreFile: async (request) => {
        const { principal, params } = request;
        const source = await requireSourceOf(table, principal, params.idOrKey);
        requireRunnable(source);
        const file = await restoreFile(table, bucket, source, params.name);
        return loaded(request, source, file, 'file.restored');
      },
      uploadNewSource: async (request) => {
        const { principal, body, requestId } = request;
        requireAllSources(principal);
        const { source, upload } = await sourceForFile(dependencies, request, body);
        log.info('a file makes a source', { requestId, sourceId: source.sourceId });
        return {
          source: sourceViewOf(source, undefined, { now: now(), connectors, secretPrefix: '' }),
          upload,
        };
      },
    },
    { log },
  );

  /** A file that waits now, and the run that loads it. */
  async function loaded(by: By, source: SourceItem, file: FileItem, action: Change['action']) {
    const run = await loadNow(dependencies, by, source, action);
    return { file: fileViewOf(resolveFile(file, null)), run };
  }
};
