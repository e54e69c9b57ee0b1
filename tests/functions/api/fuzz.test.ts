import { afterAll, beforeAll, expect, it } from 'vitest';
import { routes } from '../../../shared/api/routes.ts';
import { problem } from '../../../shared/api/schemas/problem.ts';
import { type Randomness, seeded } from '../../randomness.ts';
import { type ApiHarness, apiHarness } from './apiHarness.ts';

let api: ApiHarness;
beforeAll(async () => {
  api = await apiHarness();
});
afterAll(() => api[Symbol.asyncDispose]());

const strings = [
  '',
  ' ',
  'a',
  'x'.repeat(300),
  'x'.repeat(3000),
  '../../etc/passwd',
  '\u0000',
  '\ud800',
  '💥',
  "'; drop table sources;--",
  '{{7*7}}',
  '__proto__',
  'constructor',
  '0 2 * * *',
  '*/0 * * * *',
  '99999999999999999999 * * * *',
  'UTC',
  'America/New_York',
  'postgres',
  'csv_upload',
  'orders.csv',
  'a/b/../c.csv',
  'arn:aws:secretsmanager:us-east-1:000000000000:secret:headgate/test/default/x-abcdef',
  '2026-01-01',
  '-1',
  '9'.repeat(400),
  '%00',
  '%zz',
];
const numbers = [0, -1, 1, 1.5, 1e308, 5e-324, -0, 2 ** 53, 1e21];

function anything(random: Randomness, depth = 0): unknown {
  const kind = random.below(depth > 4 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.pick(numbers);
  if (kind < 5) return random.pick(strings);
  const size = random.below(4);
  if (kind === 5) return Array.from({ length: size }, () => anything(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: size }, () => [random.pick(strings), anything(random, depth + 1)]),
  );
}

/** Mostly right, with something wrong somewhere, so that it comes past the first check. */
function almost(random: Randomness, fields: readonly string[]): unknown {
  const body: Record<string, unknown> = {
    key: `fuzz-${random.below(1e9)}`,
    name: 'Fuzz',
    file: { name: 'orders.csv' },
  };
  for (let wrong = random.below(4); wrong >= 0; wrong--)
    body[random.chance(0.9) ? random.pick(fields) : random.pick(strings)] = anything(random);
  return body;
}

const fields = [
  ...'key name description tags collection connector config credentials secretRef fileFormat'.split(
    ' ',
  ),
  ...'namespace table syncMode primaryKey cursorField streams schedule contract status'.split(' '),
  ...'freshnessTargetSeconds rowVersion mode startDate endDate whenBusy triggerSync file'.split(
    ' ',
  ),
  ...'bytes contentType multipart replace role sources expiresAt'.split(' '),
];

const rawBodies = [
  '',
  'null',
  '[]',
  '"text"',
  '7',
  '{',
  '{"a":',
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
  '{"key":"a","key":"b","name":"n"}',
  '{"__proto__":{"role":"admin"},"key":"a","name":"n"}',
  '{"key":"\\ud800","name":"n"}',
  '{"name":"n","key":"k","config":{"":1}}',
  '{"name":"n","key":"k","config":{"n":1e400}}',
  `{"name":"n","key":"k","config":{"a":"${'x'.repeat(300_000)}"}}`,
  '\ufeff{}',
];

it('answers no request with a 500, and every refusal with a problem', async () => {
  const random = seeded('fuzz');
  const { body: known } = await api.call('createSource', { body: { key: 'known', name: 'Known' } });
  const ids = [known.id, 'known', ...strings];
  let answered = 0;
  for (let round = 0; round < 40; round++)
    for (const route of routes) {
      const names = Object.keys('params' in route ? route.params.shape : {});
      const params = Object.fromEntries(
        names.map((name) => [name, random.chance(0.5) ? 'known' : random.pick(ids)]),
      );
      const query = random.chance(0.7)
        ? {}
        : { [random.pick(['limit', 'cursor', 'verify', 'data', 'x'])]: random.pick(strings) };
      const body =
        route.method === 'GET'
          ? undefined
          : random.chance(0.15)
            ? random.pick(rawBodies)
            : random.chance(0.6)
              ? almost(random, fields)
              : anything(random);
      const result = await api.invoke(route, { params, query, body });
      answered += 1;
      const sent = JSON.stringify({ operation: route.operationId, params, query, body });
      expect(result.statusCode, `${sent} → ${result.body}`).not.toBe(500);
      if (result.statusCode >= 400) problem.parse(JSON.parse(result.body));
    }
  expect(answered).toBe(40 * routes.length);
});

it('answers a broken event and an unknown route as problems too', async () => {
  for (const event of [
    null,
    {},
    { routeKey: 'GET /nowhere', requestContext: { requestId: 'r' } },
  ]) {
    const result = await api.handlers.apiSources(event, {
      getRemainingTimeInMillis: () => 1000,
    } as never);
    expect([404, 500]).toContain(result.statusCode);
    problem.parse(JSON.parse(result.body));
  }
});

it('says nothing of an unknown error but its request id', async () => {
  const broken = { ...api.handlers };
  const original = api.home.table.client.send;
  api.home.table.client.send = () => {
    throw new Error('password=hunter2 at /var/task');
  };
  try {
    const route = api.routeOf('listSources');
    const result = await broken[route.function](
      {
        routeKey: 'GET /v1/sources',
        headers: {},
        requestContext: {
          requestId: 'request-7',
          authorizer: {
            lambda: { tenant: 'default', role: 'admin', tokenId: 't', sources: '' },
          },
        },
      },
      { getRemainingTimeInMillis: () => 1000 } as never,
    );
    expect(result.statusCode).toBe(500);
    expect(JSON.parse(result.body)).toEqual({
      type: 'about:blank',
      title: 'Headgate failed',
      status: 500,
      code: 'internal_error',
      requestId: 'request-7',
    });
  } finally {
    api.home.table.client.send = original;
  }
});
