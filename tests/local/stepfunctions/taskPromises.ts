import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { uniqueName } from '../conformance.ts';
import { query, type StepFunctionsUnderTest, typesOf } from './underTest.ts';

/** Tasks that invoke a function. */
export function taskPromises(promise: Promise_, under: StepFunctionsUnderTest): void {
  const { run, output, history, functionArn } = under;
  const task = (payload: unknown, rest: object = {}): object => ({
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: functionArn(), Payload: payload },
    ...('Next' in rest ? {} : { End: true }),
    ...rest,
  });
  const fail = (name: string) => ({ do: 'fail', name, message: 'because' });

  promise('a task hands its arguments to the function and its answer on', async () => {
    const result = await output(
      { A: task({ do: 'echo', value: query('$states.input') }) },
      { a: 1 },
    );
    expect(result).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      Payload: { a: 1 },
    });
    expect(
      await output({
        A: task({ do: 'echo', value: [1] }, { Output: query('$states.result.Payload') }),
      }),
    ).toEqual([1]);
  });

  promise('a function can be the resource itself', async () => {
    const direct = { Type: 'Task', Resource: functionArn(), End: true };
    expect(
      await output({ A: { ...direct, Arguments: { do: 'echo', value: query('1 + 1') } } }),
    ).toBe(2);
    expect(await output({ A: direct }, { do: 'echo', value: 3 })).toBe(3);
  });

  promise('a history tells of a task', async () => {
    const { executionArn } = await run({
      A: task({ do: 'echo', value: 1 }, { TimeoutSeconds: 30 }),
    });
    const events = await history(executionArn!);
    expect(typesOf(events)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events[2]!.taskScheduledEventDetails).toMatchObject({
      resourceType: 'lambda',
      resource: 'invoke',
      region: 'us-east-1',
      timeoutInSeconds: 30,
    });
    expect(JSON.parse(events[2]!.taskScheduledEventDetails!.parameters!)).toEqual({
      FunctionName: functionArn(),
      Payload: { do: 'echo', value: 1 },
    });
    expect(JSON.parse(events[4]!.taskSucceededEventDetails!.output!)).toMatchObject({ Payload: 1 });
  });

  promise('a failed function fails the task under its own name', async () => {
    const failed = await run({ A: task(fail('NoSuchCustomer')) });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'NoSuchCustomer' });
    expect(JSON.parse(failed.cause!)).toMatchObject({
      errorType: 'NoSuchCustomer',
      errorMessage: 'because',
    });
    const failure = (await history(failed.executionArn!)).find(({ type }) => type === 'TaskFailed');
    expect(failure!.taskFailedEventDetails).toMatchObject({
      resourceType: 'lambda',
      resource: 'invoke',
      error: 'NoSuchCustomer',
    });
  });

  promise('a function that is not there fails the task as Lambda does', async () => {
    expect(
      await run({
        A: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Arguments: { FunctionName: `${functionArn()}-none` },
          End: true,
        },
      }),
    ).toMatchObject({ status: 'FAILED', error: 'Lambda.ResourceNotFoundException' });
  });

  promise('the first Retry that names the error decides, and counts for itself', async () => {
    const key = uniqueName('retry');
    const retry = (ErrorEquals: string[], MaxAttempts: number) => ({
      ErrorEquals,
      MaxAttempts,
      IntervalSeconds: 1,
      BackoffRate: 1,
      JitterStrategy: 'FULL',
    });
    const ended = await run({
      A: task(
        { do: 'fail in turn', key, names: ['First', 'Second', 'First'] },
        {
          Retry: [retry(['First'], 2), retry(['Second', 'First'], 1)],
          Output: query('$states.context.State.RetryCount'),
        },
      ),
    });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '3' });
    const types = typesOf(await history(ended.executionArn!));
    expect(types.filter((type) => type === 'TaskFailed')).toHaveLength(3);
    expect(types.filter((type) => type === 'TaskScheduled')).toHaveLength(4);
    expect(types.filter((type) => type === 'TaskStateEntered')).toHaveLength(1);
  });

  promise('a Retry with no attempts left goes on to Catch', async () => {
    expect(
      await output(
        {
          A: task(fail('Bad'), {
            Retry: [{ ErrorEquals: ['Bad'], MaxAttempts: 0 }],
            Catch: [
              {
                ErrorEquals: ['States.TaskFailed'],
                Output: query("{'was': $states.input.a, 'error': $states.errorOutput.Error}"),
                Next: 'B',
              },
            ],
          }),
          B: { Type: 'Succeed' },
        },
        { a: 1 },
      ),
    ).toEqual({ was: 1, error: 'Bad' });
  });

  promise('a task over its time limit fails with States.Timeout', async () => {
    const sleeping = task(
      { do: 'sleep', milliseconds: 5_000 },
      {
        TimeoutSeconds: query('1'),
        Catch: [
          { ErrorEquals: ['States.TaskFailed'], Next: 'No' },
          { ErrorEquals: ['States.Timeout'], Output: 'in time', Next: 'Yes' },
        ],
      },
    );
    const ended = await run({
      A: sleeping,
      No: { Type: 'Fail' },
      Yes: { Type: 'Succeed' },
    });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '"in time"' });
    expect(typesOf(await history(ended.executionArn!))).toContain('TaskTimedOut');
  });

  promise('a result over 256 KiB can only be caught by name', async () => {
    const states = (name: string) => ({
      A: task(
        { do: 'bytes', bytes: 300_000 },
        { Catch: [{ ErrorEquals: [name], Output: 'caught', Next: 'B' }] },
      ),
      B: { Type: 'Succeed' },
    });
    expect(await run(states('States.ALL'))).toMatchObject({ error: 'States.DataLimitExceeded' });
    expect(await run(states('States.DataLimitExceeded'))).toMatchObject({ output: '"caught"' });
  });
}
