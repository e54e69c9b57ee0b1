import { connect } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import connector, { makePostgres } from '../../connectors/postgres.ts';
import { postgresHost, startPostgres } from '../postgres.ts';
import { listen } from './listen.ts';
import { postgresContext, readAll, requestOf } from './postgresContext.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const ca = postgres.certificates.authority.certificate;
await postgres.execute(
  `create table t(id int primary key, word text); insert into t select i, 'word ' || i from generate_series(1, 9) i`,
);

const check = (
  config: object,
  credentials: object = {},
  context: object = {},
): ReturnType<typeof connector.check> =>
  connector.check(
    postgresContext(postgres, { config: { ...config }, credentials: { ...credentials }, context }),
  );

describe('a server that does not answer', () => {
  it('is given up after the connect timeout', async () => {
    const port = await listen(() => {});
    const started = Date.now();
    expect(await check({ port, connectTimeoutSeconds: 1 })).toEqual({
      ok: false,
      code: 'source_unreachable',
      message: expect.stringContaining('within 1 seconds'),
    });
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it('is let go when the signal aborts', async () => {
    const port = await listen(() => {});
    const controller = new AbortController();
    const reason = new Error('deadline');
    setTimeout(() => controller.abort(reason), 100);
    await expect(check({ port }, {}, { signal: controller.signal })).rejects.toBe(reason);
  });

  it('that hangs up is unreachable, not broken', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.destroy()));
    expect(await check({ port })).toMatchObject({ ok: false, code: 'source_unreachable' });
  });

  it('whose name is not known is unreachable', async () => {
    const resolveHost = async (): Promise<string> => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    expect(await check({}, {}, { resolveHost })).toMatchObject({
      ok: false,
      code: 'source_unreachable',
      message: expect.stringContaining('not known'),
    });
  });

  it('that speaks something else is not taken for a database', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const result = await check({ port, connectTimeoutSeconds: 1 }).catch((error: unknown) => error);
    expect(result).toMatchObject({ ok: false, code: 'source_unreachable' });
  });
});

it('dials the address it was given, under the name it was configured', async () => {
  const dialled: string[] = [];
  const resolveHost = async (host: string): Promise<string> => {
    dialled.push(host);
    return postgres.host;
  };
  expect(await check({ sslmode: 'verify-full', ca }, {}, { resolveHost })).toMatchObject({
    ok: true,
  });
  expect(dialled).toEqual([postgresHost]);
});

it.each([
  '/var/run/postgresql',
  'a b',
  'host:5432',
  'user@host',
  '',
  'http://host',
  '-x',
])('does not take %j for a host', (host) => {
  expect(connector.config.safeParse({ host, database: 'x' }).success).toBe(false);
});

it('takes names and addresses of both kinds for a host', () => {
  for (const host of [
    'db',
    'db.example.com',
    'my_db.internal',
    '10.0.0.1',
    '::1',
    'xn--bcher-kva.example',
  ])
    expect(connector.config.safeParse({ host, database: 'x' }).success, host).toBe(true);
});

it('takes nothing from the environment', async () => {
  const variables = {
    PGPASSWORD: postgres.password,
    PGHOST: '192.0.2.1',
    PGSSLMODE: 'require',
    PGOPTIONS: '-c search_path=nowhere',
    PGUSER: 'x',
  };
  Object.assign(process.env, variables);
  try {
    expect(await check({})).toMatchObject({ ok: true });
    expect(await check({}, { password: undefined })).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
    });
    expect(await check({}, { password: '' })).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
    });
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
});

/**
 * A proxy in front of the server that answers every COPY with an error, as some poolers do. Behind it the
 * transaction fails as well, so that only going back to the savepoint helps.
 */
const withoutCopy = (): Promise<number> =>
  listen((socket) => {
    const upstream = connect(postgres.port, postgres.host);
    let refusing = false;
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    socket.on('data', (message: Buffer) => {
      refusing = message[0] === 0x51 && message.toString('utf8', 5).startsWith('copy');
      const failing = Buffer.from('Q\0\0\0\0select 1/0\0');
      failing.writeInt32BE(failing.length - 1, 1);
      upstream.write(refusing ? failing : message);
    });
    upstream.on('data', (answer: Buffer) => {
      const fields = Buffer.from('SERROR\0C0A000\0MCOPY is not supported\0\0');
      const error = Buffer.from('E\0\0\0\0');
      error.writeInt32BE(fields.length + 4, 1);
      const readyInFailedTransaction = Buffer.from('Z\0\0\0\x05E');
      if (!refusing) return socket.write(answer);
      if (!answer.subarray(-6).equals(readyInFailedTransaction)) return false;
      refusing = false;
      return socket.write(Buffer.concat([error, fields, readyInFailedTransaction]));
    });
  });

it('goes on with a cursor where COPY is refused, and delivers the same rows', async () => {
  const small = makePostgres({ rows: 4, bytes: 2 ** 20, seconds: 30, unorderedBytes: 0 });
  const lines: string[] = [];
  const refused = postgresContext(postgres, { config: { port: await withoutCopy() }, lines });
  const direct = await readAll(small, postgresContext(postgres), requestOf('public.t'));
  const proxied = await readAll(small, refused, requestOf('public.t'));
  expect(proxied.batches).toEqual(direct.batches);
  expect(proxied.checkpoints).toEqual(direct.checkpoints);
  expect(lines.join()).toContain('COPY was refused');
});

it('names a connection that is cut in the middle of a read', async () => {
  await postgres.execute(
    `create view endless_rows as select i as id, repeat('x', 500) as filler from generate_series(1, 2000000) i`,
  );
  const reading = (async () => {
    for await (const { body } of connector.read(
      postgresContext(postgres),
      requestOf('public.endless_rows'),
      null,
    )) {
      if (body.kind !== 'copyCsv') throw new Error('no rows');
      let cut = false;
      for await (const _ of body.open()) {
        if (cut) continue;
        cut = true;
        await postgres.execute(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'headgate'`,
        );
      }
    }
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'source_unreachable',
    name: 'RetriableError',
  });
});

it('ends a statement that takes too long, and waits for no lock for ever', async () => {
  await postgres.execute('create view slow as select 1 as id, pg_sleep(20)::text as nap');
  const context = postgresContext(postgres, { config: { statementTimeoutSeconds: 1 } });
  await expect(readAll(connector, context, requestOf('public.slow'))).rejects.toMatchObject({
    code: 'source_unreachable',
    message: expect.stringContaining('statement timeout'),
  });
});

it('never changes anything: its transactions are read-only', async () => {
  await postgres.execute(`create table touched(id int);
    create function touch() returns int language sql as 'insert into touched values (1) returning id';
    create view writes as select touch() as id`);
  await expect(
    readAll(connector, postgresContext(postgres), requestOf('public.writes')),
  ).rejects.toMatchObject({ code: 'source_answer_invalid' });
  expect((await postgres.execute('select * from touched')).rows).toEqual([]);
});
