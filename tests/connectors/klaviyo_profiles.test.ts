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
});

describe('Klaviyo profiles', () => {
  it('puts a profile’s attributes side by side, and keeps what Klaviyo adds later', async () => {
    const { id } = klaviyo.create({
      email: 'ada@example.com',
      location: { city: 'London', latitude: '51.5' },
      properties: { 'Favourite.colour': 'red', vip: true },
      loyalty_tier: 'gold',
    });
    const { rows } = await readAll(connector, context(), stream);
    const row = rows.find((each) => each['id'] === id);
    expect(row).toMatchObject({
      email: 'ada@example.com',
      location: '{"city":"London","latitude":"51.5"}',
      properties: '{"Favourite.colour":"red","vip":true}',
      other_fields: '{"loyalty_tier":"gold"}',
    });
    expect(JSON.parse(String(row?.['subscriptions']))).toMatchObject({
      email: { marketing: { consent: 'NEVER_SUBSCRIBED' } },
    });
    const [described] = await connector.discover(context());
    expect(described?.columns?.find(({ name }) => name === 'updated')?.type).toBe('timestamptz');
  });

  it('takes in a change of the window’s very first second, although the filter is strict', async () => {
    klaviyo.clock.advance(3_600_000);
    const [first, second, third] = klaviyo.profiles();
    klaviyo.update(first!.id, { title: 'before' });
    klaviyo.clock.advance(1000);
    const from = new Date(Math.floor(klaviyo.clock.now().getTime() / 1000) * 1000).toISOString();
    klaviyo.update(second!.id, { title: 'first second' });
    klaviyo.clock.advance(1000);
    const to = new Date(Math.floor(klaviyo.clock.now().getTime() / 1000) * 1000).toISOString();
    klaviyo.update(third!.id, { title: 'too late' });
    klaviyo.clock.advance(3_600_000);
    const { rows } = await readAll(connector, context(), { ...stream, window: { from, to } });
    expect(rows.map(({ id }) => id)).toEqual([second!.id]);
  });

  it('sees a change once, when it is a minute old', async () => {
    klaviyo.clock.advance(3_600_000);
    const { checkpoint } = await readAll(connector, context(), stream);
    const [first] = klaviyo.profiles();
    klaviyo.update(first!.id, { title: 'Changed' });
    const early = await readAll(connector, context(), stream, checkpoint);
    expect(early.rows).toEqual([]);
    klaviyo.clock.advance(90_000);
    const late = await readAll(connector, context(), stream, early.checkpoint);
    expect(late.rows.map(({ id, title }) => [id, title])).toEqual([[first!.id, 'Changed']]);
    klaviyo.clock.advance(30_000);
    expect((await readAll(connector, context(), stream, late.checkpoint)).rows).toEqual([]);
  });

  it('loses nothing when profiles change and places are lost while pages are read', async () => {
    const { checkpoint } = await readAll(connector, context(), stream);
    klaviyo.clock.advance(3_600_000);
    const changed = klaviyo.profiles().slice(0, 350);
    // Those that come last by their ids change first.
    for (const { id } of changed.slice(175)) klaviyo.update(id, { title: 'Again' });
    klaviyo.clock.advance(600_000);
    for (const { id } of changed.slice(0, 175)) klaviyo.update(id, { title: 'Again' });
    klaviyo.clock.advance(3_600_000);
    let pages = 0;
    const read = await readAll(connector, context(), stream, checkpoint, () => {
      pages += 1;
      if (pages === 1)
        for (const { id } of changed.slice(300)) klaviyo.update(id, { title: 'Moved' });
      if (pages === 2) klaviyo.losePlaces();
    });
    expect(pages).toBeGreaterThanOrEqual(3);
    klaviyo.clock.advance(3_600_000);
    const later = await readAll(connector, context(), stream, read.checkpoint);
    const ids = new Set([...read.rows, ...later.rows].map(({ id }) => id));
    for (const { id } of changed) expect(ids).toContain(id);
    expect(later.rows.map(({ title }) => title)).toEqual(Array.from({ length: 50 }, () => 'Moved'));
  });

  it('takes its key to no address but Klaviyo’s', async () => {
    klaviyo.leadTo('https://evil.example');
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      code: 'source_answer_invalid',
      message: expect.stringContaining('elsewhere'),
    });
    klaviyo.leadTo('https://a.klaviyo.com');
  });

  it('reads with OAuth, and renews a token that is refused', async () => {
    const oauth = context({
      credentials: klaviyo.oauthCredentials,
      accessToken: tokens.accessToken(),
    });
    let pages = 0;
    const { rows } = await readAll(connector, oauth, stream, null, () => {
      pages += 1;
      if (pages === 1) klaviyo.oauth.expireAll();
    });
    expect(new Set(rows.map(({ id }) => id)).size).toBe(klaviyo.profiles().length);
    expect(klaviyo.oauth.issued.length).toBe(2);
  });

  it('says that a retired revision needs a newer Headgate', async () => {
    klaviyo.fail({ kind: 'status', status: 410 }, 1, '/api/profiles');
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      message: expect.stringContaining('Headgate needs an update'),
    });
  });
});
