import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Authenticated } from './authenticate.ts';
import { ChunkSignatures, decodeAwsChunked } from './awsChunked.ts';
import {
  type ChecksumAlgorithm,
  checksumHeader,
  createChecksum,
  parseAlgorithm,
  type StoredChecksum,
} from './checksums.ts';
import { S3Error } from './s3Error.ts';
import type { S3Request } from './s3Request.ts';

/** 5 GB: S3's limit for one PUT and for one part. */
export const largestBodyBytes = 5 * 1024 ** 3;

export interface BodyDigest {
  readonly bytes: number;
  /** Hex; the ETag of an object sent in one piece. */
  readonly md5: string;
  /** The one to keep with the object: the first asked for. */
  readonly checksum: StoredChecksum;
  /** All that were asked for: algorithm → base64. */
  readonly checksums: PartChecksums;
}

export type PartChecksums = Readonly<Partial<Record<ChecksumAlgorithm, string>>>;

/** A body on its way in. `digest` MUST be asked only after `chunks` has ended. */
export interface RequestBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The checksum the request brings along, which is verified; null: none. */
  readonly announced: ChecksumAlgorithm | null;
  digest(): BodyDigest;
}

/** The bytes of a request; leaving the loop early does not destroy the socket an error is answered on. */
export const bytesOf = (stream: Readable): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => stream.iterator({ destroyOnReturn: false }),
});

/** Counts and digests what flows by. */
export function digestBody(
  source: AsyncIterable<Uint8Array>,
  algorithms: readonly [ChecksumAlgorithm, ...ChecksumAlgorithm[]],
  limitBytes: number,
): RequestBody {
  const md5 = createHash('md5');
  const running = new Map(algorithms.map((name) => [name, createChecksum(name)]));
  let bytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > limitBytes)
        throw new S3Error(
          'EntityTooLarge',
          'Your proposed upload exceeds the maximum allowed size',
          { elements: { ProposedSize: bytes, MaxSizeAllowed: limitBytes } },
        );
      md5.update(chunk);
      for (const checksum of running.values()) checksum.update(chunk);
      yield chunk;
    }
  }
  return {
    chunks: measured(),
    announced: null,
    digest: () => {
      const checksums: Partial<Record<ChecksumAlgorithm, string>> = {};
      for (const [name, checksum] of running)
        checksums[name] = checksum.digest().toString('base64');
      const [algorithm] = algorithms;
      return {
        bytes,
        md5: md5.digest('hex'),
        checksum: { algorithm, value: checksums[algorithm] ?? '', type: 'FULL_OBJECT' },
        checksums,
      };
    },
  };
}

/** The one checksum a request announces: in a header with its value, or in a trailer to come. */
function announcedChecksum(
  request: S3Request,
): { algorithm: ChecksumAlgorithm; value: string | null } | null {
  const given = Object.keys(request.headers).flatMap((name) => {
    const [, algorithm] = /^x-amz-checksum-(?!algorithm$|mode$|type$)(\w+)$/.exec(name) ?? [];
    return algorithm === undefined ? [] : [parseAlgorithm(algorithm)];
  });
  const trailer = request.headers['x-amz-trailer'];
  if (given.length > 1 || (given.length > 0 && trailer?.includes('x-amz-checksum-')))
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  const [algorithm] = given;
  if (algorithm !== undefined)
    return { algorithm, value: request.headers[checksumHeader(algorithm)] ?? null };
  const named = /^x-amz-checksum-(\w+)$/.exec(trailer?.trim() ?? '')?.[1];
  return named === undefined ? null : { algorithm: parseAlgorithm(named), value: null };
}

/** How many bytes the request says it brings, without framing. */
function announcedLength(request: S3Request, chunked: boolean): number {
  const text = request.headers[chunked ? 'x-amz-decoded-content-length' : 'content-length'];
  if (text !== undefined) return Number(text);
  if (!chunked && request.headers['transfer-encoding'] === undefined) return 0;
  throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
}

export interface BodyOptions {
  /** The checksum to compute when the request announces none. */
  readonly preferred?: ChecksumAlgorithm;
  /** The checksum to compute and keep whatever the request announces. */
  readonly keep?: ChecksumAlgorithm;
  /** The checksum headers speak of the object to be made, not of this body. */
  readonly checksumIsOfObject?: boolean;
}

/**
 * The body of a signed request, decoded, and checked against everything the request says of it: length,
 * Content-MD5, x-amz-content-sha256, x-amz-checksum-*, signatures of its chunks. A mismatch is thrown at the
 * end of `chunks`, so whoever stores them MUST drop what was stored.
 *
 * Without a checksum in the request CRC64NVME is computed, as S3 does.
 *
 * @throws S3Error BadDigest, IncompleteBody, XAmzContentSHA256Mismatch, EntityTooLarge, MissingContentLength, …
 */
export function openBody(
  request: S3Request,
  signed: Authenticated,
  limitBytes: number = largestBodyBytes,
  { preferred = 'CRC64NVME', keep, checksumIsOfObject = false }: BodyOptions = {},
): RequestBody {
  const { payload } = signed;
  if (payload.startsWith('STREAMING-AWS4-ECDSA'))
    throw new S3Error('NotImplemented', 'Signature Version 4A is not supported');
  const chunked = payload.startsWith('STREAMING-');
  const length = announcedLength(request, chunked);
  const announced = checksumIsOfObject ? null : announcedChecksum(request);
  const trailers = new Map<string, string>();
  const signatures = payload.startsWith('STREAMING-AWS4-HMAC') ? new ChunkSignatures(signed) : null;
  const raw = bytesOf(request.incoming);
  const plain = chunked ? decodeAwsChunked(raw, trailers, signatures) : raw;
  const first = keep ?? announced?.algorithm ?? preferred;
  const body = digestBody(plain, [first, ...(announced ? [announced.algorithm] : [])], limitBytes);
  const sha256 = /^[0-9a-f]{64}$/.test(payload) ? createHash('sha256') : null;
  let digest: BodyDigest | null = null;

  async function* checked(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body.chunks) {
      sha256?.update(chunk);
      yield chunk;
    }
    digest = body.digest();
    if (digest.bytes !== length)
      throw new S3Error(
        'IncompleteBody',
        'You did not provide the number of bytes specified by the Content-Length HTTP header',
      );
    if (sha256 !== null && sha256.digest('hex') !== payload)
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    checkMd5(request, digest.md5);
    if (announced === null) return;
    const expected = announced.value ?? trailers.get(checksumHeader(announced.algorithm));
    if (expected === undefined)
      throw new S3Error('InvalidRequest', 'The trailer named by x-amz-trailer did not arrive');
    if (expected !== digest.checksums[announced.algorithm])
      throw new S3Error(
        'BadDigest',
        `The ${announced.algorithm} you specified did not match the calculated checksum.`,
      );
  }
  return {
    chunks: checked(),
    announced: announced?.algorithm ?? null,
    digest: () => {
      if (digest === null) throw new Error('the body has not been read to its end');
      return digest;
    },
  };
}

function checkMd5(request: S3Request, actualHex: string): void {
  const given = request.headers['content-md5'];
  if (given === undefined) return;
  const bytes = Buffer.from(given, 'base64');
  if (bytes.length !== 16)
    throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  if (bytes.toString('hex') !== actualHex)
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
}

/** Documents sent to S3 stay below this: a list of 10,000 parts with checksums is about 2 MB. */
const largestDocumentBytes = 4 * 1024 ** 2;

/** A body small enough to hold, as text. @throws S3Error MaxMessageLengthExceeded and all of openBody's */
export async function readDocument(
  request: S3Request,
  signed: Authenticated,
  options: BodyOptions = {},
): Promise<string> {
  const pieces: Uint8Array[] = [];
  const body = openBody(request, signed, Number.POSITIVE_INFINITY, options);
  let bytes = 0;
  for await (const chunk of body.chunks) {
    bytes += chunk.length;
    if (bytes > largestDocumentBytes)
      throw new S3Error('MaxMessageLengthExceeded', 'Your request was too large.');
    pieces.push(chunk);
  }
  return Buffer.concat(pieces).toString('utf8');
}
