import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openS3 } from '../../../local/s3/openS3.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { describeS3 } from './conformance.ts';

describeS3('the embedded S3', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-s3-'));
  const host = await hostServices(openS3({ folder }));
  return {
    endpoint: host.endpoint,
    credentials: localClientConfig.credentials,
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true });
    },
  };
});
