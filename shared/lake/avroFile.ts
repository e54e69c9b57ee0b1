import { randomBytes } from 'node:crypto';
import avro, { type Type } from 'avsc';

/** Small enough to keep one block in memory twice, large enough that framing does not show. */
const blockBytes = 64 * 1024;

/** Avro's object container file, as in its specification: "Object Container Files". */
const header = avro.Type.forSchema({
  type: 'record',
  name: 'org.apache.avro.file.Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
  ],
});
const magic = Buffer.from('Obj\x01', 'latin1');
const long = avro.Type.forSchema('long');

/** Unions are written as `null | value`, not wrapped in an object that names the branch. */
export const avroType = (schema: object): Type =>
  avro.Type.forSchema(schema as Parameters<typeof avro.Type.forSchema>[0], { wrapUnions: false });

/**
 * An Avro container file with codec `null`. `schema` is written as given, with its extra attributes
 * (`field-id`, `logicalType`); `type` encodes the records.
 */
export function encodeAvroFile(
  schema: object,
  type: Type,
  metadata: Readonly<Record<string, string>>,
  records: Iterable<unknown>,
): Uint8Array {
  const sync = randomBytes(16);
  const meta = Object.fromEntries(
    Object.entries({
      'avro.schema': JSON.stringify(schema),
      'avro.codec': 'null',
      ...metadata,
    }).map(([key, value]) => [key, Buffer.from(value)]),
  );
  const parts: Buffer[] = [header.toBuffer({ magic, meta, sync })];
  let block: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (block.length === 0) return;
    parts.push(long.toBuffer(block.length), long.toBuffer(bytes), ...block, sync);
    block = [];
    bytes = 0;
  };
  for (const record of records) {
    const encoded = type.toBuffer(record);
    block.push(encoded);
    bytes += encoded.length;
    if (bytes >= blockBytes) flush();
  }
  flush();
  return Buffer.concat(parts);
}

/** Types by the text of their schema: a table has two. */
const types = new Map<string, Type>();
const cachedTypes = 8;

function typeOf(schemaText: string): Type {
  let type = types.get(schemaText);
  if (type === undefined) {
    type = avroType(JSON.parse(schemaText) as object);
    if (types.size >= cachedTypes) types.clear();
    types.set(schemaText, type);
  }
  return type;
}

/** The records of a container file one by one. Throws when it is cut short or uses another codec. */
export function* decodeAvroFile(file: Uint8Array): Generator<unknown> {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const start = header.decode(buffer, 0);
  if (start.offset < 0 || !magic.equals(start.value.magic)) throw new Error('not an Avro file');
  const meta = start.value.meta as Record<string, Buffer>;
  const codec = meta['avro.codec']?.toString() ?? 'null';
  if (codec !== 'null') throw new Error(`Avro codec ${codec}: Headgate writes none`);
  const type = typeOf(meta['avro.schema']?.toString() ?? '');
  let position = start.offset;
  while (position < buffer.length) {
    const count = long.decode(buffer, position);
    const size = long.decode(buffer, count.offset);
    let at = size.offset;
    for (let record = 0; record < count.value; record++) {
      const decoded = type.decode(buffer, at);
      if (decoded.offset < 0) throw new Error('Avro file is cut short');
      at = decoded.offset;
      yield decoded.value;
    }
    if (at !== size.offset + size.value) throw new Error('Avro block has a wrong length');
    position = at + 16;
  }
}
