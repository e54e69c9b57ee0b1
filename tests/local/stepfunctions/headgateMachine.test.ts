import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, expect, it } from 'vitest';
import { machineArnOf } from '../../../local/stepfunctions/arns.ts';
import {
  openStepFunctions,
  type StepFunctionsOptions,
} from '../../../local/stepfunctions/openStepFunctions.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import {
  type FakeFunction,
  type FakeFunctions,
  fakeFunctions,
  headgateDefinition,
  headgateInput,
  named,
} from './headgateMachine.ts';
import { memoryStorage } from './memoryStorage.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Host {
  readonly client: SFNClient;
  /** By `bucket/key`. */
  readonly objects: Map<string, string>;
  readonly functions: FakeFunctions;
  /** Starts the machine and waits for the end. */
  run(input?: object): Promise<DescribeExecutionCommandOutput>;
  start(input?: object): Promise<string>;
  end(arn: string): Promise<DescribeExecutionCommandOutput>;
  /** Names of the states entered, in order. */
  states(arn: string): Promise<string[]>;
}

async function host(
  functions: Readonly<Record<string, FakeFunction>>,
  options: Partial<StepFunctionsOptions> = {},
): Promise<Host> {
  const fakes = fakeFunctions(functions);
  const objects = new Map<string, string>();
  const service = openStepFunctions({
    mapStorage: memoryStorage(objects),
    folder: mkdtempSync(join(tmpdir(), 'headgate-sfn-')),
    invoke: fakes.invoke,
    random: () => 0,
    ...options,
  });
  service.createStateMachine({ name: 'ingest', definition: headgateDefinition });
  const { endpoint, close } = await hostServices(service);
  const client = new SFNClient({ ...localClientConfig, endpoint });
  closers.push(async () => {
    client.destroy();
    await close();
  });
  let count = 0;
  const start: Host['start'] = async (input = headgateInput) => {
    const { executionArn } = await client.send(
      new StartExecutionCommand({
        stateMachineArn: machineArnOf('ingest'),
        name: `run-${++count}`,
        input: JSON.stringify(input),
      }),
    );
    return executionArn!;
  };
  const end: Host['end'] = async (executionArn) =>
    await expect
      .poll(async () => await client.send(new DescribeExecutionCommand({ executionArn })), {
        interval: 5,
        timeout: 10_000,
      })
      .not.toMatchObject({ status: 'RUNNING' })
      .then(async () => await client.send(new DescribeExecutionCommand({ executionArn })));
  return {
    client,
    objects,
    functions: fakes,
    start,
    end,
    run: async (input) => await end(await start(input)),
    async states(executionArn) {
      const { events = [] } = await client.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
      );
      return events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []);
    },
  };
}

const done = { kind: 'DONE', attempt: 1, stagedKey: 'staged.json', commits: 1 };
const commit: FakeFunction = ({ seq }) => ({ seq: Number(seq) + 1 });

it('enters three states for a small run and answers what Commit answered', async () => {
  const { run, states, functions } = await host({ 'ingest-csv_upload': () => done, commit });
  const ended = await run();
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"seq":2}' });
  expect(await states(ended.executionArn!)).toEqual(['Ingest', 'Next', 'Commit']);
  expect(functions.calls).toEqual([
    { name: 'ingest-csv_upload', payload: { ...headgateInput, op: 'ingest' } },
    { name: 'commit', payload: { ...headgateInput, answer: done } },
  ]);
});

it('commits each part of a CONTINUE and goes on at its checkpoint', async () => {
  const { run, states, functions } = await host({
    'ingest-csv_upload': ({ checkpoint }) =>
      checkpoint === null || Number(checkpoint) < 3
        ? { ...done, kind: 'CONTINUE', checkpoint: Number(checkpoint) + 1 }
        : done,
    commit,
  });
  const ended = await run();
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"seq":5}' });
  expect(await states(ended.executionArn!)).toEqual([
    ...['Ingest', 'Next', 'CommitPart'],
    ...['Ingest', 'Next', 'CommitPart'],
    ...['Ingest', 'Next', 'CommitPart'],
    ...['Ingest', 'Next', 'Commit'],
  ]);
  const ingests = functions.calls.filter(({ name }) => name === 'ingest-csv_upload');
  expect(ingests.map(({ payload }) => [payload['seq'], payload['checkpoint']])).toEqual([
    [1, null],
    [2, 1],
    [3, 2],
    [4, 3],
  ]);
});

it('waits out a PARK without calling anything, then goes on', async () => {
  let ingested = 0;
  const times: number[] = [];
  const { run, states } = await host({
    'ingest-csv_upload': () => {
      times.push(Date.now());
      const until = new Date(Date.now() + 300).toISOString();
      return ++ingested === 1
        ? { ...done, kind: 'PARK', checkpoint: 'page 7', until, reason: 'quota' }
        : done;
    },
    commit,
  });
  const ended = await run();
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"seq":3}' });
  expect(await states(ended.executionArn!)).toEqual([
    ...['Ingest', 'Next', 'CommitBeforePark', 'Park'],
    ...['Ingest', 'Next', 'Commit'],
  ]);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(300);
});

it('hands a failure to Fail with its name and cause, and ends failed', async () => {
  const { run, states, functions } = await host({
    'ingest-csv_upload': () => {
      throw named('PermanentError', 'the password is wrong');
    },
    fail: () => null,
  });
  const ended = await run();
  const cause = JSON.stringify({
    errorType: 'PermanentError',
    errorMessage: 'the password is wrong',
    trace: [],
  });
  expect(ended).toMatchObject({ status: 'FAILED', error: 'PermanentError', cause });
  expect(await states(ended.executionArn!)).toEqual(['Ingest', 'Fail', 'Failed']);
  expect(functions.calls.at(-1)).toEqual({
    name: 'fail',
    payload: { ...headgateInput, error: 'PermanentError', cause },
  });
});

it('hands a failure of Commit to Fail with the run it belongs to', async () => {
  const { run, functions } = await host({
    'ingest-csv_upload': () => done,
    commit: () => {
      throw named('PermanentError', 'the fence is lost');
    },
    fail: () => null,
  });
  expect(await run()).toMatchObject({ status: 'FAILED', error: 'PermanentError' });
  expect(functions.calls.at(-1)!.payload).toMatchObject({
    ...headgateInput,
    error: 'PermanentError',
  });
});

it('retries what may pass three times, and then fails', async () => {
  let calls = 0;
  const recovering = await host({
    'ingest-csv_upload': () => {
      if (++calls <= 3) throw named('RetriableError', 'connection reset');
      return done;
    },
    commit,
  });
  const ended = await recovering.run();
  expect(ended.status).toBe('SUCCEEDED');
  expect(calls).toBe(4);
  // Retries are no transitions.
  expect(await recovering.states(ended.executionArn!)).toEqual(['Ingest', 'Next', 'Commit']);

  calls = 0;
  const failing = await host({
    'ingest-csv_upload': () => {
      calls++;
      throw named('Sandbox.Timedout', 'Task timed out');
    },
    fail: () => null,
  });
  expect(await failing.run()).toMatchObject({ status: 'FAILED', error: 'Sandbox.Timedout' });
  expect(calls).toBe(4);
});

it('stops at once, drops what the running function answers, and calls nothing more', async () => {
  const gate = Promise.withResolvers<void>();
  const { start, end, client, functions, states } = await host({
    'ingest-csv_upload': async () => {
      await gate.promise;
      return done;
    },
    commit,
  });
  const executionArn = await start();
  await expect.poll(() => functions.calls.length).toBe(1);
  await client.send(
    new StopExecutionCommand({ executionArn, error: 'Cancelled', cause: 'by the user' }),
  );
  const ended = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(ended).toMatchObject({ status: 'ABORTED', error: 'Cancelled', cause: 'by the user' });
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await end(executionArn)).toMatchObject({ status: 'ABORTED' });
  expect(await states(executionArn)).toEqual(['Ingest']);
  expect(functions.calls).toHaveLength(1);
});

it('ends a park when it is stopped', async () => {
  const { start, client, states, functions } = await host({
    'ingest-csv_upload': () => ({
      ...done,
      kind: 'PARK',
      checkpoint: 1,
      until: '2999-01-01T00:00:00Z',
      reason: 'quota',
    }),
    commit,
  });
  const executionArn = await start();
  await expect.poll(async () => await states(executionArn)).toContain('Park');
  await client.send(new StopExecutionCommand({ executionArn }));
  expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
    status: 'ABORTED',
  });
  expect(functions.calls).toHaveLength(2);
});

const items = (count: number): string =>
  Array.from({ length: count }, (_, unit) =>
    JSON.stringify({ unit, from: unit, to: unit + 1 }),
  ).join('\n');
const fanOut = {
  ...done,
  kind: 'FANOUT',
  checkpoint: { v: 1, collect: true },
  itemsKey: 'items.jsonl',
  planKey: 'plan.json',
  units: 3,
  concurrency: 2,
};

it('commits what came before a FANOUT, runs each unit in a child, and comes back to Ingest to collect', async () => {
  const children: string[] = [];
  const { run, states, functions, objects } = await host({
    'ingest-csv_upload': ({ op, unit, checkpoint }) => {
      if (op === 'ingest') return checkpoint === null ? fanOut : done;
      children.push(`${unit} ${JSON.stringify(checkpoint)}`);
      return unit === 1 && checkpoint === null
        ? { kind: 'CONTINUE', checkpoint: { v: 1, parts: 1, parks: 0 } }
        : { kind: 'DONE', unit };
    },
    commit,
  });
  objects.set('lake/items.jsonl', items(3));
  const ended = await run();
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"seq":3}' });
  expect(await states(ended.executionArn!)).toEqual([
    ...['Ingest', 'Next', 'CommitBeforeUnits', 'Units'],
    ...['Ingest', 'Next', 'Commit'],
  ]);
  expect(children.sort()).toEqual(['0 null', '1 null', '1 {"v":1,"parts":1,"parks":0}', '2 null']);
  const { seq, checkpoint, ...fence } = headgateInput;
  expect(functions.calls.find(({ payload }) => payload['op'] === 'unit')!.payload).toEqual({
    ...fence,
    op: 'unit',
    seq: 2,
    planKey: 'plan.json',
    unit: 0,
    from: 0,
    to: 1,
    checkpoint: null,
  });
  expect(
    functions.calls.filter(({ name }) => name === 'ingest-csv_upload').at(-1)!.payload,
  ).toEqual({ ...headgateInput, op: 'ingest', seq: 2, checkpoint: fanOut.checkpoint });
  const [results] = [...objects].filter(([key]) => key.includes('SUCCEEDED'));
  expect(results![0]).toMatch(/^lake\/runs\/acme\/s1-r1\/map\//);
  expect(results![1].trim().split('\n')).toHaveLength(3);
});

it('comes back to Ingest with the reason when a unit fails for good, and ends its siblings', async () => {
  const { run, functions, objects } = await host({
    'ingest-csv_upload': ({ op, unit, checkpoint }) => {
      if (op === 'unit') {
        if (unit === 1) throw named('PermanentError', 'the file is cut off');
        return { kind: 'DONE', unit };
      }
      if (checkpoint === null) return fanOut;
      throw named('PermanentError', 'a part failed');
    },
    commit,
    fail: () => null,
  });
  objects.set('lake/items.jsonl', items(3));
  expect(await run()).toMatchObject({ status: 'FAILED', error: 'PermanentError' });
  const [, collect] = functions.calls.filter(({ payload }) => payload['op'] === 'ingest');
  expect(collect!.payload['checkpoint']).toMatchObject({
    ...fanOut.checkpoint,
    fault: { error: 'States.ExceedToleratedFailureThreshold' },
  });
});

it('waits out a unit that parks', async () => {
  let calls = 0;
  const { run, objects } = await host({
    'ingest-csv_upload': ({ op, checkpoint }) => {
      if (op === 'ingest') return checkpoint === null ? fanOut : done;
      const until = new Date(Date.now() + 200).toISOString();
      return ++calls === 1
        ? { kind: 'PARK', checkpoint: { v: 1, parts: 0, parks: 1 }, until, reason: 'quota' }
        : { kind: 'DONE', unit: 0 };
    },
    commit,
  });
  objects.set('lake/items.jsonl', items(1));
  const started = Date.now();
  expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
  expect(Date.now() - started).toBeGreaterThanOrEqual(200);
  expect(calls).toBe(2);
});

it('stops the units with their run', async () => {
  const gate = Promise.withResolvers<void>();
  const { start, client, functions, objects } = await host({
    'ingest-csv_upload': async ({ op }) => {
      if (op === 'ingest') return fanOut;
      await gate.promise;
      return { kind: 'DONE', unit: 0 };
    },
    commit,
  });
  objects.set('lake/items.jsonl', items(3));
  const executionArn = await start();
  const units = () => functions.calls.filter(({ payload }) => payload['op'] === 'unit');
  await expect.poll(() => units().length).toBe(2);
  await client.send(new StopExecutionCommand({ executionArn }));
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
    status: 'ABORTED',
  });
  expect(units()).toHaveLength(2);
});
