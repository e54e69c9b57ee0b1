import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { localAccount } from '../localService.ts';
import { authenticate } from './authenticate.ts';
import { answerPreflight, corsHeaders } from './cors.ts';
import { isPostObject, postObject } from './postObject.ts';
import { routeOf } from './routes.ts';
import type { S3Answer } from './s3Answer.ts';
import { S3Error } from './s3Error.ts';
import { parseRequest, type S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';
import { writeXml } from './writeXml.ts';

function checkOwner(request: S3Request): void {
  const owner = request.headers['x-amz-expected-bucket-owner'];
  if (owner !== undefined && owner !== localAccount.accountId)
    throw new S3Error('AccessDenied', 'The bucket belongs to another account');
}

async function answerRequest(store: S3Store, request: S3Request): Promise<S3Answer> {
  if (request.method === 'OPTIONS') return answerPreflight(store, request);
  if (isPostObject(request)) return await postObject(store, request);
  const signed = authenticate(request, store.now());
  checkOwner(request);
  return await routeOf(request)(store, { request, signed });
}

function errorAnswer(error: unknown, resource: string, requestId: string): S3Answer {
  // What we did not raise ourselves keeps its details for the process's log, not for clients.
  const known =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', 'We encountered an internal error. Please try again.');
  const { elements = {}, headers = {} } = known.details;
  if (known.status === 304) return { status: 304, headers };
  return {
    status: known.status,
    headers,
    xml: writeXml(
      'Error',
      {
        Code: known.code,
        Message: known.message,
        ...elements,
        Resource: resource,
        RequestId: requestId,
      },
      '',
    ),
  };
}

async function writeAnswer(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: S3Answer,
): Promise<void> {
  const { status, headers = {}, xml, stream } = answer;
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
  if (stream !== undefined) {
    response.writeHead(status);
    await pipeline(Readable.from(stream.chunks, { objectMode: false }), response);
    return;
  }
  const body = xml ?? '';
  if (xml !== undefined) response.setHeader('content-type', 'application/xml');
  // HEAD answers carry the length of the object; 204 and 304 carry none.
  if (incoming.method === 'HEAD' && response.hasHeader('content-length'))
    response.writeHead(status).end();
  else if (status === 204 || status === 304) response.writeHead(status).end();
  else {
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) });
    response.end(incoming.method === 'HEAD' ? undefined : body);
  }
}

/** Answers one request, whatever it is. Never throws; a client that goes away is let go. */
export async function serveS3(
  store: S3Store,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  // SDKs set their signing clock by it, so it must be the clock that judges them.
  response.setHeader('date', store.now().toUTCString());
  let answer: S3Answer | null = null;
  try {
    try {
      const request = parseRequest(incoming);
      if (request.method !== 'OPTIONS')
        for (const [name, value] of Object.entries(corsHeaders(store, request)))
          if (value !== undefined) response.setHeader(name, value);
      answer = await answerRequest(store, request);
    } catch (error) {
      if (incoming.destroyed && !incoming.complete) return;
      if (!(error instanceof S3Error))
        store.log?.error('an S3 request failed', {
          method: incoming.method,
          path: incoming.url?.split('?')[0],
          error,
        });
      answer = errorAnswer(error, incoming.url?.split('?')[0] ?? '/', requestId);
      // A client may look for the answer only when its whole body has been taken, and none is once it was answered.
      if (!incoming.complete) await finished(incoming.resume());
    }
    await writeAnswer(incoming, response, answer);
  } catch {
    response.destroy();
  } finally {
    answer?.stream?.release();
  }
}
