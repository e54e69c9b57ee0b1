import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationId } from '../../../shared/api/routes.ts';
import { routes } from '../../../shared/api/routes.ts';
import type { Role } from '../../../shared/api/schemas/token.ts';
import { hashToken, tokenItemKey } from '../../../shared/tokens/tokenItem.ts';
import { seedAdminToken } from '../../../shared/tokens/tokens.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

const item = async (text: string) =>
  (
    await api.table.client.send(
      new GetCommand({ TableName: api.table.name, Key: tokenItemKey(hashToken(text)) }),
    )
  ).Item;

describe('tokens', () => {
  it('shows a token once and stores only its hash', async () => {
    const made = await api.call('createToken', { body: { name: 'ci', role: 'editor' } });
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'ci', role: 'editor', sources: null },
    });
    expect(made.body.token).toMatch(/^hg_[A-Za-z0-9_-]{43}$/);
    const text = made.body.token;
    expect(JSON.stringify(await item(text))).not.toContain(text);
    const { body: list } = await api.call('listTokens', { query: { limit: '200' } });
    expect(list.data.map((each: { id: string }) => each.id)).toContain(made.body.id);
    expect(JSON.stringify(list)).not.toContain(text);
    expect(api.lines.join('\n')).not.toContain(text);
    expect((await api.call('getMe', { token: text })).body).toMatchObject({
      tenant: 'default',
      role: 'editor',
      tokenId: made.body.id,
    });
  });

  it('stops working once revoked', async () => {
    const { body } = await api.call('createToken', { body: { name: 'gone' } });
    expect((await api.call('getMe', { token: body.token })).status).toBe(200);
    const params = { tokenId: body.id };
    expect((await api.call('revokeToken', { params })).status).toBe(204);
    expect((await api.call('getMe', { token: body.token })).status).toBe(401);
    expect((await api.call('revokeToken', { params })).status).toBe(404);
  });

  it('does not revoke another tenant’s', async () => {
    const { body } = await api.call('createToken', { body: { name: 'mine' } });
    const token = await api.tokenOf('admin', { tenant: 'other' });
    expect((await api.call('revokeToken', { params: { tokenId: body.id }, token })).status).toBe(
      404,
    );
    expect((await api.call('getMe', { token: body.token })).status).toBe(200);
  });

  it('stops working when it expires', async () => {
    const expiresAt = new Date(api.clock.at.getTime() + 60_000).toISOString();
    const { body } = await api.call('createToken', { body: { name: 'short', expiresAt } });
    const before = api.clock.at;
    expect((await api.call('getMe', { token: body.token })).status).toBe(200);
    api.clock.at = new Date(before.getTime() + 60_000);
    const refused = await api.call('getMe', { token: body.token });
    expect(refused).toMatchObject({ status: 401, body: { detail: 'The token has expired.' } });
    api.clock.at = before;
    expect(
      await api.call('createToken', { body: { name: 'past', expiresAt: '2020-01-01T00:00:00Z' } }),
    ).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/expiresAt' }] } });
  });

  it('notes the last use, at most every five minutes', async () => {
    const { body } = await api.call('createToken', { body: { name: 'used' } });
    expect((await item(body.token))?.['lastUsedAt']).toBeNull();
    await api.call('getMe', { token: body.token });
    const first = (await item(body.token))?.['lastUsedAt'];
    expect(first).toBe(api.clock.at.toISOString());
    api.clock.at = new Date(api.clock.at.getTime() + 60_000);
    await api.call('getMe', { token: body.token });
    expect((await item(body.token))?.['lastUsedAt']).toBe(first);
    api.clock.at = new Date(api.clock.at.getTime() + 300_000);
    await api.call('getMe', { token: body.token });
    expect((await item(body.token))?.['lastUsedAt']).toBe(api.clock.at.toISOString());
  });

  it.each([
    ['no header', null],
    ['an unknown token', `hg_${'x'.repeat(43)}`],
    ['something else', 'eyJhbGciOiJub25lIn0'],
    ['an empty token', ''],
  ])('answers 401 as a problem for %s', async (_, token) => {
    const refused = await api.call('listSources', { token });
    expect(refused).toMatchObject({
      status: 401,
      body: { code: 'unauthorized', type: '/problems/unauthorized' },
    });
    expect(refused.headers['www-authenticate']).toBe('Bearer');
  });

  it('limits a token to its sources: 403 for others, and lists without them', async () => {
    const make = (key: string) => api.call('createSource', { body: { key, name: key } });
    const { body: mine } = await make('limited-mine');
    const { body: other } = await make('limited-other');
    const made = await api.call('createToken', {
      body: { name: 'limited', role: 'editor', sources: [mine.key] },
    });
    const token = made.body.token;
    expect(made.body.sources).toEqual([mine.id]);
    expect((await api.call('getSource', { params: { idOrKey: mine.key }, token })).status).toBe(
      200,
    );
    expect(await api.call('getSource', { params: { idOrKey: other.key }, token })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    const { body: list } = await api.call('listSources', { token });
    expect(list).toMatchObject({ data: [{ id: mine.id }], pagination: { total: 1 } });
    expect((await api.call('createSource', { body: { key: 'l', name: 'l' }, token })).status).toBe(
      403,
    );
    expect((await api.call('listTables', { query: { source: other.key }, token })).status).toBe(
      403,
    );
  });

  it('seeds the same bootstrap token any number of times', async () => {
    for (let time = 0; time < 3; time++)
      await seedAdminToken(api.table, api.adminToken, new Date());
    const { body } = await api.call('listTokens', { query: { limit: '200' } });
    const names = body.data.map((each: { name: string }) => each.name);
    expect(names.filter((name: string) => name === 'bootstrap')).toHaveLength(1);
  });
});

describe('roles', () => {
  const rank: readonly Role[] = ['viewer', 'editor', 'admin'];
  const guarded = routes.filter((route) => !('public' in route));

  it('are what the design says: GET for viewers, changes for editors, tokens, webhooks and audit for admins', () => {
    for (const { operationId, method, path, role } of guarded) {
      // Counts of functions are the installation's, not the tenant's.
      const expected: Role = /^\/v1\/(tokens|webhooks|audit|health\/functions)/.test(path)
        ? 'admin'
        : method === 'GET'
          ? 'viewer'
          : 'editor';
      // A presigned address is a permission to write.
      expect([operationId, role]).toEqual([
        operationId,
        operationId === 'getUploadParts' ? 'editor' : expected,
      ]);
    }
  });

  it.each(
    guarded.map((route) => [route.operationId, route.role] as const),
  )('%s wants at least %s, and 401 without a token', async (operationId: OperationId, least: Role) => {
    const params = Object.fromEntries(
      ['idOrKey', 'runId', 'tokenId', 'uploadId', 'name', 'stream', 'code', 'webhookId'].map(
        (name) => [name, 'none'],
      ),
    );
    const call = (token: string | null) => api.invoke(api.routeOf(operationId), { params, token });
    expect((await call(null)).statusCode).toBe(401);
    for (const role of rank) {
      const { statusCode } = await call(await api.tokenOf(role));
      if (rank.indexOf(role) < rank.indexOf(least)) expect(statusCode).toBe(403);
      else expect([401, 403, 500]).not.toContain(statusCode);
    }
  });

  it('refuses a context no authorizer of ours made', async () => {
    for (const lambda of [
      undefined,
      null,
      {},
      { tenant: '', role: 'admin' },
      { tenant: 'default' },
    ]) {
      const result = await api.handlers.apiSources(
        {
          routeKey: 'GET /v1/sources',
          headers: {},
          requestContext: { requestId: 'r', authorizer: { lambda } },
        },
        { getRemainingTimeInMillis: () => 1000 } as never,
      );
      expect(result.statusCode).toBe(401);
    }
  });
});
