import { requireBucket } from './buckets.ts';
import { checkTags, versionHeader } from './objectHeaders.ts';
import type { ObjectVersion } from './objectVersion.ts';
import { childrenOf, readXml, requiredText } from './readXml.ts';
import { readDocument } from './requestBody.ts';
import type { Operation } from './s3Answer.ts';
import type { S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';
import { requireVersion } from './versions.ts';
import { writeXml } from './writeXml.ts';

function targetOf(
  store: S3Store,
  request: S3Request,
): { version: ObjectVersion; headers: Record<string, string> } {
  const { bucket, key, query } = request;
  const versioned = requireBucket(store.index, bucket).versioning !== 'Unversioned';
  const version = requireVersion(store.index, bucket, key, query.get('versionId'));
  return { version, headers: versionHeader(version, versioned) };
}

/** Tags are changed in place: they make no new version and no event. */
const replaceTags = (
  store: S3Store,
  version: ObjectVersion,
  tags: Record<string, string>,
): void => {
  store.index.run(
    'UPDATE versions SET metadata = ? WHERE seq = ?',
    JSON.stringify({ ...version.metadata, tags }),
    version.seq,
  );
};

export const getObjectTagging: Operation = (store, { request }) => {
  const { version, headers } = targetOf(store, request);
  const tags = Object.entries(version.metadata.tags).map(([Key, Value]) => ({ Key, Value }));
  return { status: 200, headers, xml: writeXml('Tagging', { TagSet: { Tag: tags } }) };
};

export const putObjectTagging: Operation = async (store, { request, signed }) => {
  const document = readXml(await readDocument(request, signed), 'Tagging');
  const { version, headers } = targetOf(store, request);
  const pairs = childrenOf(document, 'TagSet').flatMap((set) =>
    childrenOf(set, 'Tag').map(
      (tag) => [requiredText(tag, 'Key'), requiredText(tag, 'Value')] as const,
    ),
  );
  replaceTags(store, version, checkTags(pairs));
  return { status: 200, headers };
};

export const deleteObjectTagging: Operation = (store, { request }) => {
  const { version, headers } = targetOf(store, request);
  replaceTags(store, version, {});
  return { status: 204, headers };
};
