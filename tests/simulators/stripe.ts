import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import {
  type Answer,
  type Route,
  type SimulatedRequest,
  type Simulator,
  startSimulator,
} from './simulator.ts';
import { balanceTransaction, charge, paymentIntent, refund } from './stripeObjects.ts';

type Fields = { readonly [name: string]: Json };
export type StripeCustomer = Fields & { readonly id: string; readonly created: number };

export type StripeKind = 'payment_intents' | 'charges' | 'refunds' | 'balance_transactions';
export interface StripePayment {
  readonly intent: string;
  readonly charge: string;
  readonly transaction: string;
}

/** A Stripe account with customers and the events of what happens to them. */
export interface StripeSimulator extends Simulator {
  /** Makes a customer now; its id sorts by nothing. */
  create(fields?: Fields): StripeCustomer;
  update(id: string, fields: Fields): void;
  remove(id: string): void;
  customers(): readonly StripeCustomer[];
  /** A payment that succeeded: its intent, its charge and what it did to the balance. Answers the ids. */
  pay(amount: number): StripePayment;
  /** Takes a charge back in whole. Answers the refund's id. */
  refund(charge: string): string;
  /** Money that was pending becomes available; no event tells of it. */
  settle(transaction: string): void;
  payments(kind: StripeKind): readonly StripeCustomer[];
  /** The key that works, and one that may not read events. */
  readonly key: string;
  readonly keyWithoutEvents: string;
}

const error = (status: number, code: string, message: string, param?: string): Answer => ({
  status,
  body: {
    error: {
      type: status === 401 ? 'invalid_request_error' : 'api_error',
      code,
      message,
      ...(param === undefined ? {} : { param }),
    },
  },
});

export async function startStripe(clock: Clock = createClock()): Promise<StripeSimulator> {
  // Newest first, as Stripe lists them.
  let customers: StripeCustomer[] = [];
  const removed = new Set<string>();
  let events: (Fields & { readonly id: string; readonly created: number })[] = [];
  let count = 0;
  const key = 'rk_live_canary51Hq9';
  const keyWithoutEvents = 'rk_live_canary77Zw2';
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  const payments: Record<StripeKind, StripeCustomer[]> = {
    payment_intents: [],
    charges: [],
    refunds: [],
    balance_transactions: [],
  };

  const happened = (type: string, customer: StripeCustomer): void => {
    count += 1;
    events = [
      {
        id: `evt_${String((count * 7919) % 100_003).padStart(6, '0')}${count}`,
        object: 'event',
        api_version: '2020-08-27',
        created: seconds(),
        // As an old API version wrote it: not to be taken for the customer.
        data: { object: { id: customer.id, object: customer['object'] ?? '', account_balance: 0 } },
        livemode: true,
        pending_webhooks: 0,
        request: { id: null, idempotency_key: null },
        type,
      },
      ...events,
    ];
  };

  function list(
    request: SimulatedRequest,
    all: readonly (Fields & { readonly id: string; readonly created: number })[],
    url: string,
  ): Answer {
    const { query } = request;
    const bound = (name: string): number | null =>
      query.has(name) ? Number(query.get(name)) : null;
    const limits = ['created[gte]', 'created[gt]', 'created[lte]', 'created[lt]'] as const;
    const [gte, gt, lte, lt] = limits.map(bound);
    const inWindow = all.filter(
      ({ created }) =>
        (gte == null || created >= gte) &&
        (gt == null || created > gt) &&
        (lte == null || created <= lte) &&
        (lt == null || created < lt),
    );
    const after = query.get('starting_after');
    const start = after === null ? 0 : inWindow.findIndex(({ id }) => id === after) + 1;
    if (after !== null && start === 0)
      return error(400, 'resource_missing', `No such object: '${after}'`, 'starting_after');
    const limit = Number(query.get('limit') ?? 10);
    if (limit < 1 || limit > 100) return error(400, 'parameter_invalid', 'limit', 'limit');
    const data = inWindow.slice(start, start + limit);
    return {
      body: { object: 'list', url, has_more: start + limit < inWindow.length, data: [...data] },
    };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://api.stripe.com'],
      check: openApiCheck('specs/stripe.noexpand.json'),
      throttled: (wait) => ({
        ...error(429, 'rate_limit', 'Too many requests'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers, path }) => {
        const sent = headers.get('authorization')?.replace('Bearer ', '') ?? '';
        if (headers.get('stripe-version') !== '2026-07-29.dahlia')
          return error(400, 'parameter_invalid', 'The API version is not pinned.');
        if (headers.get('stripe-account') === 'acct_gone')
          return error(404, 'resource_missing', "No such account: 'acct_gone'");
        if (sent === keyWithoutEvents && path === '/v1/events')
          return error(
            403,
            'more_permissions_required',
            `The provided key '${sent}' does not have the required permissions for this endpoint.`,
          );
        return sent === key || sent === keyWithoutEvents
          ? null
          : error(401, 'api_key_invalid', `Invalid API Key provided: ${sent}`);
      },
      routes: [
        {
          method: 'GET',
          path: '/v1/customers',
          answer: (request) => list(request, customers, '/v1/customers'),
        },
        {
          method: 'GET',
          path: '/v1/customers/{id}',
          answer: ({ parameters }) => {
            const id = parameters['id'] ?? '';
            const found = customers.find((customer) => customer.id === id);
            if (found !== undefined) return { body: found };
            return removed.has(id)
              ? { body: { id, object: 'customer', deleted: true } }
              : error(404, 'resource_missing', `No such customer: '${id}'`, 'id');
          },
        },
        ...(Object.keys(payments) as StripeKind[]).flatMap((kind): Route[] => [
          {
            method: 'GET',
            path: `/v1/${kind}`,
            answer: (request) => list(request, payments[kind], `/v1/${kind}`),
          },
          {
            method: 'GET',
            path: `/v1/${kind}/{id}`,
            // The description at hand was cut to lists and customers.
            undescribed: true,
            answer: ({ parameters }) => {
              const found = payments[kind].find(({ id }) => id === parameters['id']);
              return found === undefined
                ? error(404, 'resource_missing', `No such object: '${parameters['id']}'`, 'id')
                : { body: found };
            },
          },
        ]),
        {
          method: 'GET',
          path: '/v1/events',
          answer: (request) => {
            const types = request.query.getAll('types[]');
            const oldest = seconds() - 30 * 86_400;
            return list(
              request,
              events.filter(
                ({ type, created }) =>
                  created >= oldest && (types.length === 0 || types.includes(String(type))),
              ),
              '/v1/events',
            );
          },
        },
      ],
    },
    clock,
  );
  const make = (kind: StripeKind, prefix: string, fields: Fields): StripeCustomer => {
    count += 1;
    const made = { ...fields, id: `${prefix}_${idOf(count).slice(4)}${count}`, created: seconds() };
    payments[kind] = [made, ...payments[kind]];
    return made;
  };
  const change = (kind: StripeKind, id: string, fields: Fields): void => {
    payments[kind] = payments[kind].map((each) => (each.id === id ? { ...each, ...fields } : each));
  };
  return Object.assign(simulator, {
    key,
    keyWithoutEvents,
    customers: () => customers,
    create: (fields: Fields = {}) => {
      count += 1;
      const customer = { ...emptyCustomer, ...fields, created: seconds(), id: idOf(count) };
      customers = [customer, ...customers];
      happened('customer.created', customer);
      return customer;
    },
    payments: (kind: StripeKind) => payments[kind],
    pay: (amount: number) => {
      const intent = make('payment_intents', 'pi', paymentIntent(amount));
      happened('payment_intent.created', intent);
      const charged = make('charges', 'ch', { ...charge(amount), payment_intent: intent.id });
      happened('charge.succeeded', charged);
      const moved = make('balance_transactions', 'txn', {
        ...balanceTransaction(amount, seconds() + 7 * 86_400),
        source: charged.id,
      });
      change('charges', charged.id, { balance_transaction: moved.id });
      change('payment_intents', intent.id, { latest_charge: charged.id });
      happened('payment_intent.succeeded', intent);
      return { intent: intent.id, charge: charged.id, transaction: moved.id };
    },
    refund: (id: string) => {
      const whole = payments.charges.find((each) => each.id === id);
      const amount = Number(whole?.['amount'] ?? 0);
      const made = make('refunds', 're', { ...refund(amount), charge: id });
      happened('refund.created', made);
      change('charges', id, { refunded: true, amount_refunded: amount });
      if (whole !== undefined) happened('charge.refunded', whole);
      return made.id;
    },
    settle: (id: string) => change('balance_transactions', id, { status: 'available' }),
    update: (id: string, fields: Fields) => {
      customers = customers.map((customer) =>
        customer.id === id ? { ...customer, ...fields } : customer,
      );
      const changed = customers.find((customer) => customer.id === id);
      if (changed !== undefined) happened('customer.updated', changed);
    },
    remove: (id: string) => {
      const gone = customers.find((customer) => customer.id === id);
      customers = customers.filter((customer) => customer.id !== id);
      removed.add(id);
      if (gone !== undefined) happened('customer.deleted', gone);
    },
  });
}

const idOf = (count: number): string =>
  `cus_${((count * 2_654_435_761) % 4_294_967_291).toString(36).padStart(8, '0')}`;

/** https://docs.stripe.com/api/customers/object */
const emptyCustomer = {
  object: 'customer',
  address: null,
  balance: 0,
  currency: null,
  default_source: null,
  delinquent: false,
  description: null,
  discount: null,
  email: null,
  invoice_prefix: '7FE1103',
  invoice_settings: {
    custom_fields: null,
    default_payment_method: null,
    footer: null,
    rendering_options: null,
  },
  livemode: true,
  metadata: {},
  name: null,
  next_invoice_sequence: 1,
  phone: null,
  preferred_locales: [],
  shipping: null,
  tax_exempt: 'none',
  test_clock: null,
} as const satisfies Fields;
