import { createHash } from 'node:crypto';
import { localAccount } from '../localService.ts';
import type { Authenticated } from './authenticate.ts';
import { S3Error } from './s3Error.ts';
import { sameSignature, scopeOf, sha256Hex, sign } from './signature.ts';

const longestLineBytes = 16 * 1024;
const sha256OfNothing = sha256Hex('');

/**
 * Follows the chain of signatures of a `STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]` body: each chunk's
 * covers the one before it, the first chunk's covers the request's.
 * Source: "Signature calculations for the Authorization header: transferring payload in multiple chunks".
 */
export class ChunkSignatures {
  #previous: string;
  #hash = createHash('sha256');
  readonly #request: Authenticated;
  readonly #secret: string;

  constructor(request: Authenticated, secret: string = localAccount.secretAccessKey) {
    this.#request = request;
    this.#secret = secret;
    this.#previous = request.signature;
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  /** @throws S3Error SignatureDoesNotMatch */
  endChunk(signature: string | undefined): void {
    const digest = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', [sha256OfNothing, digest], signature);
  }

  /** `lines` are `name:value` of every trailer but the signature itself, each followed by a line feed. */
  endTrailers(lines: string, signature: string | undefined): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(lines)], signature);
  }

  #check(kind: string, digests: readonly string[], signature: string | undefined): void {
    const { scope, amzDate } = this.#request;
    const expected = sign(
      scope,
      [kind, amzDate, scopeOf(scope), this.#previous, ...digests].join('\n'),
      this.#secret,
    );
    if (!sameSignature(expected, signature ?? ''))
      throw new S3Error(
        'SignatureDoesNotMatch',
        'The signature of a chunk does not match the signature you provided.',
      );
    this.#previous = expected;
  }
}

const incomplete = (): S3Error =>
  new S3Error(
    'IncompleteBody',
    'The request body terminated unexpectedly or is not valid aws-chunked encoding',
  );

/** Gives bytes and lines of a stream in turn, holding back no more than one piece. */
class Pieces {
  #rest: Buffer = Buffer.alloc(0);
  readonly #source: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async #more(): Promise<Buffer | null> {
    const next = await this.#source.next();
    if (next.done === true) return null;
    return Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
  }

  /** A line without its CRLF; null at the end of the stream. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > longestLineBytes) throw incomplete();
      const more = await this.#more();
      if (more === null) {
        if (this.#rest.length > 0) throw incomplete();
        return null;
      }
      this.#rest = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    }
  }

  /** Up to `most` bytes, at least one. */
  async bytes(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const more = await this.#more();
      if (more === null) throw incomplete();
      this.#rest = more;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }
}

/**
 * Takes the `aws-chunked` framing off a body and yields what was sent. Trailers are put into `trailers`
 * (lower-case names) before the generator ends.
 *
 * @throws S3Error IncompleteBody when the framing is wrong or cut short, SignatureDoesNotMatch
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
  signatures: ChunkSignatures | null,
): AsyncGenerator<Uint8Array> {
  const pieces = new Pieces(source);
  for (;;) {
    const head = await pieces.line();
    const match = /^([0-9a-f]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(head ?? '');
    if (match === null) throw incomplete();
    const bytes = Number.parseInt(match[1] ?? '', 16);
    for (let left = bytes; left > 0; ) {
      const data = await pieces.bytes(left);
      signatures?.update(data);
      left -= data.length;
      yield data;
    }
    signatures?.endChunk(match[2]);
    if (bytes === 0) break;
    if ((await pieces.line()) !== '') throw incomplete();
  }
  // The empty line that ends the trailers is left out by some clients when there are none.
  for (let line = await pieces.line(); line !== null && line !== ''; line = await pieces.line()) {
    const colon = line.indexOf(':');
    if (colon < 1) throw incomplete();
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const trailerSignature = trailers.get('x-amz-trailer-signature');
  trailers.delete('x-amz-trailer-signature');
  if (signatures !== null && trailers.size > 0)
    signatures.endTrailers(
      [...trailers].map(([name, value]) => `${name}:${value}\n`).join(''),
      trailerSignature,
    );
}
