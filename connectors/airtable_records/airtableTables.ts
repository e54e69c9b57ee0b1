import * as z from 'zod';
import { parseAnswer } from '../../shared/connectors/rest/parseAnswer.ts';
import type { RestClient } from '../../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';

const field = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  options: z
    .object({ result: z.object({ type: z.string() }).nullish() })
    .nullish()
    .catch(null),
});
export type AirtableField = z.infer<typeof field>;

const table = z.object({
  id: z.string(),
  name: z.string(),
  primaryFieldId: z.string(),
  fields: z.array(field),
});
export type AirtableTable = z.infer<typeof table>;

/** https://airtable.com/developers/web/api/get-base-schema */
export async function tablesOf<Config extends { readonly baseId: string }, Credentials>(
  client: RestClient<Config, Credentials>,
): Promise<readonly AirtableTable[]> {
  const { baseId } = client.context.config;
  const answer = await client.ask({ path: `/v0/meta/bases/${baseId}/tables` });
  return parseAnswer(z.object({ tables: z.array(table) }), answer).tables;
}

/** What the cells of a field hold. https://airtable.com/developers/web/api/field-model */
const types: Readonly<Record<string, ColumnType>> = {
  number: 'double',
  percent: 'double',
  currency: 'double',
  duration: 'double',
  rating: 'long',
  autoNumber: 'long',
  count: 'long',
  checkbox: 'boolean',
  date: 'date',
  dateTime: 'timestamptz',
  createdTime: 'timestamptz',
  lastModifiedTime: 'timestamptz',
};

/** Fields that compute have the type of what they come to; lookups are lists of it. */
export function typeOf({ type, options }: AirtableField): ColumnType {
  const computes = type === 'formula' || type === 'rollup';
  return types[computes ? (options?.result?.type ?? '') : type] ?? 'string';
}

/** The table's own columns, then its fields by their names; one whose name is taken has its id behind it. */
export function columnsOf({ fields }: AirtableTable): readonly RestColumn[] {
  const columns: RestColumn[] = [
    { name: 'id', type: 'string' },
    { name: 'createdTime', type: 'timestamptz' },
  ];
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  for (const each of fields) {
    const isFree = each.name !== '' && !taken.has(each.name.toLowerCase());
    const name = isFree ? each.name : `${each.name} ${each.id}`.trim();
    taken.add(name.toLowerCase());
    columns.push({ name, type: typeOf(each), nativeType: each.type, from: `fields.${each.id}` });
  }
  return columns;
}
