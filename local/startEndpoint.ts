import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LocalService } from './localService.ts';

export interface Endpoint {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. The address, not a name: with a name S3 clients put buckets before it. */
  readonly url: string;
  /** Ends connections too; no request is accepted once it was called. */
  close(): Promise<void>;
}

/** Takes a connection over from HTTP; false when it is not for it. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** Listens on the loopback address only. `variable` is what a person sets when the port is taken. */
export async function listen(
  handle: RequestListener,
  port: number,
  variable: string,
  upgrade?: Upgrade,
): Promise<Endpoint> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, handle);
  if (upgrade !== undefined)
    server.on('upgrade', (request, socket, head) => {
      if (!upgrade(request, socket, head))
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE'
          ? `port ${port} is in use: set ${variable} to another one`
          : cause.code === 'EACCES'
            ? `port ${port} is not allowed: set ${variable} to one above 1023`
            : cause.message;
      reject(new Error(problem, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    port: actual,
    url: `http://127.0.0.1:${actual}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One endpoint for all services: the first that accepts a request answers it. S3, which takes all, MUST be last. */
export const dispatchTo =
  (services: readonly LocalService[]): RequestListener =>
  (request, response) => {
    const service = services.find(({ accepts }) => accepts(request));
    if (service === undefined) {
      response.writeHead(404).end();
      return;
    }
    service.handle(request, response).catch(() => response.destroy());
  };
