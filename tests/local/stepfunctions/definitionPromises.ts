import { CreateStateMachineCommand, InvalidDefinition } from '@aws-sdk/client-sfn';
import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { uniqueName } from '../conformance.ts';
import { query, type States, type StepFunctionsUnderTest } from './underTest.ts';

/** What no machine may be. */
export function definitionPromises(promise: Promise_, under: StepFunctionsUnderTest): void {
  const refused = async (states: States, rest: object = {}): Promise<void> => {
    await expect(under.create(states, rest)).rejects.toBeInstanceOf(InvalidDefinition);
  };

  promise('a definition that is not JSON is refused', async () => {
    const command = { name: uniqueName('machine'), roleArn: 'arn:aws:iam::123456789012:role/r' };
    await expect(
      under.client().send(new CreateStateMachineCommand({ ...command, definition: '{' })),
    ).rejects.toBeInstanceOf(InvalidDefinition);
  });

  promise('a target that is not there is refused', async () => {
    await refused({ A: { Type: 'Pass', Next: 'B' } });
    await refused({ A: { Type: 'Pass', End: true } }, { StartAt: 'B' });
    await refused({
      A: { Type: 'Choice', Choices: [{ Condition: true, Next: 'Gone' }], Default: 'B' },
      B: { Type: 'Succeed' },
    });
    await refused({
      A: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', End: true } } }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Gone' }],
        End: true,
      },
    });
  });

  promise('a state that nothing leads to is refused', async () => {
    await refused({ A: { Type: 'Pass', End: true }, B: { Type: 'Pass', End: true } });
  });

  promise('a branch cannot leave for a state outside', async () => {
    await refused({
      A: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'B', States: { B: { Type: 'Pass', Next: 'C' } } }],
        Next: 'C',
      },
      C: { Type: 'Succeed' },
    });
  });

  promise('a field of the other query language is refused', async () => {
    await refused({ A: { Type: 'Pass', InputPath: '$.a', End: true } });
    await refused({ A: { Type: 'Pass', Result: 1, End: true } });
  });

  promise('a state without an end or a next one, or of no type, is refused', async () => {
    await refused({ A: { Type: 'Pass' } });
    await refused({ A: { Type: 'Sleep', End: true } });
    await refused({ A: { Type: 'Wait', End: true } });
  });

  promise('States.ALL stands alone and last, or is refused', async () => {
    const branch = { StartAt: 'B', States: { B: { Type: 'Pass', End: true } } };
    const parallel = { Type: 'Parallel', Branches: [branch], End: true };
    await refused({ A: { ...parallel, Retry: [{ ErrorEquals: ['States.ALL', 'X'] }] } });
    await refused({
      A: { ...parallel, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['X'] }] },
    });
  });

  promise('an expression that is no JSONata is refused', async () => {
    await refused({ A: { Type: 'Pass', Output: query('$states.input.('), End: true } });
  });

  promise('$eval is refused', async () => {
    await refused({ A: { Type: 'Pass', Output: query('$eval("1")'), End: true } });
  });

  promise('a branch cannot assign a variable of the scope around it', async () => {
    const inner = { Type: 'Pass', Assign: { count: 2 }, End: true };
    await refused({
      A: { Type: 'Pass', Assign: { count: 1 }, Next: 'B' },
      B: { Type: 'Parallel', Branches: [{ StartAt: 'C', States: { C: inner } }], End: true },
    });
  });
}
