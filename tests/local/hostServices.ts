import type { LocalService } from '../../local/localService.ts';
import { dispatchTo, listen } from '../../local/startEndpoint.ts';

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
  const { url, close } = await listen(dispatchTo(services), 0, 'HEADGATE_AWS_PORT');
  return {
    endpoint: url,
    close: async () => {
      await close();
      for (const service of services) await service.close();
    },
  };
}
