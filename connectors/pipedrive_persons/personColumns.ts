import * as z from 'zod';
import { parseAnswer } from '../../shared/connectors/rest/parseAnswer.ts';
import type { RestClient } from '../../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';
import { HeadgateError } from '../../shared/errors.ts';

/** A page holds 500 fields, and a company some hundreds. */
const mostPages = 20;

const text = (name: string): RestColumn => ({ name, type: 'string' });
const long = (name: string): RestColumn => ({ name, type: 'long' });
const list = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'list' });

/** The lists as they are, and the first address and number beside them. https://developers.pipedrive.com/docs/api/v1/Persons */
const fixedColumns: readonly RestColumn[] = [
  long('id'),
  text('name'),
  text('first_name'),
  text('last_name'),
  { ...text('email'), from: 'emails.0.value' },
  { ...text('phone'), from: 'phones.0.value' },
  long('owner_id'),
  long('org_id'),
  { name: 'add_time', type: 'timestamptz' },
  { name: 'update_time', type: 'timestamptz' },
  { name: 'is_deleted', type: 'boolean' },
  long('visible_to'),
  list('label_ids'),
  long('picture_id'),
  list('emails'),
  list('phones'),
  list('im'),
  { name: 'postal_address', type: 'string', nativeType: 'object' },
  text('notes'),
  { name: 'birthday', type: 'date' },
  text('job_title'),
];

const fieldPage = z.object({
  data: z.array(
    z.object({
      field_name: z.string(),
      field_code: z.string(),
      field_type: z.string(),
      is_custom_field: z.boolean(),
    }),
  ),
  additional_data: z.object({ next_cursor: z.string().nullish() }).nullish(),
});
type Field = z.infer<typeof fieldPage>['data'][number];

/** Pipedrive's own fields of a person, and the company's by their names, as they are at the beginning of a read. */
export async function personColumns<Config, Credentials>(
  client: RestClient<Config, Credentials>,
): Promise<readonly RestColumn[]> {
  const fields: Field[] = [];
  let cursor: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const answer = await client.ask({
      path: '/personFields',
      query: { limit: '500', ...(cursor === null ? {} : { cursor }) },
    });
    const { data, additional_data } = parseAnswer(fieldPage, answer);
    fields.push(...data.filter(({ is_custom_field }) => is_custom_field));
    cursor = additional_data?.next_cursor ?? null;
    if (cursor === null) break;
    if (pages === mostPages)
      throw new HeadgateError('source_answer_invalid', 'Pipedrive’s list of fields has no end.');
  }
  const own = named(fields).flatMap(([name, field]) => columnsOf(name, field));
  return [...fixedColumns, ...own.sort((left, right) => (left.name < right.name ? -1 : 1))];
}

/** Fields of the same name are told apart by the beginning of their codes. */
function named(fields: readonly Field[]): readonly (readonly [name: string, field: Field])[] {
  const counts = new Map<string, number>();
  for (const { field_name } of fields) counts.set(field_name, (counts.get(field_name) ?? 0) + 1);
  return fields.map((field) => {
    const { field_name, field_code } = field;
    const isAlone = counts.get(field_name) === 1;
    return [`custom_fields_${field_name}${isAlone ? '' : `_${field_code.slice(0, 8)}`}`, field];
  });
}

/** Values with parts become several columns. https://pipedrive.readme.io/docs/pipedrive-api-v2-migration-guide#custom-fields */
function columnsOf(name: string, { field_code, field_type }: Field): readonly RestColumn[] {
  const from = `custom_fields.${field_code}`;
  const column = { name, nativeType: field_type, from } as const;
  switch (field_type) {
    case 'int':
    case 'user':
    case 'org':
    case 'people':
    case 'deal':
    case 'lead':
    case 'project':
    case 'stage':
      return [{ ...column, type: 'long' }];
    case 'double':
      return [{ ...column, type: 'double' }];
    case 'boolean':
    case 'date':
      return [{ ...column, type: field_type }];
    case 'enum':
      return [{ ...column, type: 'string', from: `${from}.label` }];
    case 'monetary':
      return [
        { ...column, type: 'decimal(38, 6)', from: `${from}.value` },
        { ...column, name: `${name}_currency`, type: 'string', from: `${from}.currency` },
      ];
    case 'daterange':
      return [
        { ...column, type: 'date', from: `${from}.value` },
        { ...column, name: `${name}_until`, type: 'date', from: `${from}.until` },
      ];
    default:
      return [{ ...column, type: 'string' }];
  }
}
