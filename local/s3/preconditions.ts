import type { ObjectVersion } from './objectVersion.ts';
import { quoted } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { ConditionalWrite } from './writeConflicts.ts';

type Headers = Readonly<Record<string, string | undefined>>;

const etagsIn = (header: string): readonly string[] =>
  header.split(',').map((etag) => etag.trim().replace(/^W\//, '').replaceAll('"', ''));

const matches = (header: string, etag: string): boolean =>
  etagsIn(header).some((given) => given === '*' || given === etag);

const failed = (condition: string): S3Error =>
  new S3Error(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    {
      elements: { Condition: condition },
    },
  );

/** HTTP dates have whole seconds. */
const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);
const dateOf = (header: string | undefined): number | null => {
  const time = Date.parse(header ?? '');
  return Number.isNaN(time) ? null : Math.floor(time / 1000);
};

/**
 * Conditions of GET, HEAD and of the source of a copy (`prefix` is then `x-amz-copy-source-`). An ETag condition
 * that holds makes the date condition beside it void.
 *
 * @throws S3Error PreconditionFailed (412), NotModified (304; as the source of a copy 412)
 */
export function checkReadConditions(version: ObjectVersion, headers: Headers, prefix = ''): void {
  const modified = seconds(version.modifiedAt);
  const header = (name: string): string | undefined => headers[prefix + name];
  const ifMatch = header('if-match');
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) throw failed('If-Match');
  } else {
    const unmodifiedSince = dateOf(header('if-unmodified-since'));
    if (unmodifiedSince !== null && modified > unmodifiedSince) throw failed('If-Unmodified-Since');
  }
  const notModified = (condition: string): S3Error =>
    prefix === ''
      ? new S3Error('NotModified', 'Not Modified', {
          headers: {
            etag: quoted(version.etag),
            'last-modified': version.modifiedAt.toUTCString(),
          },
        })
      : failed(condition);
  const ifNoneMatch = header('if-none-match');
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, version.etag)) throw notModified('If-None-Match');
  } else {
    const modifiedSince = dateOf(header('if-modified-since'));
    if (modifiedSince !== null && modified <= modifiedSince) throw notModified('If-Modified-Since');
  }
}

export const isConditionalWrite = (headers: Headers): boolean =>
  headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;

/**
 * Conditions of a write, on the object as it is now (null: none, or a delete marker). `write` knows whether a
 * delete overtook it.
 *
 * @throws S3Error PreconditionFailed, NoSuchKey, ConditionalRequestConflict, NotImplemented
 */
export function checkWriteConditions(
  current: ObjectVersion | null,
  headers: Headers,
  write?: ConditionalWrite,
): void {
  const ifNoneMatch = headers['if-none-match'];
  const ifMatch = headers['if-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error(
      'NotImplemented',
      'A header you provided asks for something this S3 does not have',
      { elements: { Header: 'If-None-Match' } },
    );
  if (write?.conflicted === true)
    throw new S3Error(
      'ConditionalRequestConflict',
      'The conditional request cannot succeed due to a conflicting operation against this resource.',
      { elements: { Condition: ifMatch === undefined ? 'If-None-Match' : 'If-Match' } },
    );
  if (ifNoneMatch !== undefined && current !== null) throw failed('If-None-Match');
  if (ifMatch === undefined) return;
  if (current === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.');
  if (!matches(ifMatch, current.etag)) throw failed('If-Match');
}
