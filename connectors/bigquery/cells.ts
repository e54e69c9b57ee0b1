import { isObject } from '../../shared/connectors/sql/isObject.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { type BigqueryField, typeName } from './columnType.ts';

/**
 * A value of a query's result as text in the form of `copyCsv`. Results come with `useInt64Timestamp`: times are whole
 * microseconds. https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/list
 */
export function textOfCell(value: Json, field: BigqueryField): string | null {
  if (value === null) return null;
  if (field.mode === 'REPEATED' || typeName(field.type) === 'STRUCT') return jsonOf(value, field);
  if (typeof value !== 'string') throw unexpected(field);
  switch (typeName(field.type)) {
    case 'BOOL':
      return value === 'true' ? 't' : 'f';
    case 'BYTES':
      return `\\x${Buffer.from(value, 'base64').toString('hex')}`;
    case 'DATETIME':
      return value.replace('T', ' ');
    case 'TIMESTAMP':
      return `${timeOf(value)}+00`;
    default:
      return value;
  }
}

/** Whole microseconds since 1970 as `2024-05-01 12:00:00.000001`. */
export function timeOf(microseconds: string): string {
  const match = /^-?\d+$/.exec(microseconds);
  if (match === null)
    throw new HeadgateError(
      'source_answer_invalid',
      'BigQuery answered a time that is no whole number of microseconds.',
    );
  const total = BigInt(microseconds);
  const fraction = ((total % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((total - fraction) / 1000n));
  const text = date.toISOString().slice(0, 19).replace('T', ' ');
  return fraction === 0n ? text : `${text}.${String(fraction).padStart(6, '0')}`;
}

/** Lists and structures as JSON text, digits as they came. */
function jsonOf(value: Json, field: BigqueryField): string {
  if (value === null) return 'null';
  if (field.mode === 'REPEATED') {
    if (!Array.isArray(value)) throw unexpected(field);
    const { mode: _, ...one } = field;
    return `[${value.map((each) => jsonOf(isObject(each) ? (each['v'] ?? null) : null, one)).join(',')}]`;
  }
  const name = typeName(field.type);
  if (name === 'STRUCT') {
    const cells = isObject(value) ? value['f'] : undefined;
    if (!Array.isArray(cells)) throw unexpected(field);
    const members = (field.fields ?? []).map((member, index) => {
      const cell = cells[index];
      const inner = isObject(cell) ? (cell['v'] ?? null) : null;
      return `${JSON.stringify(member.name)}:${jsonOf(inner, member)}`;
    });
    return `{${members.join(',')}}`;
  }
  const text = textOfCell(value, field) ?? '';
  if (name === 'BOOL') return text === 't' ? 'true' : 'false';
  if (name === 'BYTES') return JSON.stringify(value);
  const isNumber = name === 'INT64' || name === 'FLOAT64' || name.endsWith('NUMERIC');
  // Infinity and NaN have no place among JSON's numbers.
  if (isNumber && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return text;
  return name === 'JSON' ? text : JSON.stringify(text);
}

const unexpected = (field: BigqueryField): HeadgateError =>
  new HeadgateError(
    'source_answer_invalid',
    `BigQuery answered a value of "${field.name}" that is no ${field.type}.`,
    { facts: { column: field.name } },
  );
