import { afterAll, describe, expect, it } from 'vitest';
import connector from '../../connectors/postgres.ts';
import { startPostgres } from '../postgres.ts';
import { listen } from './listen.ts';
import { postgresContext } from './postgresContext.ts';

const postgres = await startPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const password = 'tls-canary-41d8';
await postgres.execute(`
  create role tls_role login password '${password}'; create role cert_role login;
  create table t(id int primary key); grant select on t to tls_role, cert_role`);
const { certificates } = postgres;
const ca = certificates.authority.certificate;

const check = (
  config: object,
  credentials: object = {},
  context: object = {},
): ReturnType<typeof connector.check> =>
  connector.check(
    postgresContext(postgres, { config: { ...config }, credentials: { ...credentials }, context }),
  );

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
  ])('%s', async (_, config) => {
    const encrypted = await check(config, { user: 'tls_role', password });
    expect(encrypted).toMatchObject({ ok: true });
  });

  it.each([
    [
      'verify-full refuses another name',
      { sslmode: 'verify-full', ca, host: 'other.headgate.test' },
      /not for other\.headgate\.test/,
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
    [
      'disable is refused by a server that demands TLS',
      { sslmode: 'disable' },
      /Set the TLS mode to require/,
    ],
  ])('%s', async (_, config, says) => {
    expect(await check(config, { user: 'tls_role', password })).toEqual({
      ok: false,
      code: 'invalid_config',
      message: expect.stringMatching(says),
    });
  });

  it('signs in with a client certificate, without a password', async () => {
    const { certificate, key } = certificates.client('cert_role');
    const config = { sslmode: 'verify-full', ca };
    const signedIn = {
      user: 'cert_role',
      password: undefined,
      clientCertificate: certificate,
      clientKey: key,
    };
    expect(await check(config, signedIn)).toMatchObject({ ok: true });
    expect(await check(config, { user: 'cert_role', password: 'none' })).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
    });
  });

  it('says what to do when the server has none', async () => {
    const port = await listen((socket) => socket.once('data', () => socket.write('N')));
    expect(await check({ sslmode: 'require', port })).toEqual({
      ok: false,
      code: 'invalid_config',
      message: expect.stringContaining('Set the TLS mode to disable'),
    });
  });

  it('says what is wrong with a key that does not fit', async () => {
    const mine = certificates.client('cert_role');
    const theirs = certificates.client('cert_role');
    const result = await check(
      { sslmode: 'require' },
      { user: 'cert_role', clientCertificate: mine.certificate, clientKey: theirs.key },
    );
    expect(result).toMatchObject({ ok: false, code: 'invalid_config' });
    expect(result.message).toContain('client certificate and key');
  });
});
