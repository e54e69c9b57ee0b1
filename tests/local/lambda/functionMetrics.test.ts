import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalLambda, openLambda } from '../../../local/lambda/openLambda.ts';
import { cloudWatchCounts } from '../../../shared/health/functionFailures.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { behaviours } from './behaviours.ts';
import { functionFolder } from './functionFolder.ts';

let lambda: LocalLambda;
let client: CloudWatchClient;
let close: () => Promise<void>;
const { signal } = new AbortController();
const hour = 3_600_000;

beforeAll(async () => {
  lambda = openLambda({
    folder: mkdtempSync(join(tmpdir(), 'headgate-metrics-')),
    endpointUrl: () => 'http://127.0.0.1:1',
  });
  for (const name of ['f', 'other', 'never'])
    lambda.register(functionFolder(name, behaviours, { timeoutSeconds: 1 }));
  const host = await hostServices(lambda);
  close = host.close;
  client = new CloudWatchClient({ ...localClientConfig, endpoint: host.endpoint });
});
afterAll(() => close());

const call = (name: string, event: object): Promise<unknown> =>
  lambda.invoke(name, event, { signal }).catch(() => undefined);

it('counts calls and failures of each function, whatever it failed by', async () => {
  await call('f', { do: 'echo', value: 1 });
  // What a function prints is no report of Lambda’s.
  await call('f', { do: 'print', value: 'REPORT RequestId: x\tStatus: error\t' });
  await call('f', { do: 'throw' });
  await call('f', { do: 'exit', code: 1 });
  await call('f', { do: 'loop' });
  await call('other', { do: 'echo', value: 1 });
  const now = Date.now();
  const count = (from: number, to: number) =>
    cloudWatchCounts(client)(
      ['f', 'other', 'never', 'unknown'],
      { from: new Date(from), to: new Date(to) },
      signal,
    );
  expect(await count(now - hour, now + hour)).toEqual([
    { name: 'f', invocations: 5, failures: 3 },
    { name: 'other', invocations: 1, failures: 0 },
    { name: 'never', invocations: 0, failures: 0 },
    { name: 'unknown', invocations: 0, failures: 0 },
  ]);
  const before = await count(now - 3 * hour, now - 2 * hour);
  expect(before.every(({ invocations }) => invocations === 0)).toBe(true);
});

it('refuses what it has no numbers of', async () => {
  const ask = (Namespace: string, MetricName: string, Stat: string) =>
    client.send(
      new GetMetricDataCommand({
        StartTime: new Date(0),
        EndTime: new Date(),
        MetricDataQueries: [
          {
            Id: 'm',
            MetricStat: {
              Metric: {
                Namespace,
                MetricName,
                Dimensions: [{ Name: 'FunctionName', Value: 'f' }],
              },
              Period: 60,
              Stat,
            },
          },
        ],
      }),
    );
  await expect(ask('AWS/Lambda', 'Duration', 'Sum')).rejects.toThrow(/MetricName/);
  await expect(ask('AWS/SQS', 'Errors', 'Sum')).rejects.toThrow(/Namespace/);
  await expect(ask('AWS/Lambda', 'Errors', 'p99')).rejects.toThrow(/Stat/);
});
