import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import { at } from '../rest/paths.ts';
import type { RestClient } from '../rest/restClient.ts';
import type { RestColumn } from '../rest/restColumn.ts';
import type { RestOutcome, RestPages } from '../rest/restPages.ts';
import type { RestWindow } from '../rest/restStream.ts';
import type { StripeConfig, StripeCredentials } from './stripeSource.ts';

type Client = RestClient<StripeConfig, StripeCredentials>;

/** Events are kept for 30 days. https://docs.stripe.com/api/events */
const eventsKeptSeconds = 29 * 86_400;
const objectsAtOnce = 5;

export const text = (name: string): RestColumn => ({ name, type: 'string' });
export const nested = (name: string): RestColumn => ({
  name,
  type: 'string',
  nativeType: 'object',
});
export const time = (name: string): RestColumn => ({
  name,
  type: 'timestamptz',
  nativeType: 'epoch seconds',
  format: 'epochSeconds',
});
/** Cents, or whatever the currency's smallest unit is: never a fraction. */
export const money = (name: string): RestColumn => ({
  name,
  type: 'long',
  nativeType: 'integer, minor units',
});
export const yes = (name: string): RestColumn => ({ name, type: 'boolean' });

/** A list of Stripe's: newest first; there is no other order. */
export const stripeList = (path: string): RestPages<StripeConfig, StripeCredentials> => ({
  path,
  records: 'data',
  paging: { kind: 'keyset', keys: ['id', 'created'], more: 'has_more' },
  size: { to: { query: 'limit' }, records: 100 },
  request: ({ page }) => afterRecord(page),
  // The object at the page's end is gone: those made in the same second come again.
  recover: (page) => (Array.isArray(page) ? [null, page[1] as Json] : null),
});

/** The query of the page after an object: by its id, or by its time where the id is no longer known. */
function afterRecord(page: Json): { readonly query?: Readonly<Record<string, string>> } {
  if (!Array.isArray(page)) return {};
  const [id, created] = page as readonly Json[];
  return {
    query: typeof id === 'string' ? { starting_after: id } : { 'created[lte]': String(created) },
  };
}

/** What became of a list's objects, by the events that tell of them. At most 20 types. */
export const stripeEvents = (
  path: string,
  types: readonly string[],
): RestWindow<StripeConfig, StripeCredentials> => ({
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
    query: { 'types[]': { each: types } },
    records: 'data',
    paging: { kind: 'lastKey', key: 'id', to: { query: 'starting_after' }, more: 'has_more' },
    size: { to: { query: 'limit' }, records: 100 },
    expand: (events, client) => objectsOf(path, events, client),
  },
});

/**
 * The objects that events tell of, as they are now: an event holds its object in the shape of the API version it was
 * made with. One that is gone answers `deleted`, or 404 when test data was cleared.
 */
async function objectsOf(
  path: string,
  events: readonly Json[],
  client: Client,
): Promise<readonly RestOutcome[]> {
  const ids = new Set(events.map((event) => at(event, 'data.object.id')));
  const wanted = [...ids].filter((id) => typeof id === 'string');
  const outcomes: RestOutcome[] = [];
  for (let first = 0; first < wanted.length; first += objectsAtOnce)
    outcomes.push(
      ...(await Promise.all(
        wanted.slice(first, first + objectsAtOnce).map((id) => objectOf(path, id, client)),
      )),
    );
  return outcomes;
}

async function objectOf(path: string, id: string, client: Client): Promise<RestOutcome> {
  try {
    const { body } = await client.ask({ path: `${path}/${encodeURIComponent(id)}` });
    return at(body, 'deleted') === true ? { gone: { id } } : { record: body };
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'source_not_found')
      return { gone: { id } };
    throw error;
  }
}
