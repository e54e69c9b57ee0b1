import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

type Cells = Readonly<Record<string, Json>>;
export interface AirtableRecord {
  readonly id: string;
  readonly createdTime: string;
  readonly fields: Cells;
}
interface Field {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly options?: Json;
}

/** One base with a table of people, which knows when each was changed, and one of notes, which does not. */
export interface AirtableSimulator extends Simulator {
  create(cells: Cells, table?: 'people' | 'notes'): AirtableRecord;
  update(id: string, cells: Cells): void;
  remove(id: string): void;
  /** Values by the names of their fields. */
  records(table?: 'people' | 'notes'): readonly AirtableRecord[];
  renameField(from: string, to: string): void;
  loseIterators(): void;
  readonly baseId: string;
  readonly token: string;
  readonly tokenWithoutRecords: string;
  readonly oauth: TokenEndpoint;
  readonly oauthCredentials: Readonly<Record<string, string>>;
}

const failure = (status: number, type: string, message: string): Answer => ({
  status,
  body: { error: { type, message } },
});

export async function startAirtable(clock: Clock = createClock()): Promise<AirtableSimulator> {
  const baseId = 'appCanaryBase0001';
  const token = 'patCanary.0000000001';
  const tokenWithoutRecords = 'patCanary.0000000002';
  const client = { clientId: 'airtable-client', clientSecret: 'airtable-canary-secret' };
  const oauthCredentials = { ...client, refreshToken: 'airtable-canary-refresh' };
  const oauth = tokenEndpoint({
    ...oauthCredentials,
    clock,
    path: '/oauth2/v1/token',
    rotates: true,
    lifetimeSeconds: 3600,
  });
  const people: Field[] = [
    { id: 'fldName0000000001', name: 'Name', type: 'singleLineText' },
    { id: 'fldAge00000000002', name: 'Age', type: 'number', options: { precision: 0 } },
    { id: 'fldActive00000003', name: 'Active', type: 'checkbox' },
    { id: 'fldTags0000000004', name: 'Tags', type: 'multipleSelects' },
    { id: 'fldBorn0000000005', name: 'Born', type: 'date' },
    {
      id: 'fldRatio000000006',
      name: 'Ratio',
      type: 'formula',
      options: { isValid: true, result: { type: 'number' } },
    },
    { id: 'fldModified000007', name: 'Modified', type: 'lastModifiedTime' },
    { id: 'fldId000000000008', name: 'ID', type: 'autoNumber' },
  ];
  const notes: Field[] = [{ id: 'fldText0000000009', name: 'Text', type: 'multilineText' }];
  const tables = {
    people: { id: 'tblPeople00000001', name: '📣 People', fields: people },
    notes: { id: 'tblNotes000000002', name: 'Notes', fields: notes },
  };
  const records = { people: [] as AirtableRecord[], notes: [] as AirtableRecord[] };
  let count = 0;
  let generation = 1;

  function list({ query, parameters }: SimulatedRequest): Answer {
    const found = Object.entries(tables).find(([, { id }]) => id === parameters['tableIdOrName']);
    if (found === undefined)
      return failure(404, 'TABLE_NOT_FOUND', `Could not find table ${parameters['tableIdOrName']}`);
    const [name, { fields }] = found;
    const size = Number(query.get('pageSize') ?? 100);
    if (size > 100) return failure(422, 'INVALID_REQUEST', 'pageSize');
    const window =
      /^AND\(IS_AFTER\(\{(.+)\}, '([^']+)'\), IS_BEFORE\(\{(.+)\}, '([^']+)'\)\)$/.exec(
        query.get('filterByFormula') ?? '',
      );
    if (query.has('filterByFormula') && window === null)
      return failure(422, 'INVALID_FILTER_BY_FORMULA', 'The formula is invalid.');
    if (window !== null && !fields.some((field) => field.name === window[1]))
      return failure(422, 'UNKNOWN_FIELD_NAME', `Unknown field name: "${window[1]}"`);
    const time = (record: AirtableRecord): number => Date.parse(String(record.fields['Modified']));
    let all = records[name as 'people'];
    if (window !== null)
      all = all.filter(
        (record) =>
          time(record) > Date.parse(String(window[2])) &&
          time(record) < Date.parse(String(window[4])),
      );
    if (query.has('sort[0][field]')) all = [...all].sort((a, b) => time(a) - time(b));
    const [mark, at] = (query.get('offset') ?? `itr${generation}/0`).split('/');
    if (mark !== `itr${generation}`)
      return failure(422, 'LIST_RECORDS_ITERATOR_NOT_AVAILABLE', 'The iterator has expired.');
    const start = Number(at);
    const wanted = query.getAll('fields[]');
    const shown = all.slice(start, start + size).map((record) => ({
      ...record,
      fields: Object.fromEntries(
        fields
          .filter(({ id }) => wanted.length === 0 || wanted.includes(id))
          .map((field) => [
            query.get('returnFieldsByFieldId') === 'true' ? field.id : field.name,
            record.fields[field.name],
          ])
          // Empty cells are left out, and so are boxes that are not ticked.
          .filter(([, value]) => value !== undefined && value !== null && value !== false),
      ) as Cells,
    }));
    const next = start + size < all.length ? { offset: `itr${generation}/${start + size}` } : {};
    return { body: { records: shown, ...next } };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://api.airtable.com', 'https://airtable.com'],
      check: openApiCheck('specs/handwritten/airtable.oas.json'),
      throttled: (wait) => ({
        ...failure(429, 'RATE_LIMIT_REACHED', 'Rate limit exceeded.'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers, path }) => {
        const given = headers.get('authorization');
        if (given === `Bearer ${tokenWithoutRecords}` && !path.includes('/meta/'))
          return failure(403, 'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND', 'Invalid permissions.');
        return given === `Bearer ${token}` ||
          given === `Bearer ${tokenWithoutRecords}` ||
          oauth.accepts(given)
          ? null
          : failure(401, 'AUTHENTICATION_REQUIRED', 'Authentication required');
      },
      routes: [
        oauth.route,
        {
          method: 'GET',
          path: '/v0/meta/bases/{baseId}/tables',
          answer: ({ parameters }) =>
            parameters['baseId'] === baseId
              ? {
                  body: {
                    tables: Object.values(tables).map((table) => ({
                      ...table,
                      primaryFieldId: table.fields[0]!.id,
                      views: [{ id: 'viwAll00000000001', name: 'All', type: 'grid' }],
                    })) as unknown as Json,
                  },
                }
              : { status: 404, body: { error: 'NOT_FOUND' } },
        },
        { method: 'GET', path: '/v0/{baseId}/{tableIdOrName}', answer: list },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    baseId,
    token,
    tokenWithoutRecords,
    oauth,
    oauthCredentials,
    records: (table: 'people' | 'notes' = 'people') => records[table],
    create: (cells: Cells, table: 'people' | 'notes' = 'people') => {
      count += 1;
      const now = clock.now().toISOString();
      const own = table === 'people' ? { Modified: now, ID: count } : {};
      const record: AirtableRecord = {
        id: `rec${String(count * 7919).padStart(14, '0')}`,
        createdTime: now,
        fields: { ...cells, ...own },
      };
      records[table].push(record);
      return record;
    },
    update: (id: string, cells: Cells) => {
      records.people = records.people.map((record) =>
        record.id === id
          ? {
              ...record,
              fields: { ...record.fields, ...cells, Modified: clock.now().toISOString() },
            }
          : record,
      );
    },
    remove: (id: string) => {
      records.people = records.people.filter((record) => record.id !== id);
    },
    renameField: (from: string, to: string) => {
      const index = people.findIndex(({ name }) => name === from);
      people[index] = { ...people[index]!, name: to };
      records.people = records.people.map((record) => {
        const { [from]: value, ...rest } = record.fields;
        return { ...record, fields: value === undefined ? rest : { ...rest, [to]: value } };
      });
    },
    loseIterators: () => {
      generation += 1;
    },
  });
}
