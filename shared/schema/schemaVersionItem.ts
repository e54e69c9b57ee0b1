import { createHash } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import * as z from 'zod';
import { type Field, field } from '../lake/schema.ts';
import { sourceKey } from '../table.ts';

/**
 * One version of a stream's schema and the commit that made it. Sort key `SCHEMA#<stream>#<runId>#<seq>`, so oldest
 * first. `fields` is deflated JSON in base64: 2,000 columns with long names would not fit an item.
 */
export const schemaVersionItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  stream: z.string(),
  runId: z.string(),
  seq: z.int().positive(),
  at: z.iso.datetime(),
  /** The same for equal schemas. */
  hash: z.string(),
  fields: z.string(),
});
export type SchemaVersionItem = z.infer<typeof schemaVersionItem>;

type Place = Pick<SchemaVersionItem, 'tenant' | 'sourceId' | 'stream'>;

export const schemaVersionPrefix = (stream: string): string => `SCHEMA#${stream}#`;

export const schemaVersionKey = ({
  tenant,
  sourceId,
  stream,
  runId,
  seq,
}: Place & Pick<SchemaVersionItem, 'runId' | 'seq'>): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: `${schemaVersionPrefix(stream)}${runId}#${String(seq).padStart(6, '0')}`,
});

export const packFields = (fields: readonly Field[]): string =>
  deflateSync(JSON.stringify(fields)).toString('base64');

/** Far above what 2,000 columns come to. */
const mostBytes = 16 * 2 ** 20;

export const unpackFields = (packed: string): readonly Field[] =>
  z
    .array(field)
    .parse(
      JSON.parse(
        inflateSync(Buffer.from(packed, 'base64'), { maxOutputLength: mostBytes }).toString('utf8'),
      ),
    );

/** The same for schemas that are equal in everything people see. */
export const schemaHash = (fields: readonly Field[]): string =>
  createHash('sha256')
    .update(JSON.stringify(fields.map(({ id, name, type, doc }) => [id, name, type, doc ?? null])))
    .digest('hex')
    .slice(0, 32);
