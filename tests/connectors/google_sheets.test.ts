import { afterAll, describe, expect, it } from 'vitest';
import { columnNames, findHeader, lettersOf } from '../../connectors/google_sheets/header.ts';
import googleSheets from '../../connectors/google_sheets.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { at } from '../../shared/connectors/rest/paths.ts';
import { makeServiceAccount } from '../simulators/gcs.ts';
import { type SheetCell, sheetsRefusal, startGoogleSheets } from '../simulators/googleSheets.ts';
import { unlikeRecorded } from '../simulators/likeRecorded.ts';
import { vendorFile } from '../simulators/vendorFiles.ts';
import { describeConnector } from './conformance.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import {
  expectHeldToDescription,
  readAll,
  restContext,
  surroundingsOf,
  unreachable,
} from './restExample.ts';

const connector = googleSheets as unknown as Connector;
const sheets = await startGoogleSheets();
const tokens = await openAccessTokens(sheets);
afterAll(async () => {
  expectHeldToDescription(sheets);
  await sheets[Symbol.asyncDispose]();
  await tokens[Symbol.asyncDispose]();
});
const surroundings = () => ({ ...surroundingsOf(sheets), accessToken: tokens.accessToken() });
const credentials = { serviceAccount: sheets.serviceAccount };
const config = { spreadsheet: `https://docs.google.com/spreadsheets/d/${sheets.id}/edit#gid=0` };
const context = (more: object = {}) =>
  restContext(connector, sheets, {
    config: { ...config, ...more },
    credentials,
    accessToken: tokens.accessToken(),
  });
const add = (
  title: string,
  rows: SheetCell[][],
  formats: readonly (string | undefined)[] = [],
  grid = { rows: 1000, columns: 26 },
) => sheets.addTab({ title, rows, formats, grid });

// 5,000 rows of 200 columns: a thousand rows a request.
add(
  'people',
  [['id', 'name'], ...Array.from({ length: 3_500 }, (_, id) => [id, `person ${id}`])],
  [],
  { rows: 4_000, columns: 200 },
);
add("it's a tab / 100%", [['a'], ['x']]);
sheets.addTab({
  title: 'chart',
  rows: [],
  formats: [],
  grid: { rows: 0, columns: 0 },
  type: 'OBJECT',
});
const stream = { name: 'people', primaryKey: ['_row_number'] };
const refusing = (status: number, name: string, message: string, reason?: string) => ({
  surroundings: () => ({
    ...surroundings(),
    fetch: async () => {
      const { body } = sheetsRefusal(status, name, message, reason);
      return Response.json(body, { status });
    },
  }),
});

describeConnector({
  connector,
  config,
  credentials,
  surroundings,
  stream: { ...stream, cursorField: null, columns: null },
  identify: (row) => `${row['_row_number']} ${row['id']} ${row['name']}`,
  expected: Array.from({ length: 3_500 }, (_, id) => `${id + 2} ${id} person ${id}`),
  refusals: [
    {
      title: 'another account’s key',
      credentials: { serviceAccount: makeServiceAccount().json },
      code: 'invalid_credentials',
      says: /Connect again/,
    },
    {
      title: 'a spreadsheet that is not there',
      config: { spreadsheet: '1nowhere1nowhere1nowhere1nowhere1nowhere' },
      code: 'source_not_found',
      says: /no such spreadsheet/,
    },
    {
      title: 'a spreadsheet that is not shared',
      ...refusing(403, 'PERMISSION_DENIED', 'The caller does not have permission'),
      code: 'source_forbidden',
      says: /shared with reader@headgate-tests/,
    },
    {
      title: 'an API that is turned off',
      ...refusing(403, 'PERMISSION_DENIED', 'Google Sheets API is off', 'SERVICE_DISABLED'),
      code: 'source_forbidden',
      says: /Turn the Google Sheets API/,
    },
    {
      title: 'an Excel file',
      ...refusing(400, 'FAILED_PRECONDITION', 'This operation is not supported for this document'),
      code: 'invalid_config',
      says: /Save as Google Sheets/,
    },
    {
      title: 'an API that does not answer',
      surroundings: () => ({
        ...unreachable(sheets),
        accessToken: async () => ({ token: 'nobody', answer: {} }),
      }),
      code: 'source_unreachable',
      says: /answer/,
    },
  ],
  // It says nothing, and counts by the minute.
  paced: { source: sheets, says: ['nothing', 'seconds', 'date'], perSeconds: 60 },
});

describe('Google Sheets', () => {
  it('is read from a simulator whose answers look like those recorded', async () => {
    sheets.throttle(null);
    const recorded = vendorFile('fixtures/google_sheets__values_rows.json');
    if (recorded === null) return;
    const answer = await sheets.ask(
      `/v4/spreadsheets/${sheets.id}/values/${encodeURIComponent("'it''s a tab / 100%'!A1:B5")}?valueRenderOption=UNFORMATTED_VALUE`,
    );
    expect(unlikeRecorded(answer, at(recorded, 'body') ?? null)).toEqual([]);
  });

  it('offers every tab with cells, whatever it is called', async () => {
    sheets.throttle(null);
    const streams = await connector.discover(context());
    expect(streams.map(({ name }) => name)).toEqual(["it's a tab / 100%", 'people']);
    const { rows } = await readAll(connector, context(), {
      name: "it's a tab / 100%",
      primaryKey: [],
    });
    expect(rows).toEqual([{ _row_number: 2, a: 'x' }]);
  });

  it('takes the types of columns from all of their cells', async () => {
    add(
      'types',
      [
        ['whole', 'fraction', 'flag', 'day', 'moment', 'mixed', 'late', 'failing', 'empty'],
        [1, 1, true, 46_053, 46_053.4375, 1, 1, 1, ''],
        [2, 2.5, false, 46_054, 46_054, 'x', 2, '#DIV/0!', ''],
        [null, null, null, null, null, true, 'text', null, null],
      ],
      [undefined, 'NUMBER', undefined, 'DATE', 'DATE_TIME'],
    );
    const columns: Record<string, string> = {};
    const { rows } = await readAll(
      connector,
      context(),
      { name: 'types', primaryKey: [] },
      null,
      (batch) => {
        for (const { name, type } of batch.columns ?? []) columns[name] = type;
      },
    );
    expect(columns).toEqual({
      _row_number: 'long',
      whole: 'long',
      fraction: 'double',
      flag: 'boolean',
      day: 'date',
      moment: 'timestamp',
      mixed: 'string',
      late: 'string',
      failing: 'long',
      empty: 'string',
    });
    expect(rows).toMatchObject([
      { day: '2026-01-31', moment: '2026-01-31T10:30:00.000', mixed: '1', late: '1', failing: 1 },
      { day: '2026-02-01', moment: '2026-02-01T00:00:00.000', mixed: 'x', failing: '#DIV/0!' },
      { day: null, whole: null, mixed: 'true', late: 'text', empty: null },
    ]);
  });

  it('reads nothing while the spreadsheet is unchanged, and all of a tab once it changed', async () => {
    const rows: SheetCell[][] = [['id'], [1], [2], [3], [4]];
    add('changing', rows);
    const tab = { name: 'changing', primaryKey: ['_row_number'] };
    const first = await readAll(connector, context(), tab);
    expect(first.rows.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
    const before = sheets.requests.length;
    expect((await readAll(connector, context(), tab, first.checkpoint)).batches).toBe(0);
    // The tabs and the mark.
    expect(sheets.requests.slice(before).filter(({ method }) => method === 'GET')).toHaveLength(2);
    rows[1] = [10];
    rows[2] = [''];
    rows.pop();
    sheets.changed();
    const second = await readAll(connector, context(), tab, first.checkpoint);
    expect(second.rows).toEqual([
      { _row_number: 2, id: 10 },
      { _row_number: 4, id: 3 },
    ]);
    expect(second.tombstones).toEqual([{ _row_number: 3 }, { _row_number: 5 }]);
    expect((await readAll(connector, context(), tab, second.checkpoint)).batches).toBe(0);
    // A title above the table moves its header into what was a row.
    rows.unshift(['A title'], ['id', 'name', 'more']);
    sheets.changed();
    const third = await readAll(connector, context(), tab, second.checkpoint);
    expect(third.tombstones).toContainEqual({ _row_number: 2 });
  });

  it('reads every time where Google Drive does not tell of changes', async () => {
    add('without drive', [['id'], [1]]);
    sheets.refuseWith(sheetsRefusal(403, 'PERMISSION_DENIED', 'Insufficient scopes'), '/drive/');
    const tab = { name: 'without drive', primaryKey: ['_row_number'] };
    const first = await readAll(connector, context(), tab);
    const second = await readAll(connector, context(), tab, first.checkpoint);
    sheets.refuseWith(null);
    expect([first.rows, second.rows]).toEqual([
      [{ _row_number: 2, id: 1 }],
      [{ _row_number: 2, id: 1 }],
    ]);
  });

  it('finds nothing in a tab without a cell, and says that it is read', async () => {
    add('empty', []);
    const { rows, batches, checkpoint } = await readAll(connector, context(), {
      name: 'empty',
      primaryKey: [],
    });
    expect([rows, batches]).toEqual([[], 1]);
    expect(checkpoint).toMatchObject({ next: null, lastRow: 0 });
  });

  it('says so when a tab was renamed', async () => {
    await expect(
      readAll(connector, context(), { name: 'nowhere', primaryKey: [] }),
    ).rejects.toMatchObject({ code: 'source_not_found', message: /renamed/ });
  });

  it('finds the header below a title, takes none for one that is not, and follows what it is told', async () => {
    expect(findHeader([['Report 2026'], [], ['id', 'name', 'total'], [1, 'a', 2]])).toBe(3);
    expect(
      findHeader([
        [1, 2],
        [3, 4],
      ]),
    ).toBe(0);
    expect(findHeader([])).toBe(0);
    expect(
      findHeader([
        ['a', 'a'],
        ['b', 'c'],
      ]),
    ).toBe(0);
    expect(columnNames([' id ', '', 'id', '_row_number'], 5)).toEqual([
      'id',
      'column_B',
      'id_2',
      '_row_number_2',
      'column_E',
    ]);
    expect([1, 26, 27, 702, 703].map(lettersOf)).toEqual(['A', 'Z', 'AA', 'ZZ', 'AAA']);
    add('told', [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
    const read = async (headerRow: number) =>
      (await readAll(connector, context({ headerRow }), { name: 'told', primaryKey: [] })).rows;
    expect(await read(2)).toEqual([{ _row_number: 3, c: 'e', d: 'f' }]);
    expect((await read(0))[0]).toEqual({ _row_number: 1, column_A: 'a', column_B: 'b' });
  });
});
