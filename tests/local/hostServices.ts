import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalService } from '../../local/localService.ts';

/** What every SDK client of the embedded AWS is configured with; add the endpoint. */
export const localClientConfig = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'headgate', secretAccessKey: 'headgate' },
} as const;

/**
 * Hosts services on one port of 127.0.0.1, the way the boot does: the first that accepts a request gets it.
 * `close` closes the services too.
 */
export async function hostServices(
  ...services: readonly LocalService[]
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const service = services.find((candidate) => candidate.accepts(request));
    if (service !== undefined) void service.handle(request, response);
    else response.writeHead(404).end('no service accepts this request');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const service of services) await service.close();
    },
  };
}
