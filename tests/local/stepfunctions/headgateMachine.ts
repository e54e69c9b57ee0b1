import { stateMachine } from '../../../infra/stateMachine.ts';
import { type InvokeFunction, LambdaFunctionError } from '../../../local/localService.ts';

const functionArn = (name: string): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

const substitutions: Readonly<Record<string, string>> = {
  IngestFunctionArnPrefix: functionArn('ingest-'),
  CommitFunctionArn: functionArn('commit'),
  FailFunctionArn: functionArn('fail'),
  LakeBucket: 'lake',
};

/** The deployed machine, with the functions' names filled in as CloudFormation fills them in. */
export const headgateDefinition = JSON.stringify(stateMachine).replaceAll(
  /\$\{(\w+)\}/g,
  (_, name: string) => substitutions[name] ?? `nothing stands for ${name}`,
);

/** An execution's input, as requestRun writes it. */
export const headgateInput = {
  v: 1,
  tenant: 'acme',
  sourceId: 's1',
  runId: 's1-r1',
  token: 1,
  connector: 'csv_upload',
  seq: 1,
  checkpoint: null,
};

export type FakeFunction = (payload: Record<string, unknown>) => unknown;

export interface FakeFunctions {
  readonly invoke: InvokeFunction;
  /** Every invocation so far: function name and payload. */
  readonly calls: { readonly name: string; readonly payload: Record<string, unknown> }[];
}

/** Functions by name; what one throws comes out as a function's own failure does. */
export function fakeFunctions(functions: Readonly<Record<string, FakeFunction>>): FakeFunctions {
  const calls: FakeFunctions['calls'] = [];
  return {
    calls,
    async invoke(functionName, payload) {
      const name = functionName.split(':').at(-1) ?? '';
      const event = payload as Record<string, unknown>;
      calls.push({ name, payload: event });
      const found = functions[name];
      if (!found) throw new Error(`no function ${name}`);
      try {
        return await found(event);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        throw new LambdaFunctionError(
          error.name,
          error.message,
          JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: [] }),
        );
      }
    },
  };
}

/** An error as a function throws it. */
export const named = (name: string, message: string): Error =>
  Object.assign(new Error(message), { name });
