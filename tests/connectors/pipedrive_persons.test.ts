import { describe, expect, it } from 'vitest';
import pipedrivePersons from '../../connectors/pipedrive_persons.ts';
import { type Connector, ParkUntil } from '../../shared/connectors/connector.ts';
import { type PipedrivePerson, startPipedrive } from '../simulators/pipedrive.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { describeRestConnector } from './restConformance.ts';
import { alwaysThere, readAll, restContext } from './restExample.ts';

const pipedrive = await startPipedrive();
const tokens = await openAccessTokens(pipedrive);

const connector = pipedrivePersons as Connector;
const credentials = { apiToken: pipedrive.token };
const stream = { name: 'persons', primaryKey: ['id'], cursorField: 'update_time' };
const context = (over: object = {}) => restContext(connector, pipedrive, { credentials, ...over });
const plan = pipedrive.define('Plan', 'enum', ['Free', 'Paid']);
const identify = (row: Readonly<Record<string, unknown>>): string =>
  `${row['id']} ${row['email']} ${row['update_time']} ${row['custom_fields_Plan'] ?? ''}`;
const told = (person: PipedrivePerson): string =>
  identify({
    ...person,
    email: person.emails[0]?.value,
    custom_fields_Plan: person.custom_fields[plan] === 2 ? 'Paid' : undefined,
  });

pipedrive.limitPages(100);
for (let index = 0; index < 250; index += 1) {
  pipedrive.create(
    `person${index}@example.com`,
    index % 2 === 0 ? { custom_fields: { [plan]: 2 } } : {},
  );
  if (index % 4 === 0) pipedrive.clock.advance(1500);
}
pipedrive.clock.advance(3_600_000);

const codes = {
  price: pipedrive.define('Price', 'monetary'),
  stay: pipedrive.define('Stay', 'daterange'),
  topics: pipedrive.define('Topics', 'set', ['News', 'Tips']),
  seats: pipedrive.define('Seats', 'int'),
  site: pipedrive.define('Site', 'address'),
  since: pipedrive.define('Since', 'date'),
  one: pipedrive.define('Twice', 'varchar'),
  two: pipedrive.define('Twice', 'double'),
};

describeRestConnector({
  connector,
  simulator: pipedrive,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => pipedrive.persons().map(told),
  path: '/persons',
  add: async () => {
    // One second for all: an import.
    const added = Array.from({ length: 230 }, (_, index) =>
      pipedrive.create(`late${index}@example.com`),
    );
    pipedrive.clock.advance(3_600_000);
    return added.map(told);
  },
  cannotBe: alwaysThere,
  refusals: [
    {
      title: 'a wrong token',
      credentials: { apiToken: 'pipedrive-canary-wrong' },
      code: 'invalid_credentials',
      says: /API token/,
    },
    {
      title: 'an app without the scope',
      credentials: { apiToken: pipedrive.tokenWithoutScope },
      code: 'source_forbidden',
      says: /contacts:read/,
    },
  ],
  ownFields: {
    make: () =>
      pipedrive.create('ada@example.com', {
        custom_fields: {
          [codes.price]: { value: 12.5, currency: 'EUR' },
          [codes.stay]: { value: '2026-01-01', until: '2026-01-03' },
          [codes.topics]: [1, 2],
          [codes.site]: { value: 'Main St 1', country: 'USA' },
          [codes.one]: 'text',
          [codes.two]: 0.25,
        },
        cc_email: 'acme@pipedrivemail.com',
      }).id,
    types: {
      id: 'long',
      update_time: 'timestamptz',
      custom_fields_Plan: 'string',
      custom_fields_Price: 'decimal(38, 6)',
      custom_fields_Price_currency: 'string',
      custom_fields_Stay: 'date',
      custom_fields_Stay_until: 'date',
      custom_fields_Seats: 'long',
      custom_fields_Since: 'date',
      [`custom_fields_Twice_${codes.one.slice(0, 8)}`]: 'string',
      [`custom_fields_Twice_${codes.two.slice(0, 8)}`]: 'double',
    },
    row: {
      email: 'ada@example.com',
      custom_fields_Price: 12.5,
      custom_fields_Price_currency: 'EUR',
      custom_fields_Stay: '2026-01-01',
      custom_fields_Stay_until: '2026-01-03',
      custom_fields_Topics: '[{"id":1,"label":"News"},{"id":2,"label":"Tips"}]',
      custom_fields_Site: '{"value":"Main St 1","country":"USA"}',
      [`custom_fields_Twice_${codes.one.slice(0, 8)}`]: 'text',
      [`custom_fields_Twice_${codes.two.slice(0, 8)}`]: 0.25,
      other_fields: '{"cc_email":"acme@pipedrivemail.com"}',
    },
  },
  changes: {
    ids: () => pipedrive.persons().map(({ id }) => id),
    mark: (id: number, job_title) => pipedrive.update(id, { job_title }),
    field: 'job_title',
    expectRequests: (requests) => {
      // After the loss it went on at the last time it had seen.
      const starts = requests.map(({ query }) => query.get('updated_since'));
      expect(new Set(starts.filter((start) => start !== null)).size).toBe(2);
    },
  },
  losePlaces: pipedrive.losePlaces,
  waits: { title: 'waits out a burst', seconds: 2, headers: () => ({ 'x-ratelimit-reset': '2' }) },
  signIn: pipedrive,
});

describe('Pipedrive persons', () => {
  it('reads all pages of a company’s fields', async () => {
    for (let index = 0; index < 230; index += 1) pipedrive.define(`Many ${index}`, 'text');
    const [described] = await connector.discover(context());
    const names = (described?.columns ?? []).map(({ name }) => name);
    expect(names).toContain('custom_fields_Many 0');
    // Which is no field of the company's own.
    expect(names).not.toContain('custom_fields_Name');
    expect(names).toContain('custom_fields_Many 229');
  });

  it('is parked when the day’s tokens are used up', async () => {
    pipedrive.fail(
      {
        kind: 'status',
        status: 429,
        headers: { 'x-daily-ratelimit-token-remaining': '0', 'x-ratelimit-reset': '2' },
      },
      1,
      '/persons',
    );
    await expect(readAll(connector, context(), stream)).rejects.toBeInstanceOf(ParkUntil);
  });
});
