import { checkWriteConditions } from './preconditions.ts';
import { childrenOf, readXml, requiredText, textOf } from './readXml.ts';
import { readDocument } from './requestBody.ts';
import type { Operation } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import { type Deletion, deleteObject } from './versions.ts';
import { writeXml, type XmlValue } from './writeXml.ts';

export const deleteOneObject: Operation = (store, { request }) => {
  const { bucket, key, query, headers } = request;
  const ifMatch = headers['if-match'];
  const deletion = deleteObject(
    store,
    { bucket, key, versionId: query.get('versionId') },
    (found) => {
      if (ifMatch !== undefined) checkWriteConditions(found, { 'if-match': ifMatch });
    },
  );
  return {
    status: 204,
    headers: {
      'x-amz-version-id': deletion.versionId,
      'x-amz-delete-marker': deletion.deleteMarker ? 'true' : undefined,
    },
  };
};

const mostKeys = 1000;

/** DeleteObjects: each key succeeds or fails by itself. */
export const deleteManyObjects: Operation = async (store, { request, signed }) => {
  const { bucket, headers } = request;
  if (
    headers['content-md5'] === undefined &&
    headers['x-amz-trailer'] === undefined &&
    !Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'))
  )
    throw new S3Error(
      'InvalidRequest',
      'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
    );
  const document = readXml(await readDocument(request, signed), 'Delete');
  const objects = childrenOf(document, 'Object');
  if (objects.length === 0 || objects.length > mostKeys)
    throw new S3Error('MalformedXML', `A delete names 1 to ${mostKeys} keys`);
  const quiet = textOf(document, 'Quiet') === 'true';
  const deleted: XmlValue[] = [];
  const errors: XmlValue[] = [];
  for (const object of objects) {
    const key = requiredText(object, 'Key');
    const versionId = textOf(object, 'VersionId');
    const etag = textOf(object, 'ETag');
    try {
      const deletion = deleteObject(store, { bucket, key, versionId }, (found) => {
        if (etag !== undefined) checkWriteConditions(found, { 'if-match': etag });
      });
      deleted.push(deletedElement(key, versionId, deletion));
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      errors.push({ Key: key, VersionId: versionId, Code: error.code, Message: error.message });
    }
  }
  return {
    status: 200,
    xml: writeXml('DeleteResult', { Deleted: quiet ? [] : deleted, Error: errors }),
  };
};

const deletedElement = (key: string, asked: string | undefined, deletion: Deletion): XmlValue => ({
  Key: key,
  VersionId: asked,
  DeleteMarker: deletion.deleteMarker ? true : undefined,
  DeleteMarkerVersionId: deletion.deleteMarker ? deletion.versionId : undefined,
});
