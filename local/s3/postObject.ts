import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { requireBucket } from './buckets.ts';
import { checksumAlgorithms, checksumHeader, parseAlgorithm } from './checksums.ts';
import { metadataOf, versionHeader } from './objectHeaders.ts';
import { checkPolicy, type FormFields } from './postPolicy.ts';
import { bytesOf, digestBody, largestBodyBytes } from './requestBody.ts';
import { quoted, type S3Answer } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';
import { commitVersion } from './versions.ts';
import { writeXml } from './writeXml.ts';

/** Source: "POST Object": fields beside the file take at most 20 KB. */
const limits = { files: 1, fields: 100, fieldSize: 20 * 1024, fieldNameSize: 200 };

interface FilePart {
  readonly filename: string;
  readonly stream: Readable;
}

interface Form {
  readonly fields: FormFields;
  readonly file: FilePart;
}

const isForm = (request: S3Request): boolean =>
  /^multipart\/form-data\s*;/i.test(request.headers['content-type'] ?? '');

export const isPostObject = (request: S3Request): boolean =>
  request.method === 'POST' && request.bucket !== '' && request.key === '' && isForm(request);

const malformed = (): S3Error =>
  new S3Error(
    'MalformedPOSTRequest',
    'The body of your POST request is not well-formed multipart/form-data.',
  );

function createParser(request: S3Request): busboy.Busboy {
  try {
    return busboy({ headers: request.incoming.headers, limits, defParamCharset: 'utf8' });
  } catch {
    throw malformed();
  }
}

/**
 * Reads the fields up to the file, whose bytes are still to come; a form that breaks off later breaks the
 * file's stream. What follows the file is ignored, as S3 does.
 */
async function openForm(request: S3Request): Promise<Form> {
  const { incoming } = request;
  const parser = createParser(request);
  const fields = new Map<string, string>();
  const { promise, resolve, reject } = Promise.withResolvers<FilePart>();
  let opened: Readable | null = null;
  const fail = (): void => {
    reject(malformed());
    opened?.destroy(malformed());
  };
  parser.on('field', (name, value, { valueTruncated, nameTruncated }) => {
    if (valueTruncated || nameTruncated)
      reject(
        new S3Error(
          'MaxMessageLengthExceeded',
          'Your POST request fields preceding the upload file were too large.',
        ),
      );
    fields.set(name.toLowerCase(), value);
  });
  parser.on('file', (name, stream, { filename }) => {
    // A stream nobody listens to must not end the process when the form breaks off.
    stream.on('error', () => undefined);
    opened = stream;
    if (name.toLowerCase() === 'file') resolve({ filename: filename ?? '', stream });
    else fail();
  });
  parser.on('error', fail);
  parser.on('close', () =>
    reject(
      new S3Error('InvalidArgument', 'POST requires exactly one file upload per request.', {
        elements: { ArgumentName: 'file', ArgumentValue: 0 },
      }),
    ),
  );
  incoming.on('close', () => {
    if (!incoming.complete) fail();
  });
  incoming.pipe(parser);
  try {
    return { fields, file: await promise };
  } catch (error) {
    incoming.unpipe(parser);
    throw error;
  }
}

/** POST Object: a browser's form upload under a signed policy. The signature lies in the form. */
export async function postObject(store: S3Store, request: S3Request): Promise<S3Answer> {
  const { bucket } = request;
  const { versioning } = requireBucket(store.index, bucket);
  const { fields, file } = await openForm(request);
  try {
    const template = fields.get('key');
    if (!template)
      throw new S3Error('InvalidArgument', "Bucket POST must contain a field named 'key'.");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what the form says
    const key = template.replaceAll('${filename}', () => file.filename);
    if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError', 'Your key is too long');
    const { minBytes, maxBytes } = checkPolicy(fields, bucket, key, store.now());
    if (fields.has('success_action_redirect') || fields.has('redirect'))
      throw new S3Error('NotImplemented', 'success_action_redirect is not supported');
    // Headers are bytes: what the form says in UTF-8 is sent back as those bytes.
    const asHeaders = [...fields].map(([name, value]) => [
      name,
      Buffer.from(value).toString('latin1'),
    ]);
    const metadata = metadataOf(Object.fromEntries(asHeaders));
    const announced = checksumAlgorithms.find((name) => fields.has(checksumHeader(name)));
    const algorithm =
      announced ?? parseAlgorithm(fields.get('x-amz-checksum-algorithm') ?? 'CRC64NVME');
    const body = digestBody(
      bytesOf(file.stream),
      [algorithm],
      Math.min(maxBytes, largestBodyBytes),
    );
    const blob = await store.blobs.write(body.chunks);
    const { bytes, md5, checksum } = body.digest();
    try {
      if (bytes < minBytes)
        throw new S3Error(
          'EntityTooSmall',
          'Your proposed upload is smaller than the minimum allowed size',
          { elements: { ProposedSize: bytes, MinSizeAllowed: minBytes } },
        );
      if (announced !== undefined && fields.get(checksumHeader(announced)) !== checksum.value)
        throw new S3Error(
          'BadDigest',
          `The ${announced} you specified did not match the calculated checksum.`,
        );
      const version = commitVersion(
        store,
        { bucket, key, bytes, etag: md5, metadata, checksum, segments: [{ blob, bytes }] },
        { eventName: 'ObjectCreated:Post' },
      );
      const asked = Number(fields.get('success_action_status') ?? 204);
      const status = asked === 200 || asked === 201 ? asked : 204;
      const location = `http://${request.headers['host'] ?? ''}/${bucket}/${encodeURIComponent(key)}`;
      const headers = {
        etag: quoted(md5),
        location,
        ...versionHeader(version, versioning !== 'Unversioned'),
      };
      if (status !== 201) return { status, headers };
      return {
        status,
        headers,
        xml: writeXml(
          'PostResponse',
          { Location: location, Bucket: bucket, Key: key, ETag: quoted(md5) },
          '',
        ),
      };
    } catch (error) {
      await store.blobs.discard([blob]);
      throw error;
    }
  } finally {
    // What is left of a refused form is read away, so that the client gets to see the answer.
    file.stream.resume();
  }
}
