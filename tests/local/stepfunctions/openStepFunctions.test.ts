import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, expect, it } from 'vitest';
import { machineArnOf } from '../../../local/stepfunctions/arns.ts';
import {
  type LocalStepFunctions,
  openStepFunctions,
  type StepFunctionsOptions,
} from '../../../local/stepfunctions/openStepFunctions.ts';
import { StateError } from '../../../local/stepfunctions/stateError.ts';
import type { StatusChangeEvent } from '../../../local/stepfunctions/statusChange.ts';
import { InvalidDefinition } from '../../../local/stepfunctions/validateDefinition.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { behavingFunctionArn } from './behave.ts';
import { headgateDefinition } from './headgateMachine.ts';
import { memoryStorage } from './memoryStorage.ts';
import {
  query,
  type States,
  type StepFunctionsUnderTest,
  stepFunctionsUnderTest,
} from './underTest.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Host extends StepFunctionsUnderTest {
  readonly folder: string;
  readonly service: LocalStepFunctions;
  close(): Promise<void>;
}

async function host(options: Partial<StepFunctionsOptions> = {}): Promise<Host> {
  const { folder = mkdtempSync(join(tmpdir(), 'headgate-sfn-')), ...rest } = options;
  const service = openStepFunctions({ folder, invoke: async () => null, ...rest });
  const served = await hostServices(service);
  const client = new SFNClient({ ...localClientConfig, endpoint: served.endpoint });
  const close = async (): Promise<void> => {
    client.destroy();
    await served.close();
  };
  closers.push(close);
  const under = stepFunctionsUnderTest(
    () => client,
    () => behavingFunctionArn,
  );
  return { ...under, folder, service, close };
}

const definition = (states: States): string =>
  JSON.stringify({ QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0], States: states });
const task = { Type: 'Task', Resource: behavingFunctionArn };

it('a definition is refused with every fault and its place', async () => {
  const { service } = await host();
  const faultsOf = (states: States): readonly string[] => {
    try {
      service.createStateMachine({ name: 'm', definition: definition(states) });
    } catch (error) {
      if (error instanceof InvalidDefinition) return error.faults;
      throw error;
    }
    return [];
  };
  expect(
    faultsOf({
      A: { Type: 'Pass', Output: { rows: [query('1 +')] }, Next: 'Gone' },
      B: { Type: 'Pass', Assign: { x: query('$eval("1")') }, End: true },
      C: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true },
    }),
  ).toEqual([
    'States.A.Next: there is no state Gone here',
    'States.A.Output.rows.0: not JSONata: Unexpected end of expression',
    'States.B: no state leads here',
    'States.B.Assign.x: $eval is not supported',
    'States.C: no state leads here',
    'States.C.Resource: the embedded Step Functions cannot call arn:aws:states:::sqs:sendMessage',
  ]);
  expect(faultsOf({ A: { Type: 'Wait', Seconds: -1, End: true } })).toEqual([
    expect.stringMatching(/^States\.A\.Seconds: /),
  ]);
  expect(
    faultsOf({
      A: {
        Type: 'Map',
        ToleratedFailureCount: 1,
        ItemProcessor: { StartAt: 'B', States: { B: { Type: 'Succeed' } } },
        End: true,
      },
    }),
  ).toEqual(['States.A.ToleratedFailureCount: needs a Map whose Mode is DISTRIBUTED']);
});

it('the machine that is deployed is accepted where Maps have a storage, and refused where they have none', async () => {
  const machine = { name: 'ingest', definition: headgateDefinition };
  const { service } = await host({ mapStorage: memoryStorage(new Map()) });
  service.createStateMachine(machine);
  const { service: without } = await host({});
  expect(() => without.createStateMachine(machine)).toThrow(/cannot call arn:aws:states:::s3:/);
});

it('a resource can be anything that is plugged in, and fails under its own error names', async () => {
  const { output, run } = await host({
    integrations: {
      'dynamodb:updateItem': async (args, { stateName }) => ({ args, stateName }),
      'aws-sdk:s3:headObject': async () => {
        throw new StateError('S3.NoSuchKeyException', 'not there');
      },
    },
  });
  expect(
    await output({
      A: {
        Type: 'Task',
        Resource: 'arn:aws:states:::dynamodb:updateItem',
        Arguments: { TableName: query("'t'") },
        End: true,
      },
    }),
  ).toEqual({ args: { TableName: 't' }, stateName: 'A' });
  const head = { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:s3:headObject', End: true };
  expect(await run({ A: head })).toMatchObject({ error: 'S3.NoSuchKeyException' });
});

/** Time that passes only by sleeping. */
function virtualClock(): {
  readonly options: Required<Pick<StepFunctionsOptions, 'now' | 'sleep'>>;
  readonly slept: number[];
} {
  let time = Date.UTC(2026, 0, 1);
  const slept: number[] = [];
  return {
    slept,
    options: {
      now: () => time,
      sleep: async (milliseconds, signal) => {
        signal.throwIfAborted();
        slept.push(milliseconds);
        time += milliseconds;
      },
    },
  };
}

it('a pause before a retry grows to its limit, with jitter below it', async () => {
  let random = 1;
  const { options, slept } = virtualClock();
  const { run } = await host({
    ...options,
    random: () => random,
    invoke: async () => {
      throw new Error('because');
    },
  });
  const pauses = async (retry: object): Promise<number[]> => {
    const Retry = [{ ErrorEquals: ['States.ALL'], ...retry }];
    expect(await run({ A: { ...task, Retry, End: true } })).toMatchObject({ status: 'FAILED' });
    return slept.splice(0);
  };
  const growing = { IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 40 };
  expect(await pauses(growing)).toEqual([2_000, 6_000, 18_000, 40_000]);
  random = 0.5;
  expect(await pauses({ ...growing, JitterStrategy: 'FULL' })).toEqual([
    1_000, 3_000, 9_000, 20_000,
  ]);
  expect(await pauses({ ...growing, JitterStrategy: 'NONE' })).toEqual([
    2_000, 6_000, 18_000, 40_000,
  ]);
  expect(await pauses({})).toEqual([1_000, 2_000, 4_000]);
});

it('a wait may be longer than a timer holds', async () => {
  const { options, slept } = virtualClock();
  const { run } = await host(options);
  const days = 24 * 3600;
  const { startDate, stopDate, status } = await run({
    A: { Type: 'Wait', Seconds: 40 * days, End: true },
  });
  expect(status).toBe('SUCCEEDED');
  expect(stopDate!.getTime() - startDate!.getTime()).toBe(40 * days * 1000);
  expect(Math.max(...slept)).toBeLessThan(2 ** 31);
});

it('a restart keeps the retries taken and the rest of the pause', async () => {
  let time = Date.UTC(2026, 0, 1);
  const now = (): number => time;
  const calls: number[] = [];
  const invoke = async (): Promise<never> => {
    calls.push(time);
    throw new Error('because');
  };
  const first = await host({ now, invoke });
  const Retry = [
    { ErrorEquals: ['States.ALL'], IntervalSeconds: 600, MaxAttempts: 2, BackoffRate: 1 },
  ];
  const arn = await first.start(await first.create({ A: { ...task, Retry, End: true } }));
  await expect.poll(() => calls).toHaveLength(1);
  await first.close();

  time += 200_000;
  const slept: number[] = [];
  const second = await host({
    folder: first.folder,
    now,
    invoke,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      time += milliseconds;
    },
  });
  second.service.resume();
  expect(await second.end(arn)).toMatchObject({
    status: 'FAILED',
    error: 'Lambda.SdkClientException',
  });
  expect(slept).toEqual([400_000, 600_000]);
  expect(calls).toHaveLength(3);
});

it('a restart keeps the end of a wait that was given in seconds', async () => {
  let time = Date.UTC(2026, 0, 1);
  const now = (): number => time;
  const first = await host({ now });
  const arn = await first.start(
    await first.create({ A: { Type: 'Wait', Seconds: query('600'), End: true } }),
  );
  await first.close();
  time += 599_000;
  const slept: number[] = [];
  const second = await host({
    folder: first.folder,
    now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      time += milliseconds;
    },
  });
  second.service.resume();
  expect(await second.end(arn)).toMatchObject({ status: 'SUCCEEDED' });
  expect(slept).toEqual([1_000]);
});

it('a restart does not walk branches and iterations again that had ended', async () => {
  const body = (name: string, value: unknown): object => ({
    StartAt: name,
    States: { [name]: { ...task, Arguments: value, End: true } },
  });
  const before: unknown[] = [];
  const first = await host({
    invoke: async (_, payload) => {
      before.push(payload);
      return payload === 'stuck' ? await new Promise(() => undefined) : payload;
    },
  });
  const states = {
    A: {
      Type: 'Parallel',
      Branches: [
        body('B', 'quick'),
        body('C', 'stuck'),
        {
          StartAt: 'D',
          States: {
            D: {
              Type: 'Map',
              Items: ['one', 'stuck', 'two'],
              ItemProcessor: body('E', query('$states.input')),
              End: true,
            },
          },
        },
      ],
      End: true,
    },
  };
  const arn = await first.start(await first.create(states));
  await expect.poll(() => before.toSorted()).toEqual(['one', 'quick', 'stuck', 'stuck', 'two']);
  await first.close();

  const after: unknown[] = [];
  const second = await host({
    folder: first.folder,
    invoke: async (_, payload) => {
      after.push(payload);
      return payload;
    },
  });
  second.service.resume();
  const { output } = await second.end(arn);
  expect(JSON.parse(output!)).toEqual(['quick', 'stuck', ['one', 'stuck', 'two']]);
  expect(after).toEqual(['stuck', 'stuck']);
});

it('a running execution keeps the definition it began with', async () => {
  const gate = Promise.withResolvers<null>();
  const { service, start, end } = await host({ invoke: async () => await gate.promise });
  const version = (number: number): string =>
    definition({
      A: { ...task, Next: 'B' },
      B: { Type: 'Pass', Output: { version: number }, End: true },
    });
  service.createStateMachine({ name: 'm', definition: version(1) });
  const old = await start(machineArnOf('m'));
  service.createStateMachine({ name: 'm', definition: version(2) });
  const young = await start(machineArnOf('m'));
  gate.resolve(null);
  expect(await end(old)).toMatchObject({ output: '{"version":1}' });
  expect(await end(young)).toMatchObject({ output: '{"version":2}' });
});

it('every start and end is announced, in order', async () => {
  const { service, create, start, end } = await host();
  const events: StatusChangeEvent[] = [];
  service.onStatusChange((event) => void events.push(event));
  const machine = await create({ A: { Type: 'Pass', Output: 1, End: true } });
  const executionArn = await start(machine, { a: 1 }, 'good');
  const { startDate, stopDate } = await end(executionArn);
  await expect.poll(() => events).toHaveLength(2);
  expect(events[0]).toMatchObject({
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    account: '000000000000',
    region: 'us-east-1',
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn: machine,
      name: 'good',
      status: 'RUNNING',
      input: '{"a":1}',
      output: null,
      stopDate: null,
      startDate: startDate!.getTime(),
    },
  });
  expect(events[1]!.detail).toMatchObject({
    status: 'SUCCEEDED',
    output: '1',
    stopDate: stopDate!.getTime(),
  });
  const failing = await create({ A: { Type: 'Fail', Error: 'Bad', Cause: 'because' } });
  await end(await start(failing));
  await expect.poll(() => events).toHaveLength(4);
  expect(events[3]!.detail).toMatchObject({ status: 'FAILED', error: 'Bad', cause: 'because' });
});

it('a change that nobody took is announced again after a restart', async () => {
  const first = await host();
  let heard = 0;
  first.service.onStatusChange(() => {
    heard++;
    throw new Error('no bus');
  });
  const arn = await first.start(await first.create({ A: { Type: 'Pass', End: true } }));
  await first.end(arn);
  await expect.poll(() => heard).toBe(2);
  await first.close();

  const second = await host({ folder: first.folder });
  const events: string[] = [];
  second.service.onStatusChange(({ detail }) => void events.push(detail.status));
  second.service.resume();
  await expect.poll(() => events).toEqual(['SUCCEEDED']);
  await second.close();
  const third = await host({ folder: first.folder });
  third.service.onStatusChange(({ detail }) => void events.push(detail.status));
  third.service.resume();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events).toEqual(['SUCCEEDED']);
});

it('an execution that is stopped between two calls does nothing more', async () => {
  const { create, start, history, client } = await host();
  const executionArn = await start(
    await create({
      A: { Type: 'Pass', Next: 'B' },
      B: { Type: 'Choice', Choices: [{ Condition: query('true'), Next: 'A' }] },
    }),
  );
  await client().send(new StopExecutionCommand({ executionArn }));
  const events = await history(executionArn);
  expect(events.at(-1)!.type).toBe('ExecutionAborted');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await history(executionArn)).toHaveLength(events.length);
});

it('an execution that loops for ever ends at 25,000 events', async () => {
  const { run, history } = await host();
  const ended = await run({
    A: { Type: 'Pass', Next: 'B' },
    B: { Type: 'Choice', Choices: [{ Condition: true, Next: 'A' }] },
  });
  expect(ended).toMatchObject({
    status: 'FAILED',
    error: 'States.Runtime',
    cause: 'The execution reached the maximum number of history events (25000).',
  });
  const events = await history(ended.executionArn!);
  expect(events.at(-1)).toMatchObject({ id: 25_001, type: 'ExecutionFailed' });
});

it('ninety days after its end an execution is forgotten and its name is free', async () => {
  let time = Date.UTC(2026, 0, 1);
  const now = (): number => time;
  const first = await host({ now });
  const machine = await first.create({ A: { Type: 'Pass', End: true } });
  const arn = await first.start(machine, {}, 'once');
  await first.end(arn);
  await first.close();
  time += 89 * 24 * 3_600_000;
  const second = await host({ now, folder: first.folder });
  await expect(second.start(machine, {}, 'once')).rejects.toThrow('Already Exists');
  await second.close();
  time += 2 * 24 * 3_600_000;
  const third = await host({ now, folder: first.folder });
  expect(await third.start(machine, {}, 'once')).toBe(arn);
  expect(await third.end(arn)).toMatchObject({ status: 'SUCCEEDED' });
});
