import { expect } from 'vitest';
import type { Json } from '../../shared/json.ts';
import { apiOf } from '../api.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import type { RunningHeadgate } from '../startHeadgate.ts';

/** A column of a source, by the name and the type its stream is described with. */
export interface ExpectedColumn {
  readonly name: string;
  readonly type: string;
}

/** What a source holds: the first column is an `id`, values are text as the source means them. */
export interface ExpectedRows {
  readonly stream: string;
  readonly columns: readonly ExpectedColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * Registers a source over HTTP, runs it to its end, and compares its table with what the source holds, value by value:
 * as the preview shows it, as a query engine reads it, and what is in `_unfit`.
 */
export async function compareEndToEnd(
  headgate: RunningHeadgate,
  source: { readonly key: string; readonly [field: string]: unknown },
  expected: ExpectedRows,
): Promise<void> {
  const { stream, columns, rows } = expected;
  const api = apiOf(headgate.url, headgate.token);
  await api.call('POST', '/v1/sources', {
    name: source.key,
    status: 'active',
    streams: { [stream]: {} },
    ...source,
  });
  const run = await api.runToEnd(source.key);
  expect(run).toMatchObject({
    status: 'succeeded',
    result: 'loaded',
    counts: { read: rows.length, written: rows.length, rejected: 0, deduplicated: 0 },
  });
  const path = `/v1/sources/${source.key}`;
  const table = await api.call<
    LakeTable & { rows: number; columns: { name: string; type: string; doc: string | null }[] }
  >('GET', `${path}/tables/${encodeURIComponent(stream)}`);
  const own = table.columns.slice(0, columns.length);
  expect(table.rows).toBe(rows.length);
  expect(own.map(({ name, type, doc }) => ({ name: doc ?? name, type }))).toEqual(
    columns.map(({ name, type }) => ({ name, type })),
  );

  const wanted = new Map(rows.map((row) => [row[0] ?? '', expectedRow(columns, row)]));
  const preview = await api.call<{ rows: Readonly<Record<string, Json>>[]; total: number }>(
    'GET',
    `${path}/preview?limit=500&stream=${encodeURIComponent(stream)}`,
  );
  expect(preview.total).toBe(rows.length);
  // Of wide tables, the preview shows fewer rows.
  expect(preview.rows.length).toBe(
    Math.min(rows.length, 500, Math.floor(100_000 / table.columns.length)),
  );
  for (const row of preview.rows) {
    const id = String(row['id']);
    const { values, unfit } = wanted.get(id) ?? { values: [], unfit: {} };
    const compared = own.map(({ name, type }, at) => {
      const [read, meant] = [row[name] ?? null, values[at] ?? null];
      // However many digits it is shown with.
      if (type === 'float' && typeof read === 'number') return Math.fround(read);
      const isCut = typeof read === 'string' && typeof meant === 'string' && read.endsWith('…');
      return isCut && meant.startsWith(read.slice(0, -1)) ? meant : read;
    });
    expect(brief(compared), `row ${id} of the preview`).toEqual(brief(values));
    expect(JSON.parse(String(row['_unfit'] ?? '{}'))).toEqual(unfit);
  }

  // All rows; texts and bytes to their end.
  const exact = own.flatMap(({ name, type }, at) => {
    if (/^(int|long|string|boolean|date|decimal)/.test(type))
      return [`"${name}"::varchar as c${at}`];
    return type === 'binary' ? [`base64("${name}") as c${at}`] : [];
  });
  const found = await lakeReader(headgate.awsEndpoint).query(
    table,
    `select ${exact.join(', ')} from t`,
  );
  expect(found.map((row) => String(row['c0'])).sort()).toEqual([...wanted.keys()].sort());
  for (const row of found) {
    const { values } = wanted.get(String(row['c0'])) ?? { values: [] };
    for (const [name, stored] of Object.entries(row)) {
      const at = Number(name.slice(1));
      // DuckDB leaves out the zero before the point where no digit may stand there.
      const isDecimal = columns[at]?.type.startsWith('decimal') && typeof stored === 'string';
      const read = isDecimal ? stored.replace(/^(-?)\./, '$10.') : stored;
      const meant = values[at] ?? null;
      const text = meant === null ? null : String(meant).replace(/^\+0*(?=\d{5})/, '');
      if ((read ?? null) !== text)
        expect([row['c0'], columns[at]?.name, brief([read as Json])]).toEqual([
          row['c0'],
          columns[at]?.name,
          brief([text]),
        ]);
    }
  }
}

const brief = (values: readonly Json[]): readonly Json[] =>
  values.map((value) =>
    typeof value === 'string' && value.length > 200
      ? `${value.slice(0, 100)} … ${value.length} … ${value.slice(-50)}`
      : value,
  );

function expectedRow(
  columns: readonly ExpectedColumn[],
  row: readonly (string | null)[],
): { readonly values: readonly Json[]; readonly unfit: Readonly<Record<string, string>> } {
  const unfit: Record<string, string> = {};
  const values = columns.map(({ name, type }, index) => {
    const text = row[index] ?? null;
    if (text === null) return null;
    const value = tableValue(type, text);
    if (value === undefined) unfit[name] = text;
    return value ?? null;
  });
  return { values, unfit };
}

/** A source's text as the preview shows a value of the type; undefined where it is none. */
function tableValue(type: string, text: string): Json | undefined {
  switch (type) {
    case 'boolean':
      return text === 't' ? true : text === 'f' ? false : undefined;
    case 'int':
      return Number(text);
    case 'long':
      return String(BigInt(text));
    case 'float':
    case 'double': {
      const value = Number(text);
      if (Object.is(value, -0)) return '-0';
      if (!Number.isFinite(value)) return String(value);
      return type === 'float' ? Math.fround(value) : value;
    }
    case 'string':
      return text;
    case 'binary':
      return Buffer.from(text.slice(2), 'hex').toString('base64');
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return moment(type, text);
    default:
      return /^-?\d+(\.\d+)?$/.test(text) ? text : undefined;
  }
}

function moment(type: string, text: string): string | undefined {
  const [, year = '', rest = '', clock, fraction = ''] =
    /^(\d{4,6})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(\.\d+)?(?:\+00)?)?$/.exec(text) ?? [];
  const date = new Date(`${year}-${rest}T00:00:00Z`);
  const far = year.length > 4;
  // No month and no day is 0, and no day is rolled over.
  if (year === '' || (!far && (Number.isNaN(date.getTime()) || !date.toISOString().includes(rest))))
    return undefined;
  const day = `${far ? `+${year.padStart(6, '0')}` : year}-${rest}`;
  if (type === 'date') return day;
  const digits = fraction.slice(1).padEnd(6, '0');
  return `${day}T${clock}${/[1-9]/.test(digits) ? `.${digits}` : ''}${type === 'timestamptz' ? 'Z' : ''}`;
}
