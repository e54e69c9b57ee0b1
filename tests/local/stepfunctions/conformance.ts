import { SFNClient } from '@aws-sdk/client-sfn';
import { type Differences, describeConformance, type Engine } from '../conformance.ts';
import { localClientConfig } from '../hostServices.ts';
import { apiPromises } from './apiPromises.ts';
import { branchPromises } from './branchPromises.ts';
import { definitionPromises } from './definitionPromises.ts';
import { queryPromises } from './queryPromises.ts';
import { statePromises } from './statePromises.ts';
import { taskPromises } from './taskPromises.ts';
import { stepFunctionsUnderTest } from './underTest.ts';

export interface StepFunctionsEngine extends Engine {
  /** A function that does what its event says (`behave`); null where the engine cannot run one. */
  readonly functionArn: string | null;
}

export interface DescribeStepFunctionsOptions {
  readonly differs?: Differences;
  /** False leaves out every promise that needs JSONata or functions. */
  readonly expressions?: boolean;
}

/** The Step Functions Headgate relies on. The same promises hold for any endpoint. */
export function describeStepFunctions(
  name: string,
  connect: () => Promise<StepFunctionsEngine>,
  { differs = {}, expressions = true }: DescribeStepFunctionsOptions = {},
): void {
  let client: SFNClient;
  let functionArn: string | null = null;
  const open = async (): Promise<Engine> => {
    const engine = await connect();
    functionArn = engine.functionArn;
    client = new SFNClient({ ...localClientConfig, endpoint: engine.endpoint, maxAttempts: 1 });
    return {
      ...engine,
      close: async () => {
        client.destroy();
        await engine.close();
      },
    };
  };
  const under = stepFunctionsUnderTest(
    () => client,
    () => functionArn ?? 'the engine has no functions',
  );
  describeConformance(name, open, differs, (promise) => {
    apiPromises(promise, under);
    definitionPromises(promise, under);
    statePromises(promise, under);
    branchPromises(promise, under);
    if (!expressions) return;
    queryPromises(promise, under);
    taskPromises(promise, under);
  });
}
