import {
  buildSchema,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  graphql,
  NoDeprecatedCustomRule,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type CodeEndpoint, codeEndpoint } from './codeEndpoint.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';
import { vendorText } from './vendorFiles.ts';

export interface ShopifyCustomer {
  readonly id: string;
  readonly legacyResourceId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly firstName: string | null;
  readonly email: string | null;
  readonly orders: number;
  readonly spent: string;
  readonly metafields: Readonly<Record<string, string>>;
}

/** A Shopify shop. Its filter on updated_at goes by whole days, as the schema says. */
export interface ShopifySimulator extends Simulator {
  create(change?: Partial<ShopifyCustomer>): ShopifyCustomer;
  update(id: string, change: Partial<ShopifyCustomer>): void;
  remove(id: string): void;
  customers(): readonly ShopifyCustomer[];
  define(namespace: string, key: string, type: string): void;
  /** Answers queries of customers with an error of this code. */
  refuseWith(code: string | null): void;
  /** Points that the bucket holds, and gets back in a second. */
  setBucket(maximum: number, restoreRate: number): void;
  /** Queries that came before the bucket held what they were told to wait for. */
  impatient(): number;
  readonly token: string;
  readonly oauth: TokenEndpoint;
  readonly oauthCredentials: { readonly clientId: string; readonly clientSecret: string };
  /** Where people agree. */
  readonly codes: CodeEndpoint;
}

const version = '2026-07';

export async function startShopify(clock: Clock = createClock()): Promise<ShopifySimulator> {
  const schema: GraphQLSchema = buildSchema(
    vendorText(`specs/shopify_admin_${version}.graphql`) ?? smallSchema,
  );
  const customers = new Map<string, ShopifyCustomer>();
  let count = 0;
  let definitions: readonly { namespace: string; key: string; type: { name: string } }[] = [];
  let refused: string | null = null;
  let bucket = { maximum: 20_000, restoreRate: 1000 };
  let available = bucket.maximum;
  let filledAt = clock.now().getTime();
  let notBefore = 0;
  let impatient = 0;
  const token = 'shpat_canary_71aa';
  const oauthCredentials = { clientId: 'shop-client', clientSecret: 'shpss_canary' };
  const oauth = tokenEndpoint({
    ...oauthCredentials,
    refreshToken: 'shprt_canary',
    clock,
    path: '/admin/oauth/access_token',
    rotates: true,
    lifetimeSeconds: 86_399,
  });
  const codes = codeEndpoint({
    ...oauthCredentials,
    authorizeUrl: 'https://acme.myshopify.com/admin/oauth/authorize',
    scope: 'read_customers',
    fields: { expiring: '1' },
    tokens: {
      access_token: 'shpat_canary_short_lived',
      refresh_token: 'shprt_canary',
      expires_in: 3600,
      scope: 'read_customers',
    },
  });
  /** Whole seconds, as Shopify keeps them. */
  const now = (): string =>
    new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  const idOf = ({ id }: ShopifyCustomer): number => Number(id.split('/').at(-1));

  const shown = (customer: ShopifyCustomer) => ({
    ...customer,
    displayName: customer.firstName ?? 'Nobody',
    lastName: null,
    defaultEmailAddress:
      customer.email === null
        ? null
        : { emailAddress: customer.email, marketingState: 'SUBSCRIBED' },
    defaultPhoneNumber: null,
    state: 'ENABLED',
    verifiedEmail: true,
    locale: 'en',
    note: null,
    tags: ['vip'],
    taxExempt: false,
    taxExemptions: [],
    dataSaleOptOut: false,
    productSubscriberStatus: 'NEVER_SUBSCRIBED',
    lifetimeDuration: '3 months',
    numberOfOrders: String(customer.orders),
    amountSpent: { amount: customer.spent, currencyCode: 'EUR' },
    lastOrder: null,
    defaultAddress: null,
    metafield: ({ namespace, key }: { namespace: string; key: string }) => {
      const value = customer.metafields[`${namespace}.${key}`];
      return value === undefined ? null : { value };
    },
  });

  function list(arguments_: { first: number; after?: string; sortKey: string; query?: string }) {
    if (refused !== null)
      throw new GraphQLError('Access denied for customers field.', {
        extensions: { code: refused },
      });
    const { first, after, sortKey, query } = arguments_;
    const lower = /^updated_at:>='([^']+)'$/.exec(query ?? '')?.[1];
    if (query != null && lower === undefined) throw new GraphQLError(`Invalid query: ${query}`);
    const key = (customer: ShopifyCustomer): string =>
      `${sortKey === 'UPDATED_AT' ? customer.updatedAt : ''}#${String(idOf(customer)).padStart(16, '0')}`;
    const bound = `${query ?? ''}#${sortKey}`;
    const cursor =
      after == null
        ? null
        : (JSON.parse(Buffer.from(after, 'base64').toString()) as { key: string; bound: string });
    if (cursor !== null && cursor.bound !== bound)
      throw new GraphQLError('Invalid cursor for current pagination sort.');
    const found = [...customers.values()]
      // By days: what was asked for to the second.
      .filter(
        ({ updatedAt }) => lower === undefined || updatedAt.slice(0, 10) >= lower.slice(0, 10),
      )
      .sort((left, right) => (key(left) < key(right) ? -1 : 1))
      .filter((customer) => cursor === null || key(customer) > cursor.key);
    const page = found.slice(0, first);
    const last = page.at(-1);
    return {
      nodes: page.map(shown),
      pageInfo: {
        hasNextPage: found.length > first,
        hasPreviousPage: after != null,
        startCursor: null,
        endCursor:
          last === undefined
            ? null
            : Buffer.from(JSON.stringify({ key: key(last), bound })).toString('base64'),
      },
    };
  }

  function fill(): void {
    const time = clock.now().getTime();
    available = Math.min(
      bucket.maximum,
      available + ((time - filledAt) / 1000) * bucket.restoreRate,
    );
    filledAt = time;
  }

  async function answer({ body }: SimulatedRequest): Promise<Answer> {
    const { query, variables = {} } = body as { query: string; variables?: Record<string, Json> };
    const document = parse(query);
    for (const { message } of validate(schema, document, [NoDeprecatedCustomRule]))
      simulator.complain(`deprecated: ${message}`);
    const first = Number(variables['first'] ?? 1);
    const cost = document.definitions.reduce(
      (sum, definition) =>
        sum + ('selectionSet' in definition ? costOf(definition.selectionSet, first) : 0),
      0,
    );
    fill();
    const status = () => ({
      cost: {
        requestedQueryCost: cost,
        actualQueryCost: cost,
        throttleStatus: {
          maximumAvailable: bucket.maximum,
          currentlyAvailable: Math.floor(available),
          restoreRate: bucket.restoreRate,
        },
      },
    });
    const headers = { 'x-shopify-api-version': version };
    if (cost > 1000)
      return {
        headers,
        body: {
          errors: [
            {
              message: `Query cost is ${cost}, which exceeds the single query max cost limit 1000.`,
              extensions: { code: 'MAX_COST_EXCEEDED' },
            },
          ],
        },
      };
    if (cost > available) {
      const time = clock.now().getTime();
      if (time < notBefore) impatient += 1;
      notBefore = time + ((cost - available) / bucket.restoreRate) * 1000;
      return {
        headers,
        body: {
          errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
          extensions: status(),
        },
      };
    }
    available -= cost;
    const result = await graphql({
      schema,
      source: query,
      variableValues: variables,
      rootValue: {
        customers: list,
        metafieldDefinitions: () => ({ nodes: definitions }),
      },
    });
    const plain = JSON.parse(JSON.stringify(result)) as { errors?: { extensions?: unknown }[] };
    for (const error of plain.errors ?? [])
      if (error.extensions === undefined && refused === null)
        simulator.complain(JSON.stringify(error));
    return { headers, body: { ...plain, extensions: status() } as unknown as Json };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://acme.myshopify.com', 'https://gone.myshopify.com'],
      check: null,
      throttled: (wait) => ({
        status: 429,
        headers: { 'retry-after': String(wait) },
        body: { errors: 'Exceeded 2 calls per second for api client.' },
      }),
      refuse: ({ headers }) => {
        const sent = headers.get('x-shopify-access-token');
        if (headers.has('authorization'))
          return { status: 400, body: { errors: 'a bearer is not what Shopify takes' } };
        if (sent === 'shpat_canary_of_a_shop_that_is_gone')
          return { status: 404, body: { errors: 'Not Found' } };
        return sent === token || oauth.accepts(sent)
          ? null
          : {
              status: 401,
              body: { errors: `[API] Invalid API key or access token (${sent})` },
            };
      },
      routes: [
        {
          ...oauth.route,
          answer: (request) =>
            new URLSearchParams(request.text).get('grant_type') === 'authorization_code'
              ? codes.answer(request)
              : oauth.route.answer(request),
        },
        { method: 'POST', path: `/admin/api/${version}/graphql.json`, answer },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    token,
    oauth,
    oauthCredentials,
    codes,
    customers: () => [...customers.values()],
    create: (change: Partial<ShopifyCustomer> = {}) => {
      count += 1;
      const number = 7_000_000_000_000 + count * 65_537;
      const time = now();
      const customer: ShopifyCustomer = {
        id: `gid://shopify/Customer/${number}`,
        legacyResourceId: String(number),
        createdAt: time,
        updatedAt: time,
        firstName: `Customer ${count}`,
        email: null,
        orders: 0,
        spent: '0.0',
        metafields: {},
        ...change,
      };
      customers.set(customer.id, customer);
      return customer;
    },
    update: (id: string, change: Partial<ShopifyCustomer>) => {
      const customer = customers.get(id);
      if (customer !== undefined) customers.set(id, { ...customer, ...change, updatedAt: now() });
    },
    remove: (id: string) => {
      customers.delete(id);
    },
    define: (namespace: string, key: string, type: string) => {
      definitions = [...definitions, { namespace, key, type: { name: type } }];
    },
    refuseWith: (code: string | null) => {
      refused = code;
    },
    setBucket: (maximum: number, restoreRate: number) => {
      bucket = { maximum, restoreRate };
      available = maximum;
      filledAt = clock.now().getTime();
      impatient = 0;
    },
    impatient: () => impatient,
  });
}

/** Every object costs a point; those of a list as often as it is long. */
function costOf(selections: SelectionSetNode, first: number): number {
  return selections.selections
    .filter((node): node is FieldNode => node.kind === 'Field' && node.selectionSet !== undefined)
    .reduce((sum, node) => {
      const inner = node.selectionSet === undefined ? 0 : costOf(node.selectionSet, first);
      if (node.name.value === 'pageInfo') return sum;
      return node.name.value === 'nodes' ? sum + first * (1 + inner) : sum + 1 + inner;
    }, 0);
}

/** What of Shopify's schema is used here, where the vendor's own is not at hand. */
const smallSchema = `
scalar DateTime
scalar Decimal
scalar UnsignedInt64
enum CustomerSortKeys { ID UPDATED_AT }
enum MetafieldOwnerType { CUSTOMER }
type QueryRoot {
  customers(after: String, first: Int, query: String, sortKey: CustomerSortKeys = ID): CustomerConnection!
  metafieldDefinitions(first: Int, ownerType: MetafieldOwnerType!): MetafieldDefinitionConnection!
}
type CustomerConnection { nodes: [Customer!]! pageInfo: PageInfo! }
type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
type Customer {
  amountSpent: MoneyV2! createdAt: DateTime! dataSaleOptOut: Boolean! defaultAddress: MailingAddress
  defaultEmailAddress: CustomerEmailAddress defaultPhoneNumber: CustomerPhoneNumber displayName: String!
  firstName: String id: ID! lastName: String lastOrder: Order legacyResourceId: UnsignedInt64!
  lifetimeDuration: String! locale: String! metafield(key: String!, namespace: String): Metafield
  note: String numberOfOrders: UnsignedInt64! productSubscriberStatus: String! state: String!
  tags: [String!]! taxExempt: Boolean! taxExemptions: [String!]! updatedAt: DateTime! verifiedEmail: Boolean!
}
type MoneyV2 { amount: Decimal! currencyCode: String! }
type CustomerEmailAddress { emailAddress: String! marketingState: String! }
type CustomerPhoneNumber { phoneNumber: String! }
type Order { id: ID! }
type MailingAddress {
  id: ID! name: String firstName: String lastName: String company: String address1: String address2: String city: String
  province: String provinceCode: String zip: String country: String countryCodeV2: String phone: String
}
type Metafield { value: String! }
type MetafieldDefinitionConnection { nodes: [MetafieldDefinition!]! }
type MetafieldDefinition { key: String! namespace: String! type: MetafieldDefinitionType! }
type MetafieldDefinitionType { name: String! }
schema { query: QueryRoot }
`;
