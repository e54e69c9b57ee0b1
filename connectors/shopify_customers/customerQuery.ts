import * as z from 'zod';
import { parseAnswer } from '../../shared/connectors/rest/parseAnswer.ts';
import type { RestClient } from '../../shared/connectors/rest/restClient.ts';
import type { RestColumn } from '../../shared/connectors/rest/restColumn.ts';
import type { Json } from '../../shared/json.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';

/** Columns that come from one field each, and the selection that brings it. */
const fixed: readonly (RestColumn & { readonly selects: string })[] = [
  { name: 'id', type: 'string', selects: 'id' },
  { name: 'legacyResourceId', type: 'long', selects: 'legacyResourceId' },
  { name: 'createdAt', type: 'timestamptz', selects: 'createdAt' },
  { name: 'updatedAt', type: 'timestamptz', selects: 'updatedAt' },
  { name: 'displayName', type: 'string', selects: 'displayName' },
  { name: 'firstName', type: 'string', selects: 'firstName' },
  { name: 'lastName', type: 'string', selects: 'lastName' },
  {
    name: 'email',
    type: 'string',
    from: 'defaultEmailAddress.emailAddress',
    selects: 'defaultEmailAddress',
  },
  {
    name: 'emailMarketingState',
    type: 'string',
    from: 'defaultEmailAddress.marketingState',
    selects: 'defaultEmailAddress',
  },
  {
    name: 'phone',
    type: 'string',
    from: 'defaultPhoneNumber.phoneNumber',
    selects: 'defaultPhoneNumber',
  },
  { name: 'state', type: 'string', selects: 'state' },
  { name: 'verifiedEmail', type: 'boolean', selects: 'verifiedEmail' },
  { name: 'locale', type: 'string', selects: 'locale' },
  { name: 'note', type: 'string', selects: 'note' },
  { name: 'tags', type: 'string', nativeType: 'list', selects: 'tags' },
  { name: 'taxExempt', type: 'boolean', selects: 'taxExempt' },
  { name: 'taxExemptions', type: 'string', nativeType: 'list', selects: 'taxExemptions' },
  { name: 'dataSaleOptOut', type: 'boolean', selects: 'dataSaleOptOut' },
  { name: 'productSubscriberStatus', type: 'string', selects: 'productSubscriberStatus' },
  { name: 'lifetimeDuration', type: 'string', selects: 'lifetimeDuration' },
  { name: 'numberOfOrders', type: 'long', selects: 'numberOfOrders' },
  {
    name: 'amountSpent',
    type: 'decimal(38, 6)',
    from: 'amountSpent.amount',
    selects: 'amountSpent',
  },
  {
    name: 'amountSpentCurrency',
    type: 'string',
    from: 'amountSpent.currencyCode',
    selects: 'amountSpent',
  },
  { name: 'lastOrderId', type: 'string', from: 'lastOrder.id', selects: 'lastOrder' },
  { name: 'defaultAddress', type: 'string', nativeType: 'object', selects: 'defaultAddress' },
];

/** Selections of objects. */
const inside: Readonly<Record<string, string>> = {
  defaultEmailAddress: '{ emailAddress marketingState }',
  defaultPhoneNumber: '{ phoneNumber }',
  amountSpent: '{ amount currencyCode }',
  lastOrder: '{ id }',
  defaultAddress:
    '{ id name firstName lastName company address1 address2 city province provinceCode zip country countryCodeV2 phone }',
};

/** https://shopify.dev/docs/apps/build/metafields/list-of-data-types */
const metafieldTypes: Readonly<Record<string, ColumnType>> = {
  boolean: 'boolean',
  date: 'date',
  number_integer: 'long',
  number_decimal: 'decimal(38, 9)',
  date_time: 'timestamptz',
};

const mostMetafields = 50;
const definitions = z.object({
  data: z.object({
    metafieldDefinitions: z.object({
      nodes: z.array(
        z.object({
          namespace: z.string(),
          key: z.string(),
          type: z.object({ name: z.string() }),
        }),
      ),
    }),
  }),
});

const definitionsQuery = `{
  metafieldDefinitions(ownerType: CUSTOMER, first: ${mostMetafields}) {
    nodes { namespace key type { name } }
  }
}`;

/** A name GraphQL allows, from which namespace and key can be read again: they may hold dots and dashes. */
const hex = (text: string): string => Buffer.from(text).toString('hex');
const unhex = (text: string | undefined): string => Buffer.from(text ?? '', 'hex').toString();
const aliasOf = (namespace: string, key: string): string => `m_${hex(namespace)}_${hex(key)}`;
const aliasPattern = /^(m_([0-9a-f]+)_([0-9a-f]+))\.value$/;

/** The fields every shop has, and the shop's own metafields with their types. */
export const customerColumns =
  (path: string) =>
  async <Config, Credentials>(
    client: RestClient<Config, Credentials>,
  ): Promise<readonly RestColumn[]> => {
    const answer = await client.ask({ method: 'POST', path, body: { query: definitionsQuery } });
    const { nodes } = parseAnswer(definitions, answer).data.metafieldDefinitions;
    const own = nodes
      .map(
        ({ namespace, key, type: { name } }): RestColumn => ({
          name: `metafield_${namespace}_${key}`,
          type: metafieldTypes[name] ?? 'string',
          nativeType: name,
          from: `${aliasOf(namespace, key)}.value`,
        }),
      )
      .sort((left, right) => (left.name < right.name ? -1 : 1));
    return [...fixed.map(({ selects: _, ...column }) => column), ...own];
  };

/** A query's cost grows with every object in it; one query may cost 1,000. */
const mostCost = 900;

/** The query for the columns that are wanted, and for what rows are placed by. */
export function customerQuery(
  columns: readonly RestColumn[],
  sortKey: 'ID' | 'UPDATED_AT',
  filter: string | null,
): { readonly [name: string]: Json } {
  const wanted = new Set(columns.map(({ name }) => name));
  const selected = new Set(
    fixed.flatMap(({ name, selects }) =>
      wanted.has(name) || name === 'id' || name === 'updatedAt' ? [selects] : [],
    ),
  );
  const own = columns.flatMap(({ from }) => {
    const match = aliasPattern.exec(from ?? '');
    if (match === null) return [];
    const [, alias, namespace, key] = match;
    return [
      `${alias}: metafield(namespace: ${JSON.stringify(unhex(namespace))}, key: ${JSON.stringify(unhex(key))}) { value }`,
    ];
  });
  const objects = 1 + own.length + [...selected].filter((name) => name in inside).length;
  const fields = [...selected].map((name) => `${name} ${inside[name] ?? ''}`.trim());
  return {
    query: `query Customers($first: Int!, $after: String, $query: String) {
  customers(first: $first, after: $after, sortKey: ${sortKey}, query: $query) {
    nodes { ${[...fields, ...own].join(' ')} }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: {
      first: Math.max(5, Math.min(250, Math.floor(mostCost / objects))),
      ...(filter === null ? {} : { query: filter }),
    },
  };
}
