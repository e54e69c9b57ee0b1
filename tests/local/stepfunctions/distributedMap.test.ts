import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeMapRunCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, expect, it } from 'vitest';
import type { InvokeFunction } from '../../../local/localService.ts';
import {
  type LocalStepFunctions,
  openStepFunctions,
} from '../../../local/stepfunctions/openStepFunctions.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { behavingFunctionArn } from './behave.ts';
import { memoryStorage } from './memoryStorage.ts';
import {
  query,
  type StepFunctionsUnderTest,
  stepFunctionsUnderTest,
  typesOf,
} from './underTest.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Host extends StepFunctionsUnderTest {
  readonly folder: string;
  readonly objects: Map<string, string>;
  readonly service: LocalStepFunctions;
  close(): Promise<void>;
}

async function host(
  invoke: (event: unknown) => Promise<unknown> | unknown = (event) => event,
  folder = mkdtempSync(join(tmpdir(), 'headgate-map-')),
): Promise<Host> {
  const objects = new Map<string, string>();
  const call: InvokeFunction = async (_, payload) => await invoke(payload);
  const service = openStepFunctions({
    folder,
    invoke: call,
    mapStorage: memoryStorage(objects),
    random: () => 0,
  });
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
  return { ...under, folder, objects, service, close };
}

const body = {
  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  StartAt: 'Unit',
  States: {
    Unit: {
      Type: 'Task',
      Resource: behavingFunctionArn,
      Output: query('$states.result'),
      End: true,
    },
  },
};
const map = (rest: object): Record<string, object> => ({
  Fan: { Type: 'Map', Label: 'fan', ItemProcessor: body, End: true, ...rest },
});
const reader = (config: object, key = 'units.jsonl'): object => ({
  ItemReader: {
    Resource: 'arn:aws:states:::s3:getObject',
    ReaderConfig: config,
    Arguments: { Bucket: 'scratch', Key: key },
  },
});

it('each item is a child execution, and outputs come in the order of the items', async () => {
  const { run, history, client } = await host(async (event) => {
    await new Promise((resolve) => setTimeout(resolve, Number(event) % 3));
    return Number(event) * 10;
  });
  const ended = await run(map({ Items: [5, 4, 3, 2, 1], MaxConcurrency: 2 }));
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '[50,40,30,20,10]' });
  const events = await history(ended.executionArn!);
  expect(typesOf(events)).toEqual([
    'ExecutionStarted',
    'MapStateEntered',
    'MapStateStarted',
    'MapRunStarted',
    'MapRunSucceeded',
    'MapStateSucceeded',
    'MapStateExited',
    'ExecutionSucceeded',
  ]);
  const { mapRuns = [] } = await client().send(
    new ListMapRunsCommand({ executionArn: ended.executionArn! }),
  );
  const { mapRunArn } = mapRuns[0]!;
  expect(mapRunArn).toMatch(/:mapRun:machine-[^/]+\/fan:[0-9a-f-]{36}$/);
  expect(await client().send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
    status: 'SUCCEEDED',
    maxConcurrency: 2,
    itemCounts: { total: 5, succeeded: 5, failed: 0 },
  });
  const { executions = [] } = await client().send(new ListExecutionsCommand({ mapRunArn }));
  expect(executions).toHaveLength(5);
  const child = await history(executions[0]!.executionArn!);
  expect(typesOf(child).at(-1)).toBe('ExecutionSucceeded');
  // Children are not listed among the machine's executions.
  const { executions: listed = [] } = await client().send(
    new ListExecutionsCommand({ stateMachineArn: ended.stateMachineArn }),
  );
  expect(listed.map(({ executionArn }) => executionArn)).toEqual([ended.executionArn]);
});

it('no more children run at a time than MaxConcurrency allows', async () => {
  let now = 0;
  let most = 0;
  const { run } = await host(async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
    return null;
  });
  const Items = Array.from({ length: 30 }, (_, index) => index);
  expect(await run(map({ Items, MaxConcurrency: query('1 + 2') }))).toMatchObject({
    status: 'SUCCEEDED',
  });
  expect(most).toBe(3);
});

it('items are read from JSON Lines and JSON, selected and batched', async () => {
  const seen: unknown[] = [];
  const { run, objects } = await host((event) => {
    seen.push(event);
    return null;
  });
  objects.set('scratch/units.jsonl', '{"n":1}\n{"n":2}\r\n\n{"n":3}');
  objects.set('scratch/units.json', '{"plan":{"units":[{"n":4},{"n":5}]}}');
  await run(
    map({
      ...reader({ InputType: 'JSONL' }),
      ItemSelector: query(
        "{'run': $states.input.runId, 'index': $states.context.Map.Item.Index, 'n': $states.context.Map.Item.Value.n}",
      ),
      MaxConcurrency: 1,
    }),
    { runId: 'r1' },
  );
  expect(seen.splice(0)).toEqual([
    { run: 'r1', index: 0, n: 1 },
    { run: 'r1', index: 1, n: 2 },
    { run: 'r1', index: 2, n: 3 },
  ]);
  await run(
    map({
      ...reader({ InputType: 'JSONL', MaxItems: 2 }),
      ItemBatcher: { MaxItemsPerBatch: 5, BatchInput: { runId: query('$states.input.runId') } },
    }),
    { runId: 'r2' },
  );
  expect(seen.splice(0)).toEqual([{ BatchInput: { runId: 'r2' }, Items: [{ n: 1 }, { n: 2 }] }]);
  await run(
    map({
      ...reader({ InputType: 'JSON', ItemsPointer: '/plan/units' }, 'units.json'),
      ItemBatcher: { MaxInputBytesPerBatch: 25 },
      MaxConcurrency: 1,
    }),
  );
  expect(seen.splice(0)).toEqual([{ Items: [{ n: 4 }] }, { Items: [{ n: 5 }] }]);
});

it('objects below a prefix can be the items', async () => {
  const { output, objects } = await host();
  for (const key of ['parts/a', 'parts/b', 'other']) objects.set(`scratch/${key}`, key);
  const states = map({
    ItemReader: {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Arguments: { Bucket: 'scratch', Prefix: 'parts/' },
    },
  });
  expect(await output(states)).toEqual([
    { Key: 'parts/a', Size: 7 },
    { Key: 'parts/b', Size: 7 },
  ]);
});

it('items that cannot be read fail the Map before a child starts', async () => {
  let calls = 0;
  const { run, objects } = await host(() => calls++);
  objects.set('scratch/bad.jsonl', '{"n":1}\n{"n":');
  objects.set('scratch/bad.json', '{"n":1}');
  for (const states of [
    map(reader({ InputType: 'JSONL' }, 'none')),
    map(reader({ InputType: 'JSONL' }, 'bad.jsonl')),
    map(reader({ InputType: 'JSON' }, 'bad.json')),
    map(reader({ InputType: 'JSON', ItemsPointer: '/none' }, 'bad.json')),
  ])
    expect(await run(states)).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' });
  expect(calls).toBe(0);
});

it('a failed child fails the Map and ends its siblings, unless it is tolerated', async () => {
  const { run, history, client } = await host(async (event) => {
    if (event === 'bad') throw Object.assign(new Error('because'), { name: 'Bad' });
    if (event === 'slow') await new Promise((resolve) => setTimeout(resolve, 60_000));
    return event;
  });
  const failed = await run(map({ Items: ['slow', 'bad', 'late'], MaxConcurrency: 2 }));
  expect(failed).toMatchObject({
    status: 'FAILED',
    error: 'States.ExceedToleratedFailureThreshold',
  });
  expect(typesOf(await history(failed.executionArn!))).toContain('MapRunFailed');
  const { mapRuns } = await client().send(
    new ListMapRunsCommand({ executionArn: failed.executionArn! }),
  );
  const { mapRunArn } = mapRuns![0]!;
  expect(await client().send(new DescribeMapRunCommand({ mapRunArn }))).toMatchObject({
    status: 'FAILED',
    itemCounts: { total: 3, failed: 1, aborted: 1, pending: 1 },
  });
  const { executions = [] } = await client().send(new ListExecutionsCommand({ mapRunArn }));
  expect(executions.filter(({ status }) => status === 'RUNNING')).toEqual([]);

  const tolerated = await run(map({ Items: ['a', 'bad', 'b'], ToleratedFailureCount: 1 }));
  expect(tolerated.status).toBe('SUCCEEDED');
  expect(JSON.parse(tolerated.output!)).toMatchObject([
    'a',
    { Status: 'FAILED', Error: 'Lambda.SdkClientException', Input: '"bad"' },
    'b',
  ]);
  expect(
    await run(map({ Items: ['a', 'bad', 'b'], ToleratedFailurePercentage: 33 })),
  ).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
  expect(
    await run(map({ Items: ['a', 'bad', 'b'], ToleratedFailurePercentage: 34 })),
  ).toMatchObject({ status: 'SUCCEEDED' });
});

it('results are written beside a manifest that names them', async () => {
  const { output, run, objects } = await host((event) => {
    if (event === 3) throw new Error('because');
    return { units: event };
  });
  const writer = (config?: object): object => ({
    Items: [1, 2, 3],
    ToleratedFailureCount: 1,
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      Arguments: { Bucket: 'scratch', Prefix: 'runs/r1' },
      ...(config ? { WriterConfig: config } : {}),
    },
  });
  const read = (key: string): string => objects.get(`scratch/${key}`)!;
  type Written = { MapRunArn: string; ResultWriterDetails: { Bucket: string; Key: string } };
  const written = (await output(map(writer()))) as Written;
  const manifest = JSON.parse(read(written.ResultWriterDetails.Key));
  expect(written.ResultWriterDetails.Key).toMatch(/^runs\/r1\/[0-9a-f-]{36}\/manifest\.json$/);
  expect(manifest).toMatchObject({ DestinationBucket: 'scratch', MapRunArn: written.MapRunArn });
  const [file] = manifest.ResultFiles.SUCCEEDED;
  expect(file.Size).toBe(Buffer.byteLength(read(file.Key)));
  expect(JSON.parse(read(file.Key))).toMatchObject([
    { Status: 'SUCCEEDED', Input: '1', Output: '{"units":1}' },
    { Status: 'SUCCEEDED', Input: '2', Output: '{"units":2}' },
  ]);
  expect(JSON.parse(read(manifest.ResultFiles.FAILED[0].Key))).toMatchObject([
    { Status: 'FAILED', Input: '3' },
  ]);

  const compact = (await output(
    map(writer({ OutputType: 'JSONL', Transformation: 'COMPACT' })),
  )) as Written;
  const { ResultFiles } = JSON.parse(read(compact.ResultWriterDetails.Key));
  expect(ResultFiles.SUCCEEDED[0].Key).toMatch(/SUCCEEDED_0\.jsonl$/);
  expect(read(ResultFiles.SUCCEEDED[0].Key)).toBe('{"units":1}\n{"units":2}\n');

  expect(await run(map({ ...writer(), Items: [] }))).toMatchObject({ status: 'SUCCEEDED' });
});

it('outputs too large to be handed on need a ResultWriter', async () => {
  const { run } = await host(() => 'x'.repeat(100_000));
  expect(await run(map({ Items: [1, 2, 3] }))).toMatchObject({
    status: 'FAILED',
    error: 'States.DataLimitExceeded',
  });
});

it('stopping the execution stops its children', async () => {
  const { create, start, end, client } = await host(
    async () => await new Promise((resolve) => setTimeout(resolve, 60_000)),
  );
  const arn = await start(await create(map({ Items: [1, 2, 3], MaxConcurrency: 2 })));
  const children = async (status?: 'RUNNING' | 'ABORTED'): Promise<unknown[]> => {
    const { mapRuns } = await client().send(new ListMapRunsCommand({ executionArn: arn }));
    const mapRunArn = mapRuns?.[0]?.mapRunArn;
    if (mapRunArn === undefined) return [];
    const listed = await client().send(new ListExecutionsCommand({ mapRunArn }));
    return (listed.executions ?? []).filter(
      (child) => status === undefined || child.status === status,
    );
  };
  await expect.poll(async () => await children('RUNNING')).toHaveLength(2);
  await client().send(new StopExecutionCommand({ executionArn: arn }));
  expect(await end(arn)).toMatchObject({ status: 'ABORTED' });
  expect(await children()).toHaveLength(2);
  expect(await children('ABORTED')).toHaveLength(2);
});

it('a restart runs only what had not ended', async () => {
  const before: unknown[] = [];
  const first = await host(async (event) => {
    before.push(event);
    if (Number(event) >= 2) await new Promise(() => undefined);
    return event;
  });
  const arn = await first.start(
    await first.create(map({ Items: [0, 1, 2, 3, 4], MaxConcurrency: 2 })),
  );
  await expect.poll(() => before).toEqual([0, 1, 2, 3]);
  await first.close();

  const after: unknown[] = [];
  const second = await host((event) => {
    after.push(event);
    return event;
  }, first.folder);
  second.service.resume();
  expect(await second.end(arn)).toMatchObject({ status: 'SUCCEEDED', output: '[0,1,2,3,4]' });
  expect(after).toEqual([2, 3, 4]);
});

it('a restart goes on within a child at the state it was in', async () => {
  const call = (step: string, rest: object): object => ({
    Type: 'Task',
    Resource: behavingFunctionArn,
    Arguments: query(`'${step} ' & $states.context.Execution.Input`),
    ...rest,
  });
  const twoSteps = {
    ProcessorConfig: { Mode: 'DISTRIBUTED' },
    StartAt: 'First',
    States: { First: call('first', { Next: 'Second' }), Second: call('second', { End: true }) },
  };
  const calls: unknown[] = [];
  const first = await host(async (event) => {
    calls.push(event);
    return event === 'second a' ? await new Promise(() => undefined) : event;
  });
  const arn = await first.start(
    await first.create(map({ Items: ['a', 'b'], ItemProcessor: twoSteps, MaxConcurrency: 1 })),
  );
  await expect.poll(() => calls).toEqual(['first a', 'second a']);
  calls.length = 0;
  await first.close();
  const second = await host((event) => {
    calls.push(event);
    return event;
  }, first.folder);
  second.service.resume();
  expect(await second.end(arn)).toMatchObject({ output: '["second a","second b"]' });
  expect(calls).toEqual(['second a', 'first b', 'second b']);
});

it('thousands of items go through, each once', async () => {
  let sum = 0;
  const { run, objects } = await host((event) => {
    sum += (event as { n: number }).n;
    return null;
  });
  const count = 2_000;
  const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ n }));
  objects.set('scratch/units.jsonl', lines.join('\n'));
  const ended = await run(map({ ...reader({ InputType: 'JSONL' }), MaxConcurrency: 40 }));
  expect(ended.status).toBe('SUCCEEDED');
  expect(sum).toBe((count * (count - 1)) / 2);
});
