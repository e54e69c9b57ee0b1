import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleepReally } from 'node:timers/promises';
import { ScanCommand, type UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../shared/log.ts';
import { accessTokens } from '../../../shared/oauth/accessTokens.ts';
import type { OAuthGrant } from '../../../shared/oauth/oauthGrant.ts';
import type { Table } from '../../../shared/table.ts';
import { headgateTable } from '../../headgateTable.ts';
import { createClock } from '../../simulators/clock.ts';
import { type Simulator, startSimulator } from '../../simulators/simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from '../../simulators/tokenEndpoint.ts';

const home = await headgateTable();
const { table } = home;
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const origin = 'https://login.vendor.example';
const clock = createClock();
let endpoint: TokenEndpoint;
let server: Simulator;
let tests = 0;
let lines: string[] = [];

const start = async (rotates: boolean): Promise<void> => {
  await server?.[Symbol.asyncDispose]();
  tests += 1;
  endpoint = tokenEndpoint({
    clock,
    path: '/token',
    clientId: 'client',
    clientSecret: 'secret-canary',
    refreshToken: `refresh-canary-entered-${tests}`,
    rotates,
    lifetimeSeconds: 3600,
    answer: { instance_url: 'https://eu1.vendor.example', id_token: 'not-to-be-kept' },
    publicKey,
    audience: origin,
  });
  server = await startSimulator(
    {
      origins: [origin],
      check: null,
      routes: [endpoint.route],
      refuse: () => null,
      throttled: () => ({ status: 429, body: {} }),
    },
    clock,
  );
};
const grant = (change: Partial<OAuthGrant> = {}): OAuthGrant => ({
  tokenUrl: `${origin}/token`,
  grant: 'refresh_token',
  clientAuth: 'body',
  clientId: 'client',
  clientSecret: 'secret-canary',
  refreshToken: `refresh-canary-entered-${tests}`,
  lifetimeSeconds: 600,
  ...change,
});
/** What one run has: nothing in memory of what others know. */
const run = (sleep: (milliseconds: number) => Promise<void> = () => sleepReally(2)) =>
  accessTokens({
    table,
    tenant: 'acme',
    fetch: server.fetchWith(),
    now: clock.now,
    sleep,
    signal: new AbortController().signal,
    log: createLog((line) => lines.push(line)),
  });
const everything = async (): Promise<string> =>
  JSON.stringify((await table.client.send(new ScanCommand({ TableName: table.name }))).Items);

beforeEach(async () => {
  lines = [];
  await start(true);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

describe('access tokens with a refresh token that is good for one use', () => {
  it('are renewed once for twenty runs that ask at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => run()(grant())));
    expect(new Set(tokens.map(({ token }) => token))).toEqual(new Set(['access-canary-1']));
    expect([endpoint.issued.length, endpoint.reuses()]).toEqual([1, 0]);
  });

  it('are kept for the next run, and renewed with the newest refresh token when their time is over', async () => {
    await run()(grant());
    expect((await run()(grant())).token).toBe('access-canary-1');
    for (const expected of [2, 3, 4]) {
      clock.advance(3_600_000);
      expect((await run()(grant())).token).toBe(`access-canary-${expected}`);
    }
    expect(endpoint.reuses()).toBe(0);
  });

  it('are renewed in the last minute of their life, not after it', async () => {
    const tokens = run();
    await tokens(grant());
    clock.advance(3_600_000 - 61_000);
    expect((await tokens(grant())).token).toBe('access-canary-1');
    clock.advance(2_000);
    expect((await tokens(grant())).token).toBe('access-canary-2');
  });

  it('are renewed once when all runs find the same one refused', async () => {
    const runs = Array.from({ length: 8 }, () => run());
    await Promise.all(runs.map((tokens) => tokens(grant())));
    endpoint.expireAll();
    const renewed = await Promise.all(runs.map((tokens) => tokens(grant(), 'access-canary-1')));
    expect(new Set(renewed.map(({ token }) => token))).toEqual(new Set(['access-canary-2']));
    expect([endpoint.issued.length, endpoint.reuses()]).toEqual([2, 0]);
  });

  it('are not handed out when they could not be stored', async () => {
    const client = {
      send: async (command: UpdateCommand) => {
        if (String(command.input.UpdateExpression).includes('sealed')) throw new Error('no table');
        return table.client.send(command);
      },
    } as unknown as Table['client'];
    const unlucky = accessTokens({
      table: { ...table, client },
      tenant: 'acme',
      fetch: server.fetchWith(),
      now: clock.now,
      sleep: clock.sleep,
      signal: new AbortController().signal,
      log: createLog(() => undefined),
    });
    await expect(unlucky(grant())).rejects.toThrow('no table');
    expect(endpoint.issued.length).toBe(1);
  });

  it('wait for a run that is at the endpoint, and go themselves when it has died there', async () => {
    server.fail({ kind: 'hangUp' }, 1);
    await expect(run()(grant())).rejects.toMatchObject({ code: 'source_unreachable' });
    // It gave the way free; one that is killed cannot, and its lease runs out.
    let slept = 0;
    const dead = accessTokens({
      table,
      tenant: 'acme',
      fetch: () => new Promise(() => undefined),
      now: clock.now,
      sleep: async () => undefined,
      signal: new AbortController().signal,
      log: createLog(() => undefined),
    });
    void dead(grant());
    await sleepReally(50);
    const { token } = await run(async (milliseconds) => {
      slept += milliseconds;
      clock.advance(milliseconds);
    })(grant());
    expect([token, endpoint.reuses()]).toEqual(['access-canary-1', 0]);
    expect(slept).toBeGreaterThanOrEqual(60_000);
    expect(slept).toBeLessThan(62_000);
  });

  it('of a refresh that took longer than its lease give way to those that were stored meanwhile', async () => {
    await start(false);
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const fetch = server.fetchWith();
    const slow = accessTokens({
      table,
      tenant: 'acme',
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        await opened;
        return response;
      },
      now: clock.now,
      sleep: clock.sleep,
      signal: new AbortController().signal,
      log: createLog(() => undefined),
    })(grant());
    await expect.poll(() => endpoint.issued.length).toBe(1);
    clock.advance(61_000);
    expect((await run()(grant())).token).toBe('access-canary-2');
    open();
    expect((await slow).token).toBe('access-canary-2');
  });

  it('say that the connection has ended when the grant is refused, and leave the way free', async () => {
    for (let tries = 0; tries < 2; tries += 1)
      await expect(run()(grant({ refreshToken: 'refresh-canary-wrong' }))).rejects.toMatchObject({
        code: 'invalid_credentials',
        message: expect.stringMatching(/invalid_grant.*Connect again/),
      });
    await expect(run()(grant({ clientSecret: 'secret-canary-wrong' }))).rejects.toMatchObject({
      code: 'invalid_credentials',
      message: expect.stringContaining('invalid_client'),
    });
  });

  it('are not sent twice when nobody knows whether they were heard', async () => {
    server.fail({ kind: 'status', status: 502 }, 1);
    const before = server.requests.length;
    await expect(run()(grant())).rejects.toMatchObject({ code: 'source_unreachable' });
    expect(server.requests.length - before).toBe(1);
  });

  it('lie in the table sealed, and are told to no log', async () => {
    await run()(grant());
    clock.advance(3_600_000);
    const { token } = await run()(grant());
    const told = `${await everything()}${lines.join()}`;
    for (const secret of ['canary', token]) expect(told).not.toContain(secret);
    expect(told).toContain('OAUTH#');
    const log = createLog((line) => lines.push(line));
    const tokens = accessTokens({
      table,
      tenant: 'acme',
      fetch: server.fetchWith(),
      now: clock.now,
      sleep: clock.sleep,
      signal: new AbortController().signal,
      log,
    });
    await tokens(grant());
    log.info(`using ${token}`);
    expect(lines.at(-1)).toContain('using ***');
  });

  it('start from what was entered when other credentials are entered', async () => {
    await run()(grant());
    await expect(run()(grant({ refreshToken: 'refresh-canary-other' }))).rejects.toMatchObject({
      code: 'invalid_credentials',
    });
    expect((await run()(grant())).token).toBe('access-canary-1');
  });
});

describe('access tokens of other grants', () => {
  it('keep the refresh token where it does not rotate, and tell the answer’s other texts but tokens', async () => {
    await start(false);
    for (const expected of [1, 2]) {
      const { token, answer } = await run()(grant());
      expect(token).toBe(`access-canary-${expected}`);
      expect(answer).toEqual({ instance_url: 'https://eu1.vendor.example' });
      clock.advance(3_600_000);
    }
  });

  it('come for client credentials, in the body or as basic', async () => {
    for (const clientAuth of ['body', 'basic'] as const) {
      const { refreshToken: _, ...rest } = grant({ grant: 'client_credentials', clientAuth });
      expect((await run()({ ...rest, scope: clientAuth })).token).toMatch(/^access-canary-/);
    }
  });

  it('come for an assertion that the private key signed for this audience', async () => {
    const assertion = {
      issuer: 'client',
      subject: 'ann@example.com',
      audience: origin,
      privateKey,
      lifetimeSeconds: 180,
    };
    const { refreshToken: _, ...rest } = grant({ grant: 'jwt', clientAuth: 'none', assertion });
    expect((await run()(rest)).token).toBe('access-canary-1');
    const elsewhere = { ...assertion, audience: 'https://elsewhere.example', subject: 'b' };
    await expect(run()({ ...rest, assertion: elsewhere })).rejects.toMatchObject({
      code: 'invalid_credentials',
    });
    await expect(
      run()({ ...rest, assertion: { ...assertion, privateKey: 'canary-key' } }),
    ).rejects.toMatchObject({ code: 'invalid_credentials' });
  });
});
