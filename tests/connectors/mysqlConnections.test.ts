import type { Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import mysql from '../../connectors/mysql.ts';
import { mariadbHost, startMariadb } from '../mariadb.ts';
import { listen } from './listen.ts';
import { mysqlContext } from './mysqlContext.ts';
import { readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb?.[Symbol.asyncDispose]());

/** A greeting as MySQL 8.4 sends it, without TLS; the password's way is named by the caller. */
function greet(socket: Socket, plugin: string, capabilities = 0xc00fffff): void {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE((capabilities & ~0x800) >>> 0);
  send(socket, 0, [
    Buffer.from('\n8.4.3\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('abcdefgh\0'),
    flags.subarray(0, 2),
    Buffer.from([45, 2, 0]),
    flags.subarray(2),
    Buffer.from([21]),
    Buffer.alloc(10),
    Buffer.from(`ijklmnopqrst\0${plugin}\0`),
  ]);
}
function send(socket: Socket, sequence: number, parts: readonly Buffer[]): void {
  const body = Buffer.concat(parts);
  const header = Buffer.from([body.length & 255, body.length >> 8, 0, sequence]);
  socket.write(Buffer.concat([header, body]));
}

if (mariadb !== null) {
  await mariadb.execute(
    `create database shop; create table shop.t(id int primary key, word text); insert into shop.t values (1, 'word')`,
  );
  const check = (config: object, context: object = {}): ReturnType<typeof mysql.check> =>
    mysql.check(mysqlContext(mariadb, { config: { ...config }, context }));

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
      await expect(check({ port }, { signal: controller.signal })).rejects.toBe(reason);
    });

    it('that hangs up is unreachable, not broken', async () => {
      const port = await listen((socket) => socket.destroy());
      expect(await check({ port })).toMatchObject({ ok: false, code: 'source_unreachable' });
    });

    it('whose name is not known is unreachable', async () => {
      const resolveHost = async (): Promise<string> => {
        throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
      };
      expect(await check({}, { resolveHost })).toMatchObject({
        ok: false,
        code: 'source_unreachable',
        message: expect.stringContaining('not known'),
      });
    });

    it.each([
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      'SSH-2.0-OpenSSH_9.2\r\n',
      '\0'.repeat(40),
    ])('that says %j is not taken for a database', async (words) => {
      const port = await listen((socket) => socket.end(words));
      expect(await check({ port, connectTimeoutSeconds: 1 })).toMatchObject({
        ok: false,
        code: 'source_unreachable',
      });
    });
  });

  describe('a server with ways of its own', () => {
    it('gets no password in clear', async () => {
      const heard: Buffer[] = [];
      const port = await listen((socket) => {
        socket.on('data', (data) => heard.push(data));
        greet(socket, 'mysql_clear_password');
        socket.once('data', () =>
          send(socket, 2, [Buffer.from('\xfemysql_clear_password\0', 'latin1')]),
        );
      });
      expect(await check({ port, connectTimeoutSeconds: 2 })).toEqual({
        ok: false,
        code: 'invalid_config',
        message: expect.stringContaining('verify-full'),
      });
      expect(Buffer.concat(heard).toString('latin1')).not.toContain(mariadb.password);
    });

    it('is told by name when it wants a way to sign in that is not known', async () => {
      const port = await listen((socket) => {
        greet(socket, 'mysql_native_password');
        socket.once('data', () => send(socket, 2, [Buffer.from('\xfekerberos_x\0', 'latin1')]));
      });
      expect(await check({ port, connectTimeoutSeconds: 2 })).toMatchObject({
        ok: false,
        code: 'invalid_credentials',
        message: expect.stringContaining('kerberos_x'),
      });
    });

    it('gets no file of ours, whatever it asks for', async () => {
      const heard: Buffer[] = [];
      const port = await listen((socket) => {
        greet(socket, 'mysql_native_password');
        socket.once('data', (hello) => {
          // CLIENT_LOCAL_FILES is not among what the client says it can do.
          expect(hello.readUInt32LE(4) & 0x80).toBe(0);
          send(socket, 2, [Buffer.from([0, 0, 0, 2, 0, 0, 0])]);
          socket.on('data', (data) => {
            if (heard.push(data) === 1) send(socket, 1, [Buffer.from('\xfb/etc/passwd', 'latin1')]);
            else socket.destroy();
          });
        });
      });
      const answer = await check({ port, connectTimeoutSeconds: 2 }).catch(
        (error: unknown) => error,
      );
      expect(answer).not.toMatchObject({ ok: true });
      expect(Buffer.concat(heard).toString()).not.toContain('root:');
    });
  });

  it('dials the address it was given, under the name it was configured', async () => {
    const asked: string[] = [];
    const resolveHost = async (host: string): Promise<string> => {
      asked.push(host);
      return mariadb.host;
    };
    const ca = mariadb.certificates.authority.certificate;
    expect(await check({ sslmode: 'verify-full', ca }, { resolveHost })).toMatchObject({
      ok: true,
    });
    expect(asked).toEqual([mariadbHost]);
  });

  it.each([
    '/var/run/mysqld/mysqld.sock',
    'a b',
    'host:3306',
    'user@host',
    '',
    '-x',
  ])('does not take %j for a host', (host) => {
    expect(mysql.config.safeParse({ host, schemas: ['x'] }).success).toBe(false);
  });

  it('names a connection that is cut in the middle of a read', async () => {
    await mariadb.execute(
      `create view shop.endless_rows as select seq as id, repeat('x', 500) as filler from shop.seq_1_to_2000000`,
    );
    const reading = (async () => {
      for await (const { body } of mysql.read(
        mysqlContext(mariadb),
        wholeTable('shop.endless_rows'),
        null,
      )) {
        if (body.kind !== 'copyCsv') throw new Error('no rows');
        let cut = false;
        for await (const _ of body.open()) {
          if (cut) continue;
          cut = true;
          const [row] = await mariadb.execute(
            `select id from information_schema.processlist where info like 'select %endless_rows%' and id <> connection_id()`,
          );
          await mariadb.execute(`kill ${row?.[0]}`);
        }
      }
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'source_unreachable',
      name: 'RetriableError',
    });
  });

  it('ends a statement that takes too long, and waits for no lock for ever', async () => {
    await mariadb.execute(
      'create view shop.slow as select a.seq as id from shop.seq_1_to_100000000 a where sleep(1) = 5',
    );
    const context = mysqlContext(mariadb, { config: { statementTimeoutSeconds: 1 } });
    await expect(readSql(mysql, context, wholeTable('shop.slow'))).rejects.toMatchObject({
      code: 'source_unreachable',
      message: expect.stringContaining('statement timeout'),
    });
  });

  it('never changes anything: its transactions are read-only', async () => {
    await mariadb.execute(`create table shop.touched(id int);
      create function shop.touch() returns int modifies sql data begin insert into shop.touched values (1); return 1; end;
      create view shop.writes as select shop.touch() as id`);
    await expect(
      readSql(mysql, mysqlContext(mariadb), wholeTable('shop.writes')),
    ).rejects.toMatchObject({ code: 'source_answer_invalid' });
    // Before the snapshot, too.
    const byNumber = { mode: 'incremental', cursorField: 'id' } as const;
    await expect(
      readSql(mysql, mysqlContext(mariadb), wholeTable('shop.writes', byNumber)),
    ).rejects.toMatchObject({ code: 'source_answer_invalid' });
    expect(await mariadb.execute('select * from shop.touched')).toEqual([]);
  });

  it('says what to do when the server has no room for another connection', async () => {
    const open = [];
    await mariadb.execute(`create user crowd@'%' identified by 'crowd-canary-1' with max_user_connections 2;
      grant select on shop.* to crowd@'%'`);
    const context = () =>
      mysqlContext(mariadb, { credentials: { user: 'crowd', password: 'crowd-canary-1' } });
    try {
      for (let index = 0; index < 2; index += 1) {
        const reading = mysql.read(context(), wholeTable('shop.t'), null)[Symbol.asyncIterator]();
        await reading.next();
        open.push(reading);
      }
      expect(await mysql.check(context())).toMatchObject({
        ok: false,
        code: 'source_unreachable',
        message: expect.stringContaining('no room'),
      });
    } finally {
      for (const reading of open) await reading.return?.();
    }
  });
}
