import {
  createOneBucket,
  deleteOneBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listAllBuckets,
  putBucketVersioning,
} from './bucketOperations.ts';
import { completeMultipartUpload } from './completeMultipart.ts';
import { copyObject } from './copyObject.ts';
import { deleteBucketCors, getBucketCors, putBucketCors } from './cors.ts';
import { deleteManyObjects, deleteOneObject } from './deleteObjects.ts';
import { getObject, getObjectAttributes } from './getObject.ts';
import { listObjects, listObjectVersions } from './listObjects.ts';
import { listMultipartUploads, listParts } from './listUploads.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from './multipart.ts';
import { putObject } from './putObject.ts';
import type { Operation } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tagging.ts';

interface Route {
  readonly method: string;
  readonly level: 'service' | 'bucket' | 'object';
  /** Query parameters that must be there, with a header that must be too. */
  readonly needs?: readonly string[];
  readonly header?: string;
  /** Query parameters it understands besides those. */
  readonly takes?: readonly string[];
  readonly run: Operation;
}

const listing = ['prefix', 'delimiter', 'encoding-type', 'max-keys'];
const reading = [
  'versionId',
  'partNumber',
  'response-content-type',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-cache-control',
  'response-expires',
];

/** The first that fits wins, so those that need more come first. */
const routes: readonly Route[] = [
  { method: 'GET', level: 'service', takes: ['prefix'], run: listAllBuckets },
  { method: 'PUT', level: 'bucket', needs: ['versioning'], run: putBucketVersioning },
  { method: 'GET', level: 'bucket', needs: ['versioning'], run: getBucketVersioning },
  { method: 'GET', level: 'bucket', needs: ['location'], run: getBucketLocation },
  {
    method: 'GET',
    level: 'bucket',
    needs: ['versions'],
    takes: [...listing, 'key-marker', 'version-id-marker'],
    run: listObjectVersions,
  },
  { method: 'POST', level: 'bucket', needs: ['delete'], run: deleteManyObjects },
  {
    method: 'GET',
    level: 'bucket',
    takes: [...listing, 'list-type', 'marker', 'continuation-token', 'start-after', 'fetch-owner'],
    run: listObjects,
  },
  { method: 'PUT', level: 'bucket', needs: ['cors'], run: putBucketCors },
  { method: 'GET', level: 'bucket', needs: ['cors'], run: getBucketCors },
  { method: 'DELETE', level: 'bucket', needs: ['cors'], run: deleteBucketCors },
  {
    method: 'GET',
    level: 'bucket',
    needs: ['uploads'],
    takes: [
      'prefix',
      'delimiter',
      'encoding-type',
      'max-uploads',
      'key-marker',
      'upload-id-marker',
    ],
    run: listMultipartUploads,
  },
  { method: 'PUT', level: 'bucket', run: createOneBucket },
  { method: 'HEAD', level: 'bucket', run: headBucket },
  { method: 'DELETE', level: 'bucket', run: deleteOneBucket },
  {
    method: 'GET',
    level: 'object',
    needs: ['attributes'],
    takes: ['versionId'],
    run: getObjectAttributes,
  },
  { method: 'GET', level: 'object', takes: reading, run: getObject },
  { method: 'HEAD', level: 'object', takes: reading, run: getObject },
  {
    method: 'GET',
    level: 'object',
    needs: ['uploadId'],
    takes: ['max-parts', 'part-number-marker'],
    run: listParts,
  },
  {
    method: 'PUT',
    level: 'object',
    needs: ['uploadId', 'partNumber'],
    header: 'x-amz-copy-source',
    run: uploadPartCopy,
  },
  { method: 'PUT', level: 'object', needs: ['uploadId', 'partNumber'], run: uploadPart },
  { method: 'POST', level: 'object', needs: ['uploads'], run: createMultipartUpload },
  { method: 'POST', level: 'object', needs: ['uploadId'], run: completeMultipartUpload },
  { method: 'DELETE', level: 'object', needs: ['uploadId'], run: abortMultipartUpload },
  {
    method: 'GET',
    level: 'object',
    needs: ['tagging'],
    takes: ['versionId'],
    run: getObjectTagging,
  },
  {
    method: 'PUT',
    level: 'object',
    needs: ['tagging'],
    takes: ['versionId'],
    run: putObjectTagging,
  },
  {
    method: 'DELETE',
    level: 'object',
    needs: ['tagging'],
    takes: ['versionId'],
    run: deleteObjectTagging,
  },
  { method: 'PUT', level: 'object', header: 'x-amz-copy-source', run: copyObject },
  { method: 'PUT', level: 'object', run: putObject },
  { method: 'DELETE', level: 'object', takes: ['versionId'], run: deleteOneObject },
];

/** Parameters of signing and of the SDK's own bookkeeping, and `x-amz-*` that count as headers. */
const isOutsideRouting = (name: string): boolean => /^x-amz-/i.test(name) || name === 'x-id';

/**
 * The operation a request asks for. A query parameter no operation of ours knows means another operation.
 *
 * @throws S3Error NotImplemented
 */
export function routeOf(request: S3Request): Operation {
  const level = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const names = [...request.query.keys()].filter((name) => !isOutsideRouting(name));
  const route = routes.find(
    ({ method, level: at, needs = [], takes = [], header }) =>
      method === request.method &&
      at === level &&
      needs.every((name) => names.includes(name)) &&
      (header === undefined || request.headers[header] !== undefined) &&
      names.every((name) => needs.includes(name) || takes.includes(name)),
  );
  if (route !== undefined) return route.run;
  throw new S3Error(
    'NotImplemented',
    `This S3 has no ${request.method} of a ${level}${names.length > 0 ? ` with ${names.join(', ')}` : ''}`,
  );
}
