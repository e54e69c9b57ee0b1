import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../shared/log.ts';
import { AwsError } from './awsError.ts';
import { checkCredentials, parseJson, send, sendError } from './jsonService.ts';
import { readBody } from './readBody.ts';

export interface RestRequest {
  /** What the groups of the route's path matched, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}
export interface RestRoute {
  readonly method: string;
  readonly path: RegExp;
  readonly run: (request: RestRequest) => object | Promise<object>;
}

/** Answers a request of an AWS service that speaks "REST JSON". Never throws. */
export async function handleRest(
  service: string,
  routes: readonly RestRoute[],
  request: IncomingMessage,
  response: ServerResponse,
  log: Log | undefined,
): Promise<void> {
  try {
    checkCredentials(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const body = parseJson(await readBody(request));
    for (const { method, path, run } of routes) {
      const match = method === request.method ? path.exec(pathname) : null;
      if (match === null) continue;
      const parts = match.slice(1).map(decode);
      send(response, 'rest', 200, await run({ path: parts, query: searchParams, body }));
      return;
    }
    throw new AwsError(
      'UnknownOperationException',
      `The embedded ${service} has no operation ${request.method} ${pathname}`,
      { status: 404 },
    );
  } catch (error) {
    sendError(response, 'rest', service, error, log);
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AwsError('ValidationException', 'The path is not valid');
  }
}
