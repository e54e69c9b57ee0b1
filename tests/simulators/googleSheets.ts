import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type GoogleAccount, makeGoogleAccount } from './gcs.ts';
import { type ApiCheck, openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import type { TokenEndpoint } from './tokenEndpoint.ts';

export type SheetCell = string | number | boolean | null;

export interface SimulatedTab {
  readonly title: string;
  readonly rows: SheetCell[][];
  /** Number formats of columns, such as DATE. */
  readonly formats: readonly (string | undefined)[];
  /** Rows and columns of the grid, empty ones too. */
  readonly grid: { readonly rows: number; readonly columns: number };
  readonly type?: 'GRID' | 'OBJECT';
}

/** One spreadsheet, and a service account that it is shared with. */
export interface SheetsSimulator extends Simulator {
  readonly id: string;
  tab(title: string): SimulatedTab;
  addTab(tab: SimulatedTab): void;
  /** After any change: Drive shows another time. */
  changed(): void;
  refuseWith(refusal: Answer | null, path?: string): void;
  readonly oauth: TokenEndpoint;
  readonly serviceAccount: string;
}

export const sheetsRefusal = (
  code: number,
  status: string,
  message: string,
  reason?: string,
): Answer => ({
  status: code,
  body: {
    error: {
      code,
      message,
      status,
      ...(reason === undefined ? {} : { details: [{ '@type': 'x', reason }] }),
    },
  },
});

export async function startGoogleSheets(
  clock: Clock = createClock(),
  { json, oauth }: GoogleAccount = makeGoogleAccount(clock),
): Promise<SheetsSimulator> {
  const id = '11zccS101c27B9mYLMJiaAPfDgoj2chOq39n3MZrcKTk';
  const tabs: SimulatedTab[] = [];
  let version = 1;
  let refusal: { readonly answer: Answer; readonly path: string } | null = null;

  /** `'Tab'!A1:C9` as its parts. */
  function rangeOf(text: string) {
    const match = /^'((?:[^']|'')*)'!A(\d+):([A-Z]+)(\d+)$/.exec(text);
    const title = match?.[1]?.replaceAll("''", "'");
    const tab = tabs.find((each) => each.title === title);
    return match === null || tab === undefined
      ? null
      : { tab, from: Number(match[2]), last: match[3] ?? '', to: Number(match[4]) };
  }
  const badRange = (text: string): Answer =>
    sheetsRefusal(400, 'INVALID_ARGUMENT', `Unable to parse range: ${text}`);

  function spreadsheet({ parameters, query }: SimulatedRequest): Answer {
    if (parameters['id'] !== id)
      return sheetsRefusal(404, 'NOT_FOUND', 'Requested entity was not found.');
    const ranges = query.get('ranges');
    if (ranges !== null) {
      const range = rangeOf(ranges);
      if (range === null) return badRange(ranges);
      const { tab, from, to } = range;
      const rows = tab.rows.slice(from - 1, to);
      const values = tab.formats.map((type) =>
        type === undefined ? {} : { effectiveFormat: { numberFormat: { type } } },
      );
      return { body: { sheets: [{ data: [{ rowData: rows.map(() => ({ values })) }] }] } };
    }
    return {
      body: {
        sheets: tabs.map(
          ({ title, grid, type = 'GRID' }): Json => ({
            properties: {
              title,
              sheetType: type,
              ...(type === 'GRID'
                ? { gridProperties: { rowCount: grid.rows, columnCount: grid.columns } }
                : {}),
            },
          }),
        ),
      },
    };
  }

  function values({ parameters, query }: SimulatedRequest): Answer {
    if (parameters['id'] !== id)
      return sheetsRefusal(404, 'NOT_FOUND', 'Requested entity was not found.');
    const text = decodeURIComponent(parameters['range'] ?? '');
    const range = rangeOf(text);
    if (range === null || range.from > range.tab.grid.rows) return badRange(text);
    if (query.get('valueRenderOption') !== 'UNFORMATTED_VALUE')
      return sheetsRefusal(400, 'INVALID_ARGUMENT', 'only unformatted values are simulated');
    const rows = range.tab.rows.slice(range.from - 1, range.to).map((row) => {
      const cells = row.map((cell) => cell ?? '');
      while (cells.at(-1) === '') cells.pop();
      return cells;
    });
    while (rows.at(-1)?.length === 0) rows.pop();
    return {
      body: {
        range: text,
        majorDimension: 'ROWS',
        ...(rows.length === 0 ? {} : { values: rows }),
      },
    };
  }

  const simulator = await startSimulator(
    {
      origins: [
        'https://sheets.googleapis.com',
        'https://www.googleapis.com',
        'https://oauth2.googleapis.com',
      ],
      check: eitherCheck(
        openApiCheck('specs/google_sheets_v4.oas.json'),
        openApiCheck('specs/google_drive_v3.oas.json', '/drive/v3'),
      ),
      routes: [
        oauth.route,
        { method: 'GET', path: '/v4/spreadsheets/{id}', answer: spreadsheet },
        { method: 'GET', path: '/v4/spreadsheets/{id}/values/{range}', answer: values },
        {
          method: 'GET',
          path: '/drive/v3/files/{id}',
          answer: ({ parameters }) =>
            parameters['id'] === id
              ? {
                  body: {
                    modifiedTime: new Date(1_700_000_000_000 + version * 1000).toISOString(),
                    version: String(version),
                  },
                }
              : sheetsRefusal(404, 'notFound', 'File not found.'),
        },
      ],
      refuse: ({ headers, path }) => {
        if (!oauth.accepts(headers.get('authorization')))
          return sheetsRefusal(401, 'UNAUTHENTICATED', 'Request had invalid credentials.');
        return refusal !== null && path.includes(refusal.path) ? refusal.answer : null;
      },
      throttled: () => sheetsRefusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.'),
    },
    clock,
  );
  return {
    ...simulator,
    id,
    oauth,
    serviceAccount: json,
    tab: (title) => tabs.find((each) => each.title === title) as SimulatedTab,
    addTab: (tab) => {
      tabs.push(tab);
      version += 1;
    },
    changed: () => {
      version += 1;
    },
    refuseWith: (answer, path = '') => {
      refusal = answer === null ? null : { answer, path };
    },
  };
}

const eitherCheck = (one: ApiCheck | null, other: ApiCheck | null): ApiCheck | null =>
  one === null || other === null
    ? null
    : {
        knows: (request) => one.knows(request) || other.knows(request),
        request: (request) => (one.knows(request) ? one : other).request(request),
        answer: (request, status, body) =>
          (one.knows(request) ? one : other).answer(request, status, body),
      };
