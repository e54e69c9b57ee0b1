import { describe, expect, it } from 'vitest';
import airtableRecords from '../../connectors/airtable_records.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { type AirtableRecord, startAirtable } from '../simulators/airtable.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { connectionEnded, describeRestConnector } from './restConformance.ts';
import { readAll, restContext } from './restExample.ts';

const airtable = await startAirtable();
const tokens = await openAccessTokens(airtable);

const connector = airtableRecords as Connector;
const config = { baseId: airtable.baseId, modifiedField: 'Modified' };
const credentials = { accessToken: airtable.token };
const stream = { name: '📣 People', primaryKey: ['id'], cursorField: 'Modified' };
const context = (over: object = {}) =>
  restContext(connector, airtable, { config: { ...config, ...over }, credentials });
const identify = (row: Readonly<Record<string, unknown>>): string =>
  ['id', 'Name', 'Age', 'Active', 'Modified'].map((name) => row[name] ?? '').join(' ');
const told = ({ id, fields }: AirtableRecord): string => identify({ id, Active: false, ...fields });

for (let index = 0; index < 250; index += 1) {
  airtable.create({
    Name: `Person ${index}`,
    ...(index % 3 === 0 ? {} : { Age: index }),
    Active: index % 2 === 0,
    Tags: ['a', 'b'],
    Born: '1990-02-03',
    Ratio: index === 7 ? { specialValue: 'NaN' } : index / 3,
  });
  if (index % 5 === 0) airtable.clock.advance(1500);
}
airtable.create({ Text: 'first' }, 'notes');
airtable.clock.advance(3_600_000);

describeRestConnector({
  connector,
  simulator: airtable,
  config,
  credentials,
  tokens,
  stream,
  identify,
  expected: () => airtable.records().map(told),
  path: '/tblPeople',
  also: [
    {
      title: 'connected with OAuth',
      credentials: airtable.oauthCredentials,
      refusals: [connectionEnded('airtable-canary-ended')],
    },
  ],
  add: async () => {
    // One moment for all: a paste of many rows.
    const added = Array.from({ length: 230 }, (_, index) =>
      airtable.create({ Name: `Late ${index}` }),
    );
    airtable.clock.advance(3_600_000);
    return added.map(told);
  },
  refusals: [
    {
      title: 'a wrong token',
      credentials: { accessToken: 'patCanary.wrong' },
      code: 'invalid_credentials',
      says: /personal access token/,
    },
    {
      title: 'a token that may not read records',
      credentials: { accessToken: airtable.tokenWithoutRecords },
      code: 'source_forbidden',
      says: /data\.records:read/,
    },
    {
      title: 'a base that is not there',
      config: { baseId: 'appNoSuchBase0001' },
      code: 'source_not_found',
      says: /base/,
    },
  ],
  recorded: [
    {
      file: 'airtable__meta_tables',
      ask: `/v0/meta/bases/${airtable.baseId}/tables`,
      at: 'tables',
      except: ['fields', 'views'],
    },
    {
      file: 'airtable__records',
      ask: `/v0/${airtable.baseId}/tblPeople00000001?pageSize=3`,
      at: 'records',
      except: ['fields'],
    },
  ],
  changes: {
    ids: () => airtable.records().map(({ id }) => id),
    mark: (id: string, Name) => airtable.update(id, { Name }),
    field: 'Name',
  },
  losePlaces: airtable.loseIterators,
  waits: { title: 'waits out the half minute that Airtable locks for', seconds: 30 },
  signIn: airtable,
});

describe('Airtable records', () => {
  it('offers each table with the types of its fields, computed ones by what they come to', async () => {
    const streams = await connector.discover(context());
    expect(streams.map(({ name, modes }) => [name, modes.includes('incremental')])).toEqual([
      ['Notes', false],
      ['📣 People', true],
    ]);
    expect(streams[1]?.columns?.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id string',
      'createdTime timestamptz',
      'Name string',
      'Age double',
      'Active boolean',
      'Tags string',
      'Born date',
      'Ratio double',
      'Modified timestamptz',
      'ID fldId000000000008 long',
    ]);
  });

  it('takes a box that is not ticked for false, and an empty cell for nothing', async () => {
    const { rows } = await readAll(connector, context(), stream);
    expect(rows[1]).toMatchObject({ Active: false, Age: 1, Tags: '["a","b"]' });
    expect(rows[0]).toMatchObject({ Active: true });
    expect(rows[0]).not.toHaveProperty('Age');
    // What is no number stays as it is, for the loader to keep beside the row.
    expect(rows[7]).toMatchObject({ Ratio: { specialValue: 'NaN' } });
  });

  it('asks only for the fields that are wanted, and one where only keys are', async () => {
    const before = airtable.requests.length;
    const { rows } = await readAll(connector, context(), { ...stream, columns: ['id', 'Name'] });
    const some = airtable.requests.slice(before).at(-1)?.query.getAll('fields[]');
    expect(some).toEqual(['fldName0000000001', 'fldModified000007']);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(['Modified', 'Name', 'id']);
    const notes = {
      name: 'Notes',
      primaryKey: ['id'],
      columns: ['id'],
      mode: 'full_refresh',
    } as const;
    const keys = await readAll(connector, context(), notes);
    expect(airtable.requests.at(-1)?.query.getAll('fields[]')).toEqual(['fldText0000000009']);
    expect(keys.rows.map((row) => Object.keys(row))).toEqual([['id']]);
  });

  it('goes on with a field that was renamed', async () => {
    airtable.renameField('Age', 'Years');
    const { rows } = await readAll(connector, context(), stream);
    expect(rows.some(({ Years }) => typeof Years === 'number')).toBe(true);
    airtable.renameField('Years', 'Age');
  });
});
