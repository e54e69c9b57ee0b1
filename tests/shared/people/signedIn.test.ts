import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oidcProvider } from '../../../shared/people/oidcProvider.ts';
import { type SignedIn, signedIn } from '../../../shared/people/signedIn.ts';

const clock = { at: new Date('2026-05-05T05:05:05Z') };
let privateKey: CryptoKey;
let strange: CryptoKey;
const served = {
  keys: [] as object[],
  discovery: {} as object,
  asked: [] as string[],
  down: false,
};
const server = createServer((request, response) => {
  served.asked.push(request.url ?? '');
  if (served.down) return void response.writeHead(503).end();
  const body = request.url === '/jwks' ? { keys: served.keys } : served.discovery;
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
let issuer = '';
let people: SignedIn;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pair = await generateKeyPair('ES256');
  privateKey = pair.privateKey;
  served.keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'one' }];
  strange = (await generateKeyPair('ES256')).privateKey;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  served.asked.length = 0;
  served.down = false;
  served.discovery = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
  };
  people = open();
});
const open = (change: object = {}): SignedIn =>
  signedIn({
    providers: [
      oidcProvider.parse({
        issuer,
        clientId: 'headgate',
        tenantClaim: 'org.tenant',
        roles: { staff: 'viewer', data: 'editor', root: 'admin' },
        roleClaim: 'https://example.com/groups',
        ...change,
      }),
    ],
    fetch,
    now: () => clock.at,
  });

interface Made {
  readonly claims?: object;
  readonly key?: CryptoKey;
  readonly kid?: string;
  readonly audience?: string | string[];
  readonly issuer?: string;
  readonly expires?: number;
}
const seconds = () => Math.floor(clock.at.getTime() / 1000);
const claims = { 'https://example.com/groups': ['staff', 'data'], org: { tenant: 'acme' } };
const make = (made: Made = {}): Promise<string> =>
  new SignJWT({ ...claims, ...made.claims })
    .setProtectedHeader({ alg: 'ES256', kid: made.kid ?? 'one' })
    .setIssuer(made.issuer ?? issuer)
    .setAudience(made.audience ?? 'headgate')
    .setSubject('jane#1')
    .setIssuedAt(seconds())
    .setExpirationTime(seconds() + (made.expires ?? 3600))
    .sign(made.key ?? privateKey);

describe('a token', () => {
  it('of the issuer stands for tenant, highest role and person, until it expires', async () => {
    expect(people.isJwt(await make())).toBe(true);
    expect(await people.check(await make())).toEqual({
      tenant: 'acme',
      role: 'editor',
      tokenId: 'sso:jane_1',
      sources: '',
      validUntil: '2026-05-05T06:05:05.000Z',
    });
  });

  it.each<[string, Made, RegExp]>([
    ['another issuer', { issuer: 'https://evil.test' }, /issuer is not known/],
    ['another audience', { audience: 'somebody' }, /aud is not right/],
    ['another key', { key: undefined as never, kid: 'one' }, /signature/],
    ['a key nobody knows', { kid: 'two' }, /signature/],
    ['yesterday', { expires: -31 }, /expired/],
    [
      'several audiences, made for another',
      { audience: ['headgate', 'x'], claims: { azp: 'x' } },
      /somebody else/,
    ],
    ['no tenant', { claims: { org: {} } }, /no tenant/],
    ['a tenant that would end a key', { claims: { org: { tenant: 'a#S#b' } } }, /no tenant/],
    ['a tenant that is a path', { claims: { org: { tenant: '../b' } } }, /no tenant/],
    ['no role', { claims: { 'https://example.com/groups': ['guests'] } }, /no role/],
    [
      'a role that objects have anyway',
      { claims: { 'https://example.com/groups': ['constructor'] } },
      /no role/,
    ],
  ])('of %s is refused', async (what, made, reason) => {
    const text = await make(what === 'another key' ? { key: strange } : made);
    expect(await people.check(text)).toMatchObject({ refused: expect.stringMatching(reason) });
  });

  it('without a signature, or with one made from the public key, is refused', async () => {
    const none = new UnsecuredJWT(claims)
      .setIssuer(issuer)
      .setAudience('headgate')
      .setSubject('jane')
      .setIssuedAt(seconds())
      .setExpirationTime(seconds() + 3600)
      .encode();
    expect(await people.check(none)).toHaveProperty('refused');
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience('headgate')
      .setSubject('jane')
      .setIssuedAt(seconds())
      .setExpirationTime(seconds() + 3600)
      .sign(Buffer.from(JSON.stringify(served.keys[0])));
    expect(await people.check(shared)).toMatchObject({
      refused: expect.stringContaining('signature'),
    });
  });

  it('with an algorithm that is not allowed is refused although its key is right', async () => {
    expect(await open({ algorithms: ['RS256'] }).check(await make())).toHaveProperty('refused');
  });

  it('must hold the nonce of its sign-in where one is asked for', async () => {
    const text = await make({ claims: { nonce: 'mine' } });
    expect(await people.check(text, 'mine')).toHaveProperty('tenant');
    expect(await people.check(text, 'other')).toHaveProperty('refused');
  });
});

describe('roles and tenants', () => {
  it('come from a fixed tenant, a path, one value, or a default', async () => {
    const fixed = open({
      tenantClaim: undefined,
      tenant: 'home',
      roleClaim: 'realm.role',
      roles: { boss: 'admin' },
    });
    expect(await fixed.check(await make({ claims: { realm: { role: 'boss' } } }))).toMatchObject({
      tenant: 'home',
      role: 'admin',
    });
    const kind = open({ defaultRole: 'viewer' });
    expect(
      await kind.check(await make({ claims: { 'https://example.com/groups': [] } })),
    ).toMatchObject({ role: 'viewer' });
  });
});

describe('the issuer', () => {
  it('is asked once for its metadata and keys, however many tokens come', async () => {
    for (let times = 0; times < 5; times++) await people.check(await make());
    await people.check(await make({ kid: 'made-up' }));
    await people.check(await make({ kid: 'made-up-too' }));
    expect(served.asked.filter((path) => path.includes('well-known'))).toHaveLength(1);
    expect(served.asked.filter((path) => path === '/jwks').length).toBeLessThanOrEqual(2);
  });

  it('that says it is another one is not believed', async () => {
    served.discovery = { ...served.discovery, issuer: 'https://evil.test' };
    await expect(people.check(await make())).rejects.toThrow('says that it is');
  });

  it('that does not answer is no fault of the token, and is asked again later', async () => {
    served.down = true;
    await expect(people.check(await make())).rejects.toThrow('503');
    served.down = false;
    clock.at = new Date(clock.at.getTime() + 6_000);
    expect(await people.check(await make())).toHaveProperty('tenant');
  });
});

it('providers without, or with two ways to tell the tenant are refused', () => {
  const provider = { issuer: 'https://x.test', clientId: 'c' };
  expect(oidcProvider.safeParse(provider).success).toBe(false);
  expect(oidcProvider.safeParse({ ...provider, tenant: 'a', tenantClaim: 'b' }).success).toBe(
    false,
  );
  expect(oidcProvider.safeParse({ ...provider, tenant: 'a', algorithms: ['HS256'] }).success).toBe(
    false,
  );
});
