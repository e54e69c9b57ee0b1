import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { DeadLetter } from '../../../local/lambda/eventDispatcher.ts';
import {
  type LambdaOptions,
  type LocalLambda,
  openLambda,
} from '../../../local/lambda/openLambda.ts';
import type { LogLine } from '../../../local/lambda/sandbox.ts';
import { behaviours } from './behaviours.ts';
import { functionFolder } from './functionFolder.ts';

const opened: LocalLambda[] = [];
afterEach(async () => {
  for (const lambda of opened.splice(0)) await lambda.close();
});

interface Opened {
  readonly lambda: LocalLambda;
  readonly folder: string;
  readonly letters: { readonly target: string; readonly letter: DeadLetter }[];
  /** Requests that were started, in order, with repetitions. */
  starts(): string[];
}

function open(options: Partial<LambdaOptions> = {}): Opened {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'headgate-lambda-'));
  const letters: Opened['letters'] = [];
  const lines: LogLine[] = [];
  const lambda = openLambda({
    folder,
    endpointUrl: () => 'http://127.0.0.1:1',
    asyncRetryDelaysSeconds: [0.05, 0.05],
    onLog: (line) => lines.push(line),
    deliver: async (target, letter) => void letters.push({ target, letter }),
    ...options,
  });
  opened.push(lambda);
  return {
    lambda,
    folder,
    letters,
    starts: () =>
      lines.filter(({ message }) => message.startsWith('START')).map(({ requestId }) => requestId),
  };
}

it('an event runs once when it succeeds', async () => {
  const { lambda, starts, letters } = open();
  lambda.register(functionFolder('f', behaviours));
  lambda.invokeEvent('f', { do: 'nothing' });
  await expect.poll(starts).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(starts()).toHaveLength(1);
  expect(letters).toEqual([]);
  expect(() => lambda.invokeEvent('none', {})).toThrow('Function not found: none');
});

it('an event that fails is tried twice more, under the same request, and then handed over', async () => {
  const { lambda, starts, letters } = open();
  lambda.register(
    functionFolder('f', behaviours, { deadLetterArn: 'queue:dead', onFailureArn: 'queue:failed' }),
  );
  lambda.invokeEvent('f', { do: 'throw', value: 7 });
  await expect.poll(() => letters).toHaveLength(2);
  expect(starts()).toHaveLength(3);
  const [requestId] = starts();
  expect(new Set(starts())).toEqual(new Set([requestId]));
  expect(letters[0]).toEqual({
    target: 'queue:dead',
    letter: {
      body: '{"do":"throw","value":7}',
      attributes: { RequestID: requestId, ErrorCode: '200', ErrorMessage: 'no such customer' },
    },
  });
  const record = JSON.parse(letters[1]!.letter.body);
  expect(letters[1]!.target).toBe('queue:failed');
  expect(record).toMatchObject({
    version: '1.0',
    requestContext: { requestId, condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload: { do: 'throw', value: 7 },
    responseContext: { statusCode: 200, functionError: 'Unhandled' },
    responsePayload: { errorType: 'PermanentError', errorMessage: 'no such customer' },
  });
});

it('the template may ask for fewer retries', async () => {
  const { lambda, starts, letters } = open();
  const settings = { maximumRetryAttempts: 0, deadLetterArn: 'queue:dead' };
  lambda.register(functionFolder('f', behaviours, settings));
  lambda.invokeEvent('f', { do: 'throw' });
  await expect.poll(() => letters).toHaveLength(1);
  expect(starts()).toHaveLength(1);
});

it('a throttled event waits and is not a failed attempt', async () => {
  let time = 1_000_000;
  const { lambda, starts } = open({ now: () => time });
  const settings = { reservedConcurrency: 1, maximumRetryAttempts: 0 };
  lambda.register(functionFolder('f', behaviours, settings));
  lambda.invokeEvent('f', { do: 'sleep', milliseconds: 200 });
  lambda.invokeEvent('f', { do: 'sleep', milliseconds: 1 });
  await expect.poll(starts).toHaveLength(1);
  time += 10_000;
  await expect.poll(starts, { timeout: 5_000 }).toHaveLength(2);
});

it('accepted events outlive the process, also one that was being handled', async () => {
  const first = open();
  first.lambda.register(functionFolder('f', behaviours));
  first.lambda.invokeEvent('f', { do: 'sleep', milliseconds: 60_000 });
  await expect.poll(first.starts).toHaveLength(1);
  await first.lambda.close();

  const second = open({ folder: first.folder });
  // Nothing runs before its function is there.
  second.lambda.register(functionFolder('g', behaviours));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(second.starts()).toEqual([]);
  second.lambda.register(functionFolder('f', behaviours));
  await expect.poll(second.starts).toEqual(first.starts());
});

it('nothing starts before the endpoint listens', async () => {
  let endpointUrl = '';
  const { lambda, starts } = open({ endpointUrl: () => endpointUrl });
  lambda.register(functionFolder('f', behaviours));
  lambda.invokeEvent('f', { do: 'nothing' });
  const { signal } = new AbortController();
  await expect(lambda.invoke('f', {}, { signal })).rejects.toThrow('does not listen yet');
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(starts()).toEqual([]);
  endpointUrl = 'http://127.0.0.1:1';
  await expect.poll(starts).toHaveLength(1);
});

it('an event older than six hours is handed over without another try', async () => {
  let time = 1_000_000;
  const first = open({ now: () => time });
  first.lambda.register(functionFolder('f', behaviours));
  first.lambda.invokeEvent('f', { do: 'sleep', milliseconds: 60_000 });
  await first.lambda.close();
  time += 6 * 3_600_000 + 1;
  const second = open({ folder: first.folder, now: () => time });
  second.lambda.register(functionFolder('f', behaviours, { onFailureArn: 'queue:failed' }));
  await expect.poll(() => second.letters).toHaveLength(1);
  const record = JSON.parse(second.letters[0]!.letter.body);
  expect(record.requestContext.condition).toBe('EventAgeExceeded');
  expect(second.starts()).toEqual([]);
});

it('a dead letter that cannot be delivered stays', async () => {
  let time = 1_000_000;
  let refusals = 0;
  const delivered: string[] = [];
  const { lambda } = open({
    now: () => time,
    deliver: async (target) => {
      if (++refusals <= 1) throw new Error('the queue is gone');
      delivered.push(target);
    },
  });
  const settings = { maximumRetryAttempts: 0, deadLetterArn: 'queue:dead' };
  lambda.register(functionFolder('f', behaviours, settings));
  lambda.invokeEvent('f', { do: 'throw' });
  await expect.poll(() => refusals).toBe(1);
  time += 10_000;
  lambda.invokeEvent('f', { do: 'nothing' });
  await expect.poll(() => delivered).toEqual(['queue:dead']);
});
