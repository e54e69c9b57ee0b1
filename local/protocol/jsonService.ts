import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Log } from '../../shared/log.ts';
import { type LocalService, localAccount } from '../localService.ts';
import { AwsError } from './awsError.ts';
import { readBody } from './readBody.ts';

/** What an operation is given besides its input. */
export interface OperationContext {
  /** Aborts when the client goes away or the service closes. */
  readonly signal: AbortSignal;
  /** Host and port the client spoke to: where URLs in answers must lead. */
  readonly host: string;
}
export type Operation = (input: unknown, context: OperationContext) => unknown;

export interface JsonServiceOptions {
  readonly name: string;
  /** What comes before the operation in `x-amz-target`, e.g. `DynamoDB_20120810`. */
  readonly target: string;
  readonly jsonVersion: '1.0' | '1.1';
  readonly operations: Readonly<Record<string, Operation>>;
  /** Closes files and stops timers. */
  readonly close: () => void | Promise<void>;
  readonly log?: Log | undefined;
}

/** An AWS service that speaks "AWS JSON": POST /, the operation in `x-amz-target`, JSON in and out. */
export function jsonService(options: JsonServiceOptions): LocalService {
  const { name, target, jsonVersion, operations } = options;
  const closing = new AbortController();
  return {
    name,
    accepts: (request) => header(request, 'x-amz-target').startsWith(`${target}.`),
    handle: async (request, response) => {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const signal = AbortSignal.any([closing.signal, gone.signal]);
      try {
        checkCredentials(request);
        const body = await readBody(request);
        const operationName = header(request, 'x-amz-target').slice(target.length + 1);
        const operation = Object.hasOwn(operations, operationName)
          ? operations[operationName]
          : undefined;
        if (operation === undefined)
          throw new AwsError(
            'UnknownOperationException',
            `The embedded ${name} has no operation ${operationName}`,
          );
        const answer = await operation(parseJson(body), {
          signal,
          host: header(request, 'host'),
        });
        send(response, jsonVersion, 200, answer ?? {});
      } catch (error) {
        sendError(response, jsonVersion, name, error, options.log);
      }
    },
    close: async () => {
      closing.abort();
      await options.close();
    },
  };
}

/** An operation whose input is checked first; a parameter it does not know is refused, never ignored. */
export const operation =
  <Schema extends z.ZodType>(
    schema: Schema,
    run: (input: z.infer<Schema>, context: OperationContext) => unknown,
  ): Operation =>
  (input, context) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
    return run(parsed.data, context);
  };

const header = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
};

/** The service named in the credential scope of a signed request, e.g. `scheduler`; empty when unsigned. */
export const signedService = (request: IncomingMessage): string =>
  /Credential=[^/,\s]+\/\d{8}\/[^/,\s]+\/([^/,\s]+)\/aws4_request/.exec(
    header(request, 'authorization'),
  )?.[1] ?? '';

/**
 * Only the endpoint's own access key is let in. The signature is not verified: what it protects from, a web
 * page that talks to this port, cannot send an Authorization header across origins in the first place.
 */
export function checkCredentials(request: IncomingMessage): void {
  const credential = /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]+)\//.exec(
    header(request, 'authorization'),
  )?.[1];
  if (credential === undefined)
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', {
      status: 403,
    });
  if (credential !== localAccount.accessKeyId)
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      { status: 403 },
    );
}

/** A request's JSON; an empty body is an empty object. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  const text = body.toString('utf8');
  // A member of this name would be lost on the way through ordinary objects, without a word.
  if (/"(?:_|\\u005f){2}proto(?:_|\\u005f){2}"/i.test(text))
    throw new AwsError('ValidationException', 'A member called __proto__ cannot be stored');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw Object.assign(
      new AwsError('SerializationException', 'The request body is not valid JSON'),
      { cause },
    );
  }
}

export function send(
  response: ServerResponse,
  jsonVersion: string,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type':
        jsonVersion === 'rest' ? 'application/json' : `application/x-amz-json-${jsonVersion}`,
      'content-length': Buffer.byteLength(text),
      'x-amzn-requestid': randomUUID(),
      ...headers,
    })
    .end(text);
}

/** Answers with the failure. What no service raised itself is a bare 500, and a line in the log. */
export function sendError(
  response: ServerResponse,
  jsonVersion: string,
  name: string,
  error: unknown,
  log: Log | undefined,
): void {
  if (error instanceof AwsError) {
    const { type, message, status, extra } = error;
    // REST services name the error in a header, the others in the body.
    const headers =
      jsonVersion === 'rest' ? { ...error.headers, 'x-amzn-errortype': type } : error.headers;
    send(response, jsonVersion, status, { __type: type, message, ...extra }, headers);
    return;
  }
  log?.error(`${name} failed`, { error });
  const message = 'The embedded service failed; its log says why';
  send(response, jsonVersion, 500, { __type: 'InternalServerError', message });
}
