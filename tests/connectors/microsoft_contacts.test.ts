import { describe, expect, it } from 'vitest';
import microsoftContacts from '../../connectors/microsoft_contacts.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { startMicrosoft } from '../simulators/microsoft.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { connectionEnded, describeRestConnector } from './restConformance.ts';
import { readAll, restContext } from './restExample.ts';

const microsoft = await startMicrosoft();
const tokens = await openAccessTokens(microsoft);

const connector = microsoftContacts as Connector;
const { credentials, appCredentials, mailbox } = microsoft;
const config = { mailbox };
const stream = { name: 'contacts', primaryKey: ['id'] };
const context = () =>
  restContext(connector, microsoft, { config, credentials, accessToken: tokens.accessToken() });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['displayName']} ${row['email'] ?? ''}`;
const told = (folder = ''): readonly string[] =>
  microsoft.contacts(folder).map(({ id, name, email }) => `${id} ${name} ${email ?? ''}`);

microsoft.limitPages(70, 4);
for (let index = 0; index < 200; index += 1)
  microsoft.create(`Person ${index}`, index % 3 === 0 ? undefined : `person${index}@example.com`);

describeRestConnector({
  connector,
  simulator: microsoft,
  config,
  credentials,
  tokens,
  stream,
  identify,
  expected: told,
  path: '/delta',
  also: [
    {
      title: 'as the app itself',
      credentials: appCredentials,
      refusals: [
        {
          title: 'a secret that is wrong',
          credentials: { clientSecret: 'canary~secret.wrong' },
          code: 'invalid_credentials',
          says: /client/i,
        },
      ],
    },
  ],
  add: async () => {
    const before = new Set(told());
    for (let index = 0; index < 160; index += 1) microsoft.create(`Late ${index}`);
    return told().filter((each) => !before.has(each));
  },
  remove: () => {
    const gone = microsoft.contacts().slice(3, 9);
    for (const { id } of gone) microsoft.remove(id);
    return gone.map(({ id }) => id);
  },
  refusals: [
    {
      title: 'a scope that was not agreed to',
      answer: {
        status: 403,
        body: { error: { code: 'ErrorAccessDenied', message: 'Access is denied.' } },
      },
      path: '/v1.0/',
      code: 'source_forbidden',
      says: /Contacts\.Read/,
    },
    connectionEnded('0.canary-ended'),
    {
      title: 'a mailbox that is not there',
      config: { mailbox: 'nobody@example.com' },
      code: 'source_not_found',
      says: /user principal name/,
    },
  ],
  leadElsewhere: {
    mailbox: ['me/messages', '../users', 'a@b/../c', 'a@example.com?x=1', ''],
  },
  recorded: [
    {
      file: 'msgraph__contacts_delta.SYNTHETIC',
      ask: async () => {
        microsoft.limitPages(70);
        const page = await microsoft.ask(`/v1.0/users/${mailbox}/contacts/delta`);
        microsoft.limitPages(70, 4);
        return page;
      },
      at: 'value',
    },
  ],
  changes: {
    ids: () => microsoft.contacts().map(({ id }) => id),
    mark: microsoft.update,
    field: 'displayName',
    atOnce: true,
  },
  forgets: microsoft.forgetTokens,
  signIn: { oauth: microsoft.oauth, oauthCredentials: credentials },
});

describe('Microsoft contacts', () => {
  it('tells of a contact that went while the first read was under way', async () => {
    const [, , , first] = microsoft.contacts();
    let pages = 0;
    const { rows, tombstones } = await readAll(connector, context(), stream, null, () => {
      pages += 1;
      // Of two pages one may be empty.
      if (pages === 2) microsoft.remove(first!.id);
    });
    expect(pages).toBeGreaterThan(2);
    expect(rows.map(({ id }) => id)).toContain(first!.id);
    expect(tombstones.map(({ id }) => id)).toEqual([first!.id]);
  });

  it('offers each folder as a stream; a contact that is moved goes from one to the other', async () => {
    const family = microsoft.addFolder('Family');
    const inner = microsoft.addFolder('Cousins', family);
    const twin = microsoft.addFolder('Family');
    const names = (await connector.discover(context())).map(({ name }) => name);
    expect(names).toEqual([
      'contacts',
      'contacts Cousins',
      'contacts Family',
      `contacts Family ${twin}`,
    ]);
    const cousins = { ...stream, name: 'contacts Cousins' };
    const before = await readAll(connector, context(), stream);
    expect(before.tombstones).toEqual([]);
    const beforeInner = await readAll(connector, context(), cousins);
    expect(beforeInner.rows).toEqual([]);
    const [moved] = microsoft.contacts();
    microsoft.move(moved!.id, inner);
    const left = await readAll(connector, context(), stream, before.checkpoint);
    expect([left.rows, left.tombstones.map(({ id }) => id)]).toEqual([[], [moved!.id]]);
    const arrived = await readAll(connector, context(), cousins, beforeInner.checkpoint);
    expect(arrived.rows.map(identify)).toEqual(told(inner));
    expect(told(inner)).toHaveLength(1);
  });

  it('says that its delta token has expired in the middle of a round, too', async () => {
    await expect(
      readAll(connector, context(), stream, null, () => microsoft.forgetTokens()),
    ).rejects.toMatchObject({ code: 'cursor_expired' });
  });

  it('follows no address but those of Microsoft Graph', async () => {
    const evil = 'https://graph.microsoft.com.evil.example/v1.0/users/x/contacts/delta';
    microsoft.fail(
      { kind: 'changed', change: (body) => ({ ...(body as object), '@odata.nextLink': evil }) },
      1,
      '/delta',
    );
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      code: 'source_answer_invalid',
      message: expect.stringContaining('elsewhere'),
    });
  });

  it('tells a missing permission from a person without a mailbox', async () => {
    for (const [status, code, expected] of [
      [403, 'ErrorAccessDenied', 'source_forbidden'],
      [404, 'MailboxNotEnabledForRESTAPI', 'source_not_found'],
    ] as const) {
      microsoft.refuseWith(status, code);
      expect(await connector.check(context())).toMatchObject({ ok: false, code: expected });
    }
    microsoft.refuseWith(null);
  });
});
