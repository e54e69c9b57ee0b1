import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Json } from '../../shared/json.ts';
import { jsonValue, type PhysicalValue } from '../../shared/lake/jsonValue.ts';
import type { ColumnType, Field } from '../../shared/lake/schema.ts';

const run = promisify(execFile);

/** What a script of `.ci/engines` printed, or why the engine cannot be had. Installs it on first use. */
export async function findEngine(
  script: string,
): Promise<{ readonly path: string } | { readonly missing: string; readonly code: unknown }> {
  try {
    const { stdout } = await run('bash', [`.ci/engines/${script}`]);
    return { path: stdout.trim() };
  } catch (error) {
    const { stderr = '', code } = error as { stderr?: string; code?: unknown };
    return { missing: stderr.trim().split('\n').at(-1) || 'unknown', code };
  }
}

export interface ReadTable {
  /** `id name type` of each column, in Iceberg's words where the reader has them. */
  readonly types: readonly string[];
  /** Rows as `previewRows` answers them, in the reader's order. */
  readonly rows: readonly Readonly<Record<string, Json>>[];
  /** Data files the reader had to open; null where it does not say. */
  readonly files: number | null;
}

/** From the text or number a reader printed to the form `previewRows` answers. */
function toPreview(type: ColumnType, printed: Json): Json {
  if (printed === null) return null;
  if (type === 'float' || type === 'double') {
    const number =
      typeof printed === 'number'
        ? printed
        : Number(printed === 'inf' ? Infinity : printed === '-inf' ? -Infinity : printed);
    return jsonValue(type, type === 'float' ? Math.fround(number) : number);
  }
  if (type === 'date' || type.startsWith('timestamp'))
    return jsonValue(type, BigInt(printed as string | number) as PhysicalValue);
  return printed;
}

export async function readWithPyiceberg(
  python: string,
  endpoint: string,
  location: string,
  snapshotId: string,
  fields: readonly Field[],
  filter?: string,
): Promise<ReadTable> {
  const { stdout } = await run(
    python,
    [
      'tests/engines/readIceberg.py',
      endpoint,
      location,
      snapshotId,
      ...(filter === undefined ? [] : [filter]),
    ],
    { maxBuffer: 1 << 28 },
  );
  const [head = '', ...lines] = stdout.trimEnd().split('\n');
  const { types, files } = JSON.parse(head) as { types: unknown[][]; files: number };
  return {
    types: types.map((type) => type.join(' ')),
    files,
    rows: lines.map((line) => {
      const values = JSON.parse(line) as Json[];
      return Object.fromEntries(
        fields.map(({ name, type }, index) => [name, toPreview(type, values[index] ?? null)]),
      );
    }),
  };
}

/** Rows of one or several statements, in a process of its own. */
export async function queryChdb(folder: string, ...sql: readonly string[]): Promise<Json[][]> {
  const { stdout } = await run(process.execPath, ['tests/engines/queryChdb.ts', folder, ...sql], {
    maxBuffer: 1 << 28,
    timeout: 100_000,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json[]);
}

/** Bytes and instants as numbers and text that survive JSON. */
function selected({ name, type }: Field): string {
  if (type === 'date') return `toInt32(\`${name}\`)`;
  if (type.startsWith('timestamp')) return `toUnixTimestamp64Micro(\`${name}\`)`;
  if (type === 'binary') return `base64Encode(\`${name}\`)`;
  return `\`${name}\``;
}

/** ClickHouse finds a table's metadata only below the table's folder; `metadata` is the path from there. */
export async function readWithClickhouse(
  chdb: string,
  folderUrl: string,
  metadata: string,
  snapshotId: string,
  fields: readonly Field[],
  { where = '1', describe = false }: { readonly where?: string; readonly describe?: boolean } = {},
): Promise<ReadTable> {
  const table = `icebergS3('${folderUrl}', 'headgate', 'headgate', SETTINGS iceberg_metadata_file_path = '${metadata}')`;
  const settings = [
    `iceberg_snapshot_id = ${snapshotId}`,
    'output_format_json_quote_64bit_integers = 1',
    'output_format_json_quote_decimals = 1',
    'output_format_json_quote_denormals = 1',
    'output_format_decimal_trailing_zeros = 1',
  ].join(', ');
  const rows = await queryChdb(
    chdb,
    `SELECT ${fields.map(selected).join(', ')} FROM ${table} WHERE ${where} SETTINGS ${settings}`,
  );
  // One more process: only where somebody asks.
  const types = describe
    ? await queryChdb(chdb, `DESCRIBE TABLE ${table} SETTINGS iceberg_snapshot_id = ${snapshotId}`)
    : [];
  return {
    types: types.map(([name, type]) => `${name} ${type}`),
    files: null,
    rows: rows.map((values) =>
      Object.fromEntries(
        fields.map(({ name, type }, index) => [name, toPreview(type, values[index] ?? null)]),
      ),
    ),
  };
}
