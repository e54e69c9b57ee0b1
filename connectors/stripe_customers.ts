import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import { at } from '../shared/connectors/rest/paths.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestColumn, RestOutcome } from '../shared/connectors/rest/restSpec.ts';
import { HeadgateError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';

/** Pinned: each version of the API has its own shapes. https://docs.stripe.com/changelog */
const apiVersion = '2026-07-29.dahlia';
/** Events are kept for 30 days. https://docs.stripe.com/api/events */
const eventsKeptSeconds = 29 * 86_400;
const eventTypes = ['customer.created', 'customer.updated', 'customer.deleted'];
const customersAtOnce = 5;

const config = z.strictObject({
  accountId: z
    .string()
    .regex(/^acct_[A-Za-z0-9]+$/)
    .optional()
    .meta({
      title: 'Connected account',
      description:
        'Id of the connected account (acct_…) to read with a platform’s key. Left out: the key’s own account.',
    }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  apiKey: z
    .string()
    .regex(/^(sk|rk)_/, 'starts with sk_ or rk_')
    .max(500)
    .meta({
      title: 'API key',
      description:
        'A restricted key (rk_…) that may read customers and events, or a secret key (sk_…).',
      secret: true,
    }),
});
type Credentials = z.infer<typeof credentials>;

const text = (name: string): RestColumn => ({ name, type: 'string' });
const nested = (name: string): RestColumn => ({ name, type: 'string', nativeType: 'object' });

/** https://docs.stripe.com/api/customers/object */
const columns: readonly RestColumn[] = [
  text('id'),
  text('object'),
  nested('address'),
  { name: 'balance', type: 'long', nativeType: 'integer, minor units' },
  nested('cash_balance'),
  { name: 'created', type: 'timestamptz', nativeType: 'epoch seconds', format: 'epochSeconds' },
  text('currency'),
  text('customer_account'),
  text('default_source'),
  { name: 'delinquent', type: 'boolean' },
  text('description'),
  nested('discount'),
  text('email'),
  nested('invoice_credit_balance'),
  text('invoice_prefix'),
  nested('invoice_settings'),
  { name: 'livemode', type: 'boolean' },
  nested('metadata'),
  text('name'),
  { name: 'next_invoice_sequence', type: 'long' },
  text('phone'),
  nested('preferred_locales'),
  nested('shipping'),
  text('tax_exempt'),
  text('test_clock'),
];

/**
 * The customers that events tell of, as they are now: an event holds its customer in the shape of the API version it was
 * made with. A customer that is gone answers `deleted`, or 404 when test data was cleared.
 */
async function customersOf(
  events: readonly Json[],
  client: RestClient<Config, Credentials>,
): Promise<readonly RestOutcome[]> {
  const ids = new Set(events.map((event) => at(event, 'data.object.id')));
  const wanted = [...ids].filter((id) => typeof id === 'string');
  const outcomes: RestOutcome[] = [];
  for (let first = 0; first < wanted.length; first += customersAtOnce)
    outcomes.push(
      ...(await Promise.all(
        wanted.slice(first, first + customersAtOnce).map((id) => customer(id, client)),
      )),
    );
  return outcomes;
}

async function customer(id: string, client: RestClient<Config, Credentials>): Promise<RestOutcome> {
  try {
    const { body } = await client.ask({ path: `/v1/customers/${encodeURIComponent(id)}` });
    return at(body, 'deleted') === true ? { gone: { id } } : { record: body };
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'source_not_found')
      return { gone: { id } };
    throw error;
  }
}

export default defineRestConnector<Config, Credentials>({
  name: 'stripe_customers',
  title: 'Stripe customers',
  description: 'Customers of a Stripe account: all of them, then what its events say has changed.',
  docs: 'https://docs.stripe.com/api/customers',
  labels: ['saas'],
  authMethods: [{ name: 'key', title: 'API key', fields: ['apiKey'] }],
  config,
  credentials,
  baseUrl: 'https://api.stripe.com',
  headers: { 'stripe-version': apiVersion, 'stripe-account': { config: 'accountId' } },
  auth: [{ kind: 'bearer', token: 'apiKey' }],
  // Of test mode; live mode allows four times as many. https://docs.stripe.com/rate-limits
  limits: [{ name: 'requests', requests: 25, perSeconds: 1 }],
  checks: [
    { path: '/v1/customers', query: { limit: '1' }, what: 'customers' },
    { path: '/v1/events', query: { limit: '1' }, what: 'events' },
  ],
  errorMessage: 'error.message',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Make a new key in the Stripe dashboard and enter it here.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the restricted key read permission for customers and events.',
    },
    {
      at: 'error.param',
      is: ['starting_after'],
      code: 'source_answer_invalid',
      lostPlace: true,
    },
  ],
  streams: {
    customers: {
      primaryKey: ['id'],
      columns,
      others: 'other_fields',
      captures: 'changes',
      deletes: 'tombstone',
      repeats: true,
      notes: [
        'Stripe keeps events for 30 days: when the last run is longer ago, the next fails with cursor_expired and a full refresh is due.',
      ],
      pages: {
        path: '/v1/customers',
        records: 'data',
        // Newest first; there is no other order.
        paging: { kind: 'keyset', keys: ['id', 'created'], more: 'has_more' },
        size: { to: { query: 'limit' }, records: 100 },
        request: ({ page }) => afterRecord(page),
        // The customer at the page's end is gone: those made in the same second come again.
        recover: (page) => (Array.isArray(page) ? [null, page[1] as Json] : null),
      },
      changes: {
        kind: 'window',
        time: 'created',
        format: 'epochSeconds',
        from: { query: 'created[gte]' },
        to: { query: 'created[lt]' },
        order: 'descending',
        lagSeconds: 5,
        overlapSeconds: 600,
        keptSeconds: eventsKeptSeconds,
        pages: {
          path: '/v1/events',
          query: { 'types[]': { each: eventTypes } },
          records: 'data',
          paging: { kind: 'lastKey', key: 'id', to: { query: 'starting_after' }, more: 'has_more' },
          size: { to: { query: 'limit' }, records: 100 },
          expand: customersOf,
        },
      },
    },
  },
});

/** The query of the page after a customer: by its id, or by its time where the id is no longer known. */
function afterRecord(page: Json): { readonly query?: Readonly<Record<string, string>> } {
  if (!Array.isArray(page)) return {};
  const [id, created] = page as readonly Json[];
  return {
    query: typeof id === 'string' ? { starting_after: id } : { 'created[lte]': String(created) },
  };
}
