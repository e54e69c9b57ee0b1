import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { AwsError } from '../../../local/protocol/awsError.ts';
import { jsonService, type Operation, operation } from '../../../local/protocol/jsonService.ts';
import { createLog } from '../../../shared/log.ts';
import { hostServices } from '../hostServices.ts';

const authorization =
  'AWS4-HMAC-SHA256 Credential=headgate/20270101/us-east-1/things/aws4_request, SignedHeaders=host, Signature=0';

async function host(operations: Record<string, Operation>, lines: string[] = []) {
  const service = jsonService({
    name: 'things',
    target: 'Things_1',
    jsonVersion: '1.1',
    operations,
    close: () => undefined,
    log: createLog((line) => lines.push(line)),
  });
  const { endpoint, close } = await hostServices(service);
  onTestFinished(close);
  return async (
    name: string,
    body = '{}',
    headers: Record<string, string> = { authorization },
    signal: AbortSignal | null = null,
  ) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': `Things_1.${name}`, ...headers },
      body,
      signal,
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: (await response.json()) as Record<string, unknown>,
    };
  };
}

it('answers what the operation answers, and nothing as an empty object', async () => {
  const call = await host({ Echo: (input) => ({ input }), Quiet: () => undefined });
  expect(await call('Echo', '{"a":1}')).toEqual({
    status: 200,
    type: 'application/x-amz-json-1.1',
    body: { input: { a: 1 } },
  });
  expect((await call('Quiet')).body).toEqual({});
});

it('answers a failure with its type, message and extras', async () => {
  const call = await host({
    Fail: () => {
      throw new AwsError('ThingGone', 'it is gone', { status: 410, extra: { Since: 7 } });
    },
  });
  expect(await call('Fail')).toMatchObject({
    status: 410,
    body: { __type: 'ThingGone', message: 'it is gone', Since: 7 },
  });
});

it('hides what went wrong inside, and logs it', async () => {
  const lines: string[] = [];
  const call = await host(
    {
      Break: () => {
        throw new Error('secret detail');
      },
    },
    lines,
  );
  const answer = await call('Break');
  expect(answer.status).toBe(500);
  expect(JSON.stringify(answer.body)).not.toContain('secret detail');
  expect(lines.join()).toContain('secret detail');
});

it('refuses unknown operations, also those that objects inherit', async () => {
  const call = await host({});
  for (const name of ['NoSuch', 'constructor', 'toString'])
    expect((await call(name)).body['__type']).toBe('UnknownOperationException');
});

it('refuses unknown and wrong parameters by name', async () => {
  const call = await host({
    Take: operation(z.strictObject({ Count: z.int() }), ({ Count }) => ({ Count })),
  });
  expect((await call('Take', '{"Count":3}')).body).toEqual({ Count: 3 });
  const unknown = await call('Take', '{"Count":3,"Other":1}');
  expect(unknown.body['__type']).toBe('ValidationException');
  expect(unknown.body['message']).toContain('Other');
  expect((await call('Take', '{"Count":"3"}')).status).toBe(400);
});

it('refuses requests without the endpoint’s access key', async () => {
  const call = await host({ Echo: () => ({}) });
  expect((await call('Echo', '{}', {})).status).toBe(403);
  const stranger = { authorization: authorization.replace('headgate', 'stranger') };
  expect((await call('Echo', '{}', stranger)).body['__type']).toBe('UnrecognizedClientException');
});

it('aborts the work for a client that has left', async () => {
  const aborted = Promise.withResolvers<boolean>();
  const call = await host({
    Wait: (_input, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          aborted.resolve(true);
          resolve({});
        }),
      ),
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  await call('Wait', '{}', { authorization }, controller.signal).catch(() => undefined);
  expect(await aborted.promise).toBe(true);
});
