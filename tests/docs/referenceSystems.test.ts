import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { type ApiHarness, apiHarness } from '../functions/api/apiHarness.ts';
import { proofOf, referenceRows } from './namedTests.ts';
import { referenceThings } from './referenceThings.ts';

const sections = [1, 2, 3, 4, 5] as const;

describe('the page', () => {
  it.each(sections)('has a row for each thing that document %i names', (section) => {
    const rows = referenceRows(section);
    expect(rows.length).toBeGreaterThan(15);
    const missing = referenceThings[section].filter(
      (thing) => !rows.some(({ there }) => there.toLowerCase().includes(thing.toLowerCase())),
    );
    expect(missing).toEqual([]);
  });

  it.each(
    sections,
  )('names a test that is there for each row of section %i, and nothing for later', (section) => {
    const wrong: string[] = [];
    for (const row of referenceRows(section)) {
      const { there, here, proof } = row;
      // Whether it ran and passed is looked at by tests/namedTestsReporter.ts, at the end of `npm test`.
      const { file: path, title } = proofOf(row) ?? { file: '', title: '' };
      const file = `tests/${path}.test.ts`;
      const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
      if (title === '' || !text.includes(`'${title}'`)) wrong.push(`${there}: ${proof}`);
      if (here === '' || /\blater\b/i.test(here)) wrong.push(`${there}: leads nowhere yet`);
    }
    expect(wrong).toEqual([]);
  });
});

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness(connectors);
});
afterAll(() => api[Symbol.asyncDispose]());

/** What the tenth part of a request's answer must have: theirs → ours. */
const expectFields = (body: Readonly<Record<string, unknown>>, fields: readonly string[]): void => {
  for (const field of fields) expect(body).toHaveProperty([field]);
};

describe('their requests, as ours', () => {
  it('replays each request of the sources page', async () => {
    // A CSV source and its file, as somebody has them who opens the page.
    const created = await api.call('createSource', {
      body: { key: 'sales_csv', name: 'sales_csv', connector: 'csv_upload', status: 'active' },
    });
    expect(created.status).toBe(201);
    const params = { idOrKey: 'sales_csv' };

    // GET /api/sources
    const list = await api.call('listSources');
    expectFields(list.body.data[0], [
      'key',
      'connector',
      'health',
      'recordCount',
      'lastSyncAt',
      'scheduleText',
      'freshness',
      'attention',
    ]);
    // GET /api/sources/{name}/details
    const details = await api.call('getSource', { params });
    expectFields(details.body, [
      'config',
      'recordCount',
      'syncCount',
      'syncMode',
      'freshness',
      'lastSyncError',
    ]);
    expect((await api.call('listRuns', { params, query: { limit: '20' } })).status).toBe(200);
    // POST /api/sources/{name}/upload-csv, trigger_sync=true
    const upload = await api.call('createUpload', { params, body: { name: 'q1.csv' } });
    expect(upload.status).toBe(201);
    const form = new FormData();
    for (const [field, value] of Object.entries<string>(upload.body.fields))
      form.append(field, value);
    form.append('file', new Blob(['id,total\n1,10\n']), 'q1.csv');
    expect((await fetch(upload.body.url, { method: 'POST', body: form })).ok).toBe(true);
    const complete = await api.call('completeUpload', {
      params: { ...params, uploadId: upload.body.uploadId },
      body: { triggerSync: true },
    });
    expect(complete.status).toBeLessThan(300);
    // GET /api/sources/{name}/csv-files
    const files = await api.call('listFiles', { params });
    expectFields(files.body.data[0], ['name', 'bytes', 'modifiedAt', 'rows', 'loadedAt', 'status']);
    // DELETE /api/sources/{name}/csv-files?file_path=q1.csv
    const removed = await api.call('deleteFile', { params: { ...params, name: 'q1.csv' } });
    expect(removed.status).toBe(202);
    // POST /api/sources/{name}/sync with full_refresh; with start_date and end_date
    await api.call('createSource', {
      body: {
        key: 'stripe_like',
        name: 'Postgres',
        connector: 'postgres',
        config: { host: 'db.internal', database: 'production' },
      },
    });
    const postgres = { idOrKey: 'stripe_like' };
    const full = await api.call('startRun', { params: postgres, body: { mode: 'full_refresh' } });
    expect(full.status).toBe(202);
    const range = await api.call('startRun', {
      params: postgres,
      body: { startDate: '2026-01-01', endDate: '2026-02-01' },
    });
    expect(range.status).toBe(202);
    const missing = await api.call('startRun', {
      params: postgres,
      body: { endDate: '2026-02-01' },
    });
    expect(missing.status).toBe(400);
  });

  it('replays each request of the identity store’s API', async () => {
    // Upload: multipart with file, name, description.
    const made = await api.call('uploadNewSource', {
      body: { name: 'vendors', description: 'Optional', file: { name: 'vendors.csv' } },
    });
    expect(made.status).toBe(201);
    expectFields(made.body.source, ['id', 'name', 'recordCount', 'health', 'createdAt']);
    const params = { idOrKey: made.body.source.id };
    // List
    const list = await api.call('listSources', { query: { limit: '200' } });
    expect(list.body.data.map(({ id }: { id: string }) => id)).toContain(made.body.source.id);
    // Trigger: 202 with source and status; then 409.
    const run = await api.call('startRun', { params, body: { whenBusy: 'reject' } });
    expect(run).toMatchObject({ status: 202, body: { sourceId: made.body.source.id } });
    const busy = await api.call('startRun', { params, body: { whenBusy: 'reject' } });
    expect(busy).toMatchObject({ status: 409, body: { code: 'sync_in_progress' } });
    // History
    const history = await api.call('listRuns', { params });
    expectFields(history.body.data[0], ['id', 'startedAt', 'finishedAt', 'status', 'counts']);
    expect(history.body.data[0].counts).toHaveProperty('written');
  });

  it('has a connector for each of the 22 types', () => {
    const types = referenceThings[2].filter((thing) =>
      /_(identity|contacts|csv|url|sheets|records|customers|persons|users|profiles|members)$/.test(
        thing,
      ),
    );
    expect(types).toHaveLength(22);
    const names: readonly string[] = connectors.map(({ name }) => name);
    expect(types.filter((type) => !names.includes(type))).toEqual([]);
  });

  it('takes the endings of files that the documents name', () => {
    const endingsOf = (wanted: string) => connectors.find(({ name }) => name === wanted)?.fileTypes;
    expect(endingsOf('csv_upload')).toContain('.csv');
    expect(endingsOf('local_files')).toEqual(
      expect.arrayContaining(['.csv', '.json', '.jsonl', '.ndjson', '.parquet', '.xlsx']),
    );
  });

  it('replays each request of the data sources API', async () => {
    // POST: the example, with the connector's name of today and without a query, which the connector makes itself.
    const created = await api.call('createSource', {
      query: { verify: 'false' },
      body: {
        key: 'crm-customers',
        name: 'CRM Customer Export',
        description: 'Daily customer data export.',
        connector: 'salesforce_contacts',
        config: {},
        credentials: { clientId: 'id', clientSecret: 'secret', refreshToken: 'token' },
        syncMode: 'incremental',
        schedule: { cron: '0 2 * * *', timezone: 'America/New_York' },
        table: 'customers',
        status: 'active',
      },
    });
    expect(created.status).toBe(201);
    expectFields(created.body, [
      'id',
      'key',
      'name',
      'description',
      'connector',
      'config',
      'fileFormat',
      'syncMode',
      'schedule',
      'namespace',
      'table',
      'status',
      'lastSyncAt',
      'lastSyncStatus',
      'recordCount',
      'rowVersion',
      'createdAt',
      'updatedAt',
    ]);
    // GET ?limit&cursor
    const list = await api.call('listSources', { query: { limit: '1' } });
    expectFields(list.body, ['data', 'pagination']);
    expectFields(list.body.pagination, ['total', 'limit', 'hasMore', 'nextCursor']);
    const next = await api.call('listSources', {
      query: { limit: '1', cursor: list.body.pagination.nextCursor },
    });
    expect(next.status).toBe(200);
    // PUT with the key in the body, and an expected rowVersion
    const params = { idOrKey: 'crm-customers' };
    const body = { key: 'crm-customers', name: 'Renamed', rowVersion: created.body.rowVersion };
    const changed = await api.call('putSource', { params, body });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Renamed', description: 'Daily customer data export.' },
    });
    const conflict = await api.call('putSource', { params, body });
    expect(conflict).toMatchObject({ status: 409, body: { current: { name: 'Renamed' } } });
    expectFields(conflict.body, ['title', 'detail', 'current']);
    // DELETE
    expect((await api.call('deleteSource', { params })).status).toBe(204);
    expect((await api.call('deleteSource', { params })).status).toBe(404);
  });

  it('refuses measured fields in requests', async () => {
    for (const field of ['lastSyncAt', 'lastSyncStatus', 'recordCount'])
      expect(
        await api.call('createSource', { body: { key: `m-${field}`, name: 'n', [field]: null } }),
      ).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('replays each request of the source connections API', async () => {
    // GET /sources, GET /sources/:shortName
    const available = await api.call('listConnectors', { query: { limit: '200' } });
    expectFields(available.body.data[0], [
      'name',
      'title',
      'description',
      'authMethods',
      'labels',
      'supportsContinuous',
    ]);
    const details = await api.call('getConnector', { params: { name: 'postgres' } });
    expectFields(details.body.authFields[0], ['name', 'type', 'required']);
    // POST /source-connections: what is no secret of the credentials goes to the configuration.
    const theirs = {
      host: 'db.example.com',
      port: 5432,
      database: 'myapp',
      username: 'readonly',
      password: 'not-shown',
    };
    const { username: user, password, ...config } = theirs;
    const created = await api.call('createSource', {
      body: {
        collection: 'col_abc123',
        connector: 'postgres',
        key: 'production-database',
        name: 'Production Database',
        config,
        credentials: { user, password },
      },
    });
    expect(created).toMatchObject({ status: 201, body: { health: 'never_synced' } });
    const params = { idOrKey: created.body.id };
    // GET by collection, and one
    const list = await api.call('listSources', { query: { collection: 'col_abc123' } });
    expect(list.body.data).toHaveLength(1);
    expect((await api.call('getSource', { params })).status).toBe(200);
    // POST test
    const tested = await api.call('testSource', { params });
    expect(tested.body).toMatchObject({ ok: true, status: 'connected' });
    expectFields(tested.body, ['message']);
    // PUT credentials, PUT config
    const credentials = await api.call('replaceCredentials', {
      params,
      body: { credentials: { user, password: 'another' } },
    });
    expect(credentials.status).toBe(200);
    const configured = await api.call('replaceConfig', {
      params,
      body: { config: { ...config, port: 5433 } },
    });
    expect(configured).toMatchObject({ status: 200, body: { config: { port: 5433 } } });
    const idle = await api.call('createSource', {
      body: { key: 'idle', name: 'idle', connector: 'csv_upload', status: 'active' },
    });
    const ofIdle = { idOrKey: idle.body.id };
    expect((await api.call('clearData', { params: ofIdle })).status).toBe(202);
    // POST run, then what may not change under it
    const run = await api.call('startRun', { params, body: {} });
    expect(run).toMatchObject({ status: 202, body: { status: 'started' } });
    const busy = await api.call('replaceConfig', { params, body: { config } });
    expect(busy).toMatchObject({ status: 409, body: { code: 'sync_in_progress' } });
    // DELETE data, DELETE: not while it runs
    expect((await api.call('clearData', { params })).status).toBe(409);
    expect((await api.call('deleteSource', { params })).status).toBe(409);
  });

  it('replays each request of the sources registry API', async () => {
    // POST: the example, its connection taken apart.
    const connection = {
      host: 'db.internal',
      port: 5432,
      dbname: 'production',
      user: 'tdb_reader',
      password: 's3cret-example',
      table: 'orders',
      schema: 'public',
    };
    const created = await api.call('createSource', {
      body: {
        key: 'orders',
        name: 'orders',
        connector: 'postgres',
        config: { host: connection.host, port: connection.port, database: connection.dbname },
        credentials: { user: connection.user, password: connection.password },
        streams: { [`${connection.schema}.${connection.table}`]: {} },
        description: 'Order records',
        tags: ['production', 'finance'],
        status: 'active',
      },
    });
    expect(created).toMatchObject({
      status: 201,
      body: { status: 'active', tags: ['production', 'finance'] },
    });
    expectFields(created.body, ['id', 'createdBy', 'createdAt', 'description']);
    // GET list: a summary; GET one: without the password
    const list = await api.call('listSources', { query: { search: 'orders' } });
    expect(list.body.data[0]).not.toHaveProperty('config');
    const params = { idOrKey: created.body.id };
    const one = await api.call('getSource', { params });
    expect(one.body.config).toMatchObject({
      host: 'db.internal',
      port: 5432,
      database: 'production',
    });
    for (const answer of [created, list, one])
      expect(JSON.stringify(answer.body)).not.toContain(connection.password);
    // GET schema, DELETE
    const schema = await api.call('getSourceSchema', { params });
    expectFields(schema.body, ['inspectedAt', 'streams']);
    expect((await api.call('deleteSource', { params })).status).toBe(204);
    expect((await api.call('getSource', { params })).status).toBe(404);
  });

  it('answers what the registry answers for an unknown type and a name that is there', async () => {
    const unknown = await api.call('createSource', {
      body: { key: 'u', name: 'u', connector: 'oracle8' },
    });
    expect(unknown).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/connector' }] } });
    await api.call('createSource', { body: { key: 'twice', name: 'n' } });
    expect(await api.call('createSource', { body: { key: 'twice', name: 'n' } })).toMatchObject({
      status: 409,
      body: { code: 'key_exists' },
    });
  });
});
