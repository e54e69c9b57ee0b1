import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, expect, it } from 'vitest';
import { lambdaProbe } from '../../../shared/sources/probe.ts';

const lambda = mockClient(LambdaClient);
beforeEach(() => lambda.reset());
const probe = lambdaProbe(new LambdaClient({ region: 'us-east-1' }), 'headgate-dev-ingest-');
const subject = { tenant: 'acme', connector: 'postgres', config: { host: 'h' } };
const signal = new AbortController().signal;
/** Bytes with the SDK's own method on them. */
const payload = (value: unknown) => {
  const text = JSON.stringify(value);
  return Object.assign(new TextEncoder().encode(text), { transformToString: () => text });
};

it('invokes the connector’s own function with everything it needs', async () => {
  lambda.on(InvokeCommand).resolves({ Payload: payload({ ok: true, message: 'Yes.' }) });
  const credentials = { password: 'p' };
  expect(await probe.check({ ...subject, credentials }, signal)).toEqual({
    ok: true,
    message: 'Yes.',
  });
  expect(lambda).toHaveReceivedCommandExactlyOnceWith(InvokeCommand, {
    FunctionName: 'headgate-dev-ingest-postgres',
    Payload: JSON.stringify({ v: 1, op: 'check', ...subject, credentials }),
  });
});

it('says unreachable for a function that ran out of time', async () => {
  lambda
    .on(InvokeCommand)
    .resolves({ FunctionError: 'Unhandled', Payload: payload({ errorType: 'Sandbox.Timedout' }) });
  await expect(probe.discover(subject, signal)).rejects.toMatchObject({
    code: 'source_unreachable',
  });
});

it('quotes nothing of a function that failed', async () => {
  lambda.on(InvokeCommand).resolves({
    FunctionError: 'Unhandled',
    Payload: payload({ errorMessage: 'password=hunter2' }),
  });
  const error: unknown = await probe.check(subject, signal).catch((thrown: unknown) => thrown);
  expect(String(error)).not.toContain('hunter2');
});

it('refuses an answer that is not the protocol’s', async () => {
  lambda.on(InvokeCommand).resolves({ Payload: payload({ ok: 'perhaps' }) });
  await expect(probe.check(subject, signal)).rejects.toThrow();
});
