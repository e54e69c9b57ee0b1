import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../../shared/log.ts';
import type { InvokeFunction, LocalService } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { checkCredentials, sendError } from '../protocol/jsonService.ts';
import { readBody } from '../protocol/readBody.ts';

export interface WebSocketApiOptions {
  readonly apiId: string;
  /** The path clients connect to: `/<stage>`. */
  readonly stage: string;
  /** `$connect`, `$disconnect`, `$default` or the value of `action` → the function that answers. */
  readonly routes: Readonly<Record<string, string>>;
  readonly invoke: InvokeFunction;
  readonly log?: Log;
  /** 10 minutes on AWS. */
  readonly idleMilliseconds?: number;
  /** 2 hours on AWS. */
  readonly longestMilliseconds?: number;
}

export interface LocalWebSocketApi {
  /** For the `upgrade` event of an HTTP server; false when the request is not for this API. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** The management API, `/<stage>/@connections/<id>`, for the AWS endpoint. */
  readonly connections: LocalService;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html */
const mostMessageBytes = 128 * 1024;
const integrationMilliseconds = 29_000;

interface Open {
  readonly socket: WebSocket;
  readonly connectedAt: number;
  /** Messages of one connection are handed to functions one after the other. */
  last: Promise<unknown>;
  idle: NodeJS.Timeout;
}

/** A WebSocket API (API Gateway v2) with Lambda integrations and routes by `$request.body.action`. */
export function openWebSocketApi(options: WebSocketApiOptions): LocalWebSocketApi {
  const { apiId, stage, routes, invoke, log } = options;
  const { idleMilliseconds = 600_000, longestMilliseconds = 7_200_000 } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: mostMessageBytes });
  const open = new Map<string, Open>();
  const closing = new AbortController();

  const call = async (
    connectionId: string,
    connectedAt: number,
    eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
    routeKey: string,
    request: IncomingMessage,
    body?: string,
  ): Promise<number> => {
    const functionName = routes[routeKey];
    if (functionName === undefined) return 200;
    const answer = await invoke(
      functionName,
      {
        requestContext: {
          routeKey,
          eventType,
          connectionId,
          connectedAt,
          apiId,
          stage,
          requestId: randomBytes(9).toString('base64url'),
          requestTimeEpoch: Date.now(),
          domainName: request.headers.host ?? '',
          identity: { sourceIp: request.socket.remoteAddress ?? '' },
        },
        ...(eventType === 'CONNECT' ? { headers: request.headers } : {}),
        ...(body === undefined ? {} : { body }),
        isBase64Encoded: false,
      },
      { signal: AbortSignal.any([closing.signal, AbortSignal.timeout(integrationMilliseconds)]) },
    );
    const status = (answer as { statusCode?: unknown } | null)?.statusCode;
    return typeof status === 'number' ? status : 502;
  };

  const routeOf = (text: string): string => {
    try {
      const action = (JSON.parse(text) as { action?: unknown } | null)?.action;
      return typeof action === 'string' && Object.hasOwn(routes, action) ? action : '$default';
    } catch {
      return '$default';
    }
  };

  const serve = (id: string, socket: WebSocket, request: IncomingMessage, at: number): void => {
    const end = (): void => socket.close(1001, 'Going away');
    const longest = setTimeout(end, longestMilliseconds);
    const connection: Open = {
      socket,
      connectedAt: at,
      last: Promise.resolve(),
      idle: setTimeout(end, idleMilliseconds),
    };
    open.set(id, connection);
    const enqueue = (work: () => Promise<unknown>): void => {
      connection.last = connection.last.then(work).catch((error: unknown) => {
        if (!closing.signal.aborted) log?.error('a WebSocket message failed', { error });
      });
    };
    socket.on('message', (data) => {
      connection.idle.refresh();
      const body = String(data);
      enqueue(async () => {
        const status = await call(id, at, 'MESSAGE', routeOf(body), request, body);
        if (status >= 500) socket.send(JSON.stringify({ message: 'Internal server error', id }));
      });
    });
    socket.on('error', (error) => log?.info('a WebSocket broke', { error }));
    socket.on('close', () => {
      clearTimeout(longest);
      clearTimeout(connection.idle);
      open.delete(id);
      if (!closing.signal.aborted)
        enqueue(() => call(id, at, 'DISCONNECT', '$disconnect', request));
    });
  };

  const connect = async (request: IncomingMessage, raw: Duplex, head: Buffer): Promise<void> => {
    const id = `${randomBytes(11).toString('base64url')}=`;
    const at = Date.now();
    // A client may go away while the function thinks.
    raw.on('error', () => raw.destroy());
    const status = await call(id, at, 'CONNECT', '$connect', request);
    if (status >= 400) {
      raw.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    server.handleUpgrade(request, raw, head, (socket) => serve(id, socket, request, at));
  };

  const connectionsPath = new RegExp(`^/${stage}/(?:%40|@)connections/([^/?]+)$`, 'i');
  const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';

  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html */
  const manage = async (request: IncomingMessage): Promise<object | null> => {
    checkCredentials(request);
    const id = decodeURIComponent(connectionsPath.exec(pathOf(request))?.[1] ?? '');
    const body = await readBody(request);
    const connection = open.get(id);
    if (connection === undefined || connection.socket.readyState !== connection.socket.OPEN)
      throw new AwsError('GoneException', 'The connection is gone.', { status: 410 });
    if (request.method === 'POST') {
      if (body.length > mostMessageBytes)
        throw new AwsError('PayloadTooLargeException', 'The message is too large.', {
          status: 413,
        });
      connection.idle.refresh();
      connection.socket.send(body.toString('utf8'));
      return null;
    }
    if (request.method === 'DELETE') {
      connection.socket.close(1000);
      return null;
    }
    if (request.method !== 'GET')
      throw new AwsError('UnknownOperationException', `${request.method} is not known here`);
    return { connectedAt: new Date(connection.connectedAt).toISOString() };
  };

  return {
    upgrade(request, socket, head) {
      if (pathOf(request) !== `/${stage}`) return false;
      connect(request, socket, head).catch((error: unknown) => {
        if (!closing.signal.aborted) log?.error('a WebSocket did not open', { error });
        socket.destroy();
      });
      return true;
    },
    connections: {
      name: 'execute-api',
      accepts: (request) => connectionsPath.test(pathOf(request)),
      async handle(request, response) {
        try {
          const answer = await manage(request);
          response.writeHead(answer === null && request.method === 'DELETE' ? 204 : 200, {
            'content-type': 'application/json',
            'x-amzn-requestid': randomBytes(9).toString('base64url'),
          });
          response.end(answer === null ? undefined : JSON.stringify(answer));
        } catch (error) {
          sendError(response, 'rest', 'execute-api', error, log);
        }
      },
      async close() {
        closing.abort(new Error('the WebSocket API is closing'));
        for (const { socket } of open.values()) socket.terminate();
        server.close();
      },
    },
  };
}
