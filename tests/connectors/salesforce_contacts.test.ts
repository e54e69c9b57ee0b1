import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import salesforceContacts from '../../connectors/salesforce_contacts.ts';
import { type Connector, ParkUntil } from '../../shared/connectors/connector.ts';
import { type Contact, startSalesforce } from '../simulators/salesforce.ts';
import { vendorFile } from '../simulators/vendorFiles.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { connectionEnded, describeRestConnector } from './restConformance.ts';
import { alwaysThere, readAll, restContext, unreachable } from './restExample.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const salesforce = await startSalesforce({ publicKey });
const tokens = await openAccessTokens(salesforce);

const connector = salesforceContacts as Connector;
const { credentials } = salesforce;
const stream = { name: 'contacts', primaryKey: ['Id'], cursorField: 'SystemModstamp' };
const context = (over: object = {}) =>
  restContext(connector, salesforce, { credentials, accessToken: tokens.accessToken(), ...over });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  ['Id', 'LastName', 'Email', 'Level__c'].map((name) => row[name] ?? '').join(' ') +
  String(row['SystemModstamp']).replace('+0000', '+00:00');
const told = (contact: Contact): string => identify(contact);

salesforce.define({ name: 'Level__c', type: 'picklist' });
salesforce.define({ name: 'Revenue__c', type: 'currency', precision: 18, scale: 2 });
salesforce.define({ name: 'Topics__c', type: 'multipicklist' });
salesforce.limitBatches(90);
for (let index = 0; index < 250; index += 1) {
  salesforce.create({ LastName: `Person ${index}`, Level__c: index % 2 === 0 ? 'Primary' : null });
  if (index % 4 === 0) salesforce.clock.advance(1000);
}
salesforce.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: salesforce,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => salesforce.contacts().map(told),
  path: '/services/data/',
  add: async () => {
    // A mass update: one time for all.
    const added = Array.from({ length: 230 }, (_, index) =>
      salesforce.create({ Email: `late${index}@example.com` }),
    );
    salesforce.clock.advance(3_600_000);
    return added.map(told);
  },
  remove: () => {
    const gone = salesforce.contacts().slice(3, 9);
    for (const { Id } of gone) salesforce.remove(Id);
    salesforce.clock.advance(600_000);
    return gone.map(({ Id }) => Id);
  },
  cannotBe: alwaysThere,
  refusals: [
    connectionEnded('5Aep861-canary-ended'),
    {
      title: 'a wrong consumer secret',
      credentials: { clientSecret: 'sf-secret-canary-wrong' },
      code: 'invalid_credentials',
      says: /invalid_client/,
    },
    {
      title: 'a login address that does not answer',
      surroundings: () => ({
        ...unreachable(salesforce),
        accessToken: async () => ({
          token: 'nobody',
          answer: { instance_url: 'https://acme.my.salesforce.com' },
        }),
      }),
      code: 'source_unreachable',
      says: /answer/,
    },
    {
      title: 'a user without the API',
      answer: {
        status: 403,
        body: [{ errorCode: 'API_DISABLED_FOR_ORG', message: 'The REST API is not enabled.' }],
      },
      path: '/services/data',
      code: 'source_forbidden',
      says: /API Enabled/,
    },
  ],
  leadElsewhere: {
    loginUrl: [
      'https://login.salesforce.com.evil.example',
      'https://evil.example/login.salesforce.com',
      'http://login.salesforce.com',
      'https://login.salesforce.com@evil.example',
      'https://my.salesforce.com.evil.example',
    ],
  },
  recorded: [
    {
      file: 'salesforce__query',
      ask: '/services/data/v66.0/query?q=SELECT%20Id%20FROM%20Contact%20LIMIT%201',
    },
  ],
  ownFields: {
    make: () =>
      salesforce.create({
        Revenue__c: 1234.5,
        Topics__c: 'a;b',
        MailingAddress: { city: 'Berlin', postalCode: '10115' },
      }).Id,
    types: {
      Id: 'string',
      IsDeleted: 'boolean',
      Revenue__c: 'decimal(18, 2)',
      Topics__c: 'string',
      Birthdate: 'date',
      CreatedDate: 'timestamptz',
      MailingAddress: 'string',
    },
    row: {
      Revenue__c: 1234.5,
      Topics__c: '["a","b"]',
      MailingAddress: '{"city":"Berlin","postalCode":"10115"}',
      CreatedDate: expect.stringMatching(/^2026-.*\+00:00$/),
    },
  },
  changes: {
    ids: () => salesforce.contacts().map(({ Id }) => Id),
    mark: (id: string, Email) => salesforce.update(id, { Email }),
    field: 'Email',
  },
  signIn: { oauth: salesforce.oauth, oauthCredentials: credentials },
});

describe('Salesforce contacts', () => {
  it('has the simulator describe fields as a recorded organisation does', () => {
    const recorded = vendorFile('fixtures/salesforce__describe_contact.json') as {
      body: { fields: { name: string; type: string }[] };
    } | null;
    if (recorded === null) return;
    const types = new Map(recorded.body.fields.map(({ name, type }) => [name, type]));
    for (const { name, type } of salesforce.fields())
      if (types.has(name)) expect([name, types.get(name)]).toEqual([name, type]);
    expect(types.get('Level__c')).toBe('picklist');
  });

  it('reads changes in order, and what lies in the recycle bin as tombstones', async () => {
    salesforce.clock.advance(3_600_000);
    const { checkpoint } = await readAll(connector, context(), stream);
    salesforce.clock.advance(3_600_000);
    const [first, second, third, fourth] = salesforce.contacts();
    salesforce.update(first!.Id, { Email: 'changed@example.com' });
    salesforce.remove(second!.Id);
    salesforce.merge(first!.Id, third!.Id);
    salesforce.remove(fourth!.Id);
    salesforce.empty(fourth!.Id);
    salesforce.clock.advance(600_000);
    const changes = await readAll(connector, context(), stream, checkpoint);
    expect(changes.rows.map(({ Id, Email }) => [Id, Email])).toEqual([
      [first!.Id, 'changed@example.com'],
    ]);
    expect(changes.tombstones.map(({ Id }) => Id).sort()).toEqual([second!.Id, third!.Id].sort());
    expect(Object.keys(changes.tombstones[0] ?? {}).sort()).toEqual(['Id', 'SystemModstamp']);
    const again = await readAll(connector, context(), stream, changes.checkpoint);
    expect([again.rows, again.tombstones]).toEqual([[], []]);
  });

  it('loses none of a thousand contacts of one second that change while they are read', async () => {
    const { checkpoint } = await readAll(connector, context(), { ...stream, columns: ['Email'] });
    salesforce.clock.advance(3_600_000);
    for (const { Id } of salesforce.contacts())
      salesforce.update(Id, { Email: 'mass@example.com' });
    salesforce.clock.advance(120_000);
    let pages = 0;
    salesforce.onRequest(({ path }) => {
      if (!path.endsWith('/queryAll')) return;
      pages += 1;
      // Moves to the end, out of the window.
      salesforce.update(salesforce.contacts()[pages]!.Id, { Email: `again${pages}@example.com` });
    });
    const first = await readAll(
      connector,
      context(),
      { ...stream, columns: ['Email'] },
      checkpoint,
    );
    salesforce.onRequest(null);
    salesforce.clock.advance(120_000);
    const second = await readAll(
      connector,
      context(),
      { ...stream, columns: ['Email'] },
      first.checkpoint,
    );
    const table = new Map([...first.rows, ...second.rows].map((row) => [row['Id'], row['Email']]));
    expect(table.size).toBe(salesforce.contacts().length);
    for (const { Id, Email } of salesforce.contacts())
      expect([Id, table.get(Id)]).toEqual([Id, Email]);
  });

  it('sees a contact whose transaction ended minutes after it was stamped', async () => {
    salesforce.clock.advance(3_600_000);
    const start = await readAll(connector, context(), stream);
    const before = salesforce.contacts().map(({ Id }) => Id);
    const late = salesforce.create({ Email: 'late@example.com' });
    salesforce.empty(late.Id);
    salesforce.clock.advance(240_000);
    const next = await readAll(connector, context(), stream, start.checkpoint);
    // Only now it shows, with the stamp it had.
    const shown = salesforce.create({ Email: 'late@example.com' });
    salesforce.backdate(shown.Id, late.SystemModstamp);
    salesforce.clock.advance(120_000);
    const last = await readAll(connector, context(), stream, next.checkpoint);
    expect(last.rows.map(({ Id }) => Id)).toEqual([shown.Id]);
    expect(before).not.toContain(shown.Id);
  });

  it('puts contacts together that have more fields than an address holds', async () => {
    for (let index = 0; index < 500; index += 1)
      salesforce.define({ name: `A_custom_field_with_a_long_name_${index}__c`, type: 'string' });
    const { Id } = salesforce.create({ A_custom_field_with_a_long_name_499__c: 'last' });
    const { rows } = await readAll(connector, context(), stream);
    expect(rows.map(identify).sort()).toEqual(salesforce.contacts().map(told).sort());
    expect(rows.find((row) => row['Id'] === Id)).toMatchObject({
      A_custom_field_with_a_long_name_499__c: 'last',
      LastName: expect.stringMatching(/^Contact/),
    });
  });

  it('signs in as an integration user by its private key', async () => {
    const result = await connector.check(
      context({
        credentials: { clientId: 'sf-consumer-key', username: 'etl@acme.example', privateKey },
      }),
    );
    expect(result).toMatchObject({ ok: true, message: expect.stringContaining('contacts') });
  });

  it('says which permission is missing when contacts are hidden from the user', async () => {
    salesforce.forbid('contacts');
    expect(await connector.check(context())).toMatchObject({
      ok: false,
      code: 'source_forbidden',
      message: expect.stringContaining('read access to contacts'),
    });
    salesforce.forbid(null);
  });

  it('leaves a tenth of the organisation’s daily requests to others, and says when they are used up', async () => {
    salesforce.use(13_600);
    const error: unknown = await readAll(connector, context(), stream).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ParkUntil);
    expect((error as Error).message).toContain('of 15000 requests');
    salesforce.use(15_001);
    await expect(readAll(connector, context(), stream)).rejects.toMatchObject({
      code: 'source_quota_exhausted',
    });
    salesforce.use(900);
  });

  it('signs in at a sandbox and at an organisation’s own address, too', () => {
    for (const loginUrl of [
      'https://acme--dev.sandbox.my.salesforce.com',
      'https://test.salesforce.com',
    ])
      expect(connector.config.safeParse({ loginUrl }).success, loginUrl).toBe(true);
  });
});
