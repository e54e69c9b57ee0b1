import { HeadgateError } from '../errors.ts';
import { changeFiles } from '../files/changeFiles.ts';
import type { FileItem } from '../files/fileItem.ts';
import { getName, putName } from '../files/fileName.ts';
import { everyVersionOf } from '../files/files.ts';
import { isNewer } from '../files/inbox.ts';
import type { Table } from '../table.ts';
import type { LandingBucket } from './landingBucket.ts';

const maxTries = 5;

/**
 * Brings the last deleted version of a name back, and has the next run load it. Throws `file_exists` where the name
 * has a file, `not_found` where it never had one, or where S3 has removed the version for good.
 */
export async function restoreFile(
  table: Table,
  bucket: LandingBucket,
  { tenant, sourceId }: Pick<FileItem, 'tenant' | 'sourceId'>,
  name: string,
): Promise<FileItem> {
  for (let tries = 0; tries < maxTries; tries++) {
    const seen = await getName(table, { tenant, sourceId, name });
    const versions = await everyVersionOf(table, tenant, sourceId, name);
    if (versions.some(({ file }) => file.state !== 'deleted'))
      throw new HeadgateError(
        'file_exists',
        `The source has a file "${name}". Delete it, then restore the one before it.`,
        { facts: { file: name } },
      );
    const [newest] = versions.toSorted((a, b) => (isNewer(a.file, b.file) ? -1 : 1));
    if (newest === undefined)
      throw gone(name, 'The source never had such a file, or not for long.');
    const { file, stored } = newest;
    if ((await bucket.headVersion(file.key, file.versionId)) === null)
      throw gone(
        name,
        `"${name}" was deleted too long ago: S3 has removed its bytes for good. Upload it again.`,
      );
    // Hidden versions are removed after a while; this one is to stay.
    await bucket.unhide(file.key);
    const after: FileItem = {
      ...file,
      state: 'pending',
      rows: undefined,
      rejected: undefined,
      loadedAt: undefined,
      claim: undefined,
      hidden: undefined,
      expiresAt: undefined,
    };
    const also = [putName(table, after, seen)];
    const refused = await changeFiles(table, [{ before: stored, after, waits: true, also }]);
    if (refused.length === 0) return after;
  }
  throw new HeadgateError('service_unavailable', `"${name}" keeps changing.`, {
    retryAfterSeconds: 1,
  });
}

const gone = (name: string, message: string): HeadgateError =>
  new HeadgateError('not_found', message, { facts: { file: name } });
