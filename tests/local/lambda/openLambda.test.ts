import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type LambdaOptions,
  type LocalLambda,
  openLambda,
} from '../../../local/lambda/openLambda.ts';
import type { LogLine } from '../../../local/lambda/sandbox.ts';
import { LambdaFunctionError } from '../../../local/localService.ts';
import { behaviours } from './behaviours.ts';
import { functionFolder } from './functionFolder.ts';

const opened: LocalLambda[] = [];
afterEach(async () => {
  for (const lambda of opened.splice(0)) await lambda.close();
});

function open(options: Partial<LambdaOptions> = {}): LocalLambda {
  const lambda = openLambda({
    folder: mkdtempSync(join(tmpdir(), 'headgate-lambda-')),
    endpointUrl: () => 'http://127.0.0.1:1',
    ...options,
  });
  opened.push(lambda);
  return lambda;
}

const never = new AbortController().signal;
const invoke = async (lambda: LocalLambda, name: string, payload: unknown = {}): Promise<unknown> =>
  await lambda.invoke(name, payload, { signal: never });

async function failureOf(promise: Promise<unknown>): Promise<LambdaFunctionError> {
  const error = await promise.then(
    (value) => new Error(`it answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof LambdaFunctionError) return error;
  throw error;
}

describe.each(['worker', 'process'] as const)('a function isolated in a %s', (isolation) => {
  const register = (lambda: LocalLambda, settings = {}): void =>
    lambda.register(functionFolder('f', behaviours, { isolation, ...settings }));

  it('gets its event and answers with what the handler returns', async () => {
    const lambda = open();
    register(lambda);
    expect(await invoke(lambda, 'f', { do: 'echo', value: { a: [1, null, 'ü'] } })).toEqual({
      a: [1, null, 'ü'],
    });
    expect(await invoke(lambda, 'f', { do: 'nothing' })).toBe(null);
  });

  it('is found by name, by ARN and by qualified ARN, and an unknown one is not', async () => {
    const lambda = open();
    register(lambda);
    for (const name of [
      'f',
      'arn:aws:lambda:us-east-1:000000000000:function:f',
      'arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST',
      '000000000000:function:f',
    ])
      expect(await invoke(lambda, name, { do: 'echo', value: 1 })).toBe(1);
    await expect(invoke(lambda, 'g')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('stays warm between invocations', async () => {
    const lambda = open();
    register(lambda);
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(2);
  });

  it('runs as many sandboxes as there are invocations at a time, up to its cap', async () => {
    const lambda = open({ maxSandboxes: { worker: 2, process: 2 } });
    register(lambda);
    const answers = await Promise.all(
      [1, 2, 3].map(async () => {
        await invoke(lambda, 'f', { do: 'sleep', milliseconds: 200 });
      }),
    );
    expect(answers).toHaveLength(3);
    // Three invocations in two sandboxes: one of them was used twice.
    const counts = await Promise.all([
      invoke(lambda, 'f', { do: 'count' }),
      invoke(lambda, 'f', { do: 'count' }),
    ]);
    expect(counts.toSorted()).toEqual([2, 3]);
  });

  it('sees its own environment and that of Lambda, never that of its parent', async () => {
    const lambda = open({ endpointUrl: () => 'http://127.0.0.1:4567' });
    process.env['HEADGATE_TEST_CANARY'] = 'seen';
    register(lambda, { environment: { TABLE_NAME: 'table' } });
    const environment = (await invoke(lambda, 'f', { do: 'environment' })) as Record<
      string,
      string
    >;
    expect(environment).toMatchObject({
      TABLE_NAME: 'table',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4567',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'headgate',
      AWS_SECRET_ACCESS_KEY: 'headgate',
      AWS_LAMBDA_FUNCTION_NAME: 'f',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    });
    expect(environment).not.toHaveProperty('HEADGATE_TEST_CANARY');
    expect(environment).not.toHaveProperty('HOME');
    delete process.env['HEADGATE_TEST_CANARY'];
  });

  it('gets a context with a request id, its own ARN and the time that is left', async () => {
    const lambda = open();
    register(lambda);
    const context = (await invoke(lambda, 'f', { do: 'context' })) as Record<string, unknown>;
    expect(context).toMatchObject({
      functionName: 'f',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
      memoryLimitInMB: '256',
      logGroupName: '/aws/lambda/f',
    });
    expect(context['awsRequestId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(context['remaining']).toBeGreaterThan(8_000);
    expect(context['remaining']).toBeLessThanOrEqual(10_000);
  });

  it('reports a thrown error by its name, with its message and trace', async () => {
    const lambda = open();
    register(lambda);
    const error = await failureOf(invoke(lambda, 'f', { do: 'throw' }));
    expect(error.name).toBe('PermanentError');
    expect(error.message).toBe('no such customer');
    const payload = JSON.parse(error.payload);
    expect(payload).toMatchObject({
      errorType: 'PermanentError',
      errorMessage: 'no such customer',
    });
    expect(payload.trace[0]).toContain('no such customer');
    const text = await failureOf(invoke(lambda, 'f', { do: 'throw text' }));
    expect(JSON.parse(text.payload)).toEqual({
      errorType: 'string',
      errorMessage: 'just text',
      trace: [],
    });
    // A handler that throws is not a sandbox that dies.
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(3);
  });

  it('survives process.exit, keeps the last words, and starts anew', async () => {
    const lines: LogLine[] = [];
    const lambda = open({ onLog: (line) => lines.push(line) });
    register(lambda);
    const error = await failureOf(invoke(lambda, 'f', { do: 'exit', code: 3 }));
    expect(error.name).toBe('Runtime.ExitError');
    expect(error.message).toMatch(/Error: Runtime exited with error: exit status 3$/);
    expect(lines.map((line) => line.message)).toContain('last words');
    const clean = await failureOf(invoke(lambda, 'f', { do: 'exit', code: 0 }));
    expect(clean.message).toMatch(/Runtime exited without providing a reason$/);
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
  });

  it('survives rejections and errors that no one caught', async () => {
    const lambda = open();
    register(lambda);
    const rejection = await failureOf(invoke(lambda, 'f', { do: 'reject elsewhere' }));
    expect(rejection.name).toBe('Runtime.UnhandledPromiseRejection');
    expect(rejection.message).toBe('Error: nobody awaited me');
    const thrown = await failureOf(invoke(lambda, 'f', { do: 'throw elsewhere' }));
    expect(thrown.name).toBe('RangeError');
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
  });

  it('is ended at its timeout even in an endless loop, with its lines kept', async () => {
    const lines: LogLine[] = [];
    const lambda = open({ onLog: (line) => lines.push(line) });
    register(lambda, { timeoutSeconds: 1 });
    const error = await failureOf(invoke(lambda, 'f', { do: 'loop' }));
    expect(error.name).toBe('Sandbox.Timedout');
    expect(error.message).toMatch(/Task timed out after 1\.00 seconds$/);
    expect(lines.map((line) => line.message)).toContain('looping');
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
  });

  it('is gone when Lambda is closed, with its temporary files, also when it had just run out of time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-lambda-'));
    const lambda = open({ folder });
    register(lambda, { timeoutSeconds: 1 });
    const late = await failureOf(invoke(lambda, 'f', { do: 'sleep', milliseconds: 60_000 }));
    expect(late.name).toBe('Sandbox.Timedout');
    await lambda.close();
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });

  it('is ended when its heap outgrows its memory', async () => {
    const lambda = open();
    register(lambda, { memoryMegabytes: 128 });
    const error = await failureOf(invoke(lambda, 'f', { do: 'heap' }));
    expect(error.name).toMatch(/^Runtime\.(OutOfMemory|ExitError)$/);
    expect(error.message).toMatch(/signal: (killed|aborted)$/);
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
  });

  it('fails when its answer is longer than 6 MB or is not JSON', async () => {
    const lambda = open();
    register(lambda);
    expect(await invoke(lambda, 'f', { do: 'bytes', bytes: 6_000_000 })).toHaveLength(6_000_000);
    const long = await failureOf(invoke(lambda, 'f', { do: 'bytes', bytes: 6_291_556 }));
    expect(long.name).toBe('Function.ResponseSizeTooLarge');
    const circular = await failureOf(invoke(lambda, 'f', { do: 'circular' }));
    expect(circular.message).toBe('Unable to stringify response body');
  });

  it('has every line logged under its request, between START and REPORT', async () => {
    const lines: LogLine[] = [];
    const lambda = open({ onLog: (line) => lines.push(line) });
    register(lambda);
    await invoke(lambda, 'f', { do: 'print', value: 'a\nb' });
    const [first] = lines;
    expect(lines.map(({ stream, message }) => [stream, message.replace(/:.*/s, '')])).toEqual([
      ['platform', 'START RequestId'],
      ['stdout', 'to stdout a'],
      ['stdout', 'b'],
      ['stderr', 'to stderr'],
      ['stdout', 'no line end'],
      ['platform', 'END RequestId'],
      ['platform', 'REPORT RequestId'],
    ]);
    expect(new Set(lines.map((line) => line.requestId))).toEqual(new Set([first!.requestId]));
    expect(lines.at(-1)!.message).toMatch(/Memory Size: 256 MB.*Init Duration: [\d.]+ ms/);
    const stored = await Array.fromAsync(lambda.readLog('f'));
    expect(stored.map(({ id: _, ...line }) => line)).toEqual(lines);
  });

  it('names a handler or a module that is not there', async () => {
    const lambda = open();
    register(lambda, { handler: 'index.missing' });
    const handler = await failureOf(invoke(lambda, 'f'));
    expect(handler.name).toBe('Runtime.HandlerNotFound');
    register(lambda, { handler: 'other.handler' });
    const file = await failureOf(invoke(lambda, 'f'));
    expect(file.name).toBe('Runtime.ImportModuleError');
    lambda.register(functionFolder('f', "import 'no-such-package';", { isolation }));
    const module = await failureOf(invoke(lambda, 'f'));
    expect(module.name).toBe('Runtime.ImportModuleError');
    lambda.register(functionFolder('f', 'export const handler = ;', { isolation }));
    const syntax = await failureOf(invoke(lambda, 'f'));
    expect(syntax.name).toBe('Runtime.UserCodeSyntaxError');
    lambda.register(functionFolder('f', "throw new TypeError('no TABLE_NAME');", { isolation }));
    const thrown = await failureOf(invoke(lambda, 'f'));
    expect([thrown.name, thrown.message]).toEqual(['TypeError', 'no TABLE_NAME']);
  });

  it('drops only the answer when its caller goes away', async () => {
    const lines: LogLine[] = [];
    const lambda = open({ onLog: (line) => lines.push(line) });
    register(lambda);
    const caller = new AbortController();
    const answer = lambda.invoke(
      'f',
      { do: 'sleep', milliseconds: 300 },
      { signal: caller.signal },
    );
    setTimeout(() => caller.abort(new Error('stopped')), 50);
    await expect(answer).rejects.toThrow('stopped');
    expect(await invoke(lambda, 'f', { do: 'echo', value: 2 })).toBe(2);
    await expect
      .poll(() => lines.filter((line) => line.message.startsWith('REPORT')).length)
      .toBe(2);
    expect(lines.filter((line) => line.message.includes('Status: error'))).toEqual([]);
  });

  it('refuses more than its reserved concurrency', async () => {
    const lambda = open();
    register(lambda, { reservedConcurrency: 1 });
    const slow = invoke(lambda, 'f', { do: 'sleep', milliseconds: 200 });
    await expect(invoke(lambda, 'f', { do: 'count' })).rejects.toMatchObject({
      name: 'TooManyRequestsException',
    });
    expect(await slow).toBe('slept');
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(2);
  });

  it('is ended after standing idle', async () => {
    const lambda = open({ idleSeconds: 0.05 });
    register(lambda);
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await invoke(lambda, 'f', { do: 'count' })).toBe(1);
  });
});

it('ends a process whose native memory outgrows its limit', async () => {
  const lambda = open();
  lambda.register(functionFolder('f', behaviours, { isolation: 'process', memoryMegabytes: 256 }));
  const error = await failureOf(invoke(lambda, 'f', { do: 'native memory' }));
  expect(error.name).toBe('Runtime.OutOfMemory');
  expect(error.message).toMatch(/Runtime exited with error: signal: killed$/);
});
