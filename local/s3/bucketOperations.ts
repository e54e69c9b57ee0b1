import { localAccount } from '../localService.ts';
import {
  deleteBucket,
  ensureBucket,
  listBuckets,
  requireBucket,
  setVersioning,
} from './buckets.ts';
import { readXml, textOf } from './readXml.ts';
import { readDocument } from './requestBody.ts';
import type { Operation } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import { writeXml } from './writeXml.ts';

export const listAllBuckets: Operation = ({ index }, { request }) => ({
  status: 200,
  xml: writeXml('ListAllMyBucketsResult', {
    Owner: { ID: 'headgate' },
    Buckets: {
      Bucket: listBuckets(index)
        .filter(({ name }) => name.startsWith(request.query.get('prefix') ?? ''))
        .map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt.toISOString() })),
    },
  }),
});

/** In us-east-1 creating a bucket again succeeds and changes nothing. */
export const createOneBucket: Operation = async ({ index, now }, { request, signed }) => {
  const document = await readDocument(request, signed);
  if (document !== '') {
    const place = textOf(readXml(document, 'CreateBucketConfiguration'), 'LocationConstraint');
    if (place !== undefined && place !== localAccount.region)
      throw new S3Error(
        'InvalidArgument',
        `The specified location-constraint is not valid; this is ${localAccount.region}`,
      );
  }
  ensureBucket(index, request.bucket, now());
  return { status: 200, headers: { location: `/${request.bucket}` } };
};

export const headBucket: Operation = ({ index }, { request }) => {
  requireBucket(index, request.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': localAccount.region } };
};

export const deleteOneBucket: Operation = ({ index, blobs }, { request }) => {
  requireBucket(index, request.bucket);
  void blobs.discard(deleteBucket(index, request.bucket));
  return { status: 204 };
};

/** us-east-1 is the empty constraint. */
export const getBucketLocation: Operation = ({ index }, { request }) => {
  requireBucket(index, request.bucket);
  return { status: 200, xml: writeXml('LocationConstraint', undefined) };
};

export const getBucketVersioning: Operation = ({ index }, { request }) => {
  const { versioning } = requireBucket(index, request.bucket);
  return {
    status: 200,
    xml: writeXml('VersioningConfiguration', {
      Status: versioning === 'Unversioned' ? undefined : versioning,
    }),
  };
};

export const putBucketVersioning: Operation = async ({ index }, { request, signed }) => {
  requireBucket(index, request.bucket);
  const document = readXml(await readDocument(request, signed), 'VersioningConfiguration');
  const status = textOf(document, 'Status');
  if (status !== 'Enabled' && status !== 'Suspended')
    throw new S3Error('MalformedXML', 'Status must be Enabled or Suspended');
  if (textOf(document, 'MfaDelete') === 'Enabled')
    throw new S3Error('NotImplemented', 'MFA delete is not supported');
  setVersioning(index, request.bucket, status);
  return { status: 200 };
};
