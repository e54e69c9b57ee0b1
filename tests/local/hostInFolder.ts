import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalService } from '../../local/localService.ts';
import type { Engine } from './conformance.ts';
import { hostServices } from './hostServices.ts';

/** One service over a folder of its own, which goes when the engine is closed. */
export async function hostInFolder(open: (folder: string) => LocalService): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-local-'));
  const host = await hostServices(open(folder));
  return {
    endpoint: host.endpoint,
    close: async () => {
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
