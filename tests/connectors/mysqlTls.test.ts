import { afterAll, describe, expect, it } from 'vitest';
import mysql from '../../connectors/mysql.ts';
import { startMariadb } from '../mariadb.ts';
import { mysqlContext } from './mysqlContext.ts';
import { readSql, wholeTable } from './readSql.ts';

const mariadb = await startMariadb();
const withoutTls = mariadb === null ? null : await startMariadb({ 'skip-ssl': 1 });
afterAll(async () => {
  await mariadb?.[Symbol.asyncDispose]();
  await withoutTls?.[Symbol.asyncDispose]();
});

if (mariadb !== null && withoutTls !== null) {
  const password = 'tls-canary-41d8';
  await mariadb.execute(`create database shop; create table shop.t(id int primary key);
    insert into shop.t select seq from shop.seq_1_to_2000;
    create user secure@'%' identified by '${password}' require ssl; grant select on shop.* to secure@'%';
    create user signed@'%' require subject '/CN=signed'; grant select on shop.* to signed@'%'`);
  const { certificates } = mariadb;
  const ca = certificates.authority.certificate;
  const credentials = { user: 'secure', password };
  const check = (config: object, signIn: object = credentials): ReturnType<typeof mysql.check> =>
    mysql.check(mysqlContext(mariadb, { config: { ...config }, credentials: { ...signIn } }));

  describe('TLS', () => {
    it.each([
      ['require accepts any certificate', { sslmode: 'require' }],
      [
        'verify-ca accepts a trusted one for another name',
        { sslmode: 'verify-ca', ca, host: 'other.headgate.test' },
      ],
      ['verify-full accepts a trusted one for the name', { sslmode: 'verify-full', ca }],
      [
        'verify-full accepts a trusted one for the address',
        { sslmode: 'verify-full', ca, host: '127.0.0.1' },
      ],
    ])('%s, and reads', async (_, config) => {
      expect(await check(config)).toMatchObject({ ok: true });
      const context = mysqlContext(mariadb, { config, credentials });
      expect((await readSql(mysql, context, wholeTable('shop.t'))).rows.length).toBe(2_000);
    });

    it.each([
      [
        'verify-full refuses another name',
        { sslmode: 'verify-full', ca, host: 'other.headgate.test' },
        /not for other\.headgate\.test/,
      ],
      [
        'verify-full refuses another address, though the certificate is good for localhost',
        { sslmode: 'verify-full', ca, host: '127.0.0.2' },
        /not for 127\.0\.0\.2/,
      ],
      [
        'verify-full refuses another address of the sixth version',
        { sslmode: 'verify-full', ca, host: '::1' },
        /not for ::1/,
      ],
      [
        'verify-full refuses an unknown authority',
        { sslmode: 'verify-full' },
        /Give the authority’s certificate as "ca"/,
      ],
      [
        'verify-ca refuses another authority',
        { sslmode: 'verify-ca', ca: certificates.stranger.certificate },
        /certificate/,
      ],
    ])('%s', async (_, config, says) => {
      expect(await check(config)).toEqual({
        ok: false,
        code: 'invalid_config',
        message: expect.stringMatching(says),
      });
    });

    it('left out is refused by a server that demands it of the user', async () => {
      // MariaDB does not say why; MySQL has an error of its own for a server that demands it of all.
      expect(await check({ sslmode: 'disable' })).toMatchObject({
        ok: false,
        code: 'invalid_credentials',
      });
    });

    it('signs in with a client certificate, without a password', async () => {
      const { certificate, key } = certificates.client('signed');
      const config = { sslmode: 'verify-full', ca };
      const signIn = { user: 'signed', password: undefined };
      expect(
        await check(config, { ...signIn, clientCertificate: certificate, clientKey: key }),
      ).toMatchObject({ ok: true });
      const other = certificates.client('somebody');
      for (const wrong of [
        signIn,
        { ...signIn, clientCertificate: other.certificate, clientKey: other.key },
      ])
        expect(await check(config, wrong)).toMatchObject({
          ok: false,
          code: 'invalid_credentials',
        });
    });

    it('says what to do when the server has none', async () => {
      const context = mysqlContext(withoutTls, { config: { sslmode: 'require' } });
      expect(await mysql.check(context)).toEqual({
        ok: false,
        code: 'invalid_config',
        message: expect.stringContaining('Set the TLS mode to disable'),
      });
    });

    it('says what is wrong with a key that does not fit', async () => {
      const [mine, theirs] = [certificates.client('signed'), certificates.client('signed')];
      const result = await check(
        { sslmode: 'require' },
        { user: 'signed', clientCertificate: mine.certificate, clientKey: theirs.key },
      );
      expect(result).toMatchObject({ ok: false, code: 'invalid_config' });
      expect(result.message).toContain('client certificate and key');
    });
  });
}
