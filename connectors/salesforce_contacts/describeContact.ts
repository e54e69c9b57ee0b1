import * as z from 'zod';
import { parseAnswer } from '../../shared/connectors/rest/parseAnswer.ts';
import type { RestClient } from '../../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';
import type { Text } from '../../shared/connectors/rest/texts.ts';
import type { SalesforceConfig, SalesforceCredentials } from './salesforceConfig.ts';

type Client = RestClient<SalesforceConfig, SalesforceCredentials>;

const description = z.object({
  fields: z.array(
    z.object({
      name: z.string().regex(/^[A-Za-z]\w*$/),
      type: z.string(),
      calculated: z.boolean(),
      precision: z.int(),
      scale: z.int(),
    }),
  ),
});
type Field = z.infer<typeof description>['fields'][number];

/** https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm */
function columnOf({ name, type, calculated, precision, scale }: Field): RestColumn {
  const column = { name, nativeType: type };
  switch (type) {
    case 'int':
    case 'long':
      return { ...column, type: type === 'int' ? 'int' : 'long' };
    case 'double':
    case 'percent':
      return { ...column, type: 'double' };
    case 'currency':
      // A formula is not rounded to its scale.
      return calculated || precision < 1 || precision > 38
        ? { ...column, type: 'double' }
        : {
            ...column,
            type: `decimal(${precision}, ${scale})`,
            nativeType: `currency(${precision}, ${scale})`,
          };
    case 'boolean':
    case 'date':
      return { ...column, type };
    case 'datetime':
      return { ...column, type: 'timestamptz', format: 'isoOffset' };
    case 'multipicklist':
      return { ...column, type: 'string', format: 'list' };
    default:
      // Addresses and locations are objects, and come as JSON.
      return { ...column, type: 'string' };
  }
}

/** The fields the user may see, in alphabetical order; files in fields are left out. */
export const describeContact =
  (path: Text<SalesforceConfig, SalesforceCredentials>) =>
  async (client: Client): Promise<readonly RestColumn[]> => {
    const { fields } = parseAnswer(description, await client.ask({ path }));
    return fields
      .filter(({ type }) => type !== 'base64')
      .map(columnOf)
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  };
