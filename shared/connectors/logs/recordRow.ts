import type { Column } from '../../lake/schema.ts';
import type { SourceRecord } from '../connector.ts';
import type { LogDecoder, LogRecord } from './logSession.ts';

/** What every record has; the fields of its value are columns besides. */
export const recordColumns: readonly Column[] = [
  { name: '_partition', type: 'int' },
  { name: '_offset', type: 'long' },
  { name: '_timestamp', type: 'timestamptz' },
  { name: '_key', type: 'string' },
  { name: '_headers', type: 'string', nativeType: 'list of names and values' },
  { name: '_value', type: 'string', nativeType: 'a value that has no fields' },
];
const ours = new Set(recordColumns.map(({ name }) => name));

/** A record as a row. A field of the value that is called like a column of ours lands as `value_…`. */
export async function recordRow(
  partition: number,
  record: LogRecord,
  decoder: LogDecoder,
): Promise<SourceRecord> {
  const { offset, timestamp, key, value, headers } = record;
  const decoded = value === null ? { text: null } : await decoder.value(value);
  const fields = 'fields' in decoded ? decoded.fields : {};
  const named = Object.entries(fields).map(([name, field]) => [
    ours.has(name.toLowerCase()) ? `value${name}` : name,
    field,
  ]);
  return {
    _partition: partition,
    _offset: String(offset),
    _timestamp: timestamp === null ? null : new Date(timestamp).toISOString(),
    _key: key === null ? null : await decoder.key(key),
    _headers:
      headers.length === 0
        ? null
        : JSON.stringify(headers.map(([name, bytes]) => [name, bytes?.toString() ?? null])),
    _value: 'text' in decoded ? decoded.text : null,
    ...Object.fromEntries(named),
  };
}
