import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../shared/log.ts';
import { AwsError } from '../protocol/awsError.ts';
import { checkCredentials, sendError } from '../protocol/jsonService.ts';
import { readBody } from '../protocol/readBody.ts';
import type { StoredLogLine } from './functionLog.ts';
import type { FunctionSettings } from './functionSettings.ts';
import { requestTooLarge, unreadablePayload } from './lambdaErrors.ts';
import type { Outcome } from './sandbox.ts';

export interface InvokeOperations {
  /** Rejects with AwsError, or with the signal's reason while it waits for a sandbox. */
  run(name: string, payload: string, requestId: string, signal: AbortSignal): Promise<Outcome>;
  /** Stores the event; throws AwsError. */
  enqueue(name: string, payload: string, requestId: string): void;
  /** Throws AwsError when there is no such function. */
  settings(name: string): FunctionSettings;
  readLog(functionName: string, afterId?: number): AsyncIterable<StoredLogLine>;
}

const apiPath = /^\/2015-03-31\/functions(?:\/([^/]+)(\/.*)?)?$/;
const maxPayloadBytes = { RequestResponse: 6_291_456, DryRun: 6_291_456, Event: 1_048_576 };
const tailBytes = 4096;

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

export const isInvokeRequest = (request: IncomingMessage): boolean => apiPath.test(pathOf(request));

/**
 * Answers one request of the Invoke API; never throws.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function answerInvokeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  operations: InvokeOperations,
  log: Log | undefined,
): Promise<void> {
  // Whoever does not wait any more gives up his place in the queue; what runs goes on.
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    checkCredentials(request);
    await invoke(request, response, operations, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return;
    sendError(response, 'rest', 'lambda', error, log);
  }
}

async function invoke(
  request: IncomingMessage,
  response: ServerResponse,
  operations: InvokeOperations,
  gone: AbortSignal,
): Promise<void> {
  const [, encodedName, rest] = apiPath.exec(pathOf(request)) ?? [];
  if (request.method !== 'POST' || !encodedName || rest !== '/invocations')
    throw new AwsError(
      'UnknownOperationException',
      `The embedded lambda has no operation ${request.method} ${pathOf(request)}`,
    );
  const type = invocationType(request);
  const body = await readBody(request);
  if (body.length > maxPayloadBytes[type]) throw requestTooLarge(maxPayloadBytes[type]);
  const { name } = operations.settings(decodeName(encodedName));
  const payload = jsonPayload(body);
  const requestId = randomUUID();
  const headers = { 'x-amzn-requestid': requestId, 'content-type': 'application/json' };

  if (type === 'DryRun') {
    response.writeHead(204, headers).end();
    return;
  }
  if (type === 'Event') {
    operations.enqueue(name, payload, requestId);
    response.writeHead(202, headers).end();
    return;
  }
  const outcome = await operations.run(name, payload, requestId, gone);
  const tail =
    request.headers['x-amz-log-type'] === 'Tail'
      ? { 'x-amz-log-result': await logTail(operations, name, requestId) }
      : {};
  response
    .writeHead(200, {
      ...headers,
      'x-amz-executed-version': '$LATEST',
      ...(outcome.error ? { 'x-amz-function-error': 'Unhandled' } : {}),
      ...tail,
    })
    .end(outcome.error ? JSON.stringify(outcome.error) : outcome.payload);
}

function invocationType(request: IncomingMessage): keyof typeof maxPayloadBytes {
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'RequestResponse' || type === 'Event' || type === 'DryRun') return type;
  throw new AwsError('InvalidParameterValueException', `Unknown invocation type: ${type}`);
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new AwsError('InvalidParameterValueException', `Bad function name: ${encoded}`);
  }
}

/** The payload as it came, if it is JSON; an empty one is `{}`. */
function jsonPayload(body: Buffer): string {
  const text = body.toString('utf8');
  if (text === '') return '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    throw unreadablePayload(error as Error);
  }
  return text;
}

/** The last 4 KB of what one invocation wrote, in base64. */
async function logTail(
  { readLog }: InvokeOperations,
  functionName: string,
  requestId: string,
): Promise<string> {
  let text = '';
  for await (const line of readLog(functionName))
    if (line.requestId === requestId) text = `${text}${line.message}\n`.slice(-tailBytes);
  return Buffer.from(text).subarray(-tailBytes).toString('base64');
}
