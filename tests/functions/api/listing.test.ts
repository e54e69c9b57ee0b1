import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeCursor } from '../../../shared/api/cursor.ts';
import { requestRun } from '../../../shared/runs/requestRun.ts';
import { seeded } from '../../randomness.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

async function create(key: string, change: object = {}, token?: string): Promise<{ id: string }> {
  // Ids of one millisecond have no order.
  api.clock.at = new Date(api.clock.at.getTime() + 1);
  const { body } = await api.call('createSource', {
    body: { key, name: key, ...change },
    ...(token === undefined ? {} : { token }),
  });
  return body;
}

async function everything(
  query: Record<string, string>,
  token: string,
  between: () => Promise<unknown> = async () => undefined,
) {
  const keys: string[] = [];
  const totals: number[] = [];
  let cursor: string | null = null;
  do {
    const { body } = await api.call('listSources', {
      query: { ...query, ...(cursor === null ? {} : { cursor }) },
      token,
    });
    expect(body.data.length).toBeLessThanOrEqual(Number(query['limit'] ?? 25));
    keys.push(...body.data.map((source: { key: string }) => source.key));
    totals.push(body.pagination.total);
    cursor = body.pagination.nextCursor;
    expect(body.pagination.hasMore).toBe(cursor !== null);
    await between();
  } while (cursor !== null);
  return { keys, totals };
}

it('pages through all sources oldest first, each once, while others come and go', async () => {
  const random = seeded('listing');
  const token = await api.tokenOf('admin', { tenant: 'paging' });
  const initial = Array.from({ length: 60 }, (_, index) => `p-${String(index).padStart(3, '0')}`);
  for (const key of initial) await create(key, {}, token);
  let added = 0;
  const deleted = new Set<string>();
  const { keys } = await everything({ limit: '7' }, token, async () => {
    added += 1;
    if (added < 6) await create(`new-${added}`, {}, token);
    const victim = random.pick(initial);
    if (deleted.has(victim)) return;
    deleted.add(victim);
    await api.call('deleteSource', { params: { idOrKey: victim }, token });
  });
  expect(new Set(keys).size).toBe(keys.length);
  const stable = initial.filter((key) => !deleted.has(key));
  expect(keys.filter((key) => stable.includes(key))).toEqual(stable);
  expect(keys.slice(-1)[0]).toMatch(/^new-/);
});

it('counts all sources without filters and the matches with them', async () => {
  const token = await api.tokenOf('admin', { tenant: 'counting' });
  for (let index = 0; index < 23; index++)
    await create(
      `c-${index}`,
      {
        tags: index % 2 === 0 ? ['even'] : ['odd'],
        collection: index < 5 ? 'first' : null,
        status: 'draft',
        description: index === 11 ? 'The Needle' : '',
      },
      token,
    );
  const all = await everything({ limit: '10' }, token);
  expect(all.totals).toEqual([23, 23, 23]);
  const even = await everything({ limit: '5', tag: 'even' }, token);
  expect(even.keys).toHaveLength(12);
  expect(even.totals).toEqual([12, 12, 12]);
  expect((await everything({ collection: 'first' }, token)).keys).toHaveLength(5);
  expect((await everything({ search: 'needle' }, token)).keys).toEqual(['c-11']);
  expect((await everything({ status: 'active' }, token)).totals).toEqual([0]);
  expect((await everything({ health: 'never_synced', limit: '200' }, token)).totals).toEqual([23]);
  expect((await everything({ connector: 'postgres' }, token)).totals).toEqual([0]);
});

it('filters by the health that follows from the lock', async () => {
  const token = await api.tokenOf('admin', { tenant: 'healthy' });
  const { id } = await create('h-1', {}, token);
  await create('h-2', {}, token);
  await requestRun(
    { table: api.table, executions: api.executions, now: () => new Date() },
    {
      tenant: 'healthy',
      sourceId: id,
      connector: 'postgres',
      request: { kind: 'clear' },
      trigger: 'api',
      requestedBy: 'tests',
      whenBusy: 'reject',
    },
  );
  expect((await everything({ health: 'processing' }, token)).keys).toEqual(['h-1']);
  expect((await everything({ health: 'never_synced' }, token)).keys).toEqual(['h-2']);
});

it('leaves configuration out of lists', async () => {
  await create('no-config', { connector: '', config: { host: 'h' } });
  const { body } = await api.call('listSources', { query: { limit: '200' } });
  for (const source of body.data) expect(source).not.toHaveProperty('config');
});

it.each([
  ['0', 'limit', { limit: '0' }],
  ['201', 'limit', { limit: '201' }],
  ['no number', 'limit', { limit: 'ten' }],
  ['a fraction', 'limit', { limit: '1.5' }],
  ['a cursor that is none', 'cursor', { cursor: 'abc' }],
  ['a cursor of another list', 'cursor', { cursor: encodeCursor('runs', {}, { before: 'x' }) }],
  [
    'a cursor with a forged position',
    'cursor',
    { cursor: encodeCursor('sources', {}, { after: '../x', total: 1 }) },
  ],
  ['an unknown parameter', 'sort', { sort: 'name' }],
  ['an unknown status', 'status', { status: 'asleep' }],
])('answers 400 for %s as %s', async (_, name, query) => {
  expect(await api.call('listSources', { query })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: `#/${name}` }] },
  });
});

it('refuses a cursor that was made with other filters', async () => {
  for (let index = 0; index < 3; index++) await create(`f-${index}`, { tags: ['f'] });
  const { body } = await api.call('listSources', { query: { limit: '1', tag: 'f' } });
  const cursor = body.pagination.nextCursor;
  expect(await api.call('listSources', { query: { cursor, tag: 'g' } })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '#/cursor' }] },
  });
});

it('reaches nobody else’s sources with another tenant’s cursor', async () => {
  const [a, b] = [
    await api.tokenOf('admin', { tenant: 'cursor-a' }),
    await api.tokenOf('admin', { tenant: 'cursor-b' }),
  ];
  for (const key of ['a-1', 'a-2', 'a-3']) await create(key, {}, a);
  await create('b-1', {}, b);
  const { body } = await api.call('listSources', { query: { limit: '1' }, token: a });
  const foreign = await api.call('listSources', {
    query: { cursor: body.pagination.nextCursor },
    token: b,
  });
  const keys = foreign.body.data.map((source: { key: string }) => source.key);
  expect(keys).toEqual(['b-1']);
});

it('pages through schedules', async () => {
  const token = await api.tokenOf('admin', { tenant: 'schedules' });
  for (let index = 0; index < 5; index++) {
    const schedule = { cron: `${index} * * * *`, timezone: 'UTC' };
    await create(`s-${index}`, index % 2 === 0 ? { schedule } : {}, token);
  }
  const first = await api.call('listSchedules', { query: { limit: '2' }, token });
  expect(first.body.data.map((entry: { sourceKey: string }) => entry.sourceKey)).toEqual([
    's-0',
    's-2',
  ]);
  const second = await api.call('listSchedules', {
    query: { limit: '2', cursor: first.body.pagination.nextCursor },
    token,
  });
  expect(second.body).toMatchObject({
    data: [{ sourceKey: 's-4' }],
    pagination: { hasMore: false },
  });
});
