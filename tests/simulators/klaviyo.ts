import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

export interface KlaviyoProfile {
  readonly id: string;
  /** `2022-11-08T00:00:00+00:00`. */
  readonly created: string;
  readonly updated: string;
  readonly email: string | null;
  readonly properties: Readonly<Record<string, Json>>;
  readonly [attribute: string]: Json;
}

/** A Klaviyo account. It knows times by the second, and filters them strictly. */
export interface KlaviyoSimulator extends Simulator {
  create(attributes?: Readonly<Record<string, Json>>): KlaviyoProfile;
  update(id: string, attributes: Readonly<Record<string, Json>>): void;
  remove(id: string): void;
  profiles(): readonly KlaviyoProfile[];
  /** Pages are found at another address from now on. */
  leadTo(origin: string): void;
  losePlaces(): void;
  readonly key: string;
  readonly keyWithoutScope: string;
  readonly oauth: TokenEndpoint;
  readonly oauthCredentials: Readonly<Record<string, string>>;
}

const failure = (status: number, code: string, detail: string): Answer => ({
  status,
  body: {
    errors: [
      {
        id: '9f0d4d0e-7c1f-4d5e-9b64-0d3f8a1f7a30',
        status,
        code,
        title: code,
        detail,
        source: { pointer: '/data/' },
        links: {},
        meta: {},
      } as unknown as Json,
    ],
  },
});

export async function startKlaviyo(clock: Clock = createClock()): Promise<KlaviyoSimulator> {
  const profiles = new Map<string, KlaviyoProfile>();
  let last = 0;
  let generation = 1;
  let origin = 'https://a.klaviyo.com';
  const key = 'pk_canary_4f8a1c';
  const keyWithoutScope = 'pk_canary_noscope';
  const oauthCredentials = {
    clientId: 'klaviyo-client',
    clientSecret: 'klaviyo-secret-canary',
    refreshToken: 'klaviyo-refresh-canary',
  };
  const oauth = tokenEndpoint({
    ...oauthCredentials,
    clock,
    path: '/oauth/token',
    rotates: false,
    lifetimeSeconds: 3600,
  });
  const now = (): string =>
    `${new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString().slice(0, 19)}+00:00`;

  const shown = ({ id, ...attributes }: KlaviyoProfile, extras: readonly string[]): Json => ({
    type: 'profile',
    id,
    attributes: {
      ...attributes,
      ...(extras.includes('subscriptions')
        ? {
            subscriptions: {
              email: {
                marketing: { can_receive_email_marketing: false, consent: 'NEVER_SUBSCRIBED' },
              },
              sms: null,
            },
          }
        : {}),
    } as Json,
    relationships: {
      lists: {
        links: {
          self: `${origin}/api/profiles/${id}/relationships/lists`,
          related: `${origin}/api/profiles/${id}/lists`,
        },
      },
    } as unknown as Json,
    links: { self: `${origin}/api/profiles/${id}` },
  });

  /** Whether a profile passes `greater-than(updated,…),less-than(updated,…)`; null for a filter that Klaviyo refuses. */
  function filterOf(text: string | null): ((profile: KlaviyoProfile) => boolean) | null {
    if (text === null) return () => true;
    const terms = text
      .split(/(?<=\)),/)
      .map((term) =>
        /^(greater-than|less-than)\((updated|created),(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\)$/.exec(
          term,
        ),
      );
    if (terms.some((term) => term === null)) return null;
    return (profile) =>
      terms.every((term) => {
        const [, operator, field = '', time = ''] = term ?? [];
        const difference = Date.parse(String(profile[field])) - Date.parse(time);
        return operator === 'greater-than' ? difference > 0 : difference < 0;
      });
  }

  function list({ query }: SimulatedRequest): Answer {
    const size = Number(query.get('page[size]') ?? 20);
    if (size > 100)
      return failure(400, 'invalid', 'Page size must be an integer between 1 and 100.');
    const filter = filterOf(query.get('filter'));
    if (filter === null) return failure(400, 'invalid', 'Invalid filter provided.');
    const field = query.get('sort') ?? 'id';
    const keyOf = (profile: KlaviyoProfile): string => `${String(profile[field])} ${profile.id}`;
    const given = query.get('page[cursor]');
    const [known, after = ''] =
      given === null ? [String(generation)] : Buffer.from(given, 'base64url').toString().split('|');
    if (known !== String(generation)) return failure(400, 'invalid', 'Invalid page cursor.');
    const found = [...profiles.values()]
      .filter((profile) => filter(profile) && keyOf(profile) > after)
      .sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
    const page = found.slice(0, size);
    const end = page.at(-1);
    const link = (cursor: string | null): string => {
      const next = new URLSearchParams(query);
      if (cursor !== null) next.set('page[cursor]', cursor);
      return `${origin}/api/profiles?${next}`;
    };
    const extras = (query.get('additional-fields[profile]') ?? '').split(',');
    return {
      body: {
        data: page.map((profile) => shown(profile, extras)),
        links: {
          self: link(given),
          ...(end !== undefined && found.length > size
            ? { next: link(Buffer.from(`${generation}|${keyOf(end)}`).toString('base64url')) }
            : {}),
        },
      },
    };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://a.klaviyo.com'],
      check: openApiCheck('specs/klaviyo.trim.json'),
      throttled: (wait) => ({
        ...failure(
          429,
          'throttled',
          `Request was throttled. Expected available in ${wait} seconds.`,
        ),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        const sent = headers.get('authorization') ?? '';
        if (headers.get('revision') !== '2026-07-15')
          return failure(400, 'invalid', 'A revision is required.');
        if (sent === `Klaviyo-API-Key ${key}` || oauth.accepts(sent)) return null;
        return sent === `Klaviyo-API-Key ${keyWithoutScope}`
          ? failure(403, 'permission_denied', 'You do not have permission to perform this action.')
          : failure(401, 'authentication_failed', 'Incorrect authentication credentials.');
      },
      routes: [oauth.route, { method: 'GET', path: '/api/profiles', answer: list }],
    },
    clock,
  );
  return Object.assign(simulator, {
    key,
    keyWithoutScope,
    oauth,
    oauthCredentials,
    profiles: () => [...profiles.values()],
    create: (attributes: Readonly<Record<string, Json>> = {}) => {
      last += 1;
      const profile: KlaviyoProfile = {
        id: `01GDDKASAP8TKDDA2GRZD${String(last).padStart(5, '0')}`,
        email: null,
        phone_number: null,
        external_id: null,
        first_name: null,
        last_name: null,
        organization: null,
        locale: null,
        title: null,
        image: null,
        created: now(),
        updated: now(),
        last_event_date: null,
        location: { city: null, latitude: null, longitude: null },
        properties: {},
        ...attributes,
      };
      profiles.set(profile.id, profile);
      return profile;
    },
    update: (id: string, attributes: Readonly<Record<string, Json>>) => {
      const profile = profiles.get(id);
      if (profile !== undefined)
        profiles.set(id, { ...profile, ...attributes, updated: now() } as KlaviyoProfile);
    },
    remove: (id: string) => {
      profiles.delete(id);
    },
    leadTo: (next: string) => {
      origin = next;
    },
    losePlaces: () => {
      generation += 1;
    },
  });
}
