import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openFunctionLogs } from '../../../local/lambda/functionLog.ts';
import { type LocalLambda, openLambda } from '../../../local/lambda/openLambda.ts';
import type { LogLine } from '../../../local/lambda/sandbox.ts';
import { hostServices } from '../hostServices.ts';
import { behaviours } from './behaviours.ts';
import { functionFolder } from './functionFolder.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const folderOf = (): string => mkdtempSync(join(tmpdir(), 'headgate-logs-'));
const line = (message: string, timestamp = 1000): LogLine => ({
  timestamp,
  functionName: 'f',
  logStreamName: 's',
  requestId: 'r',
  stream: 'stdout',
  message,
});

it('a log keeps so many files of so many bytes, the newest lines among them', async () => {
  const folder = folderOf();
  const logs = openFunctionLogs({ folder, maxFileBytes: 1000, maxFiles: 3 });
  for (let index = 0; index < 200; index++) logs.append(line(`line ${index}`));
  const kept = await Array.fromAsync(logs.read('f', 0));
  logs.close();
  expect(kept.at(-1)!.message).toBe('line 199');
  expect(kept.length).toBeGreaterThan(10);
  expect(kept.length).toBeLessThan(200);
  const numbers = kept.map(({ message }) => Number(message.slice(5)));
  expect(numbers).toEqual(kept.map((_, index) => 200 - kept.length + index));
  const files = readdirSync(folder).toSorted();
  expect(files).toEqual(['f.1.jsonl', 'f.2.jsonl', 'f.jsonl']);
  for (const file of files) expect(statSync(join(folder, file)).size).toBeLessThan(1200);
});

it('ids grow over a restart, and a line that was cut is not a line', async () => {
  const folder = folderOf();
  const first = openFunctionLogs({ folder });
  first.append(line('one', 5000));
  first.append(line('two', 5000));
  first.close();
  await appendFile(join(folder, 'f.jsonl'), '{"id":9,"mess\n');
  const second = openFunctionLogs({ folder });
  second.append(line('three', 5001));
  const read = await Array.fromAsync(second.read('f', 0));
  second.close();
  expect(read.map(({ message }) => message)).toEqual(['one', 'two', 'three']);
  expect(read.map(({ id }) => id)).toEqual(read.map(({ id }) => id).toSorted((a, b) => a - b));
  expect(await Array.fromAsync(second.read('none', 0))).toEqual([]);
});

it('a rotation while a log is read loses no line that was there', async () => {
  const logs = openFunctionLogs({ folder: folderOf(), maxFileBytes: 500, maxFiles: 4 });
  for (let index = 0; index < 12; index++) logs.append(line(`line ${index}`));
  const read: string[] = [];
  for await (const { message } of logs.read('f', 0)) {
    read.push(message);
    logs.append(line('later'));
  }
  logs.close();
  const before = read.filter((message) => message !== 'later');
  expect(before).toEqual(
    Array.from({ length: 12 }, (_, index) => `line ${index}`).slice(-before.length),
  );
  expect(before.at(-1)).toBe('line 11');
});

async function host(): Promise<{
  lambda: LocalLambda;
  filter(query: object): Promise<{ status: number; body: FilterAnswer }>;
}> {
  const lambda = openLambda({ folder: folderOf(), endpointUrl: () => 'http://127.0.0.1:1' });
  lambda.register(functionFolder('f', behaviours));
  const { endpoint, close } = await hostServices(lambda);
  closers.push(close);
  return {
    lambda,
    async filter(query) {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'x-amz-target': 'Logs_20140328.FilterLogEvents',
          'content-type': 'application/x-amz-json-1.1',
          authorization:
            'AWS4-HMAC-SHA256 Credential=headgate/20260101/us-east-1/logs/aws4_request, SignedHeaders=host, Signature=0',
        },
        body: JSON.stringify({ logGroupName: '/aws/lambda/f', ...query }),
      });
      return { status: response.status, body: (await response.json()) as FilterAnswer };
    },
  };
}

interface FilterAnswer {
  readonly events: readonly { readonly message: string; readonly timestamp: number }[];
  readonly nextToken?: string;
  readonly __type?: string;
}

it('the lines of one run are found by the run’s id', async () => {
  const { lambda, filter } = await host();
  const { signal } = new AbortController();
  const lines = (runId: string, count: number): object[] =>
    Array.from({ length: count }, (_, page) => ({ level: 'info', runId, page }));
  await lambda.invoke('f', { do: 'log', lines: lines('r1', 3) }, { signal });
  const between = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await lambda.invoke('f', { do: 'log', lines: lines('r2', 2) }, { signal });

  const pages = async (query: object): Promise<unknown[]> =>
    (await filter(query)).body.events.map(({ message }) => {
      const { runId, page } = JSON.parse(message);
      return `${runId} ${page}`;
    });
  expect(await pages({ filterPattern: '{ $.runId = "r1" }' })).toEqual(['r1 0', 'r1 1', 'r1 2']);
  expect(await pages({ filterPattern: '{ $.runId = "r1" && $.page = 2 }' })).toEqual(['r1 2']);
  expect(await pages({ filterPattern: '{ $.runId != "r1" }' })).toEqual(['r2 0', 'r2 1']);
  expect(await pages({ filterPattern: '"\\"runId\\":\\"r2\\""' })).toEqual(['r2 0', 'r2 1']);
  expect(await pages({ filterPattern: 'info r2' })).toEqual(['r2 0', 'r2 1']);
  expect(await pages({ filterPattern: 'info', startTime: between + 1 })).toHaveLength(2);
  expect(await pages({ filterPattern: 'info', endTime: between + 1 })).toHaveLength(3);

  const first = await filter({ filterPattern: 'info', limit: 4 });
  expect(first.body.events).toHaveLength(4);
  const { nextToken } = first.body;
  const second = await filter({ filterPattern: 'info', limit: 4, nextToken });
  expect(second.body.events).toHaveLength(1);
  expect(second.body.nextToken).toBeUndefined();
});

it('a pattern or a log group that cannot be had is refused, never matched wrongly', async () => {
  const { filter } = await host();
  for (const filterPattern of ['?a ?b', '{ $.a > 1 }', '[a, b]', '-x', '%re%'])
    expect(await filter({ filterPattern })).toMatchObject({
      status: 400,
      body: { __type: 'InvalidParameterException' },
    });
  expect(await filter({ logGroupName: '/aws/lambda/none' })).toMatchObject({
    status: 400,
    body: { __type: 'ResourceNotFoundException' },
  });
});
