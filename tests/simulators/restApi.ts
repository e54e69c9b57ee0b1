import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

export type ApiOrder = {
  readonly id: number;
  readonly updated_at: string;
  readonly status: string;
  readonly total: string;
  readonly customer: { readonly name: string };
  readonly tags: readonly string[];
};

/** An API of nobody's in particular, which pages in every way there is. */
export interface RestApiSimulator extends Simulator {
  create(fields?: Partial<ApiOrder>): ApiOrder;
  update(id: number, fields: Partial<ApiOrder>): void;
  orders(): readonly ApiOrder[];
  readonly token: string;
  readonly team: string;
  readonly oauth: TokenEndpoint;
  readonly client: Readonly<Record<string, string>>;
}

const failure = (status: number, text: string): Answer => ({
  status,
  body: { error: { message: text } },
});

export async function startRestApi(
  clock: Clock = createClock(),
  origin = 'https://api.example.com',
): Promise<RestApiSimulator> {
  const orders = new Map<number, ApiOrder>();
  const token = 'canary-token-of-the-api';
  const team = 'canary-team-secret';
  const client = { clientId: 'client-1', clientSecret: 'canary-client-secret' };
  const oauth = tokenEndpoint({
    ...client,
    refreshToken: '-',
    clock,
    path: '/oauth/token',
    rotates: false,
    lifetimeSeconds: 600,
  });
  let count = 0;

  const sorted = (): readonly ApiOrder[] =>
    [...orders.values()].sort(
      (left, right) => left.updated_at.localeCompare(right.updated_at) || left.id - right.id,
    );
  const windowed = ({ query }: SimulatedRequest): readonly ApiOrder[] => {
    const [from, to] = [query.get('updated_from'), query.get('updated_to')];
    return sorted().filter(
      ({ updated_at }) => (from === null || updated_at >= from) && (to === null || updated_at < to),
    );
  };
  const slice = (all: readonly Json[], at: number, size: number) => ({
    page: all.slice(at, at + size),
    next: at + size < all.length ? at + size : null,
  });

  const simulator = await startSimulator(
    {
      origins: [origin],
      check: null,
      throttled: (wait) => ({
        ...failure(429, 'slow down'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers, query, path }) => {
        const basic = `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`;
        const given = headers.get('authorization');
        const signed =
          headers.get('x-api-key') === `Key ${token}` ||
          given === `Bearer ${token}` ||
          given === basic ||
          query.get('api_key') === token ||
          oauth.accepts(given);
        if (!signed) return failure(401, `no such key: ${headers.get('x-api-key') ?? given}`);
        if (path.startsWith('/v2/private')) return failure(403, 'not for this key');
        return path.startsWith('/v2/team') && headers.get('x-team') !== team
          ? failure(403, 'another team')
          : null;
      },
      routes: [
        oauth.route,
        { method: 'GET', path: '/v2/private', answer: () => ({ body: [] }) },
        {
          method: 'GET',
          path: '/v2/orders',
          answer: (request) => {
            const size = Number(request.query.get('per_page') ?? 10);
            const number = Number(request.query.get('page') ?? 1);
            return {
              body: { data: { orders: slice(windowed(request), (number - 1) * size, size).page } },
            };
          },
        },
        {
          method: 'GET',
          path: '/v2/team/by-token',
          answer: ({ query }) => {
            const { page, next } = slice(sorted(), Number(query.get('after') ?? 0), 40);
            return { body: { items: page, meta: next === null ? {} : { next: String(next) } } };
          },
        },
        {
          method: 'GET',
          path: '/v2/by-address',
          answer: ({ query }) => {
            const { page, next } = slice(sorted(), Number(query.get('at') ?? 0), 40);
            return {
              body: { '@list': page, next: next === null ? null : `/v2/by-address?at=${next}` },
            };
          },
        },
        {
          method: 'GET',
          path: '/v2/by-link',
          answer: ({ query }) => {
            const { page, next } = slice(sorted(), Number(query.get('at') ?? 0), 40);
            const link = `<${origin}/v2/by-link?at=${next}>; rel="next"`;
            return { body: [...page], headers: next === null ? {} : { link } };
          },
        },
        {
          method: 'POST',
          path: '/v2/search',
          answer: ({ body }) => {
            const { page: paging, filter } = body as {
              page: { offset: number; limit: number };
              filter: string;
            };
            const all = filter === 'all' ? sorted() : [];
            return { body: { hits: slice(all, paging.offset, paging.limit).page } };
          },
        },
        {
          method: 'GET',
          path: '/v2/after-key',
          answer: ({ query }) => {
            const all = [...orders.values()].sort((left, right) => left.id - right.id);
            const rest = all.filter(({ id }) => id > Number(query.get('after_id') ?? 0));
            return { body: { orders: rest.slice(0, 40), has_more: rest.length > 40 } };
          },
        },
        {
          method: 'GET',
          path: '/v2/orders/{id}/lines',
          answer: ({ parameters }) =>
            orders.has(Number(parameters['id']))
              ? { body: { lines: [1, 2].map((line) => ({ line, sku: `S${parameters['id']}` })) } }
              : failure(404, 'no such order'),
        },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    token,
    team,
    oauth,
    client,
    orders: () => [...orders.values()],
    create: (fields: Partial<ApiOrder> = {}) => {
      count += 1;
      const order: ApiOrder = {
        id: count,
        updated_at: clock.now().toISOString(),
        status: 'open',
        total: `${count}.50`,
        customer: { name: `Customer ${count}` },
        tags: ['a', 'b'],
        ...fields,
      };
      orders.set(count, order);
      return order;
    },
    update: (id: number, fields: Partial<ApiOrder>) => {
      const order = orders.get(id);
      if (order !== undefined)
        orders.set(id, { ...order, updated_at: clock.now().toISOString(), ...fields });
    },
  });
}
