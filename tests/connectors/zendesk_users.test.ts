import { describe, expect, it } from 'vitest';
import zendeskUsers from '../../connectors/zendesk_users.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startZendesk, type ZendeskUser, zendeskAdmin } from '../simulators/zendesk.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { describeRestConnector } from './restConformance.ts';
import { readAll, restContext } from './restExample.ts';

const zendesk = await startZendesk();
const tokens = await openAccessTokens(zendesk);

const connector = zendeskUsers as Connector;
const config = { subdomain: 'acme' };
const credentials = { email: zendeskAdmin, apiToken: zendesk.apiToken };
const { refreshToken: _, ...clientCredentials } = zendesk.oauthCredentials;
const stream = { name: 'users', primaryKey: ['id'], cursorField: 'updated_at' };
const context = (over: object = {}) =>
  restContext(connector, zendesk, { config, credentials, ...over });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['email']} ${row['updated_at']} ${row['user_fields_plan_level'] ?? ''}`;
const told = (user: ZendeskUser): string =>
  identify({ ...user, user_fields_plan_level: user.user_fields['plan_level'] });

zendesk.define('plan_level', 'integer');
zendesk.define('joined_on', 'date');
zendesk.define('is_vip', 'checkbox');
zendesk.define('score', 'decimal');
zendesk.define('topics', 'multiselect');
zendesk.limitPages(100);
for (let index = 0; index < 250; index += 1) {
  zendesk.create({ email: `user${index}@example.com`, user_fields: { plan_level: index } });
  if (index % 4 === 0) zendesk.clock.advance(1500);
}
zendesk.clock.advance(3_600_000);

for (let index = 0; index < 230; index += 1) zendesk.define(`many_${index}`, 'text');

describeRestConnector({
  connector,
  simulator: zendesk,
  config,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => zendesk.users().map(told),
  path: '/users/cursor',
  also: [
    {
      title: 'as an OAuth client',
      credentials: clientCredentials,
      refusals: [
        {
          title: 'an OAuth client that was deleted',
          credentials: { clientSecret: 'zendesk-secret-canary-wrong' },
          code: 'invalid_credentials',
          says: /Connect again/,
        },
      ],
    },
  ],
  add: async () => {
    // One moment for all: an import.
    const added = Array.from({ length: 230 }, (_, index) =>
      zendesk.create({ email: `late${index}@example.com` }),
    );
    zendesk.clock.advance(3_600_000);
    return added.map(told);
  },
  remove: () => {
    const gone = zendesk.users().slice(3, 9);
    for (const { id } of gone) zendesk.remove(id);
    zendesk.clock.advance(90_000);
    return gone.map(({ id }) => String(id));
  },
  refusals: [
    {
      title: 'a user who is no admin',
      answer: {
        status: 403,
        body: { error: 'Forbidden', description: 'You do not have access.' },
      },
      path: '/api/v2',
      code: 'source_forbidden',
      says: /needs an admin/,
    },
    {
      title: 'a help desk that is not there',
      answer: { status: 404, body: { error: 'RecordNotFound', description: 'Not found' } },
      path: '/api/v2',
      code: 'source_not_found',
      says: /subdomain/,
    },
  ],
  leadElsewhere: {
    subdomain: ['acme.evil', 'acme/', 'a@b', 'evil.example/#', 'ACME', '-a', ''],
  },
  recorded: [
    {
      file: 'zendesk__user',
      ask: '/api/v2/incremental/users/cursor?start_time=0',
      at: 'user',
      simulatedAt: 'users.0',
      except: ['user_fields'],
    },
    { file: 'zendesk__user_fields', ask: '/api/v2/user_fields' },
  ],
  ownFields: {
    make: () => {
      const { id } = zendesk.create({
        user_fields: { joined_on: '2020-08-19T00:00:00+00:00', is_vip: true, topics: ['a', 'b'] },
        tags: ['vip'],
        chat_only: true,
      });
      zendesk.clock.advance(120_000);
      return id;
    },
    types: {
      id: 'long',
      user_fields_plan_level: 'long',
      user_fields_joined_on: 'timestamptz',
      user_fields_is_vip: 'boolean',
      user_fields_score: 'double',
      user_fields_topics: 'string',
      user_fields_many_229: 'string',
    },
    row: {
      user_fields_joined_on: '2020-08-19T00:00:00+00:00',
      user_fields_is_vip: true,
      user_fields_topics: '["a","b"]',
      tags: '["vip"]',
      other_fields: '{"chat_only":true}',
    },
  },
  changes: {
    ids: () => zendesk.users().map(({ id }) => id),
    mark: (id: number, notes) => zendesk.update(id, { notes }),
    field: 'notes',
  },
  forgets: zendesk.forgetCursors,
  waits: {
    title: 'waits until the limit begins anew when Zendesk names no other time',
    seconds: 41,
    headers: () => ({ 'ratelimit-reset': '41' }),
  },
  signIn: zendesk,
});

describe('Zendesk users', () => {
  it('tells refused credentials, an agent who is no admin, and a wrong subdomain apart', async () => {
    const check = (apiToken: string) =>
      connector.check(context({ credentials: { email: zendeskAdmin, apiToken } }));
    expect(await check('zendesk-canary-wrong')).toMatchObject({
      ok: false,
      code: 'invalid_credentials',
      message: expect.stringContaining('Admin Center'),
    });
    expect(await check(zendesk.agentToken)).toMatchObject({
      ok: false,
      code: 'source_forbidden',
      message: expect.stringContaining('admin'),
    });
    zendesk.fail({ kind: 'html', status: 404 }, 1);
    expect(await check(zendesk.apiToken)).toMatchObject({
      ok: false,
      code: 'source_not_found',
      message: expect.stringContaining('subdomain'),
    });
  });

  it('sees changes a minute late, deleted and merged users, and what changes without updated_at', async () => {
    zendesk.clock.advance(600_000);
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first, second, third, fourth, fifth] = zendesk.users();
    zendesk.update(first!.id, { email: 'changed@example.com' });
    zendesk.remove(second!.id);
    zendesk.merge(third!.id, fourth!.id);
    zendesk.signIn(fifth!.id);
    const early = await readAll(connector, context(), stream, checkpoint);
    expect([early.rows, early.tombstones]).toEqual([[], []]);
    zendesk.clock.advance(90_000);
    const late = await readAll(connector, context(), stream, early.checkpoint);
    expect(late.rows.map(({ id }) => id)).toEqual([first!.id, third!.id, fifth!.id]);
    expect(late.rows[0]).toMatchObject({ email: 'changed@example.com' });
    expect(late.rows[2]?.['last_login_at']).toBeDefined();
    expect(late.tombstones.map(({ id }) => id)).toEqual([second!.id, fourth!.id]);
    const again = await readAll(connector, context(), stream, late.checkpoint);
    expect([again.rows, again.tombstones]).toEqual([[], []]);
  });

  it('delivers the last state of a user who changes while pages are read', async () => {
    const victim = zendesk.users()[20]!.id;
    zendesk.clock.advance(120_000);
    let pages = 0;
    const { rows } = await readAll(connector, context(), stream, null, () => {
      pages += 1;
      if (pages !== 1) return;
      zendesk.update(victim, { email: 'moved@example.com' });
      zendesk.clock.advance(120_000);
    });
    const states = rows.filter(({ id }) => id === victim);
    expect(states.length).toBe(2);
    expect(states.at(-1)).toMatchObject({ email: 'moved@example.com' });
    expect(new Set(rows.map(({ id }) => id)).size).toBe(zendesk.users().length);
  });

  it('goes on from its cursor when an answer without users has none, and sends no start with it', async () => {
    const { checkpoint } = await readAll(connector, context(), stream);
    zendesk.hideEmptyCursors();
    const nothing = await readAll(connector, context(), stream, checkpoint);
    expect(nothing.checkpoint).toEqual(checkpoint);
    zendesk.update(zendesk.users()[3]!.id, { email: 'after@example.com' });
    zendesk.clock.advance(120_000);
    const { rows } = await readAll(connector, context(), stream, nothing.checkpoint);
    expect(rows.map(({ email }) => email)).toEqual(['after@example.com']);
    const later = zendesk.requests.filter(({ query }) => query.has('cursor'));
    expect(later.length).toBeGreaterThan(20);
    expect(later.some(({ query }) => query.has('start_time'))).toBe(false);
  });
});
