import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { GetDatabaseCommand, GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketVersioningCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetScheduleGroupCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localAccount } from '../../local/localService.ts';
import { type Api, apiOf } from '../api.ts';
import { startHeadgateProcess } from '../headgateProcess.ts';
import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';

const token = `hg_${'s'.repeat(43)}`;
const settingsFor = (endpoint: string) => ({
  endpoint,
  region: localAccount.region,
  credentials: {
    accessKeyId: localAccount.accessKeyId,
    secretAccessKey: localAccount.secretAccessKey,
  },
});

/** Answers what `ask` answers as soon as it satisfies, or fails after 20 s with the last answer. */
async function until<Value>(ask: () => Promise<Value>, satisfied: (value: Value) => boolean) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await ask();
    if (satisfied(value)) return value;
    if (Date.now() > deadline) expect.unreachable(`waited for nothing: ${JSON.stringify(value)}`);
    await sleep(50);
  }
}

interface FileList {
  readonly data: readonly { readonly name: string; readonly status: string }[];
}

describe('a started Headgate', () => {
  let headgate: RunningHeadgate;
  let api: Api;
  beforeAll(async () => {
    headgate = await startHeadgate({ token });
    api = apiOf(headgate.url, token);
  });
  afterAll(async () => headgate?.[Symbol.asyncDispose]());

  it('has everything the template names, behind one endpoint', async () => {
    const settings = settingsFor(headgate.awsEndpoint);
    const { assembly } = headgate;
    for (const { name } of assembly.tables) {
      const { Table } = await new DynamoDBClient(settings).send(
        new DescribeTableCommand({ TableName: name }),
      );
      expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual([
        'gsi1',
        'gsi2',
      ]);
    }
    for (const { name, versioned } of assembly.buckets) {
      const { Status } = await new S3Client(settings).send(
        new GetBucketVersioningCommand({ Bucket: name }),
      );
      expect(Status, name).toBe(versioned ? 'Enabled' : undefined);
    }
    for (const { arn } of assembly.stateMachines)
      expect(
        (
          await new SFNClient(settings).send(
            new DescribeStateMachineCommand({ stateMachineArn: arn }),
          )
        ).status,
      ).toBe('ACTIVE');
    for (const { name } of assembly.queues)
      await new SQSClient(settings).send(new GetQueueUrlCommand({ QueueName: name }));
    for (const { name } of assembly.scheduleGroups)
      await new SchedulerClient(settings).send(new GetScheduleGroupCommand({ Name: name }));
    for (const { name } of assembly.glueDatabases)
      await new GlueClient(settings).send(new GetDatabaseCommand({ Name: name }));
    const { Rules } = await new EventBridgeClient(settings).send(new ListRulesCommand({}));
    expect(Rules?.map(({ Name }) => Name).sort()).toEqual(
      assembly.rules.map(({ name }) => name).sort(),
    );
  });

  it('lets the bootstrap token in as admin, and nobody without one', async () => {
    expect(await api.call('GET', '/v1/me')).toMatchObject({ role: 'admin', tenant: 'default' });
    expect((await fetch(`${headgate.url}/v1/me`)).status).toBe(401);
    expect(
      (
        await fetch(`${headgate.url}/v1/me`, {
          headers: { authorization: `Bearer hg_${'x'.repeat(43)}` },
        })
      ).status,
    ).toBe(401);
  });

  it('keeps the token where the deployed application keeps it', async () => {
    const { SecretString } = await new SecretsManagerClient(settingsFor(headgate.awsEndpoint)).send(
      new GetSecretValueCommand({
        SecretId: headgate.assembly.outputs['headgate-local-data.AdminTokenSecret'],
      }),
    );
    expect(SecretString).toBe(token);
  });

  it('runs every function of the template: none is without code', async () => {
    const lambda = new LambdaClient(settingsFor(headgate.awsEndpoint));
    for (const { name } of headgate.assembly.functions) {
      const { Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: name, Payload: '{}' }),
      );
      const answer = Payload?.transformToString() ?? '';
      // An empty event is wrong for most of them; a bundle that cannot be loaded would say so differently.
      expect(answer, name).not.toMatch(
        /HandlerNotFound|Cannot find|ImportModuleError|SyntaxError|environment of/,
      );
    }
  });

  it('loads a file that was dropped into the bucket: event, rule, queue, function, run', async () => {
    const source = await api.call<{ id: string }>('POST', '/v1/sources', {
      key: 'dropped',
      name: 'Dropped',
      connector: 'local_files',
      status: 'active',
    });
    const s3 = new S3Client(settingsFor(headgate.awsEndpoint));
    const Bucket = headgate.assembly.outputs['headgate-local-data.LandingBucket'];
    for (const name of ['a.csv', 'b.csv'])
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key: `landing/default/${source.id}/${name}`,
          // The same bytes would be loaded once.
          Body: `id,name\n1,Ann\n2,${name}\n`,
        }),
      );
    const { data } = await until(
      () => api.call<FileList>('GET', '/v1/sources/dropped/files'),
      ({ data: files }) => files.length === 2 && files.every(({ status }) => status === 'loaded'),
    );
    expect(data.map(({ name }) => name).sort()).toEqual(['a.csv', 'b.csv']);
    const { recordCount } = await api.call<{ recordCount: number }>('GET', '/v1/sources/dropped');
    expect(recordCount).toBe(4);
  });

  it('mirrors a committed table to the Glue catalogue by way of the stream', async () => {
    const glue = new GlueClient(settingsFor(headgate.awsEndpoint));
    const [database] = headgate.assembly.glueDatabases;
    const tables = await until(
      async () =>
        (await glue.send(new GetTablesCommand({ DatabaseName: database?.name ?? '' }))).TableList ??
        [],
      (list) => list.length > 0,
    );
    expect(tables[0]?.Parameters?.['table_type']).toBe('ICEBERG');
  });

  it('loads a file that was put into the drop folder', async () => {
    await api.call('POST', '/v1/sources', {
      key: 'folder',
      name: 'Folder',
      connector: 'local_files',
      status: 'active',
    });
    mkdirSync(join(headgate.home, 'drop/folder'), { recursive: true });
    writeFileSync(join(headgate.home, 'drop/folder/c.csv'), 'id\n1\n');
    await until(
      () => api.call<FileList>('GET', '/v1/sources/folder/files'),
      ({ data }) => data[0]?.status === 'loaded',
    );
  });

  it('keeps its home to itself', async () => {
    await expect(startHeadgate({ home: headgate.home })).rejects.toThrow(
      /is in use by another Headgate \(process \d+, http:\/\/127\.0\.0\.1:\d+\)/,
    );
    // The refused start has taken nothing away.
    expect(await api.call('GET', '/v1/me')).toMatchObject({ role: 'admin' });
  });
});

describe('a Headgate process', () => {
  const homes: string[] = [];
  const newHome = (): string => {
    const home = mkdtempSync(join(tmpdir(), 'headgate-process-'));
    homes.push(home);
    return home;
  };
  afterAll(() => {
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  });

  it('says in one line when it is ready, and ends within 5 s of SIGTERM', async () => {
    const script = fileURLToPath(new URL('../../scripts/start.ts', import.meta.url));
    const child = spawn(process.execPath, [script], {
      env: { ...process.env, HEADGATE_HOME: newHome(), HEADGATE_PORT: '0', HEADGATE_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await until(
      async () => output,
      (text) => text.includes('\n'),
    );
    const stopping = performance.now();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(5_000);
    expect(output).toMatch(
      /^Headgate ready: http:\/\/127\.0\.0\.1:\d+ \(AWS endpoint http:\/\/127\.0\.0\.1:\d+\)\n$/,
    );
  });

  it('names the variable to set when its port is taken, and gives its home back', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const home = newHome();
    await expect(startHeadgate({ home, port })).rejects.toThrow(
      `port ${port} is in use: set HEADGATE_PORT to another one`,
    );
    await expect(startHeadgate({ home, awsPort: port })).rejects.toThrow(/set HEADGATE_AWS_PORT/);
    other.close();
    await (await startHeadgate({ home })).close();
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends within 5 s of %s although a run is under way, and goes on with it after a restart',
    { timeout: 90_000 },
    async (signal) => {
      const home = newHome();
      const first = await startHeadgateProcess(home, token);
      const api = apiOf(first.url, token);
      await api.call('POST', '/v1/sources', {
        key: 'interrupted',
        name: 'Interrupted',
        connector: 'local_files',
        status: 'active',
      });
      const file = join(newHome(), 'rows.csv');
      writeFileSync(file, `id,name\n${'1,Ann\n'.repeat(200_000)}`);
      await api.upload('interrupted', file, true);
      const ending = performance.now();
      const exited = new Promise((resolve) => first.process.once('exit', resolve));
      first.process.kill(signal);
      await exited;
      expect(performance.now() - ending).toBeLessThan(5_000);
      expect(existsSync(join(home, 'running.json'))).toBe(signal === 'SIGKILL');

      await using second = await startHeadgateProcess(home, token);
      const after = apiOf(second.url, token);
      const source = await until(
        () => after.call<{ recordCount: number; health: string }>('GET', '/v1/sources/interrupted'),
        ({ health, recordCount }) => health === 'synced' && recordCount > 0,
      );
      expect(source.recordCount).toBe(200_000);
    },
  );

  it('gives up when it is told to while it starts', async () => {
    const home = newHome();
    const giveUp = new AbortController();
    const starting = startHeadgate({ home, signal: giveUp.signal });
    giveUp.abort(new Error('changed my mind'));
    await expect(starting).rejects.toThrow();
    await (await startHeadgate({ home })).close();
  });
});
