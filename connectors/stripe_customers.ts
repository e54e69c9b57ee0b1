import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';
import {
  money,
  nested,
  stripeEvents,
  stripeList,
  text,
  time,
  yes,
} from '../shared/connectors/stripe/stripeLists.ts';
import {
  type StripeConfig,
  type StripeCredentials,
  stripeBehaviour,
  stripeConfig,
  stripeCredentials,
} from '../shared/connectors/stripe/stripeSource.ts';

/** https://docs.stripe.com/api/customers/object */
const columns: readonly RestColumn[] = [
  text('id'),
  text('object'),
  nested('address'),
  money('balance'),
  nested('cash_balance'),
  time('created'),
  text('currency'),
  text('customer_account'),
  text('default_source'),
  yes('delinquent'),
  text('description'),
  nested('discount'),
  text('email'),
  nested('invoice_credit_balance'),
  text('invoice_prefix'),
  nested('invoice_settings'),
  yes('livemode'),
  nested('metadata'),
  text('name'),
  { name: 'next_invoice_sequence', type: 'long' },
  text('phone'),
  nested('preferred_locales'),
  nested('shipping'),
  text('tax_exempt'),
  text('test_clock'),
];

export default defineRestConnector<StripeConfig, StripeCredentials>({
  ...stripeBehaviour('customers and events'),
  name: 'stripe_customers',
  title: 'Stripe customers',
  description: 'Customers of a Stripe account: all of them, then what its events say has changed.',
  docs: 'https://docs.stripe.com/api/customers',
  labels: ['saas'],
  config: stripeConfig,
  credentials: stripeCredentials('customers and events'),
  checks: [
    { path: '/v1/customers', query: { limit: '1' }, what: 'customers' },
    { path: '/v1/events', query: { limit: '1' }, what: 'events' },
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
        'Stripe keeps events for 30 days: when the last run is longer ago, all customers are read again.',
      ],
      pages: stripeList('/v1/customers'),
      changes: stripeEvents('/v1/customers', [
        'customer.created',
        'customer.updated',
        'customer.deleted',
      ]),
    },
  },
});
