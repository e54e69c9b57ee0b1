import { describe, expect, it } from 'vitest';
import klaviyoProfiles from '../../connectors/klaviyo_profiles.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { type KlaviyoProfile, startKlaviyo } from '../simulators/klaviyo.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { describeRestConnector } from './restConformance.ts';
import { alwaysThere, readAll, restContext } from './restExample.ts';

const klaviyo = await startKlaviyo();
const tokens = await openAccessTokens(klaviyo);

const connector = klaviyoProfiles as Connector;
const credentials = { apiKey: klaviyo.key };
const stream = { name: 'profiles', primaryKey: ['id'], cursorField: 'updated' };
const context = (over: object = {}) => restContext(connector, klaviyo, { credentials, ...over });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['email']} ${row['updated']} ${row['properties']}`;
const told = (profile: KlaviyoProfile): string =>
  identify({ ...profile, properties: JSON.stringify(profile.properties) });

for (let index = 0; index < 250; index += 1) {
  klaviyo.create({
    email: `person${index}@example.com`,
    properties: { pseudonym: `Dr. ${index}`, nested: { list: [index] } },
  });
  if (index % 4 === 0) klaviyo.clock.advance(1500);
}
klaviyo.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: klaviyo,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => klaviyo.profiles().map(told),
  path: '/api/profiles',
  add: async () => {
    // One second for all: an import.
    const added = Array.from({ length: 430 }, (_, index) =>
      klaviyo.create({ email: `late${index}@example.com` }),
    );
    klaviyo.clock.advance(3_600_000);
    return added.map(told);
  },
  cannotBe: alwaysThere,
  refusals: [
    {
      title: 'a wrong key',
      credentials: { apiKey: 'pk_canary_wrong' },
      code: 'invalid_credentials',
      says: /private API key/,
    },
    {
      title: 'a key without the scope',
      credentials: { apiKey: klaviyo.keyWithoutScope },
      code: 'source_forbidden',
      says: /profiles:read/,
    },
  ],
  ownFields: {
    make: () =>
      klaviyo.create({
        email: 'ada@example.com',
        location: { city: 'London', latitude: '51.5' },
        properties: { 'Favourite.colour': 'red', vip: true },
        loyalty_tier: 'gold',
      }).id,
    types: { updated: 'timestamptz' },
    row: {
      email: 'ada@example.com',
      location: '{"city":"London","latitude":"51.5"}',
      properties: '{"Favourite.colour":"red","vip":true}',
      other_fields: '{"loyalty_tier":"gold"}',
      subscriptions: expect.stringMatching(
        /^\{"email":\{"marketing":\{.*"consent":"NEVER_SUBSCRIBED"/,
      ),
    },
  },
  changes: {
    ids: () => klaviyo.profiles().map(({ id }) => id),
    mark: (id: string, title) => klaviyo.update(id, { title }),
    field: 'title',
  },
  losePlaces: klaviyo.losePlaces,
  signIn: klaviyo,
});

describe('Klaviyo profiles', () => {
  it('takes its key to no address but Klaviyo’s', async () => {
    klaviyo.leadTo('https://evil.example');
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      code: 'source_answer_invalid',
      message: expect.stringContaining('elsewhere'),
    });
    klaviyo.leadTo('https://a.klaviyo.com');
  });

  it('says that a retired revision needs a newer Headgate', async () => {
    klaviyo.fail({ kind: 'status', status: 410 }, 1, '/api/profiles');
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      message: expect.stringContaining('Headgate needs an update'),
    });
  });
});
