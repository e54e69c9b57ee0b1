import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import type { RestOutcome } from '../shared/connectors/rest/restPages.ts';
import type { RestStream } from '../shared/connectors/rest/restStream.ts';
import { stripeEvents, stripeList } from '../shared/connectors/stripe/stripeLists.ts';
import {
  type StripeConfig,
  type StripeCredentials,
  stripeBehaviour,
  stripeConfig,
  stripeCredentials,
} from '../shared/connectors/stripe/stripeSource.ts';
import type { Json } from '../shared/json.ts';
import {
  balanceTransactionColumns,
  chargeColumns,
  paymentIntentColumns,
  refundColumns,
} from './stripe_payments/paymentColumns.ts';

type Stream = RestStream<StripeConfig, StripeCredentials>;

const what = 'payment intents, charges, refunds, balance transactions and events';
/** Money is pending for a week or so before it is available, and no event tells of that. */
const pendingSeconds = 10 * 86_400;

const common = {
  primaryKey: ['id'],
  others: 'other_fields',
  captures: 'changes',
  deletes: 'none',
  repeats: true,
} as const;
const keptFor =
  'Stripe keeps events for 30 days: when the last run is longer ago, everything is read again.';

/** Payment intents without the secret with which a browser completes the payment. */
function withoutSecrets(stream: Stream): Stream {
  const sheared = (outcome: RestOutcome): RestOutcome => {
    if (!('record' in outcome)) return outcome;
    const { client_secret: _, ...record } = outcome.record as { readonly [name: string]: Json };
    return { record };
  };
  const { pages, changes } = stream;
  const later = changes?.pages?.expand;
  return {
    ...stream,
    pages: { ...pages, expand: async (records) => records.map((record) => sheared({ record })) },
    ...(changes?.kind === 'window' && changes.pages !== undefined && later !== undefined
      ? {
          changes: {
            ...changes,
            pages: {
              ...changes.pages,
              expand: async (...given) => (await later(...given)).map(sheared),
            },
          },
        }
      : {}),
  };
}

export default defineRestConnector<StripeConfig, StripeCredentials>({
  ...stripeBehaviour(what),
  name: 'stripe_payments',
  title: 'Stripe payments',
  description:
    'Payment intents, charges, refunds and balance transactions of a Stripe account, with their changes.',
  docs: 'https://docs.stripe.com/api/payment_intents',
  labels: ['saas'],
  config: stripeConfig,
  credentials: stripeCredentials(what),
  checks: [
    { path: '/v1/payment_intents', query: { limit: '1' }, what: 'payment intents' },
    { path: '/v1/charges', query: { limit: '1' }, what: 'charges' },
    { path: '/v1/refunds', query: { limit: '1' }, what: 'refunds' },
    { path: '/v1/balance_transactions', query: { limit: '1' }, what: 'balance transactions' },
    { path: '/v1/events', query: { limit: '1' }, what: 'events' },
  ],
  streams: {
    payment_intents: withoutSecrets({
      ...common,
      columns: paymentIntentColumns,
      notes: [keptFor],
      pages: stripeList('/v1/payment_intents'),
      changes: stripeEvents('/v1/payment_intents', [
        'payment_intent.amount_capturable_updated',
        'payment_intent.canceled',
        'payment_intent.created',
        'payment_intent.partially_funded',
        'payment_intent.payment_failed',
        'payment_intent.processing',
        'payment_intent.requires_action',
        'payment_intent.succeeded',
      ]),
    }),
    charges: {
      ...common,
      columns: chargeColumns,
      notes: [keptFor],
      pages: stripeList('/v1/charges'),
      changes: stripeEvents('/v1/charges', [
        'charge.captured',
        'charge.expired',
        'charge.failed',
        'charge.pending',
        'charge.refunded',
        'charge.succeeded',
        'charge.updated',
      ]),
    },
    refunds: {
      ...common,
      columns: refundColumns,
      notes: [keptFor],
      pages: stripeList('/v1/refunds'),
      changes: stripeEvents('/v1/refunds', ['refund.created', 'refund.failed', 'refund.updated']),
    },
    balance_transactions: {
      ...common,
      columns: balanceTransactionColumns,
      cursorField: 'created',
      notes: [
        'Those of the last ten days are read again, because they become available meanwhile.',
      ],
      pages: stripeList('/v1/balance_transactions'),
      changes: {
        kind: 'window',
        time: 'created',
        format: 'epochSeconds',
        from: { query: 'created[gte]' },
        to: { query: 'created[lt]' },
        order: 'descending',
        lagSeconds: 5,
        overlapSeconds: pendingSeconds,
      },
    },
  },
});
