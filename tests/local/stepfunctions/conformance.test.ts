import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStepFunctions } from '../../../local/stepfunctions/openStepFunctions.ts';
import { hostServices } from '../hostServices.ts';
import { behave, behavingFunctionArn } from './behave.ts';
import { describeStepFunctions } from './conformance.ts';

describeStepFunctions('the embedded Step Functions', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-stepfunctions-'));
  const host = await hostServices(openStepFunctions({ folder, invoke: behave() }));
  return {
    endpoint: host.endpoint,
    functionArn: behavingFunctionArn,
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true });
    },
  };
});
