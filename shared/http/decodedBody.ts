import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import { HeadgateError } from '../errors.ts';
import { plainUrl } from './safeUrl.ts';
import type { OneRequest } from './sendRequest.ts';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

export interface BodyLimits {
  /** After decompression. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Called when the body has been read, has failed, or was given up. */
  readonly done: () => void;
}

/** Layers are taken off in turn; more than this is an attack, not an encoding. */
const mostEncodings = 2;

function decodersOf(incoming: IncomingMessage, request: OneRequest, where: string): Transform[] {
  // Who takes no encoding as well wants what lies there as it is stored, even where that is compressed.
  if (/(^|,)\s*identity\s*(,|$)/.test(request.headers.get('accept-encoding') ?? '')) return [];
  const names = (incoming.headers['content-encoding'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > mostEncodings)
    throw new HeadgateError(
      'source_answer_invalid',
      `${where} answered in ${names.length} encodings`,
    );
  return names.toReversed().map((name) => {
    const decoder = decoders[name];
    if (decoder === undefined)
      throw new HeadgateError(
        'source_answer_invalid',
        `${where} answered in the unknown encoding ${JSON.stringify(name.slice(0, 40))}`,
      );
    return decoder();
  });
}

const tooLong = (where: string, maxBytes: number): HeadgateError =>
  new HeadgateError('source_answer_invalid', `${where} answered more than ${maxBytes} bytes`);

/**
 * The body of an answer, decompressed unless `identity` is among the encodings asked for. Reading it fails with HeadgateError: source_unreachable when the
 * connection breaks off, source_answer_invalid when it is too long or cannot be decompressed; or with the
 * signal's reason. Never ends early without an error.
 */
export function decodedBody(
  incoming: IncomingMessage,
  request: OneRequest,
  { maxBytes, signal, done }: BodyLimits,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const where = `${request.method} ${plainUrl(request.url)}`;
  const stages = decodersOf(incoming, request, where);
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw tooLong(where, maxBytes);
  // The first to fail is the cause; the others fail because of it.
  let failed: { readonly at: 'connection' | 'decoder'; readonly error: unknown } | null = null;
  incoming.on('error', (error) => {
    failed ??= { at: 'connection', error };
  });
  for (const stage of stages)
    stage.on('error', (error) => {
      failed ??= { at: 'decoder', error };
    });
  const decoded: Readable = stages.at(-1) ?? incoming;
  if (stages.length > 0) pipeline([incoming, ...stages], () => undefined);
  const finish = (): void => {
    done();
    // A reader that stops early must not leave the connection half read: what is here already is passed over.
    if (incoming.complete) decoded.resume();
    else incoming.destroy();
  };
  async function* chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let bytes = 0;
    try {
      for await (const chunk of decoded) {
        bytes += chunk.length;
        // Of what comes out, so that a small answer cannot unfold into an endless one.
        if (bytes > maxBytes) throw tooLong(where, maxBytes);
        yield chunk;
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const cause = failed?.error ?? error;
      if (cause instanceof HeadgateError) throw cause;
      throw failed?.at === 'decoder'
        ? new HeadgateError(
            'source_answer_invalid',
            `${where} answered what cannot be decompressed`,
            { cause },
          )
        : new HeadgateError('source_unreachable', `${where} broke off its answer`, { cause });
    } finally {
      finish();
    }
  }
  const rest = chunks();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done: isOver, value } = await rest.next();
        if (isOver === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        // Before the first chunk nothing of the generator has run, and nothing of it will.
        finish();
        await rest.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
