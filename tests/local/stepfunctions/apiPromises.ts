import {
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  InvalidExecutionInput,
  InvalidName,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect } from 'vitest';
import type { Promise_ } from '../conformance.ts';
import { type StepFunctionsUnderTest, typesOf } from './underTest.ts';

const pass = { A: { Type: 'Pass', End: true } };
const waiting = { A: { Type: 'Wait', Seconds: 600, End: true } };

/** Starting, describing, listing and stopping. */
export function apiPromises(promise: Promise_, under: StepFunctionsUnderTest): void {
  const { client, create, start, end, run, history } = under;

  promise('an execution is described with its input and output', async () => {
    const machine = await create(pass);
    const before = Date.now() - 1000;
    const arn = await start(machine, { a: [1, 'ü'] }, 'first');
    expect(arn).toBe(`${machine.replace(':stateMachine:', ':execution:')}:first`);
    const ended = await end(arn);
    expect(ended).toMatchObject({
      executionArn: arn,
      stateMachineArn: machine,
      name: 'first',
      status: 'SUCCEEDED',
      input: '{"a":[1,"ü"]}',
    });
    expect(JSON.parse(ended.output!)).toEqual({ a: [1, 'ü'] });
    expect(ended.startDate!.getTime()).toBeGreaterThan(before);
    expect(ended.stopDate!.getTime()).toBeGreaterThanOrEqual(ended.startDate!.getTime());
  });

  promise('an execution without a name or an input gets them', async () => {
    const { executionArn, startDate } = await client().send(
      new StartExecutionCommand({ stateMachineArn: await create(pass) }),
    );
    expect(startDate).toBeInstanceOf(Date);
    const ended = await end(executionArn!);
    expect(ended.name).toMatch(/^[0-9a-f-]{36}$/);
    expect(ended).toMatchObject({ input: '{}', output: '{}' });
  });

  promise('a second start with the same name and input is the same execution', async () => {
    const machine = await create(waiting);
    const command = { stateMachineArn: machine, name: 'same', input: '{"a":1}' };
    const first = await client().send(new StartExecutionCommand(command));
    const second = await client().send(new StartExecutionCommand(command));
    expect(second.executionArn).toBe(first.executionArn);
    expect(second.startDate).toEqual(first.startDate);
    const { executions } = await client().send(
      new ListExecutionsCommand({ stateMachineArn: machine }),
    );
    expect(executions).toHaveLength(1);
    await client().send(new StopExecutionCommand({ executionArn: first.executionArn! }));
  });

  promise('a second start with the same name and another input is refused', async () => {
    const machine = await create(waiting);
    const arn = await start(machine, { a: 1 }, 'same');
    await expect(start(machine, { a: 2 }, 'same')).rejects.toBeInstanceOf(ExecutionAlreadyExists);
    await client().send(new StopExecutionCommand({ executionArn: arn }));
  });

  promise('a name stays taken after the end, even for the same input', async () => {
    const machine = await create(pass);
    await end(await start(machine, { a: 1 }, 'once'));
    await expect(start(machine, { a: 1 }, 'once')).rejects.toBeInstanceOf(ExecutionAlreadyExists);
    await end(await start(await create(pass), { a: 1 }, 'once'));
  });

  promise('a start that cannot be read is refused', async () => {
    const machine = await create(pass);
    const begin = async (command: object): Promise<unknown> =>
      await client().send(new StartExecutionCommand({ stateMachineArn: machine, ...command }));
    await expect(begin({ input: '{"a":' })).rejects.toBeInstanceOf(InvalidExecutionInput);
    for (const name of ['a b', 'a/b', 'a:b', 'a*'])
      await expect(begin({ name })).rejects.toBeInstanceOf(InvalidName);
    await expect(begin({ stateMachineArn: `${machine}-none` })).rejects.toBeInstanceOf(
      StateMachineDoesNotExist,
    );
    await expect(begin({ input: JSON.stringify('x'.repeat(262_144)) })).rejects.toThrow();
  });

  promise('an execution that is not there is said to be not there', async () => {
    const executionArn = `${(await create(pass)).replace(':stateMachine:', ':execution:')}:none`;
    for (const call of [
      async () => await client().send(new DescribeExecutionCommand({ executionArn })),
      async () => await client().send(new GetExecutionHistoryCommand({ executionArn })),
      async () => await client().send(new StopExecutionCommand({ executionArn })),
    ])
      await expect(call()).rejects.toBeInstanceOf(ExecutionDoesNotExist);
  });

  promise('a stopped execution is aborted with the given error and cause', async () => {
    const arn = await start(await create(waiting));
    const { stopDate } = await client().send(
      new StopExecutionCommand({ executionArn: arn, error: 'Cancelled', cause: 'by hand' }),
    );
    expect(stopDate).toBeInstanceOf(Date);
    const ended = await end(arn);
    expect(ended).toMatchObject({ status: 'ABORTED', error: 'Cancelled', cause: 'by hand' });
    expect(ended).not.toHaveProperty('output');
    const events = await history(arn);
    expect(typesOf(events).at(-1)).toBe('ExecutionAborted');
    expect(events.at(-1)!.executionAbortedEventDetails).toEqual({
      error: 'Cancelled',
      cause: 'by hand',
    });
  });

  promise('stopping an execution that has ended changes nothing', async () => {
    const { executionArn } = await run(pass);
    await client().send(new StopExecutionCommand({ executionArn, error: 'Late' }));
    expect(await end(executionArn!)).toMatchObject({ status: 'SUCCEEDED' });
  });

  promise('executions are listed newest first, by status, in pages', async () => {
    const machine = await create({
      Fork: {
        Type: 'Choice',
        Choices: [{ Condition: false, Next: 'A' }],
        Default: 'A',
      },
      ...pass,
    });
    const names = ['one', 'two', 'three'];
    for (const name of names) {
      await end(await start(machine, {}, name));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const list = async (command: object): Promise<{ names: string[]; token?: string }> => {
      const { executions = [], nextToken } = await client().send(
        new ListExecutionsCommand({ stateMachineArn: machine, ...command }),
      );
      return {
        names: executions.map(({ name }) => name!),
        ...(nextToken === undefined ? {} : { token: nextToken }),
      };
    };
    expect((await list({})).names).toEqual(names.toReversed());
    expect((await list({ statusFilter: 'SUCCEEDED' })).names).toHaveLength(3);
    expect((await list({ statusFilter: 'FAILED' })).names).toEqual([]);
    const first = await list({ maxResults: 2 });
    expect(first.names).toEqual(['three', 'two']);
    const second = await list({ maxResults: 2, nextToken: first.token });
    expect(second).toEqual({ names: ['one'] });
  });

  promise('a history can be read backwards and in pages', async () => {
    const { executionArn } = await run(pass);
    const forward = await history(executionArn!);
    const { events: backward = [] } = await client().send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true }),
    );
    expect(backward.map(({ id }) => id)).toEqual(forward.map(({ id }) => id).toReversed());
    const { events: page = [], nextToken } = await client().send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 3 }),
    );
    const { events: rest = [], nextToken: none } = await client().send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 3, nextToken }),
    );
    expect([...page, ...rest].map(({ id }) => id)).toEqual(forward.map(({ id }) => id));
    expect(none).toBeUndefined();
  });

  promise('a machine is described and listed', async () => {
    const arn = await create(pass);
    const described = await client().send(
      new DescribeStateMachineCommand({ stateMachineArn: arn }),
    );
    expect(described).toMatchObject({
      stateMachineArn: arn,
      name: arn.split(':').at(-1),
      status: 'ACTIVE',
      type: 'STANDARD',
    });
    expect(JSON.parse(described.definition!)).toMatchObject({ StartAt: 'A' });
    const { stateMachines = [] } = await client().send(new ListStateMachinesCommand({}));
    expect(stateMachines.map(({ stateMachineArn }) => stateMachineArn)).toContain(arn);
  });
}
