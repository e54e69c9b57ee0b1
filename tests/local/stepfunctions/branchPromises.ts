import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { type StepFunctionsUnderTest, typesOf } from './underTest.ts';

const branch = (name: string, state: object): object => ({
  StartAt: name,
  States: { [name]: { ...state, ...('Error' in state ? {} : { End: true }) } },
});

/** Parallel and Map, without expressions. */
export function branchPromises(promise: Promise_, under: StepFunctionsUnderTest): void {
  const { run, history, output } = under;

  promise('Parallel gives each branch its input and gathers their outputs in order', async () => {
    const parallel = {
      Type: 'Parallel',
      Branches: [
        branch('Slow', { Type: 'Wait', Seconds: 1 }),
        branch('Fast', { Type: 'Pass', Output: 2 }),
      ],
      End: true,
    };
    expect(await output({ A: parallel }, { a: 1 })).toEqual([{ a: 1 }, 2]);
  });

  promise('a history tells of branches', async () => {
    const { executionArn } = await run({
      A: { Type: 'Parallel', Branches: [branch('B', { Type: 'Pass' })], End: true },
    });
    expect(typesOf(await history(executionArn!))).toEqual([
      'ExecutionStarted',
      'ParallelStateEntered',
      'ParallelStateStarted',
      'PassStateEntered',
      'PassStateExited',
      'ParallelStateSucceeded',
      'ParallelStateExited',
      'ExecutionSucceeded',
    ]);
  });

  promise('a branch that fails fails the Parallel and ends its other branches', async () => {
    const failed = await run({
      A: {
        Type: 'Parallel',
        Branches: [
          branch('Slow', { Type: 'Wait', Seconds: 600 }),
          branch('Bad', { Type: 'Fail', Error: 'Bad', Cause: 'because' }),
        ],
        End: true,
      },
    });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Bad', cause: 'because' });
    const types = typesOf(await history(failed.executionArn!));
    expect(types).toContain('ParallelStateFailed');
    expect(types).not.toContain('WaitStateExited');
  });

  promise('Catch takes over what a branch failed with', async () => {
    const caught = await output({
      A: {
        Type: 'Parallel',
        Branches: [branch('Bad', { Type: 'Fail', Error: 'Bad', Cause: 'because' })],
        Catch: [
          { ErrorEquals: ['Other'], Next: 'No' },
          { ErrorEquals: ['States.ALL'], Next: 'Yes' },
        ],
        Next: 'No',
      },
      No: { Type: 'Fail' },
      Yes: { Type: 'Succeed' },
    });
    expect(caught).toEqual({ Error: 'Bad', Cause: 'because' });
  });

  promise('Retry tries a Parallel again so many times', async () => {
    const failed = await run({
      A: {
        Type: 'Parallel',
        Branches: [branch('Bad', { Type: 'Fail', Error: 'Bad', Cause: 'because' })],
        Retry: [
          { ErrorEquals: ['Other'], MaxAttempts: 5 },
          { ErrorEquals: ['Bad'], IntervalSeconds: 1, MaxAttempts: 1, BackoffRate: 1 },
        ],
        End: true,
      },
    });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Bad' });
    const types = typesOf(await history(failed.executionArn!));
    expect(types.filter((type) => type === 'FailStateEntered')).toHaveLength(2);
    expect(types.filter((type) => type === 'ParallelStateEntered')).toHaveLength(1);
  });

  promise('Map walks its body once per item and gathers the outputs in order', async () => {
    const body = branch('B', { Type: 'Pass' });
    const map = { Type: 'Map', ItemProcessor: body, End: true };
    expect(await output({ A: { ...map, Items: [3, { a: 1 }, null] } })).toEqual([
      3,
      { a: 1 },
      null,
    ]);
    expect(await output({ A: map }, ['x', 'y'])).toEqual(['x', 'y']);
    expect(await output({ A: { ...map, Items: [] } })).toEqual([]);
  });

  promise('a history tells of a Map and its iterations', async () => {
    const { executionArn } = await run({
      A: {
        Type: 'Map',
        Items: [7, 8],
        MaxConcurrency: 1,
        ItemProcessor: branch('B', { Type: 'Pass' }),
        End: true,
      },
    });
    const events = await history(executionArn!);
    const iteration = [
      'MapIterationStarted',
      'PassStateEntered',
      'PassStateExited',
      'MapIterationSucceeded',
    ];
    expect(typesOf(events)).toEqual([
      'ExecutionStarted',
      'MapStateEntered',
      'MapStateStarted',
      ...iteration,
      ...iteration,
      'MapStateSucceeded',
      'MapStateExited',
      'ExecutionSucceeded',
    ]);
    expect(events[2]!.mapStateStartedEventDetails).toEqual({ length: 2 });
    expect(events[3]!.mapIterationStartedEventDetails).toEqual({ name: 'A', index: 0 });
    expect(events[10]!.mapIterationSucceededEventDetails).toEqual({ name: 'A', index: 1 });
  });

  promise('an iteration that fails fails the Map', async () => {
    const failed = await run({
      A: {
        Type: 'Map',
        Items: [1, 2],
        MaxConcurrency: 1,
        ItemProcessor: branch('B', { Type: 'Fail', Error: 'Bad', Cause: 'because' }),
        End: true,
      },
    });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Bad' });
    const types = typesOf(await history(failed.executionArn!));
    expect(types.filter((type) => type === 'MapIterationStarted')).toHaveLength(1);
    expect(types).toContain('MapIterationFailed');
    expect(types).toContain('MapStateFailed');
  });

  promise('a Map of what is neither a list nor an object fails', async () => {
    const failed = await run(
      { A: { Type: 'Map', ItemProcessor: branch('B', { Type: 'Pass' }), End: true } },
      'text',
    );
    expect(failed.status).toBe('FAILED');
    expect(failed.error).toMatch(/^States\./);
  });
}
