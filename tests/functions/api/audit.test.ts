import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

interface Entry {
  readonly action: string;
  readonly subject: string;
  readonly by: string;
  readonly at: string;
  readonly before: unknown;
  readonly after: unknown;
}
const list = async (query: Record<string, string> = {}, token?: string) =>
  (await api.call('listAudit', { query, ...(token === undefined ? {} : { token }) })).body as {
    data: readonly Entry[];
    pagination: { hasMore: boolean; nextCursor: string | null };
  };
const later = (seconds: number): void => {
  api.clock.at = new Date(api.clock.at.getTime() + seconds * 1000);
};

it('tells who changed what, newest first, with what it was and is and without secrets', async () => {
  const password = 'correct horse battery staple';
  const { body: source } = await api.call('createSource', {
    body: {
      key: 'audited',
      name: 'Before',
      connector: 'postgres',
      config: { host: 'db.test' },
      credentials: { user: 'u', password },
    },
  });
  later(1);
  const editor = await api.call('createToken', { body: { name: 'e', role: 'editor' } });
  later(1);
  const params = { idOrKey: source.id };
  await api.call('changeSource', { params, body: { name: 'After' }, token: editor.body.token });
  const { data } = await list();
  expect(data.slice(0, 3).map(({ action }) => action)).toEqual([
    'source.changed',
    'token.created',
    'source.created',
  ]);
  expect(data[0]).toMatchObject({
    by: editor.body.id,
    subject: source.id,
    before: { name: 'Before' },
    after: { name: 'After' },
  });
  expect(data[2]).toMatchObject({ before: null, after: { key: 'audited' } });
  expect(JSON.stringify(data)).not.toContain(password);
  expect(JSON.stringify(data)).not.toContain(editor.body.token);
});

it('filters by action, subject, asker and time, and pages through what is left', async () => {
  later(60);
  const from = api.clock.at.toISOString();
  const keys = ['p1', 'p2', 'p3', 'p4', 'p5'];
  const ids: string[] = [];
  for (const key of keys) {
    later(1);
    ids.push((await api.call('createSource', { body: { key, name: key } })).body.id);
    await api.call('createToken', { body: { name: key } });
  }
  later(1);
  const to = api.clock.at.toISOString();
  await api.call('createSource', { body: { key: 'after-all', name: 'n' } });
  const found: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page = await list({
      action: 'source.created',
      from,
      to,
      limit: '2',
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.data.map(({ subject }) => subject));
    cursor = page.pagination.nextCursor;
    pages += 1;
  } while (cursor !== null);
  expect(found).toEqual(ids.toReversed());
  expect(pages).toBe(3);
  expect((await list({ subject: ids[0] ?? '' })).data).toHaveLength(1);
  expect((await list({ by: 'nobody' })).data).toEqual([]);
});

it('is for admins of the tenant', async () => {
  for (const role of ['viewer', 'editor'] as const)
    expect((await api.call('listAudit', { token: await api.tokenOf(role) })).status).toBe(403);
  const stranger = await api.tokenOf('admin', { tenant: 'stranger' });
  expect((await list({}, stranger)).data.map(({ action, by }) => [action, by])).toEqual([
    ['token.created', 'tests'],
  ]);
});
