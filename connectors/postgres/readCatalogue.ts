import * as z from 'zod';
import type { SqlColumn, SqlTable } from '../../shared/connectors/sql/sqlDialect.ts';
import { columnType } from './columnType.ts';
import { identifierPattern, quoteIdentifier } from './postgresNames.ts';

/**
 * Tables, views, materialised views, foreign tables and partitioned tables (not their partitions, whose rows are
 * the parent's), with their columns and unique keys. Of a table that others inherit from, only its own rows: its key
 * says nothing of theirs, and they are offered themselves. From pg_catalog: information_schema hides columns the role
 * has no grant on, and materialised views. Needs PostgreSQL 12.
 *
 * $1: schemas; $2: one name, or null for all.
 */
export const catalogueSql = `
with recursive base(domain, type, modifier) as (
  select oid, typbasetype, typtypmod from pg_catalog.pg_type where typtype = 'd'
  union all
  select b.domain, t.typbasetype, t.typtypmod
  from base b join pg_catalog.pg_type t on t.oid = b.type where t.typtype = 'd'
)
select n.nspname, c.relname, c.relkind,
  has_schema_privilege(n.oid, 'usage'),
  row_security_active(c.oid),
  c.relhassubclass and c.relkind in ('r', 'f'),
  (select json_agg(json_build_object(
      'name', a.attname,
      'nativeType', format_type(a.atttypid, a.atttypmod),
      'nullable', not a.attnotnull,
      'readable', has_column_privilege(c.oid, a.attnum, 'select'),
      'type', t.typname,
      'builtIn', t.typnamespace = 'pg_catalog'::regnamespace,
      'array', t.typcategory = 'A',
      'enum', t.typtype = 'e',
      'ordered', t.typtype <> 'b' or t.typnamespace = 'pg_catalog'::regnamespace or exists (
        select from pg_catalog.pg_opclass o
        join pg_catalog.pg_amop p on p.amopfamily = o.opcfamily and p.amopstrategy = 5
          and p.amoplefttype = o.opcintype and p.amoprighttype = o.opcintype
        where o.opcintype = t.oid and o.opcdefault
          and o.opcmethod = (select m.oid from pg_catalog.pg_am m where m.amname = 'btree')
          and pg_operator_is_visible(p.amopopr)),
      'modifier', coalesce(b.modifier, a.atttypmod)
    ) order by a.attnum)
    from pg_catalog.pg_attribute a
    left join base b on b.domain = a.atttypid
      and not exists (select from pg_catalog.pg_type d where d.oid = b.type and d.typtype = 'd')
    join pg_catalog.pg_type t on t.oid = coalesce(b.type, a.atttypid)
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  (select json_agg(json_build_object(
      'primary', i.indisprimary,
      'unique', i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null,
      'columns', (select json_agg(a.attname order by k.position)
        from unnest(i.indkey::smallint[]) with ordinality k(attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where k.position <= i.indnkeyatts)
    ) order by i.indisprimary desc, i.indnkeyatts, i.indexrelid)
    from pg_catalog.pg_index i where i.indrelid = c.oid and i.indkey[0] <> 0)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = any($1) and ($2::text is null or c.relname = $2)
  and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition`;

const columnRow = z.array(
  z.object({
    name: z.string(),
    nativeType: z.string(),
    nullable: z.boolean(),
    readable: z.boolean(),
    type: z.string(),
    builtIn: z.boolean(),
    array: z.boolean(),
    enum: z.boolean(),
    ordered: z.boolean(),
    modifier: z.number(),
  }),
);
const indexRow = z.array(
  z.object({ primary: z.boolean(), unique: z.boolean(), columns: z.array(z.string()).nullable() }),
);

/** One row of the catalogue query; null for an object whose name cannot be offered. */
export function tableOfRow(row: readonly (string | null)[]): SqlTable | null {
  const [schema, name, kind, usage, rowSecurity, inherited, columnsJson, indexesJson] = row;
  if (!schema || !name || !identifierPattern.test(schema) || !identifierPattern.test(name))
    return null;
  // The stream is called schema.table; a dot within would make that ambiguous.
  if (schema.includes('.') || name.includes('.')) return null;
  const found = columnRow.parse(JSON.parse(columnsJson ?? '[]'));
  const indexes = indexRow.parse(JSON.parse(indexesJson ?? '[]'));
  const named = found.filter((column) => identifierPattern.test(column.name));
  const granted = named.filter((column) => column.readable);
  const forbidden = usage !== 't' || (granted.length === 0 && named.length > 0);
  const columns = (forbidden ? named : granted).map((column): SqlColumn => {
    const { type, builtIn, array, modifier, enum: isEnum } = column;
    return {
      name: column.name,
      nativeType: column.nativeType,
      nullable: column.nullable,
      ...columnType({ name: type, builtIn, array, isEnum, modifier }, quoteIdentifier(column.name)),
    };
  });
  const byName = new Map(columns.map((column) => [column.name, column]));
  // Of an extension outside the search path, > would be found for what its values can be cast to, and order otherwise.
  const misordered = new Set(found.flatMap(({ name, ordered }) => (ordered ? [] : [name])));
  const primary = indexes.find((index) => index.primary)?.columns ?? [];
  const key = indexes.find(
    ({ unique, columns: names }) =>
      unique &&
      names?.every((column) => {
        const entry = byName.get(column);
        return (
          entry !== undefined &&
          !entry.nullable &&
          entry.expression === undefined &&
          !misordered.has(column)
        );
      }),
  );
  const hidden = forbidden ? [] : named.filter((column) => !column.readable);
  const unnamed = found.filter((column) => !identifierPattern.test(column.name));
  return {
    schema,
    name,
    columns,
    forbidden,
    primaryKey: primary.every((column) => byName.has(column)) ? primary : [],
    orderKey: key?.columns ?? [],
    indexed: new Set(indexes.flatMap((index) => index.columns?.slice(0, 1) ?? [])),
    ...(inherited === 't'
      ? { from: `only ${quoteIdentifier(schema)}.${quoteIdentifier(name)}` }
      : {}),
    notes: [
      ...(kind === 'v' ? ['A view: it has no key of its own.'] : []),
      ...(inherited === 't'
        ? ['Rows of tables that inherit from it are read with those, not with it.']
        : []),
      ...(forbidden ? ['The user has no permission to read it. Grant SELECT.'] : []),
      ...(hidden.length > 0
        ? [`Left out, no permission: ${hidden.map((column) => column.name).join(', ')}.`]
        : []),
      ...(unnamed.length > 0
        ? [`Left out, names with control characters: ${unnamed.length} columns.`]
        : []),
      ...(rowSecurity === 't'
        ? ['Row-level security applies: only rows that the user may see are read.']
        : []),
    ],
  };
}
