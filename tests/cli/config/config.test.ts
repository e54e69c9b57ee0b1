import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../cli/runCli.ts';
import type { Terminal } from '../../../cli/terminal.ts';
import { type ApiHarness, apiHarness } from '../../functions/api/apiHarness.ts';
import { serveApi } from '../../functions/api/serveApi.ts';

let api: ApiHarness;
let server: Awaited<ReturnType<typeof serveApi>>;
let home: string;
beforeAll(async () => {
  api = await apiHarness();
  server = await serveApi(api);
  home = mkdtempSync(join(tmpdir(), 'headgate-config-'));
});
afterAll(async () => {
  server.close();
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

let tenants = 0;
/** The command line of a fresh tenant. */
async function workplace() {
  tenants += 1;
  const token = await api.tokenOf('admin', { tenant: `config${tenants}` });
  const cli = async (
    line: readonly string[],
    {
      env = {},
      input = '',
      answer = '',
    }: { env?: Record<string, string>; input?: string; answer?: string } = {},
  ) => {
    let [out, err] = ['', ''];
    const terminal: Terminal = {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      isInteractive: answer !== '',
      columns: 200,
      ask: async () => answer,
      readInput: async () => input,
      env: { XDG_CONFIG_HOME: home, HEADGATE_URL: server.url, HEADGATE_TOKEN: token, ...env },
      home,
      signal: new AbortController().signal,
      now: () => performance.now(),
    };
    const code = await runCli(line, terminal);
    return { code, out, err };
  };
  const apply = (text: string, more: readonly string[] = [], env: Record<string, string> = {}) =>
    cli(['apply', '-f', '-', ...more], { input: text, env });
  const keys = async (): Promise<readonly string[]> =>
    (await api.call('listSources', { token })).body.data
      .map(({ key }: { key: string }) => key)
      .toSorted();
  const source = async (key: string) =>
    (await api.call('getSource', { token, params: { idOrKey: key } })).body;
  return { tenant: `config${tenants}`, cli, apply, keys, source, token };
}

const two = `
version: 1
sources:
  - key: orders
    name: Orders
    connector: postgres
    config: { host: db.test }
    credentials: { user: { $env: DB_USER }, password: { $env: DB_PASSWORD } }
    schedule: { cron: 0 2 * * *, timezone: Europe/Berlin }
    status: active
  - key: files
    name: Files
    connector: csv_upload
    tags: [a, b]
`;
const env = { DB_USER: 'reader', DB_PASSWORD: 'never-shown-password' };

describe('apply', () => {
  it('plans without changing anything, then does what it planned, and then has nothing to do', async () => {
    const { apply, keys, source, tenant } = await workplace();
    const planned = await apply(two, ['--dry-run'], env);
    expect(planned).toMatchObject({ code: 0, err: '' });
    expect(planned.out).toContain('+ orders\n');
    expect(planned.out).toContain(
      'credentials: { user: ($env DB_USER), password: ($env DB_PASSWORD) }',
    );
    expect(planned.out).toContain('Plan: 2 to create, 0 to change, 0 to delete, 0 unchanged.');
    expect(await keys()).toEqual([]);

    const done = await apply(two, [], env);
    expect(done).toMatchObject({ code: 0, err: 'orders: done\nfiles: done\n' });
    expect(await keys()).toEqual(['files', 'orders']);
    expect(planned.out + done.out + done.err).not.toContain(env.DB_PASSWORD);
    const { id } = await source('orders');
    const { SecretString = '' } = await api.secretsClient.send(
      new GetSecretValueCommand({ SecretId: `${api.secretPrefix}${tenant}/${id}` }),
    );
    expect(JSON.parse(SecretString)).toEqual({ user: 'reader', password: env.DB_PASSWORD });

    // Without the variables: what is there already is not sent again.
    const again = await apply(two);
    expect(again).toMatchObject({
      code: 0,
      out: 'Plan: 0 to create, 0 to change, 0 to delete, 2 unchanged.\n',
    });
  });

  it('changes what differs and leaves alone what the file does not say', async () => {
    const { apply, source, token } = await workplace();
    await apply(two, [], env);
    await api.call('changeSource', {
      token,
      params: { idOrKey: 'files' },
      body: { description: 'By hand', name: 'Renamed' },
    });
    const done = await apply(two);
    expect(done.out).toContain('~ files\n    name: "Renamed" → "Files"\n');
    expect(await source('files')).toMatchObject({ name: 'Files', description: 'By hand' });
  });

  it('sends credentials again only when told to', async () => {
    const { apply, source } = await workplace();
    await apply(two, [], env);
    const { rowVersion } = await source('orders');
    const told = await apply(two, ['--credentials'], { ...env, DB_PASSWORD: 'another-password' });
    expect(told.out).toContain('~ orders\n    credentials: "own"'.replaceAll('"', ''));
    expect((await source('orders')).rowVersion).toBeGreaterThan(rowVersion);
  });

  it('finds every secret before it changes anything', async () => {
    const { apply, keys } = await workplace();
    const reversed = two.replace('- key: orders', '- key: zebra');
    const refused = await apply(`${reversed}`, [], { DB_USER: 'x' });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain('The variable DB_PASSWORD is not set.');
    expect(await keys()).toEqual([]);
  });

  it('deletes what the file does not name only with --prune, and after a question', async () => {
    const { apply, cli, keys } = await workplace();
    await apply(two, [], env);
    const one = 'version: 1\nsources:\n  - { key: files, name: Files }\n';
    expect((await apply(one)).out).toContain('0 to delete');
    const planned = await apply(one, ['--prune', '--dry-run']);
    expect(planned.out).toContain('- orders (its tables stay)');
    const refused = await apply(one, ['--prune']);
    expect(refused.code).toBe(2);
    const no = await cli(['apply', '-f', '-', '--prune'], { input: one, answer: 'no' });
    expect(no.code).toBe(2);
    expect(await keys()).toEqual(['files', 'orders']);
    expect((await apply(one, ['--prune', '--yes'])).code).toBe(0);
    expect(await keys()).toEqual(['files']);
  });

  it.each([
    ['no YAML', 'a: [', /:/],
    ['no version', 'sources: []', /version: 1/],
    ['a key twice', 'version: 1\nsources: [{key: a}, {key: a}]', /a is there twice/],
    ['no key', 'version: 1\nsources: [{name: a}]', /sources\[0\] has no key/],
    ['a field nobody knows', 'version: 1\nsources: [{key: a, nmae: x}]', /no field "nmae"/],
  ])('says what is wrong with a file that has %s', async (_, text, problem) => {
    const { apply } = await workplace();
    const refused = await apply(text);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(problem);
  });
});

describe('export', () => {
  it('writes a file that changes nothing here, and makes the same sources elsewhere', async () => {
    const here = await workplace();
    await here.apply(two, [], env);
    const path = join(home, 'sources.yaml');
    expect((await here.cli(['export', '-o', path])).code).toBe(0);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain(env.DB_PASSWORD);
    expect(text).toContain('$env: ORDERS_PASSWORD');
    expect((await here.apply(text, ['--dry-run'])).out).toContain('2 unchanged');

    const there = await workplace();
    writeFileSync(path, text);
    const made = await there.cli(['apply', '-f', path], {
      env: { ORDERS_USER: 'reader', ORDERS_PASSWORD: 'secret-elsewhere' },
    });
    expect(made.code).toBe(0);
    for (const key of ['orders', 'files']) {
      const [a, b] = [await here.source(key), await there.source(key)];
      for (const field of [
        'name',
        'connector',
        'config',
        'schedule',
        'tags',
        'status',
        'syncMode',
        'table',
      ])
        expect([field, b[field]]).toEqual([field, a[field]]);
    }
    expect((await there.cli(['export', 'orders'])).out).toContain('key: orders');
  });

  it('reads secrets of files beside it', async () => {
    const { cli, tenant, source } = await workplace();
    writeFileSync(join(home, 'password.txt'), 'from-a-file\n');
    const path = join(home, 'one.yaml');
    writeFileSync(
      path,
      'version: 1\nsources:\n  - key: one\n    name: One\n    connector: postgres\n    config: { host: h }\n    credentials: { user: u, password: { $file: password.txt } }\n',
    );
    expect((await cli(['apply', '-f', path])).code).toBe(0);
    const { id } = await source('one');
    const { SecretString = '' } = await api.secretsClient.send(
      new GetSecretValueCommand({ SecretId: `${api.secretPrefix}${tenant}/${id}` }),
    );
    expect(JSON.parse(SecretString).password).toBe('from-a-file');
  });
});
