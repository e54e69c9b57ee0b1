import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLambda } from '../../../local/lambda/openLambda.ts';
import { hostServices } from '../hostServices.ts';
import { behaviours } from './behaviours.ts';
import { describeLambda } from './conformance.ts';
import { functionFolder } from './functionFolder.ts';

describeLambda('the embedded Lambda', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-lambda-'));
  const lambda = openLambda({ folder, endpointUrl: () => 'http://127.0.0.1:1' });
  const settings = functionFolder('behave', behaviours);
  lambda.register(settings);
  lambda.register(functionFolder('single', behaviours, { reservedConcurrency: 1 }));
  const host = await hostServices(lambda);
  return {
    endpoint: host.endpoint,
    functionArn: settings.arn,
    singleFunctionName: 'single',
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true });
    },
  };
});
