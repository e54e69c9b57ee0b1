import { describe, expect, it } from 'vitest';
import hubspotContacts from '../../connectors/hubspot_contacts.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { type HubSpotContact, startHubSpot } from '../simulators/hubspot.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { connectionEnded, describeRestConnector } from './restConformance.ts';
import { alwaysThere, readAll, restContext } from './restExample.ts';

const hubspot = await startHubSpot(1_000);
const tokens = await openAccessTokens(hubspot);

const connector = hubspotContacts as Connector;
const credentials = { accessToken: hubspot.token };
const stream = { name: 'contacts', primaryKey: ['id'], cursorField: 'lastmodifieddate' };
const context = (over: object = {}) => restContext(connector, hubspot, { credentials, ...over });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  ['id', 'email', 'score', 'lastmodifieddate'].map((name) => row[name] ?? '').join(' ');
const told = ({ id, properties }: HubSpotContact): string => identify({ id, ...properties });

hubspot.define({ name: 'score', type: 'number', fieldType: 'number' });
hubspot.define({ name: 'birthday', type: 'date', fieldType: 'date' });
hubspot.define({ name: 'topics', type: 'enumeration', fieldType: 'checkbox' });
for (let index = 0; index < 250; index += 1) {
  hubspot.create({ email: `person${index}@example.com`, score: String(index) });
  if (index % 4 === 0) hubspot.clock.advance(1500);
}
hubspot.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: hubspot,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => hubspot.contacts().map(told),
  path: '/contacts',
  also: [
    {
      title: 'connected with OAuth',
      credentials: hubspot.oauthCredentials,
      refusals: [connectionEnded('hub-refresh-canary-ended')],
    },
  ],
  add: async () => {
    // One moment for all: a mass import.
    const added = Array.from({ length: 430 }, (_, index) =>
      hubspot.create({ email: `late${index}@example.com`, score: null }),
    );
    hubspot.clock.advance(3_600_000);
    return added.map(told);
  },
  remove: () => {
    const gone = hubspot.contacts().slice(3, 9);
    for (const { id } of gone) hubspot.archive(id);
    hubspot.clock.advance(600_000);
    return gone.map(({ id }) => id);
  },
  cannotBe: alwaysThere,
  refusals: [
    {
      title: 'a wrong token',
      credentials: { accessToken: 'pat-na1-canary-wrong' },
      code: 'invalid_credentials',
      says: /private app/,
    },
    {
      title: 'a token that is not formed like one',
      credentials: { accessToken: 'malformed-canary' },
      code: 'invalid_credentials',
      says: /private app/,
    },
    {
      title: 'an app without the scopes',
      credentials: { accessToken: hubspot.tokenWithoutScopes },
      code: 'source_forbidden',
      says: /crm\.objects\.contacts\.read/,
    },
  ],
  ownFields: {
    make: () =>
      hubspot.create({
        score: '12.5',
        birthday: '1990-02-03',
        topics: 'news;tips',
        hs_email_optout: '',
      }).id,
    types: {
      id: 'string',
      score: 'double',
      birthday: 'date',
      topics: 'string',
      lastmodifieddate: 'timestamptz',
      hs_email_optout: 'boolean',
    },
    row: { score: '12.5', birthday: '1990-02-03', topics: '["news","tips"]' },
    absent: ['hs_email_optout'],
  },
  changes: {
    ids: () => hubspot.contacts().map(({ id }) => id),
    mark: (id: string, email) => hubspot.update(id, { email }),
    field: 'email',
  },
  signIn: hubspot,
});

describe('HubSpot contacts', () => {
  it('sees changes although the search index is late, deletions in the bin, and merges', async () => {
    hubspot.clock.advance(600_000);
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first, second, third, fourth] = hubspot.contacts();
    hubspot.update(first!.id, { email: 'changed@example.com' });
    hubspot.archive(second!.id);
    hubspot.merge(first!.id, third!.id);
    // Not in the index yet, and too young for the window.
    const early = await readAll(connector, context(), stream, checkpoint);
    expect([early.rows, early.tombstones]).toEqual([[], []]);
    hubspot.clock.advance(90_000);
    const late = await readAll(connector, context(), stream, early.checkpoint);
    expect(late.rows.map(({ id, email }) => [id, email])).toEqual([
      [first!.id, 'changed@example.com'],
    ]);
    expect(late.tombstones.map(({ id }) => id).sort()).toEqual([second!.id, third!.id].sort());
    // The time of the deletion wins over that of the last change.
    const deleted = late.tombstones.find(({ id }) => id === second!.id);
    expect(Date.parse(String(deleted?.['lastmodifieddate']))).toBeGreaterThan(
      Date.parse(second!.updatedAt),
    );
    hubspot.clock.advance(120_000);
    hubspot.update(fourth!.id, { email: 'again@example.com' });
    hubspot.clock.advance(120_000);
    const next = await readAll(connector, context(), stream, late.checkpoint);
    expect([next.rows.map(({ id }) => id), next.tombstones]).toEqual([[fourth!.id], []]);
  });

  it('leaves the bin alone when told so, and says that it then finds no deletions', async () => {
    const quiet = context({ config: { readsRecycleBin: false } });
    const { checkpoint } = await readAll(connector, quiet, stream);
    const archived = hubspot.contacts()[5]!.id;
    hubspot.archive(archived);
    hubspot.clock.advance(600_000);
    const before = hubspot.requests.length;
    const { tombstones } = await readAll(connector, quiet, stream, checkpoint);
    expect(tombstones.map(({ id }) => id)).not.toContain(archived);
    expect(
      hubspot.requests.slice(before).some(({ query }) => query.get('archived') === 'true'),
    ).toBe(false);
    expect((await connector.discover(quiet))[0]?.deletes).toBe('none');
    expect((await connector.discover(context()))[0]?.deletes).toBe('tombstone');
  });

  it('reads more contacts than one search answers', async () => {
    const { checkpoint } = await readAll(connector, context(), { ...stream, columns: ['id'] });
    const many = Array.from({ length: 1_300 }, () => hubspot.create().id);
    hubspot.clock.advance(600_000);
    const { rows } = await readAll(
      connector,
      context(),
      { ...stream, columns: ['email'] },
      checkpoint,
    );
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(many));
    expect(rows.length).toBe(many.length);
    for (const id of many) hubspot.erase(id);
  });

  it('reads by id when there are more properties than an address holds', async () => {
    for (let index = 0; index < 400; index += 1)
      hubspot.define({ name: `a_rather_long_property_name_number_${index}`, type: 'string' });
    const { id } = hubspot.create({ a_rather_long_property_name_number_399: 'last' });
    hubspot.clock.advance(600_000);
    const { rows } = await readAll(connector, context(), stream);
    expect(rows.map(identify).sort()).toEqual(hubspot.contacts().map(told).sort());
    expect(rows.find((row) => row['id'] === id)).toMatchObject({
      a_rather_long_property_name_number_399: 'last',
    });
  });

  it('is parked when the daily quota is used up', async () => {
    hubspot.fail(
      { kind: 'status', status: 429, headers: { 'x-hubspot-ratelimit-daily-remaining': '0' } },
      1,
      '/contacts',
    );
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      name: expect.stringMatching(/ParkUntil|RetriableError/),
    });
    hubspot.forgive();
  });
});
