import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, ApiProblem, type ApiRun, apiOf } from './api.ts';
import { type HeadgateProcess, startHeadgateProcess } from './headgateProcess.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

const token = `hg_${'b'.repeat(43)}`;
const home = mkdtempSync(join(tmpdir(), 'headgate-bad-'));
let headgate: HeadgateProcess;
let postgres: PostgresServer;
let api: Api;

beforeAll(async () => {
  [headgate, postgres] = await Promise.all([startHeadgateProcess(home, token), startPostgres()]);
  api = apiOf(headgate.url, token);
});
afterAll(async () => {
  await headgate?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

let made = 0;
/** A file source of its own, active, of any format. */
async function fileSource(): Promise<string> {
  const key = `bad-${made++}`;
  await api.call('POST', '/v1/sources', {
    key,
    name: key,
    connector: 'local_files',
    status: 'active',
  });
  return key;
}

function localFile(name: string, content: string | Uint8Array): string {
  const path = join(mkdtempSync(join(home, 'file-')), name);
  writeFileSync(path, content);
  return path;
}

/** Uploads one file, runs the source, and answers how that ended. */
async function load(
  name: string,
  content: string | Uint8Array,
): Promise<ApiRun & { readonly key: string }> {
  const key = await fileSource();
  await api.upload(key, localFile(name, content), false);
  return { ...(await api.runToEnd(key)), key };
}

const problemOf = async (call: Promise<unknown>): Promise<ApiProblem> =>
  call.then(
    () => expect.unreachable('it was accepted'),
    (error: unknown) => {
      if (error instanceof ApiProblem) return error;
      throw error;
    },
  );
const rejectsOf = async (key: string): Promise<readonly Record<string, unknown>[]> =>
  (await api.call<{ rows: Record<string, unknown>[] }>('GET', `/v1/sources/${key}/rejects`)).rows;

describe('a bad file', () => {
  it('loses only its bad row, and says which line and why', async () => {
    const run = await load('ragged.csv', 'id,name\n1,Ada\n2,Bob,extra\n3,Cleo\n');
    expect(run.counts).toMatchObject({ read: 3, written: 2, rejected: 1 });
    const [reject] = await rejectsOf(run.key);
    expect(reject).toMatchObject({ _source_file: 'ragged.csv', line: expect.anything() });
    expect(Number(reject?.['line'])).toBe(3);
    expect(reject?.['reason']).toMatch(/column|value|field/i);
    expect(reject?.['row_text']).toContain('Bob');
  });

  it.each([
    ['cut.csv.gz', gzipSync('id,name\n'.concat('1,Ada\n'.repeat(5000))).subarray(0, 60)],
    ['renamed.parquet', Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(200)])],
  ])('that is not what it says (%s) is refused by name, and nothing is loaded', async (name, bytes) => {
    const key = await fileSource();
    const path = localFile(name, bytes);
    const outcome = await api.upload(key, path, false).then(
      async () => {
        const run = await api.runToEnd(key);
        expect(run.status).toBe('failed');
        expect(run.counts.written).toBe(0);
        return `${run.error?.code}: ${run.error?.message}`;
      },
      (error: unknown) => String(error),
    );
    expect(outcome).toMatch(/file_unreadable|unprocessable_file|unsupported_media_type/);
    expect(outcome).toContain(name);
  });

  it('that is empty is refused by the bucket, and the source stays as it was', async () => {
    const key = await fileSource();
    await expect(api.upload(key, localFile('empty.csv', ''), false)).rejects.toThrow(
      /EntityTooSmall/,
    );
    expect(await api.runToEnd(key)).toMatchObject({ status: 'succeeded', result: 'no_data' });
  });

  it('with 1,000 columns and a cell of 3 MB loads whole', async () => {
    const columns = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    const wide = `${columns.join()}\n${columns.map((_, index) => index).join()}\n`;
    expect((await load('wide.csv', wide)).counts).toMatchObject({ read: 1, written: 1 });
    const large = `id,text\n1,"${'x'.repeat(3_000_000)}"\n2,small\n`;
    expect((await load('large.csv', large)).counts).toMatchObject({ read: 2, written: 2 });
  });

  it('with an unterminated quote accounts for every row it read', async () => {
    const run = await load('quote.csv', `id,name\n1,Ada\n2,"Bob\n${'3,Cleo\n'.repeat(50)}`);
    const { read, written, rejected } = run.counts;
    expect(read).toBe(written + rejected);
    if (run.status === 'succeeded') expect(rejected).toBeGreaterThan(0);
    else expect(run.error?.message).toMatch(/quot/i);
  });
});

describe('an upload', () => {
  it('above the limit is refused before a byte is sent', async () => {
    const key = await fileSource();
    const problem = await problemOf(
      api.call('POST', `/v1/sources/${key}/uploads`, { name: 'big.csv', bytes: 200 * 1024 ** 2 }),
    );
    expect(problem.status).toBe(413);
  });

  it('with a tampered policy or signature is refused by the bucket', async () => {
    const key = await fileSource();
    const upload = await api.call<{ url: string; fields: Record<string, string> }>(
      'POST',
      `/v1/sources/${key}/uploads`,
      { name: 'a.csv' },
    );
    const form = new FormData();
    for (const [field, value] of Object.entries(upload.fields))
      form.append(field, field.toLowerCase() === 'key' ? `${value}/../elsewhere.csv` : value);
    form.append('file', new Blob(['id\n1\n']), 'a.csv');
    expect((await fetch(upload.url, { method: 'POST', body: form })).status).toBe(403);
  });

  it('of the same name again is refused, and taken when it says replace', async () => {
    const key = await fileSource();
    await api.upload(key, localFile('a.csv', 'id\n1\n'), false);
    const problem = await problemOf(
      api.call('POST', `/v1/sources/${key}/uploads`, { name: 'a.csv' }),
    );
    expect(problem.body).toMatchObject({ status: 409, code: 'file_exists' });
  });

  it.each([
    '../escape.csv',
    '/absolute.csv',
    'a\u0000b.csv',
    'x'.repeat(1000),
  ])('named %j is refused', async (name) => {
    const key = await fileSource();
    const problem = await problemOf(api.call('POST', `/v1/sources/${key}/uploads`, { name }));
    expect(problem.status).toBeLessThan(500);
    expect(problem.status).toBeGreaterThanOrEqual(400);
  });
});

describe('a bad database source', () => {
  const source = (change: { config?: object; credentials?: object } = {}) => ({
    key: `pg-${made++}`,
    name: 'Database',
    connector: 'postgres',
    status: 'active',
    config: {
      host: postgres.host,
      port: postgres.port,
      database: 'postgres',
      sslmode: 'disable',
      connectTimeoutSeconds: 2,
      ...change.config,
    },
    credentials: { user: postgres.user, password: postgres.password, ...change.credentials },
  });

  it('with a wrong password is refused without repeating it', async () => {
    const body = source({ credentials: { password: 'canary-4711' } });
    const problem = await problemOf(api.call('POST', '/v1/sources', body));
    expect(problem.body).toMatchObject({ status: 400, code: 'invalid_credentials' });
    expect(JSON.stringify(problem.body)).not.toContain('canary-4711');
  });

  it('at a private address is refused before it is dialled', async () => {
    for (const host of ['10.1.2.3', '169.254.169.254', '192.168.0.1']) {
      const problem = await problemOf(
        api.call('POST', '/v1/sources', source({ config: { host } })),
      );
      expect(problem.body, host).toMatchObject({ code: 'address_refused' });
    }
  });

  it('that does not answer says so in time', async () => {
    const silent: Server = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const started = performance.now();
    const problem = await problemOf(api.call('POST', '/v1/sources', source({ config: { port } })));
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(problem.body).toMatchObject({ code: 'source_unreachable' });
    silent.close();
  });

  it('whose table was dropped between two runs fails by name and keeps the old rows', async () => {
    await postgres.execute('create table dropped as select 1 as id');
    const body = { ...source(), streams: { 'public.dropped': {} } };
    await api.call('POST', '/v1/sources', body);
    expect((await api.runToEnd(body.key)).status).toBe('succeeded');
    await postgres.execute('drop table dropped');
    const run = await api.runToEnd(body.key);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'source_not_found' } });
    expect(run.error?.message).toContain('dropped');
    const { rows } = await api.call<{ rows: unknown[] }>('GET', `/v1/sources/${body.key}/preview`);
    expect(rows).toHaveLength(1);
  });
});

describe('a bad request', () => {
  it('names every bad field', async () => {
    const problem = await problemOf(
      api.call('POST', '/v1/sources', { key: '', name: 7, connector: 'postgres', colour: 'blue' }),
    );
    const pointers = (problem.body['errors'] as { pointer: string }[]).map(
      ({ pointer }) => pointer,
    );
    expect(problem.status).toBe(400);
    expect(pointers.join()).toMatch(/key/);
    expect(pointers.join()).toMatch(/name/);
    expect(pointers.join()).toMatch(/colour/);
  });

  it('without a token, or with a wrong one, is told nothing', async () => {
    expect((await fetch(`${headgate.url}/v1/sources`)).status).toBe(401);
    const wrong = { authorization: 'Bearer hg_wrong' };
    expect([401, 403]).toContain(
      (await fetch(`${headgate.url}/v1/sources`, { headers: wrong })).status,
    );
  });
});

describe('50 requests at the same moment', () => {
  const fifty = async (key: string, whenBusy: 'reject' | 'queue') => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        api
          .call<{ runId: string; status: string }>('POST', `/v1/sources/${key}/runs`, { whenBusy })
          .then(
            ({ runId, status }) => ({ runId, outcome: `202 ${status}` }),
            (error: ApiProblem) => ({
              runId: '',
              outcome: `${error.status} ${String(error.body['code'])}`,
            }),
          ),
      ),
    );
    return Map.groupBy(answers, ({ outcome }) => outcome);
  };
  /** A source whose runs take long enough for all fifty to meet. */
  const slowSource = async (): Promise<string> => {
    const key = await fileSource();
    const rows = Array.from({ length: 400_000 }, (_, index) => `${index},row ${index}`).join('\n');
    await api.upload(key, localFile('slow.csv', `id,text\n${rows}\n`), false);
    return key;
  };

  it('that would rather not wait: one runs, 49 are told 409', async () => {
    const groups = await fifty(await slowSource(), 'reject');
    expect(groups.get('202 started')).toHaveLength(1);
    expect(groups.get('409 sync_in_progress')).toHaveLength(49);
  });

  it('that would wait: one runs, one is queued, 48 get the queued run', async () => {
    const groups = await fifty(await slowSource(), 'queue');
    expect(groups.get('202 started')).toHaveLength(1);
    const [queued] = groups.get('202 queued') ?? [];
    expect(groups.get('202 coalesced')).toHaveLength(48);
    expect(new Set(groups.get('202 coalesced')?.map(({ runId }) => runId))).toEqual(
      new Set([queued?.runId]),
    );
  });
});
