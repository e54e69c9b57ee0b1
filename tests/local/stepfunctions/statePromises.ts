import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { type StepFunctionsUnderTest, typesOf } from './underTest.ts';

/** States one by one, without expressions. */
export function statePromises(promise: Promise_, under: StepFunctionsUnderTest): void {
  const { run, history, output, create, start, end } = under;

  promise('Pass hands its input on, or gives what it says', async () => {
    expect(await output({ A: { Type: 'Pass', End: true } }, { a: 1 })).toEqual({ a: 1 });
    expect(
      await output({
        A: { Type: 'Pass', Output: { b: [1, { c: null }], d: 'text' }, Next: 'B' },
        B: { Type: 'Succeed' },
      }),
    ).toEqual({ b: [1, { c: null }], d: 'text' });
  });

  promise('a history tells of each state entered and exited, with its data', async () => {
    const { executionArn } = await run(
      { A: { Type: 'Pass', Output: { b: 2 }, Next: 'B' }, B: { Type: 'Succeed' } },
      { a: 1 },
    );
    const events = await history(executionArn!);
    expect(typesOf(events)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'SucceedStateEntered',
      'SucceedStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.map(({ previousEventId }) => previousEventId)).toEqual([0, 0, 2, 3, 4, 5]);
    const [started, entered, exited] = events;
    expect(JSON.parse(started!.executionStartedEventDetails!.input!)).toEqual({ a: 1 });
    expect(entered!.stateEnteredEventDetails!.name).toBe('A');
    expect(JSON.parse(entered!.stateEnteredEventDetails!.input!)).toEqual({ a: 1 });
    expect(exited!.stateExitedEventDetails!.name).toBe('A');
    expect(JSON.parse(exited!.stateExitedEventDetails!.output!)).toEqual({ b: 2 });
    expect(JSON.parse(events[5]!.executionSucceededEventDetails!.output!)).toEqual({ b: 2 });
  });

  promise('Fail ends the execution with its error and cause', async () => {
    const failed = await run({
      A: { Type: 'Fail', Error: 'NoSuchTable', Cause: 'it was dropped' },
    });
    expect(failed).toMatchObject({
      status: 'FAILED',
      error: 'NoSuchTable',
      cause: 'it was dropped',
    });
    const events = await history(failed.executionArn!);
    expect(typesOf(events)).toEqual(['ExecutionStarted', 'FailStateEntered', 'ExecutionFailed']);
    expect(events[2]!.executionFailedEventDetails).toEqual({
      error: 'NoSuchTable',
      cause: 'it was dropped',
    });
  });

  promise('Wait waits so many seconds', async () => {
    const { executionArn, startDate, stopDate } = await run({
      A: { Type: 'Wait', Seconds: 1, End: true },
    });
    expect(stopDate!.getTime() - startDate!.getTime()).toBeGreaterThanOrEqual(950);
    expect(typesOf(await history(executionArn!))).toEqual([
      'ExecutionStarted',
      'WaitStateEntered',
      'WaitStateExited',
      'ExecutionSucceeded',
    ]);
  });

  promise('Wait waits for a moment, not at all when it has passed', async () => {
    const until = new Date(Date.now() + 2000);
    const machine = await create({
      A: { Type: 'Wait', Timestamp: until.toISOString(), Next: 'B' },
      B: { Type: 'Wait', Timestamp: '2020-01-01T00:00:00Z', End: true },
    });
    const { stopDate } = await end(await start(machine));
    expect(stopDate!.getTime()).toBeGreaterThanOrEqual(until.getTime() - 1000);
    expect(stopDate!.getTime()).toBeLessThan(until.getTime() + 5000);
  });

  promise('Choice takes the first that is met, else its default', async () => {
    const machine = (first: boolean, second: boolean) => ({
      A: {
        Type: 'Choice',
        Choices: [
          { Condition: first, Next: 'One' },
          { Condition: second, Next: 'Two' },
        ],
        Default: 'Three',
      },
      One: { Type: 'Pass', Output: 1, End: true },
      Two: { Type: 'Pass', Output: 2, End: true },
      Three: { Type: 'Pass', Output: 3, End: true },
    });
    expect(await output(machine(true, true))).toBe(1);
    expect(await output(machine(false, true))).toBe(2);
    expect(await output(machine(false, false))).toBe(3);
  });

  promise('Choice without a default fails when nothing is met', async () => {
    const failed = await run({
      A: { Type: 'Choice', Choices: [{ Condition: false, Next: 'B' }] },
      B: { Type: 'Succeed' },
    });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
  });

  promise('an execution over its time limit is timed out', async () => {
    const ended = await run(
      { A: { Type: 'Wait', Seconds: 600, End: true } },
      {},
      {
        TimeoutSeconds: 1,
      },
    );
    expect(ended).toMatchObject({ status: 'TIMED_OUT' });
    expect(typesOf(await history(ended.executionArn!)).at(-1)).toBe('ExecutionTimedOut');
  });
}
