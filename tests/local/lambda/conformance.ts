import {
  InvalidRequestContentException,
  InvokeCommand,
  type InvokeCommandOutput,
  LambdaClient,
  RequestTooLargeException,
  ResourceNotFoundException,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import { expect } from 'vitest';
import { type Differences, describeConformance, type Engine } from '../conformance.ts';
import { localClientConfig } from '../hostServices.ts';

export interface LambdaEngine extends Engine {
  /** A function that has the bundle of `behaviours.ts`. */
  readonly functionArn: string;
  /** The same, with a reserved concurrency of 1. */
  readonly singleFunctionName: string;
}

/** The Invoke API Headgate relies on. The same promises hold for any endpoint. */
export function describeLambda(
  name: string,
  connect: () => Promise<LambdaEngine>,
  differs: Differences = {},
): void {
  let client: LambdaClient;
  let engine: LambdaEngine;
  const open = async (): Promise<Engine> => {
    engine = await connect();
    client = new LambdaClient({ ...localClientConfig, endpoint: engine.endpoint, maxAttempts: 1 });
    return engine;
  };
  const invoke = async (
    payload: unknown,
    options: Partial<ConstructorParameters<typeof InvokeCommand>[0]> = {},
  ): Promise<InvokeCommandOutput> =>
    await client.send(
      new InvokeCommand({
        FunctionName: engine.functionArn,
        Payload: Buffer.from(JSON.stringify(payload)),
        ...options,
      }),
    );
  const answerOf = ({ Payload }: InvokeCommandOutput): unknown =>
    JSON.parse(Payload!.transformToString());

  describeConformance(name, open, differs, (promise) => {
    promise('a function is found by name, ARN and qualified ARN', async () => {
      const functionName = engine.functionArn.split(':').at(-1)!;
      for (const FunctionName of [functionName, engine.functionArn, `${functionName}:$LATEST`]) {
        const output = await invoke({ do: 'echo', value: { a: 'ü' } }, { FunctionName });
        expect(output).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
        expect(output.FunctionError).toBeUndefined();
        expect(answerOf(output)).toEqual({ a: 'ü' });
      }
      const qualified = await invoke({ do: 'echo', value: 1 }, { Qualifier: '$LATEST' });
      expect(answerOf(qualified)).toBe(1);
    });

    promise('a function that is not there is said to be not there', async () => {
      await expect(invoke({}, { FunctionName: 'none' })).rejects.toBeInstanceOf(
        ResourceNotFoundException,
      );
    });

    promise('a failed function answers 200 with its error', async () => {
      const output = await invoke({ do: 'throw' });
      expect(output).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
      expect(answerOf(output)).toMatchObject({
        errorType: 'PermanentError',
        errorMessage: 'no such customer',
      });
    });

    promise('an empty payload is an empty event', async () => {
      const command = new InvokeCommand({ FunctionName: engine.functionArn });
      expect(answerOf(await client.send(command))).toBe(null);
    });

    promise('a payload that is no JSON is refused', async () => {
      await expect(invoke(null, { Payload: Buffer.from('{"a":') })).rejects.toBeInstanceOf(
        InvalidRequestContentException,
      );
    });

    promise('a payload over 6 MB is refused, over 1 MB as an event', async () => {
      const bytes = (count: number): Uint8Array => Buffer.from(JSON.stringify('x'.repeat(count)));
      await expect(invoke(null, { Payload: bytes(6_291_456) })).rejects.toBeInstanceOf(
        RequestTooLargeException,
      );
      await expect(
        invoke(null, { Payload: bytes(1_048_576), InvocationType: 'Event' }),
      ).rejects.toBeInstanceOf(RequestTooLargeException);
    });

    promise('a dry run runs nothing', async () => {
      const before = answerOf(await invoke({ do: 'count' })) as number;
      expect(await invoke({ do: 'count' }, { InvocationType: 'DryRun' })).toMatchObject({
        StatusCode: 204,
      });
      expect(answerOf(await invoke({ do: 'count' }))).toBe(before + 1);
      await expect(
        invoke({}, { FunctionName: 'none', InvocationType: 'DryRun' }),
      ).rejects.toBeInstanceOf(ResourceNotFoundException);
    });

    promise('an event is accepted at once and answered by nothing', async () => {
      const started = performance.now();
      const output = await invoke({ do: 'sleep', milliseconds: 1000 }, { InvocationType: 'Event' });
      expect(output.StatusCode).toBe(202);
      expect(output.Payload?.length ?? 0).toBe(0);
      expect(performance.now() - started).toBeLessThan(900);
    });

    promise('the end of the log is answered when it is asked for', async () => {
      const output = await invoke({ do: 'print', value: 'here' }, { LogType: 'Tail' });
      const log = Buffer.from(output.LogResult!, 'base64').toString();
      expect(log).toMatch(/^START RequestId: .*\n.*to stdout here\n/);
      expect(log).toMatch(/REPORT RequestId: .*Memory Size: \d+ MB/);
      expect((await invoke({ do: 'nothing' })).LogResult).toBeUndefined();
    });

    promise('more than the reserved concurrency is throttled', async () => {
      const single = { FunctionName: engine.singleFunctionName };
      const slow = invoke({ do: 'sleep', milliseconds: 500 }, single);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await expect(invoke({ do: 'nothing' }, single)).rejects.toBeInstanceOf(
        TooManyRequestsException,
      );
      expect(answerOf(await slow)).toBe('slept');
    });
  });
}
