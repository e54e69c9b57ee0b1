import type { SqlColumn, SqlStatement, SqlTable } from '../../shared/connectors/sql/sqlDialect.ts';
import { placeholder } from './bindValues.ts';
import { columnType, isOrdered } from './columnType.ts';
import { identifierPattern, quoteIdentifier } from './mysqlNames.ts';

type Row = readonly (string | null)[];

/** Three questions to information_schema, which shows what the user has some privilege on. */
export interface CatalogueStatements {
  readonly tables: SqlStatement;
  readonly columns: SqlStatement;
  readonly keys: SqlStatement;
}

/** Of the schemas, or of the one table named. Partitions are no tables here; sequences are left out. */
export function catalogueStatements(
  schemas: readonly string[],
  table: string | undefined,
): CatalogueStatements {
  const values = [...schemas, ...(table === undefined ? [] : [table])];
  const where = [
    `table_schema in (${schemas.map((_, index) => placeholder(index + 1)).join(', ')})`,
    ...(table === undefined ? [] : [`table_name = ${placeholder(values.length)}`]),
  ].join(' and ');
  return {
    tables: {
      sql: `select table_schema, table_name, table_type, engine
        from information_schema.tables where ${where}`,
      values,
    },
    columns: {
      sql: `select table_schema, table_name, column_name, data_type, column_type, is_nullable,
          numeric_precision, numeric_scale, privileges
        from information_schema.columns where ${where}
        order by table_schema, table_name, ordinal_position`,
      values,
    },
    keys: {
      sql: `select table_schema, table_name, index_name, non_unique, column_name
        from information_schema.statistics where ${where}
        order by table_schema, table_name, index_name, seq_in_index`,
      values,
    },
  };
}

const kinds = new Set(['BASE TABLE', 'VIEW', 'SYSTEM VERSIONED', 'SYSTEM VIEW']);

/** Engines that answer a transaction as of one moment. */
const transactional = new Set(['innodb', 'rocksdb', 'ndbcluster', 'tokudb', 'xpand']);

interface Entry {
  readonly column: SqlColumn;
  readonly readable: boolean;
  readonly ordered: boolean;
}
interface Index {
  readonly primary: boolean;
  readonly unique: boolean;
  readonly columns: (string | null)[];
}

/** The tables of the catalogue's rows; `leftOut` hears of those whose names cannot be offered. */
export function tablesOf(
  rows: { readonly [Question in keyof CatalogueStatements]: readonly Row[] },
  tinyint1: 'boolean' | 'int',
  leftOut: (schema: string, table: string) => void,
): readonly SqlTable[] {
  const idOf = ([schema, table]: Row): string => JSON.stringify([schema, table]);
  const columns = Map.groupBy(rows.columns, idOf);
  const keys = Map.groupBy(rows.keys, idOf);
  return rows.tables.flatMap((row) => {
    const [schema, name, kind, engine] = row;
    if (!schema || !name || !kinds.has(kind ?? '')) return [];
    const offered = [schema, name].every(
      (word) => identifierPattern.test(word) && !word.includes('.'),
    );
    const found = columns.get(idOf(row)) ?? [];
    // The stream is called schema.table; a dot within would make that ambiguous. A view of what is gone has no columns.
    if (!offered || found.length === 0) {
      leftOut(schema, name);
      return [];
    }
    return tableOf(schema, name, { kind, engine }, found, keys.get(idOf(row)) ?? [], tinyint1);
  });
}

function tableOf(
  schema: string,
  name: string,
  { kind, engine }: Readonly<Record<'kind' | 'engine', string | null | undefined>>,
  columnRows: readonly Row[],
  keyRows: readonly Row[],
  tinyint1: 'boolean' | 'int',
): SqlTable {
  const entries = columnRows.map((row) => entryOf(row, tinyint1));
  const named = entries.filter(({ column }) => identifierPattern.test(column.name));
  const granted = named.filter(({ readable }) => readable);
  const forbidden = granted.length === 0;
  const hidden = forbidden ? [] : named.filter(({ readable }) => !readable);
  const shown = forbidden ? named : granted;
  const byName = new Map(shown.map((entry) => [entry.column.name, entry]));
  const indexes = indexesOf(keyRows);
  const primary = indexes.find((index) => index.primary)?.columns ?? [];
  const key = indexes.find(
    (index) =>
      index.unique &&
      index.columns.every((column) => {
        const entry = byName.get(column ?? '');
        return entry?.ordered === true && !entry.column.nullable;
      }),
  );
  const here = (column: string | null): column is string => byName.has(column ?? '');
  return {
    schema,
    name,
    columns: shown.map(({ column }) => column),
    forbidden,
    primaryKey: primary.every(here) ? primary.filter(here) : [],
    orderKey: (key?.columns ?? []).filter(here),
    indexed: new Set(indexes.flatMap((index) => index.columns.slice(0, 1).filter(here))),
    notes: [
      ...(kind === 'VIEW' ? ['A view: it has no key of its own.'] : []),
      ...(engine && !transactional.has(engine.toLowerCase())
        ? [`${engine} has no transactions: rows of one read may be of more than one moment.`]
        : []),
      ...(forbidden ? ['The user has no permission to read it. Grant SELECT.'] : []),
      ...(hidden.length > 0
        ? [`Left out, no permission: ${hidden.map(({ column }) => column.name).join(', ')}.`]
        : []),
    ],
  };
}

function entryOf(row: Row, tinyint1: 'boolean' | 'int'): Entry {
  const [, , columnName, dataType, fullType, isNullable, precision, scale, privileges] = row;
  const name = columnName ?? '';
  const type = {
    name: (dataType ?? '').toLowerCase(),
    full: (fullType ?? '').toLowerCase(),
    precision: Number(precision),
    scale: Number(scale),
  };
  const quoted = quoteIdentifier(name);
  const described = columnType(type, quoted, tinyint1);
  return {
    column: {
      name,
      nativeType: fullType ?? '',
      nullable: isNullable !== 'NO',
      ...described,
      // The driver refuses results with these names, whatever they are used for.
      ...(name in Object.prototype
        ? { expression: `${described.expression ?? quoted} as ${quoteIdentifier(`${name}_`)}` }
        : {}),
    },
    readable: /\bselect\b/i.test(privileges ?? ''),
    // Read by an expression, it may not be what the index has.
    ordered: isOrdered(type) && described.expression === undefined,
  };
}

/** The primary key first, then unique ones, those of few columns first. */
function indexesOf(rows: readonly Row[]): readonly Index[] {
  return [...Map.groupBy(rows, ([, , name]) => name ?? '')]
    .map(([name, parts]) => ({
      primary: name === 'PRIMARY',
      unique: parts.every(([, , , nonUnique]) => nonUnique === '0'),
      // null: a part that is an expression.
      columns: parts.map(([, , , , column]) => column ?? null),
    }))
    .sort(
      (a, b) =>
        Number(b.primary) - Number(a.primary) ||
        Number(b.unique) - Number(a.unique) ||
        a.columns.length - b.columns.length,
    );
}
