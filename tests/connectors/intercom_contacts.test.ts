import { describe, expect, it } from 'vitest';
import intercomContacts from '../../connectors/intercom_contacts.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { type IntercomContact, startIntercom } from '../simulators/intercom.ts';
import { describeRestConnector } from './restConformance.ts';
import { alwaysThere, expectHeldToDescription, readAll, restContext } from './restExample.ts';

const intercom = await startIntercom();

const connector = intercomContacts as Connector;
const credentials = { accessToken: intercom.token };
const stream = { name: 'contacts', primaryKey: ['id'], cursorField: 'updated_at' };
const context = (over: object = {}) => restContext(connector, intercom, { credentials, ...over });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['email']} ${row['updated_at']} ${row['custom_attributes_plan'] ?? ''}`;
const told = (contact: IntercomContact): string =>
  identify({
    ...contact,
    updated_at: new Date(contact.updated_at * 1000).toISOString(),
    custom_attributes_plan: contact.custom_attributes['plan'],
  });

intercom.define('plan', 'string');
intercom.define('paid_since', 'date');
intercom.define('Seats used', 'integer');
intercom.define('is_vip', 'boolean');
intercom.define('score', 'float');
intercom.limitPages(100);
for (let index = 0; index < 250; index += 1) {
  intercom.create({
    email: `person${index}@example.com`,
    custom_attributes: { plan: `p${index}` },
  });
  if (index % 4 === 0) intercom.clock.advance(1500);
}
intercom.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: intercom,
  credentials,
  stream,
  identify,
  expected: () => intercom.contacts().map(told),
  path: '/contacts',
  add: async () => {
    // One second for all: an import.
    const added = Array.from({ length: 430 }, (_, index) =>
      intercom.create({ email: `late${index}@example.com` }),
    );
    intercom.clock.advance(3_600_000);
    return added.map(told);
  },
  cannotBe: alwaysThere,
  refusals: [
    {
      title: 'a wrong token',
      credentials: { accessToken: 'dG9rOmNhbmFyeQ==wrong' },
      code: 'invalid_credentials',
      says: /region/,
    },
    {
      title: 'an app without the permission',
      credentials: { accessToken: intercom.tokenWithoutPermission },
      code: 'source_forbidden',
      says: /permission to read/,
    },
  ],
  leadElsewhere: {
    host: ['api.intercom.io.evil.example', 'evil.example', 'api.us.intercom.io'],
  },
  recorded: [
    {
      file: 'intercom__contacts_list',
      ask: '/contacts',
      at: 'data.0',
      except: ['custom_attributes'],
    },
    { file: 'intercom__contacts_list', ask: '/contacts', except: ['data', 'pages'] },
    { file: 'intercom__data_attributes', ask: '/data_attributes' },
  ],
  ownFields: {
    make: () =>
      intercom.create({
        email: 'ada@example.com',
        custom_attributes: { paid_since: 1_577_869_200, 'Seats used': 12, is_vip: true },
        new_field: 'new',
      }).id,
    types: {
      id: 'string',
      updated_at: 'timestamptz',
      owner_id: 'long',
      custom_attributes_plan: 'string',
      custom_attributes_paid_since: 'timestamptz',
      'custom_attributes_Seats used': 'long',
      custom_attributes_is_vip: 'boolean',
      custom_attributes_score: 'double',
    },
    row: {
      custom_attributes_paid_since: '2020-01-01T09:00:00.000Z',
      'custom_attributes_Seats used': 12,
      custom_attributes_is_vip: true,
      other_fields: '{"new_field":"new"}',
    },
  },
  changes: {
    ids: () => intercom.contacts().map(({ id }) => id),
    mark: (id: string, name) => intercom.update(id, { name }),
    field: 'name',
  },
  losePlaces: intercom.losePlaces,
  waits: {
    title: 'waits until the slice of ten seconds ends that Intercom names',
    seconds: 9,
    headers: (now) => ({ 'x-ratelimit-reset': String(now + 9) }),
  },
});

describe('Intercom contacts', () => {
  it('dials the region that was chosen, and no other host', async () => {
    const { rows } = await readAll(
      connector,
      context({ config: { host: 'api.eu.intercom.io' } }),
      stream,
    );
    expect(rows.length).toBe(intercom.contacts().length);
    expect(
      await connector.check(context({ config: { host: 'api.au.intercom.io' } })),
      'an origin that the simulator does not have',
    ).toMatchObject({ ok: false });
  });

  // West, east, and half an hour beside whole zones; daylight saving ends in two of them meanwhile.
  for (const timeZone of [
    'UTC',
    'America/Los_Angeles',
    'Pacific/Kiritimati',
    'Australia/Lord_Howe',
  ])
    it(`sees every change once, at whatever hour, of a workspace in ${timeZone}`, async () => {
      const simulator = await startIntercom();
      await using _closed = simulator;
      simulator.clock.advance(Date.parse('2026-10-25T00:00:00Z') - simulator.clock.now().getTime());
      simulator.moveTo(timeZone);
      const ids = Array.from({ length: 30 }, () => simulator.create().id);
      // Beyond what the first incremental read looks back on.
      simulator.clock.advance(3_600_000);
      const there = restContext(connector, simulator, { credentials });
      let { checkpoint } = await readAll(connector, there, stream);
      const seen: unknown[] = [];
      for (const [index, id] of ids.entries()) {
        simulator.clock.advance(7 * 3_600_000 + index * 60_000);
        simulator.update(id, { name: `Name ${index}` });
        // Some reads come before the window reaches the change.
        if (index % 3 === 0) simulator.clock.advance(120_000);
        const read = await readAll(connector, there, stream, checkpoint);
        seen.push(...read.rows.map((row) => row['id']));
        ({ checkpoint } = read);
      }
      simulator.clock.advance(120_000);
      seen.push(
        ...(await readAll(connector, there, stream, checkpoint)).rows.map((row) => row['id']),
      );
      expect(seen).toEqual(ids);
      expectHeldToDescription(simulator);
    });

  it('sees a change in the hour that is repeated when the clocks are put back', async () => {
    const simulator = await startIntercom();
    await using _closed = simulator;
    // The 1st of November has 25 hours there, and ends at 08:00 UTC of the 2nd.
    simulator.moveTo('America/Los_Angeles');
    const { id } = simulator.create();
    const goTo = (time: string): void =>
      simulator.clock.advance(Date.parse(time) - simulator.clock.now().getTime());
    goTo('2026-11-02T07:26:00Z');
    const there = restContext(connector, simulator, { credentials });
    const { checkpoint } = await readAll(connector, there, stream);
    goTo('2026-11-02T07:30:00Z');
    simulator.update(id, { name: 'Changed' });
    goTo('2026-11-02T07:40:00Z');
    const { rows } = await readAll(connector, there, stream, checkpoint);
    expect(rows.map(({ name }) => name)).toEqual(['Changed']);
  });

  it('finds a new contact that the search shows minutes late', async () => {
    intercom.clock.advance(3_600_000);
    const { id } = intercom.create({ email: 'fresh@example.com' });
    const { checkpoint } = await readAll(connector, context(), { ...stream, columns: ['id'] });
    const { id: unseen } = intercom.create({ email: 'fresher@example.com' });
    // The search is about to show them, and the window has passed them.
    intercom.clock.advance(170_000);
    const early = await readAll(connector, context(), stream, checkpoint);
    expect(early.rows).toEqual([]);
    intercom.clock.advance(300_000);
    const late = await readAll(connector, context(), stream, early.checkpoint);
    expect(late.rows.map((row) => row['id'])).toEqual([id, unseen]);
    const again = await readAll(connector, context(), stream, late.checkpoint);
    expect(again.rows).toEqual([]);
  });
});
