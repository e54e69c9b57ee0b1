import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/runCli.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { endRun } from '../../shared/runs/endRun.ts';
import { getLock } from '../../shared/runs/lock.ts';
import { type ApiHarness, apiHarness } from '../functions/api/apiHarness.ts';
import { serveApi } from '../functions/api/serveApi.ts';

let api: ApiHarness;
let server: Awaited<ReturnType<typeof serveApi>>;
let home: string;
beforeAll(async () => {
  api = await apiHarness();
  server = await serveApi(api);
  home = mkdtempSync(join(tmpdir(), 'headgate-cli-'));
});
afterAll(async () => {
  server.close();
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

interface Options {
  readonly env?: Record<string, string>;
  readonly interactive?: boolean;
  readonly answers?: readonly string[];
  readonly input?: string;
  readonly loggedIn?: boolean;
  readonly columns?: number;
}

async function cli(line: readonly string[], options: Options = {}) {
  const {
    env,
    interactive = false,
    answers = [],
    input = '',
    loggedIn = true,
    columns = 200,
  } = options;
  let [out, err, asked] = ['', '', 0];
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    isInteractive: interactive,
    columns,
    ask: async (question) => {
      err += question;
      const answer = answers[asked];
      asked += 1;
      if (answer === undefined) throw new Error(`nobody answers "${question}"`);
      return answer;
    },
    readInput: async () => input,
    env: {
      XDG_CONFIG_HOME: home,
      ...(loggedIn ? { HEADGATE_URL: server.url, HEADGATE_TOKEN: api.adminToken } : {}),
      ...env,
    },
    home,
    signal: new AbortController().signal,
    now: () => performance.now(),
  };
  const code = await runCli(line, terminal);
  return { code, out, err };
}
const file = (name: string, text: string): string => {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
};
/** Ends the run that holds a source, as soon as there is one. */
async function finishNext(key: string, status: 'succeeded' | 'failed'): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { body } = await api.call('getSource', { params: { idOrKey: key } });
    const lock = body.id === undefined ? null : await getLock(api.table, 'default', body.id);
    if (lock?.owner !== undefined) {
      await endRun(
        { table: api.table, executions: api.executions, now: () => new Date() },
        { tenant: 'default', sourceId: body.id, runId: lock.owner.runId, token: lock.token },
        status === 'succeeded'
          ? { status, result: 'loaded' }
          : { status, error: { code: 'file_unreadable', message: 'Line 3 is torn.' } },
      );
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no run of ${key}`);
}

describe('login', () => {
  it('keeps address and token in a file only its owner can read', async () => {
    const done = await cli(['login', server.url, '--token', api.adminToken], { loggedIn: false });
    expect(done).toMatchObject({ code: 0, err: '' });
    const path = join(home, 'headgate', 'login.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      v: 1,
      url: server.url,
      token: api.adminToken,
    });
    expect((await cli(['connectors'], { loggedIn: false })).code).toBe(0);
  });

  it('takes the address from the stacks’ outputs and the token from standard input', async () => {
    const outputs = file(
      'outputs.json',
      JSON.stringify({
        'dev-data': { AdminTokenSecret: 'headgate/dev/admin' },
        'dev-api': { ApiUrl: server.url },
      }),
    );
    const done = await cli(['login', '--outputs', outputs, '--token-stdin'], {
      loggedIn: false,
      input: `${api.adminToken}\n`,
    });
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('admin of default') });
  });

  it('asks a person for the token, and keeps nothing when it is refused', async () => {
    const env = { HEADGATE_CONFIG: join(home, 'other.json') };
    const refused = await cli(['login', server.url], {
      loggedIn: false,
      interactive: true,
      answers: ['hg_wrong-token-1234567'],
      env,
    });
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('unauthorized') });
    expect(() => statSync(env.HEADGATE_CONFIG)).toThrow();
  });

  it('sends no token in clear text over a network', async () => {
    const done = await cli(['login', 'http://headgate.example.com', '--token', 'hg_x'], {
      loggedIn: false,
    });
    expect(done).toMatchObject({ code: 2, err: expect.stringContaining('unencrypted') });
  });

  it('is asked for when there is none', async () => {
    const done = await cli(['tables'], {
      loggedIn: false,
      env: { HEADGATE_CONFIG: join(home, 'none.json') },
    });
    expect(done).toMatchObject({ code: 3, err: expect.stringContaining('headgate login') });
  });
});

describe('sources', () => {
  it('are added with typed fields, listed, shown, edited and deleted', async () => {
    const added = await cli([
      ...[
        'sources',
        'add',
        'postgres',
        '--key',
        'shop',
        '--set',
        'host=db.example.com',
        '--set',
        'port=5433',
      ],
      ...[
        '--credential',
        'user=reader',
        '--credential',
        'password=hunter22',
        '--tag',
        'a',
        '--tag',
        'b',
      ],
      ...['--schedule', '0 2 * * *', '--timezone', 'America/New_York', '--status', 'active'],
    ]);
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(api.probes.at(-1)?.subject).toMatchObject({
      config: { host: 'db.example.com', port: 5433 },
      credentials: { user: 'reader', password: 'hunter22' },
    });
    const list = await cli(['sources', 'list']);
    expect(list.out).toMatch(/^KEY\s+CONNECTOR/);
    expect(list.out).toMatch(
      /shop\s+postgres\s+active\s+never_synced\s+0\s+-\s+Daily at 02:00 \(New York\)/,
    );
    const shown = await cli(['sources', 'show', 'shop', '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({ key: 'shop', tags: ['a', 'b'] });
    expect(shown.out).not.toContain('hunter22');
    const edited = await cli([
      'sources',
      'edit',
      'shop',
      '--set',
      'port=5434',
      '--schedule',
      'none',
      '--json',
    ]);
    expect(JSON.parse(edited.out)).toMatchObject({
      config: { host: 'db.example.com', port: 5434 },
      schedule: null,
      rowVersion: 2,
    });
    expect((await cli(['sources', 'pause', 'shop'])).out).toContain('shop is paused');
    expect((await cli(['sources', 'resume', 'shop'])).out).toContain('shop is active');
    expect((await cli(['sources', 'show', 'shop'])).out).toMatch(/health\s+never_synced/);
    expect((await cli(['sources', 'delete', 'shop', '--yes'])).out).toBe('shop is deleted.\n');
    expect((await cli(['sources', 'show', 'shop'])).code).toBe(4);
  });

  it('ask for the credentials that are missing', async () => {
    const added = await cli(['sources', 'add', 'postgres', '--key', 'asked', '--set', 'host=h'], {
      interactive: true,
      answers: ['reader', 'typed-in-secret'],
    });
    expect(added.code).toBe(0);
    expect(added.err).toBe('User: Password: ');
    expect(api.probes.at(-1)?.subject.credentials).toEqual({
      user: 'reader',
      password: 'typed-in-secret',
    });
  });

  it('show a refused connection test as a failure', async () => {
    await cli(['sources', 'add', 'postgres', '--key', 'tested', '--set', 'host=h', '--no-verify']);
    api.answers.check = { ok: false, code: 'invalid_credentials', message: 'Wrong password.' };
    const tested = await cli(['sources', 'test', 'tested']);
    api.answers.check = { ok: true, message: 'Connected.' };
    expect(tested).toMatchObject({
      code: 8,
      err: 'headgate: invalid_credentials: Wrong password.\n',
    });
    expect(await cli(['sources', 'test', 'tested'])).toMatchObject({
      code: 0,
      out: 'Connected.\n',
    });
  });

  it('say what to do when there are none', async () => {
    const token = await api.tokenOf('admin', { tenant: 'empty' });
    const list = await cli(['sources', 'list', '--token', token]);
    expect(list).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('headgate upload'),
    });
    expect(await cli(['sources', 'list', '--json', '--token', token])).toMatchObject({
      code: 0,
      out: '[]\n',
    });
    expect((await cli(['tables', '--token', token])).err).toContain('first run');
  });

  it('put a problem into one readable line with the bad fields', async () => {
    const added = await cli(['sources', 'add', 'postgres', '--key', '../x', '--set', 'host=h']);
    expect(added.code).toBe(6);
    expect(added.err.trim().split('\n')).toHaveLength(1);
    expect(added.err).toMatch(/^headgate: validation_failed: .*key: /);
    const wrong = await cli(['sources', 'add', 'postgres', '--key', 'x', '--set', 'port=many']);
    expect(wrong).toMatchObject({ code: 2, err: 'headgate: --set port: a number is needed.\n' });
  });
});

describe('uploading', () => {
  it('makes a source of a file, loads it and follows the run', async () => {
    const path = file('orders.csv', 'a,b\n1,2\n');
    const [done] = await Promise.all([
      cli(['upload', path, '--follow']),
      finishNext('orders', 'succeeded'),
    ]);
    expect(done.code).toBe(0);
    expect(done.out).toContain('orders.csv becomes the source orders.');
    expect(done.out).toMatch(/orders\.csv: 8 B in /);
    expect(done.out).toMatch(/succeeded: 0 read, 0 written/);
    expect(done.err).not.toContain('\u001b');
  });

  it('adds files to a source, and refuses names that are there', async () => {
    await cli(['sources', 'add', 'local_files', '--key', 'drops', '--status', 'active']);
    const paths = [file('one.csv', 'a\n1\n'), file('two.json', '[1]')];
    expect((await cli(['upload', ...paths, '--source', 'drops', '--no-run'])).code).toBe(0);
    const again = await cli(['upload', paths[0] ?? '', '--source', 'drops', '--no-run']);
    expect(again).toMatchObject({ code: 5, err: expect.stringContaining('file_exists') });
    expect(
      (await cli(['upload', paths[0] ?? '', '--source', 'drops', '--no-run', '--replace'])).code,
    ).toBe(0);
    const listed = await cli(['files', 'drops']);
    expect(listed.out).toMatch(/one\.csv\s+4 B\s+.*on_disk/);
    expect(listed.out).toMatch(/two\.json/);
  });

  it('shows what was refused about a file', async () => {
    const fake = file('fake.parquet', 'PK\u0003\u0004 this was a zip');
    const done = await cli(['upload', fake, '--source', 'drops']);
    expect(done).toMatchObject({
      code: 6,
      err: expect.stringContaining('zip archive, not Parquet'),
    });
    expect((await cli(['upload', join(home, 'missing.csv')])).code).toBe(2);
    expect((await cli(['upload', file('a.exe', 'x'), '--source', 'drops'])).code).toBe(6);
  });

  it('draws a bar for a person only', async () => {
    const path = file('bar.csv', `a\n${'1\n'.repeat(1000)}`);
    const done = await cli(['upload', path, '--no-run'], { interactive: true });
    expect(done.err).toContain('bar.csv [####');
    expect(done.err.endsWith('\r\u001b[2K')).toBe(true);
  });
});

describe('running', () => {
  it('ends with 8 when the followed run fails, and says why', async () => {
    await cli(['sources', 'add', 'local_files', '--key', 'failing', '--status', 'active']);
    const [done] = await Promise.all([
      cli(['run', 'failing', '--follow']),
      finishNext('failing', 'failed'),
    ]);
    expect(done).toMatchObject({
      code: 8,
      out: expect.stringContaining('file_unreadable: Line 3 is torn.'),
    });
    const runs = await cli(['runs', 'failing']);
    expect(runs.out).toMatch(/failed\s+file_unreadable/);
    const [{ id }] = JSON.parse((await cli(['runs', 'failing', '--json'])).out);
    expect((await cli(['logs', id])).out).toContain('Ended: failed: Line 3 is torn.');
  });

  it('starts, cancels and clears', async () => {
    await cli(['sources', 'add', 'local_files', '--key', 'busy', '--status', 'active']);
    const { runId } = JSON.parse((await cli(['run', 'busy', '--json'])).out);
    expect(await cli(['run', 'busy', '--reject'])).toMatchObject({
      code: 5,
      err: expect.stringContaining(`Run ${runId}`),
    });
    expect((await cli(['cancel', runId])).out).toContain('is cancelled');
    expect((await cli(['cancel', runId])).code).toBe(5);
    const cleared = await cli(['clear', 'busy', '--yes', '--json']);
    expect(JSON.parse(cleared.out).status).toBe('started');
  });

  it('retries, undoes, compares keys and sets cursors', async () => {
    await cli(['sources', 'add', 'local_files', '--key', 'again', '--status', 'active']);
    const { runId } = JSON.parse((await cli(['run', 'again', '--json'])).out);
    await cli(['cancel', runId]);
    const retried = JSON.parse((await cli(['retry', runId, '--json'])).out);
    expect(retried).toMatchObject({ status: 'started' });
    expect(await cli(['undo', retried.runId, '--yes'])).toMatchObject({
      code: 5,
      err: expect.stringContaining('not over yet'),
    });
    await cli(['cancel', retried.runId]);
    expect((await cli(['detect-deletes', 'again'])).out).toContain('started: ');
    expect((await cli(['streams', 'again'])).err).toContain('headgate run again');
    expect(await cli(['cursor', 'again', 'files', '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--set with a cursor, or --reset'),
    });
    expect(await cli(['cursor', 'again', 'files', '--set', '{', '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('takes JSON'),
    });
    expect((await cli(['cursor', 'again', 'files', '--reset', '--yes'])).code).toBe(5);
  });

  it('says what to do when nothing has run', async () => {
    await cli(['sources', 'add', 'local_files', '--key', 'idle']);
    expect((await cli(['runs', 'idle'])).err).toContain('headgate run idle');
    expect((await cli(['preview', 'idle'])).err).toContain('No rows yet');
    expect((await cli(['rejects', 'idle'])).err).toContain('No row was rejected');
    expect((await cli(['files', 'idle'])).err).toContain('headgate upload');
  });
});

describe('destructive commands', () => {
  it.each([
    ['sources delete', (key: string) => ['sources', 'delete', key]],
    ['clear', (key: string) => ['clear', key]],
    ['cursor', (key: string) => ['cursor', key, 'files', '--reset']],
    ['files --delete', (key: string) => ['files', key, '--delete', 'x.csv']],
    ['tokens revoke', (key: string) => ['tokens', 'revoke', key]],
  ])('%s does nothing without a yes', async (name, line) => {
    const key = `safe-${name.replaceAll(/\W+/g, '-')}`;
    await cli(['sources', 'add', 'local_files', '--key', key]);
    expect(await cli(line(key))).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    const word = name === 'files --delete' ? 'x.csv' : key;
    const no = await cli(line(key), { interactive: true, answers: ['no'] });
    expect(no).toMatchObject({ code: 2, err: expect.stringContaining(`Type "${word}"`) });
    expect((await cli(['sources', 'show', key])).code).toBe(0);
  });

  it('go on when a person types the name', async () => {
    await cli(['sources', 'add', 'local_files', '--key', 'typed']);
    const done = await cli(['sources', 'delete', 'typed', '--data'], {
      interactive: true,
      answers: ['typed'],
    });
    expect(done.code).toBe(0);
    expect((await cli(['sources', 'show', 'typed'])).code).toBe(4);
  });
});

describe('tokens', () => {
  it('are made, listed and revoked', async () => {
    const made = await cli(['tokens', 'create', 'ci', '--role', 'editor']);
    const token = made.out.trim();
    expect(token).toMatch(/^hg_/);
    expect((await cli(['sources', '--token', token])).code).toBe(0);
    expect((await cli(['tokens', '--token', token])).code).toBe(3);
    const list = JSON.parse((await cli(['tokens', 'list', '--json'])).out);
    const { id } = list.find((each: { name: string }) => each.name === 'ci');
    expect((await cli(['tokens', 'revoke', id, '--yes'])).code).toBe(0);
    expect((await cli(['sources', '--token', token])).code).toBe(3);
  });
});

describe('the command line itself', () => {
  it('explains itself, with examples', async () => {
    const help = await cli(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const name of 'login connectors sources upload run retry undo detect-deletes streams cursor cancel runs logs files rejects preview tables clear tokens'.split(
      ' ',
    ))
      expect(help.out).toContain(`  ${name}`);
    for (const line of [['upload'], ['run'], ['login'], ['sources', 'add'], ['sources', 'edit']])
      expect((await cli([...line, '--help'])).out).toMatch(/Examples?:\n/);
  });

  it('ends with 2 for what it does not know', async () => {
    for (const line of [
      ['fly'],
      ['run'],
      ['runs', 'x', '--limit', '0'],
      ['sources', 'add', 'x'],
      [],
    ])
      expect((await cli(line)).code).toBe(2);
    expect((await cli(['uplaod', 'x'])).err).toContain('Did you mean upload');
  });

  it('ends with 7 when nothing answers', async () => {
    const done = await cli(['tables', '--url', 'http://127.0.0.1:9']);
    expect(done).toMatchObject({
      code: 7,
      err: expect.stringContaining('Is Headgate running there?'),
    });
  });

  it('lets nobody’s text move the cursor', async () => {
    const name = 'evil\u001b[2J\u0007\u202eend';
    await api.call('createSource', { body: { key: 'evil', name, description: 'two\nlines' } });
    const shown = await cli(['sources', 'show', 'evil']);
    expect(shown.out).toContain('evil\\x1b[2J\\x07\\u202eend');
    expect(shown.out).toContain('two lines');
    expect(shown.out).not.toContain('\u001b');
  });

  it('cuts tables to the width of the terminal', async () => {
    const list = await cli(['sources', 'list'], { columns: 60 });
    for (const line of list.out.split('\n')) expect([...line].length).toBeLessThanOrEqual(60 + 8);
  });
});
