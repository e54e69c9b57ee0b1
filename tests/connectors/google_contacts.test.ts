import { describe, expect, it } from 'vitest';
import googleContacts from '../../connectors/google_contacts.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startGoogle } from '../simulators/google.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { connectionEnded, describeRestConnector } from './restConformance.ts';
import { alwaysThere, expectHeldToDescription, readAll, restContext } from './restExample.ts';

const google = await startGoogle();
const tokens = await openAccessTokens(google);

const connector = googleContacts as Connector;
const { credentials } = google;
const stream = { name: 'contacts', primaryKey: ['resourceName'] };
const context = () =>
  restContext(connector, google, { credentials, accessToken: tokens.accessToken() });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['resourceName']} ${row['displayName']} ${row['email'] ?? ''}`;
const told = (): readonly string[] =>
  google.people().map(({ resourceName, name, email }) => `${resourceName} ${name} ${email ?? ''}`);

google.limitPages(100);
for (let index = 0; index < 250; index += 1)
  google.create(`Person ${index}`, index % 3 === 0 ? undefined : `person${index}@example.com`);

describeRestConnector({
  connector,
  simulator: google,
  credentials,
  tokens,
  stream,
  identify,
  expected: told,
  path: '/connections',
  leavesOutEmpty: true,
  add: async () => {
    const before = new Set(told());
    for (let index = 0; index < 230; index += 1) google.create(`Late ${index}`);
    return told().filter((each) => !before.has(each));
  },
  remove: () => {
    const gone = google.people().slice(3, 9);
    for (const { resourceName } of gone) google.remove(resourceName);
    return gone.map(({ resourceName }) => resourceName);
  },
  cannotBe: alwaysThere,
  refusals: [
    {
      title: 'a scope that was not agreed to',
      answer: {
        status: 403,
        body: {
          error: {
            code: 403,
            status: 'PERMISSION_DENIED',
            message: 'Request had insufficient authentication scopes.',
            details: [{ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' }],
          },
        },
      },
      path: '/v1/people',
      code: 'source_forbidden',
      says: /contacts\.readonly/,
    },
    connectionEnded('1//canary-ended'),
  ],
  recorded: [
    {
      file: 'google_people__connections.SYNTHETIC',
      ask: '/v1/people/me/connections?requestSyncToken=true',
      at: 'connections',
    },
  ],
  changes: {
    ids: () => google.people().map(({ resourceName }) => resourceName),
    mark: google.update,
    field: 'displayName',
    atOnce: true,
  },
  losePlaces: google.losePlaces,
  waits: {
    title: 'waits half a minute for a quota whose end Google does not tell',
    seconds: 60,
    times: 2,
  },
});

describe('Google contacts', () => {
  it('reads what changed since its token, what was deleted, and what lives on under another name', async () => {
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first, second, third] = google.people();
    google.update(first!.resourceName, 'Ada Changed');
    google.remove(second!.resourceName);
    const next = google.rename(third!.resourceName);
    const changes = await readAll(connector, context(), stream, checkpoint);
    expect(
      changes.rows.map(({ resourceName, displayName }) => [resourceName, displayName]),
    ).toEqual([
      [first!.resourceName, 'Ada Changed'],
      [next, third!.name],
    ]);
    expect(changes.tombstones.map(({ resourceName }) => resourceName).sort()).toEqual(
      [second!.resourceName, third!.resourceName].sort(),
    );
    const again = await readAll(connector, context(), stream, changes.checkpoint);
    expect([again.rows, again.tombstones]).toEqual([[], []]);
  });

  it('takes the last of several changes of one contact', async () => {
    const resourceName = google.create('Twice Once');
    const { checkpoint } = await readAll(connector, context(), stream);
    google.update(resourceName, 'Twice Changed');
    google.fail(
      {
        kind: 'changed',
        change: (body) => {
          const { connections, ...rest } = body as { connections: { names: object[] }[] };
          const [only] = connections;
          const older = { ...only!, names: [{ displayName: 'Twice Older' }] };
          return { ...rest, connections: [older, only] } as never;
        },
      },
      1,
      '/connections',
    );
    const { rows } = await readAll(connector, context(), stream, checkpoint);
    expect(rows.map(({ displayName }) => displayName)).toEqual(['Twice Changed']);
  });

  it('says that changes are gone a week after the whole read, and what to do', async () => {
    const { checkpoint } = await readAll(connector, context(), stream);
    google.clock.advance(6 * 86_400_000);
    const later = await readAll(connector, context(), stream, checkpoint);
    google.clock.advance(2 * 86_400_000);
    await expect(readAll(connector, context(), stream, later.checkpoint)).rejects.toMatchObject({
      code: 'cursor_expired',
      message: expect.stringContaining('full refresh'),
    });
  });

  it('reads an account without contacts as empty', async () => {
    const empty = await startGoogle(google.clock);
    const { rows, checkpoint } = await readAll(
      connector,
      restContext(connector, empty, {
        credentials,
        accessToken: async () => {
          const response = await empty.fetchWith()('https://oauth2.googleapis.com/token', {
            method: 'POST',
            body: new URLSearchParams({
              grant_type: 'refresh_token',
              client_id: empty.credentials['clientId'] ?? '',
              client_secret: empty.credentials['clientSecret'] ?? '',
              refresh_token: empty.credentials['refreshToken'] ?? '',
            }),
          });
          const { access_token } = (await response.json()) as { access_token: string };
          return { token: access_token, answer: {} };
        },
      }),
      stream,
    );
    expect(rows).toEqual([]);
    expect(checkpoint).toMatchObject({ sweep: null, since: expect.any(String) });
    expectHeldToDescription(empty);
    await empty[Symbol.asyncDispose]();
  });

  it('tells which permission is missing', async () => {
    for (const [reason, says] of [
      ['SERVICE_DISABLED', 'People API'],
      ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'contacts.readonly'],
    ] as const) {
      google.refuseWith(reason);
      expect(await connector.check(context())).toMatchObject({
        ok: false,
        code: 'source_forbidden',
        message: expect.stringContaining(says),
      });
    }
    google.refuseWith(null);
  });
});
