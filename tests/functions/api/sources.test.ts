import { GetScheduleCommand, ListSchedulesCommand } from '@aws-sdk/client-scheduler';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import { getPurge } from '../../../shared/sources/purgeItem.ts';
import { sourceItemKey } from '../../../shared/sources/sourceItem.ts';
import { tenantKey } from '../../../shared/table.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  api.answers.check = { ok: true, message: 'Connected.' };
  api.answers.discover = { ok: true, streams: [] };
  api.probes.length = 0;
});

let count = 0;
const newKey = (): string => {
  count += 1;
  return `source-${count}`;
};
const credentials = { user: 'reader', password: 'correct horse battery' };
const database = (change: object = {}) => ({
  key: newKey(),
  name: 'Orders',
  connector: 'postgres',
  config: { host: 'db.example.com' },
  credentials,
  ...change,
});
const stored = async (id: string) =>
  (
    await api.table.client.send(
      new GetCommand({ TableName: api.table.name, Key: sourceItemKey('default', id) }),
    )
  ).Item;
const schedules = async () =>
  (
    await api.schedulerClient.send(new ListSchedulesCommand({ GroupName: 'headgate' }))
  ).Schedules?.map(({ Name }) => Name);
const hold = (sourceId: string, connector = 'postgres') =>
  requestRun(
    { table: api.table, executions: api.executions, now: () => new Date() },
    {
      tenant: 'default',
      sourceId,
      connector,
      request: { kind: 'ingest' },
      trigger: 'api',
      requestedBy: 'tests',
      whenBusy: 'reject',
    },
  );

describe('creating', () => {
  it('answers 201 with defaults, where it is, and never the credentials', async () => {
    const body = database();
    const made = await api.call('createSource', { body });
    expect(made.status).toBe(201);
    expect(made.headers['location']).toBe(`/v1/sources/${made.body.id}`);
    expect(made.body).toMatchObject({
      key: body.key,
      status: 'draft',
      syncMode: 'full_refresh',
      description: '',
      tags: [],
      schedule: null,
      scheduleText: 'Not scheduled',
      nextRunAt: null,
      health: 'never_synced',
      rowVersion: 1,
      recordCount: 0,
      syncCount: 0,
      credentials: 'own',
      freshness: { ageSeconds: null, targetSeconds: null },
    });
    expect(JSON.stringify(made.body)).not.toContain(credentials.password);
    expect(api.lines.join('\n')).not.toContain(credentials.password);
    expect(JSON.stringify(await stored(made.body.id))).not.toContain(credentials.password);
  });

  it('stores credentials as a secret under the tenant’s prefix', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const secret = await api.secretsClient.send(
      new GetSecretValueCommand({ SecretId: `${api.secretPrefix}default/${body.id}` }),
    );
    expect(JSON.parse(secret.SecretString ?? '')).toEqual(credentials);
  });

  it('takes a draft with nothing but a key and a name', async () => {
    const made = await api.call('createSource', { body: { key: newKey(), name: 'Later' } });
    expect(made).toMatchObject({
      status: 201,
      body: { connector: '', config: {}, credentials: 'none' },
    });
  });

  it('refuses a second source with the same key, and keeps no secret of it', async () => {
    const body = database();
    await api.call('createSource', { body });
    const again = await api.call('createSource', { body });
    expect(again).toMatchObject({ status: 409, body: { code: 'key_exists', key: body.key } });
  });

  it('lets exactly one of many simultaneous requests with one key win', async () => {
    const body = { key: newKey(), name: 'Race' };
    const before = (await api.call('listSources')).body.pagination.total;
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => api.call('createSource', { body })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(11);
    expect((await api.call('listSources')).body.pagination.total).toBe(before + 1);
  });

  it('asks the connector’s function with the credentials in clear, and stores nothing it refuses', async () => {
    api.answers.check = { ok: false, code: 'invalid_credentials', message: 'Wrong password.' };
    const body = database();
    const refused = await api.call('createSource', { body });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'invalid_credentials', detail: 'Wrong password.' },
    });
    expect(api.probes).toEqual([
      {
        op: 'check',
        subject: { tenant: 'default', connector: 'postgres', config: body.config, credentials },
      },
    ]);
    expect((await api.call('getSource', { params: { idOrKey: body.key } })).status).toBe(404);
  });

  it('does not ask with verify=false', async () => {
    api.answers.check = { ok: false, code: 'invalid_credentials', message: 'Wrong password.' };
    const made = await api.call('createSource', { body: database(), query: { verify: 'false' } });
    expect(made.status).toBe(201);
    expect(api.probes).toEqual([]);
  });

  it('passes on that the source cannot be reached as 503 with Retry-After', async () => {
    api.answers.check = { ok: false, code: 'source_unreachable', message: 'No route to host.' };
    const refused = await api.call('createSource', { body: database() });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    ['a missing key', { key: undefined }, '#/key'],
    ['a missing name', { name: undefined }, '#/name'],
    ['an empty name', { name: ' ' }, '#/name'],
    ['a key that is a path', { key: '../etc' }, '#/key'],
    ['a key that looks like an id', { key: '0123456789abcdefghjkmnpqrs' }, '#/key'],
    ['an unknown field', { colour: 'red' }, '#/colour'],
    ['an unknown connector', { connector: 'carrier_pigeon' }, '#/connector'],
    ['an unknown mode', { syncMode: 'sometimes' }, '#/syncMode'],
    ['a mode the connector lacks', { syncMode: 'cdc' }, '#/syncMode'],
    ['an unknown status', { status: 'asleep' }, '#/status'],
    ['a schedule without a zone', { schedule: { cron: '0 2 * * *' } }, '#/schedule/timezone'],
    [
      'an unknown zone',
      { schedule: { cron: '0 2 * * *', timezone: 'Mars/Base' } },
      '#/schedule/timezone',
    ],
    [
      'a cron that is none',
      { schedule: { cron: '61 * * * *', timezone: 'UTC' } },
      '#/schedule/cron',
    ],
    [
      'a cron that never fires',
      { schedule: { cron: '0 0 30 2 *', timezone: 'UTC' } },
      '#/schedule/cron',
    ],
    ['a description of 501 characters', { description: 'x'.repeat(501) }, '#/description'],
    ['a wrong type in config', { config: { host: 'h', port: 'many' } }, '#/config/port'],
    ['an unknown field in config', { config: { host: 'h', hots: 'h' } }, '#/config/hots'],
    [
      'a wrong type in credentials',
      { credentials: { user: 'u', password: 7 } },
      '#/credentials/password',
    ],
    [
      'too much config',
      { connector: '', credentials: undefined, config: { a: 'x'.repeat(70_000) } },
      '#/config',
    ],
    [
      'a foreign secret',
      {
        credentials: undefined,
        secretRef: {
          arn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:headgate/test/other/x-abcdef',
        },
      },
      '#/secretRef/arn',
    ],
    [
      'a secret whose tenant only begins the same',
      {
        credentials: undefined,
        secretRef: {
          arn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:headgate/test/default2/x-abcdef',
        },
      },
      '#/secretRef/arn',
    ],
  ])('answers 400 with the pointer for %s', async (_, change, pointer) => {
    const refused = await api.call('createSource', { body: database(change) });
    expect(refused.status).toBe(400);
    expect(refused.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(
      pointer,
    );
  });

  it('names every bad field at once', async () => {
    const refused = await api.call('createSource', { body: { name: 7, status: 'x', extra: 1 } });
    expect(refused.body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      '#/extra',
      '#/key',
      '#/name',
      '#/status',
    ]);
  });

  it('wants a whole configuration and credentials of a source that is no draft', async () => {
    const noHost = await api.call('createSource', {
      body: database({ status: 'active', config: {} }),
    });
    expect(noHost).toMatchObject({ status: 400, body: { code: 'invalid_config' } });
    const noCredentials = await api.call('createSource', {
      body: database({ status: 'active', credentials: undefined }),
    });
    expect(noCredentials).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/credentials' }] },
    });
  });

  it('gives a database a namespace of its own and files the default one', async () => {
    const { body: first } = await api.call('createSource', { body: database({ key: 'CRM-eu.1' }) });
    expect(first).toMatchObject({ namespace: 'crm_eu_1', table: 'crm_eu_1' });
    const { body: second } = await api.call('createSource', {
      body: { key: '2024-zip', name: 'Zip', connector: 'csv_upload' },
    });
    expect(second).toMatchObject({
      namespace: 'default',
      table: 't_2024_zip',
      syncMode: 'incremental',
    });
  });

  it('never lets two sources write one table', async () => {
    const make = (key: string, change: object = {}) =>
      api.call('createSource', { body: { key, name: 'x', connector: 'csv_upload', ...change } });
    const { body: first } = await make('same-table');
    const { body: second } = await make('same_table');
    expect(first.table).toBe('same_table');
    expect(second.table).not.toBe('same_table');
    expect(await make('third', { table: 'same_table' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/table' }] },
    });
  });

  it('refuses another content type with 415', async () => {
    const refused = await api.call('createSource', {
      body: 'key=a',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(refused).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });
});

describe('reading', () => {
  it('finds a source by id and by key', async () => {
    const { body } = await api.call('createSource', { body: database() });
    for (const idOrKey of [body.id, body.key])
      expect((await api.call('getSource', { params: { idOrKey } })).body.id).toBe(body.id);
  });

  it('answers 404 for another tenant’s source, by id and by key', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const token = await api.tokenOf('admin', { tenant: 'other' });
    for (const idOrKey of [body.id, body.key])
      expect(await api.call('getSource', { params: { idOrKey }, token })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    expect((await api.call('listSources', { token })).body).toMatchObject({
      data: [],
      pagination: { total: 0 },
    });
  });

  it('masks what is secret in a configuration', async () => {
    const { body } = await api.call('createSource', {
      body: database({
        config: {
          host: 'h',
          sslKey: 'PRIVATE',
          dsn: 'postgres://u:hunter2@h/db?sslmode=require&token=abc',
        },
      }),
    });
    expect(body.config).toEqual({
      host: 'h',
      sslKey: '***',
      dsn: 'postgres://u:***@h/db?sslmode=require&token=***',
    });
  });

  it('tells schedules in words and the next time', async () => {
    const { body } = await api.call('createSource', {
      body: database({
        status: 'active',
        schedule: { cron: '0 2 * * *', timezone: 'America/New_York' },
      }),
    });
    expect(body.scheduleText).toBe('Daily at 02:00 (New York)');
    expect(Date.parse(body.nextRunAt)).toBeGreaterThan(Date.now());
    const list = await api.call('listSchedules', { query: { limit: '200' } });
    const entry = list.body.data.find((each: { sourceId: string }) => each.sourceId === body.id);
    expect(entry.nextRunTimes).toHaveLength(5);
  });
});

describe('changing', () => {
  it('changes only what is given and counts the version up', async () => {
    const { body } = await api.call('createSource', { body: database({ tags: ['a'] }) });
    for (const [operation, version] of [
      ['changeSource', 2],
      ['putSource', 3],
    ] as const) {
      const changed = await api.call(operation, {
        params: { idOrKey: body.key },
        body: { name: `Name ${version}` },
      });
      expect(changed.body).toMatchObject({
        name: `Name ${version}`,
        tags: ['a'],
        rowVersion: version,
        config: body.config,
      });
    }
  });

  it('refuses an old rowVersion with the source as it is', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const change = (rowVersion: number, name: string) =>
      api.call('changeSource', { params: { idOrKey: body.id }, body: { rowVersion, name } });
    expect((await change(1, 'first')).status).toBe(200);
    expect(await change(1, 'second')).toMatchObject({
      status: 409,
      body: {
        code: 'row_version_mismatch',
        current: { id: body.id, name: 'first', rowVersion: 2 },
      },
    });
  });

  it('loses no concurrent change of different fields', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const changes = [
      { name: 'New' },
      { description: 'Told' },
      { tags: ['x'] },
      { collection: 'c' },
    ];
    await Promise.all(
      changes.map((change) =>
        api.call('changeSource', { params: { idOrKey: body.id }, body: change }),
      ),
    );
    const { body: after } = await api.call('getSource', { params: { idOrKey: body.id } });
    expect(after).toMatchObject({ ...Object.assign({}, ...changes), rowVersion: 5 });
  });

  it('keeps the key, and the connector once rows are loaded', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const change = (fields: object) =>
      api.call('changeSource', { params: { idOrKey: body.id }, body: fields });
    expect((await change({ key: body.key })).status).toBe(200);
    expect(await change({ key: 'other' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/key' }] },
    });
  });

  it('refuses what a run depends on while one holds the lock, and lets the rest through', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const { runId } = await hold(body.id);
    const params = { idOrKey: body.id };
    const refused = { status: 409, body: { code: 'sync_in_progress', runId } };
    expect(
      await api.call('replaceConfig', { params, body: { config: { host: 'other' } } }),
    ).toMatchObject(refused);
    expect(
      await api.call('changeSource', { params, body: { config: { host: 'other' } } }),
    ).toMatchObject(refused);
    expect(await api.call('replaceCredentials', { params, body: { credentials } })).toMatchObject(
      refused,
    );
    expect(await api.call('deleteSource', { params })).toMatchObject(refused);
    expect((await api.call('changeSource', { params, body: { name: 'Renamed' } })).status).toBe(
      200,
    );
  });

  it('keeps a masked value that is sent back as it was shown', async () => {
    const { body } = await api.call('createSource', {
      body: database({ config: { host: 'h', sslKey: 'PRIVATE' } }),
    });
    await api.call('replaceConfig', {
      params: { idOrKey: body.id },
      body: { config: { ...body.config, host: 'h2' } },
    });
    expect((await stored(body.id))?.['config']).toEqual({ host: 'h2', sslKey: 'PRIVATE' });
  });

  it('replaces credentials in the same secret, after trying them', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const next = { user: 'reader', password: 'better' };
    const params = { idOrKey: body.id };
    api.answers.check = { ok: false, code: 'invalid_credentials', message: 'No.' };
    expect(
      (await api.call('replaceCredentials', { params, body: { credentials: next } })).status,
    ).toBe(400);
    const value = async () =>
      JSON.parse(
        (
          await api.secretsClient.send(
            new GetSecretValueCommand({ SecretId: `${api.secretPrefix}default/${body.id}` }),
          )
        ).SecretString ?? '',
      );
    expect(await value()).toEqual(credentials);
    api.answers.check = { ok: true, message: 'Yes.' };
    const replaced = await api.call('replaceCredentials', { params, body: { credentials: next } });
    expect(replaced).toMatchObject({ status: 200, body: { rowVersion: 2, credentials: 'own' } });
    expect(await value()).toEqual(next);
  });

  it('lets no token of one source borrow a secret', async () => {
    const { body: mine } = await api.call('createSource', { body: database() });
    const { body: other } = await api.call('createSource', { body: database() });
    const token = await api.tokenOf('editor', { sources: [mine.id] });
    const arn = (await stored(other.id))?.['secretRef'].arn;
    const replace = (as: string) =>
      api.call('replaceCredentials', {
        params: { idOrKey: mine.id },
        body: { secretRef: { arn } },
        token: as,
      });
    expect((await replace(token)).status).toBe(403);
    expect(await replace(api.adminToken)).toMatchObject({
      status: 200,
      body: { credentials: 'shared' },
    });
  });

  it('leaves no schedule behind for a source that could not be stored', async () => {
    const schedule = { cron: '0 3 * * *', timezone: 'UTC' };
    const taken = await api.call('createSource', { body: database({ table: 'taken_table' }) });
    const before = await schedules();
    const refused = await api.call('createSource', {
      body: database({
        namespace: taken.body.namespace,
        table: 'taken_table',
        status: 'active',
        schedule,
      }),
    });
    expect(refused.status).toBe(400);
    expect(await schedules()).toEqual(before);
  });

  it('keeps an active source’s schedule at the Scheduler, and none of a paused one', async () => {
    const { body } = await api.call('createSource', {
      body: database({
        status: 'active',
        schedule: { cron: '30 6 * * 1-5', timezone: 'Europe/Berlin' },
      }),
    });
    const get = () =>
      api.schedulerClient.send(new GetScheduleCommand({ GroupName: 'headgate', Name: body.id }));
    const there = await get();
    expect(there).toMatchObject({
      ScheduleExpression: 'cron(30 6 ? * MON,TUE,WED,THU,FRI *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
    });
    expect(JSON.parse(there.Target?.Input ?? '')).toEqual({
      tenant: 'default',
      sourceId: body.id,
      scheduledTime: '<aws.scheduler.scheduled-time>',
    });
    const params = { idOrKey: body.id };
    await api.call('changeSource', { params, body: { status: 'paused' } });
    await expect(get()).rejects.toThrow(/not|exist/i);
    await api.call('changeSource', { params, body: { status: 'active' } });
    await api.call('changeSource', {
      params,
      body: { schedule: { cron: '*/5 * * * *', timezone: 'UTC' } },
    });
    expect(await get()).toMatchObject({
      ScheduleExpression: 'cron(0/5 * * * ? *)',
      FlexibleTimeWindow: { Mode: 'OFF' },
    });
    await api.call('changeSource', { params, body: { schedule: null } });
    await expect(get()).rejects.toThrow(/not|exist/i);
  });

  it('writes who changed what, before and after, without secrets', async () => {
    const { body } = await api.call('createSource', {
      body: database({ config: { host: 'h', sslKey: 'PRIVATE' } }),
    });
    api.clock.at = new Date(api.clock.at.getTime() + 1);
    await api.call('changeSource', {
      params: { idOrKey: body.id },
      body: { name: 'After', config: { host: 'h2', sslKey: 'OTHER' } },
    });
    const { Items } = await api.table.client.send(
      new QueryCommand({
        TableName: api.table.name,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': tenantKey('default'), ':prefix': 'AUDIT#' },
      }),
    );
    const mine = (Items ?? []).filter((item) => item['subject'] === body.id);
    expect(mine).toMatchObject([
      { action: 'source.created', by: expect.stringMatching(/^bootstrap-/) },
      {
        action: 'source.changed',
        before: { name: 'Orders', config: { host: 'h', sslKey: '***' } },
        after: { name: 'After', config: { host: 'h2', sslKey: '***' } },
      },
    ]);
    expect(JSON.stringify(mine)).not.toMatch(/PRIVATE|OTHER|correct horse/);
  });
});

describe('deleting', () => {
  it('removes source, schedule and secret, and frees the key', async () => {
    const schedule = { cron: '0 2 * * *', timezone: 'UTC' };
    const { body } = await api.call('createSource', {
      body: database({ status: 'active', schedule }),
    });
    expect((await api.call('deleteSource', { params: { idOrKey: body.key } })).status).toBe(204);
    expect((await api.call('getSource', { params: { idOrKey: body.id } })).status).toBe(404);
    expect((await api.call('deleteSource', { params: { idOrKey: body.id } })).status).toBe(404);
    const secret = await api.secretsClient
      .send(new DescribeSecretCommand({ SecretId: `${api.secretPrefix}default/${body.id}` }))
      .catch((error: unknown) => error);
    expect(
      secret instanceof ResourceNotFoundException || Object.hasOwn(secret as object, 'DeletedDate'),
    ).toBe(true);
    await expect(
      api.schedulerClient.send(new GetScheduleCommand({ GroupName: 'headgate', Name: body.id })),
    ).rejects.toThrow(/not|exist/i);
    expect((await api.call('createSource', { body: database({ key: body.key }) })).status).toBe(
      201,
    );
  });

  it('forgets everything under the source with data=true, and leaves it without', async () => {
    const items = async (sourceId: string) =>
      (
        await api.table.client.send(
          new QueryCommand({
            TableName: api.table.name,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': `T#default#S#${sourceId}` },
          }),
        )
      ).Items?.length;
    for (const [data, left] of [
      ['false', 1],
      ['true', 0],
    ] as const) {
      const { body } = await api.call('createSource', { body: database() });
      const { runId } = await hold(body.id);
      await api.call('cancelRun', { params: { runId } });
      const deleted = await api.call('deleteSource', {
        params: { idOrKey: body.id },
        query: { data },
      });
      expect(deleted.status).toBe(204);
      expect(await items(body.id)).toBe(left);
      // Its objects are the reaper's to remove.
      const purge = await getPurge(api.table, { tenant: 'default', sourceId: body.id });
      expect(purge !== null).toBe(data === 'true');
    }
  });
});

describe('trying', () => {
  it('answers a refusal of the connection test as a result', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const params = { idOrKey: body.id };
    expect((await api.call('testSource', { params })).body).toMatchObject({
      ok: true,
      status: 'connected',
    });
    api.answers.check = { ok: false, code: 'invalid_credentials', message: 'Wrong password.' };
    expect(await api.call('testSource', { params })).toMatchObject({
      status: 200,
      body: {
        ok: false,
        status: 'failed',
        code: 'invalid_credentials',
        message: 'Wrong password.',
      },
    });
    expect(api.probes.at(-1)?.subject.credentials).toBeUndefined();
    expect(api.probes.at(-1)?.subject.secretRef?.arn).toContain(`${api.secretPrefix}default/`);
  });

  it('tries a connection that nobody saved, and stores nothing', async () => {
    const params = { name: 'postgres' };
    const { connector: _, ...rest } = database();
    const body = { config: rest.config, credentials: rest.credentials };
    const before = (await api.call('listSources')).body.pagination.total;
    expect((await api.call('testConnection', { params, body })).body).toMatchObject({ ok: true });
    expect(api.probes.at(-1)?.subject).toMatchObject({ connector: 'postgres', ...body });
    api.answers.check = { ok: false, code: 'invalid_credentials', message: 'Wrong password.' };
    expect((await api.call('testConnection', { params, body })).body).toMatchObject({
      ok: false,
      message: 'Wrong password.',
    });
    api.answers.discover = { ok: true, streams: [] };
    expect((await api.call('inspectConnection', { params, body })).body.streams).toEqual([]);
    expect((await api.call('listSources')).body.pagination.total).toBe(before);
    const lacking = await api.call('testConnection', { params, body: { config: {} } });
    expect([lacking.status, lacking.body.code]).toEqual([400, 'invalid_config']);
    const unknown = await api.call('testConnection', { params: { name: 'none' }, body });
    expect(unknown.status).toBe(404);
  });

  it('says when a schedule would fire, and what is wrong with it', async () => {
    const query = { cron: '30 2 * * *', timezone: 'Europe/Berlin' };
    const { body } = await api.call('previewSchedule', { query });
    expect(body.scheduleText).toBe('Daily at 02:30 (Berlin)');
    expect(body.nextRunTimes).toHaveLength(5);
    expect(await api.call('previewSchedule', { query: { ...query, cron: '1 2' } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/schedule/cron' }] },
    });
  });

  it('shows the live schema with native and table types', async () => {
    const { body } = await api.call('createSource', { body: database() });
    api.answers.discover = {
      ok: true,
      streams: [
        {
          name: 'public.orders',
          columns: [{ name: 'total', type: 'decimal(12, 2)', nativeType: 'numeric(12,2)' }],
          primaryKey: ['id'],
          cursorFields: ['id'],
          modes: ['full_refresh', 'incremental'],
          captures: 'changes',
          deletes: 'none',
          ordered: true,
          timeZone: 'UTC',
          supportsDateRange: false,
        },
      ],
    };
    const answer = await api.call('getSourceSchema', { params: { idOrKey: body.id } });
    expect(answer.body).toMatchObject({
      sourceId: body.id,
      inspectedAt: api.clock.at.toISOString(),
      streams: [
        {
          name: 'public.orders',
          columns: [{ name: 'total', nativeType: 'numeric(12,2)', type: 'decimal(12, 2)' }],
          syncModes: ['full_refresh', 'incremental'],
        },
      ],
    });
    api.answers.discover = { ok: false, code: 'source_unreachable', message: 'Down.' };
    expect((await api.call('getSourceSchema', { params: { idOrKey: body.id } })).status).toBe(503);
  });

  it('lists secrets by name and use, never by value', async () => {
    const { body } = await api.call('createSource', { body: database() });
    const { body: list } = await api.call('listSecrets', { query: { limit: '200' } });
    expect(list.data).toContainEqual({
      name: body.id,
      jsonKey: null,
      shared: false,
      usedBy: [{ sourceId: body.id, sourceKey: body.key }],
    });
    expect(JSON.stringify(list)).not.toContain(credentials.password);
  });
});
