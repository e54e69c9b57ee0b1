import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface HttpServer extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

/** Whether the client went away before it had its answer. */
export const isGivenUp = (request: IncomingMessage, response: ServerResponse): boolean =>
  request.errored !== null || response.destroyed;

/**
 * A server on 127.0.0.1 that does what it is told, and remembers what it was asked. An answer may be given up where its
 * client went away half way; what else an answer throws fails the test file.
 */
export async function startHttpServer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  tls?: { readonly key: string; readonly cert: string },
): Promise<HttpServer> {
  const requests: IncomingMessage[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push(request);
    try {
      await answer(request, response);
    } catch (error) {
      if (!isGivenUp(request, response)) throw error;
    }
  };
  const listener: RequestListener = (request, response) => void serve(request, response);
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}
