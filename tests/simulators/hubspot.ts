import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiChecks } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

export interface HubSpotContact {
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
  readonly archivedAt?: string;
  readonly properties: Readonly<Record<string, string | null>>;
}
interface Definition {
  readonly name: string;
  readonly type: string;
  readonly fieldType?: string;
}

/** A HubSpot account. Its search index sees changes some seconds late, as the real one does. */
export interface HubSpotSimulator extends Simulator {
  create(properties?: Record<string, string | null>): HubSpotContact;
  update(id: string, properties: Record<string, string | null>): void;
  archive(id: string): void;
  /** Erased for privacy: no trace is left. */
  erase(id: string): void;
  /** The loser goes, the winner names it. */
  merge(winner: string, loser: string): void;
  define(definition: Definition): void;
  contacts(): readonly HubSpotContact[];
  readonly token: string;
  readonly tokenWithoutScopes: string;
  readonly oauth: TokenEndpoint;
  readonly oauthCredentials: Readonly<Record<string, string>>;
}

const indexDelayMilliseconds = 20_000;

const error = (status: number, category: string, message: string): Answer => ({
  status,
  body: {
    status: 'error',
    message,
    correlationId: 'aeb5f871-7f07-4993-9211-075dc63e7cbf',
    category,
  },
});

/** `mostSearched`: what one search answers at most; 10,000 at HubSpot. */
export async function startHubSpot(
  mostSearched = 10_000,
  clock: Clock = createClock(),
): Promise<HubSpotSimulator> {
  const contacts = new Map<string, HubSpotContact>();
  let last = 51_000;
  let definitions: readonly Definition[] = [
    { name: 'email', type: 'string', fieldType: 'text' },
    { name: 'firstname', type: 'string', fieldType: 'text' },
    { name: 'createdate', type: 'datetime', fieldType: 'date' },
    { name: 'lastmodifieddate', type: 'datetime', fieldType: 'date' },
    { name: 'hs_object_id', type: 'number', fieldType: 'number' },
    { name: 'hs_merged_object_ids', type: 'enumeration', fieldType: 'checkbox' },
    { name: 'hs_email_optout', type: 'bool', fieldType: 'booleancheckbox' },
  ];
  const token = 'pat-na1-canary-4c1f';
  const tokenWithoutScopes = 'pat-na1-canary-9d2e';
  const oauthCredentials = {
    clientId: 'hub-client',
    clientSecret: 'hub-secret-canary',
    refreshToken: 'hub-refresh-canary',
  };
  const oauth = tokenEndpoint({
    ...oauthCredentials,
    clock,
    path: '/oauth/v1/token',
    rotates: false,
    lifetimeSeconds: 1800,
  });
  const now = (): string => clock.now().toISOString();
  const sorted = (archived: boolean): readonly HubSpotContact[] =>
    [...contacts.values()]
      .filter((contact) => contact.archived === archived)
      .sort((left, right) => Number(left.id) - Number(right.id));

  const shown = (contact: HubSpotContact, names: readonly string[]): Json => {
    const wanted = new Set(['createdate', 'hs_object_id', 'lastmodifieddate', ...names]);
    const known = new Set(definitions.map(({ name }) => name));
    return {
      ...contact,
      properties: Object.fromEntries(
        [...wanted]
          .filter((name) => known.has(name))
          .map((name) => [name, contact.properties[name] ?? null]),
      ),
    };
  };

  const put = (contact: HubSpotContact, properties: Record<string, string | null>): void => {
    const time = now();
    contacts.set(contact.id, {
      ...contact,
      updatedAt: time,
      properties: { ...contact.properties, ...properties, lastmodifieddate: time },
    });
  };

  function list({ query }: SimulatedRequest): Answer {
    const limit = Number(query.get('limit') ?? 10);
    if (limit > 100) return error(400, 'VALIDATION_ERROR', 'limit must be at most 100');
    if (String(query).length > 15_000) return error(414, 'VALIDATION_ERROR', 'URI too long');
    const after = Number(query.get('after') ?? 0);
    const all = sorted(query.get('archived') === 'true').filter(({ id }) => Number(id) > after);
    const page = all.slice(0, limit);
    const names = (query.get('properties') ?? '').split(',');
    return {
      body: {
        results: page.map((contact) => shown(contact, names)),
        ...(all.length > limit
          ? { paging: { next: { after: page.at(-1)?.id ?? '', link: 'https://api.hubapi.com/' } } }
          : {}),
      },
    };
  }

  function search({ body }: SimulatedRequest): Answer {
    const asked = body as unknown as {
      filterGroups: { filters: { propertyName: string; operator: string; value: string }[] }[];
      sorts: string[];
      properties: string[];
      limit: number;
      after: string;
    };
    if (asked.limit > 200) return error(400, 'VALIDATION_ERROR', 'limit must be at most 200');
    if (JSON.stringify(body).length > 3000)
      return error(400, 'VALIDATION_ERROR', 'the request is longer than 3000 characters');
    const numberOf = (contact: HubSpotContact, name: string): number =>
      name === 'hs_object_id'
        ? Number(contact.id)
        : Date.parse(contact.properties[name] ?? '1970-01-01T00:00:00Z');
    const fits = (contact: HubSpotContact): boolean =>
      (asked.filterGroups[0]?.filters ?? []).every(({ propertyName, operator, value }) => {
        const [actual, wanted] = [numberOf(contact, propertyName), Number(value)];
        switch (operator) {
          case 'GTE':
            return actual >= wanted;
          case 'GT':
            return actual > wanted;
          case 'LT':
            return actual < wanted;
          default:
            return false;
        }
      });
    const indexed = clock.now().getTime() - indexDelayMilliseconds;
    const found = sorted(false)
      .filter((contact) => Date.parse(contact.updatedAt) <= indexed && fits(contact))
      .sort((left, right) =>
        asked.sorts[0] === 'hs_object_id'
          ? Number(left.id) - Number(right.id)
          : left.updatedAt.localeCompare(right.updatedAt),
      );
    const after = Number(asked.after);
    if (after + asked.limit > mostSearched)
      return error(400, 'VALIDATION_ERROR', 'a search answers 10,000 results at most');
    return {
      body: {
        total: found.length,
        results: found
          .slice(after, after + asked.limit)
          .map((contact) => shown(contact, asked.properties)),
      },
    };
  }

  function batchRead({ body }: SimulatedRequest): Answer {
    const asked = body as unknown as { inputs: { id: string }[]; properties: string[] };
    if (asked.inputs.length > 100) return error(400, 'VALIDATION_ERROR', 'at most 100 inputs');
    const found = asked.inputs
      .map(({ id }) => contacts.get(id))
      .filter((contact) => contact !== undefined && !contact.archived);
    return {
      status: 200,
      body: {
        status: 'COMPLETE',
        startedAt: now(),
        completedAt: now(),
        results: found.map((contact) => shown(contact as HubSpotContact, asked.properties)),
      },
    };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://api.hubapi.com'],
      check: openApiChecks(
        ['specs/hubspot_contacts_2026-03.json'],
        ['specs/hubspot_properties_2026-03.json'],
      ),
      // Empty properties are null, which the description leaves out.
      knownFlaws: [/properties\/\w+: must be string$/],
      throttled: (wait) => ({
        ...error(429, 'RATE_LIMITS', 'You have reached your ten_secondly_rolling limit.'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        const sent = headers.get('authorization') ?? '';
        if (sent === `Bearer ${token}` || oauth.accepts(sent)) return null;
        if (sent === `Bearer ${tokenWithoutScopes}`)
          return error(
            403,
            'MISSING_SCOPES',
            'This app hasn’t been granted all required scopes to make this call.',
          );
        return sent.includes('malformed')
          ? { status: 530, body: '' }
          : error(401, 'INVALID_AUTHENTICATION', `Authentication credentials not found: ${sent}`);
      },
      routes: [
        oauth.route,
        { method: 'GET', path: '/crm/objects/2026-03/contacts', answer: list },
        { method: 'POST', path: '/crm/objects/2026-03/contacts/search', answer: search },
        { method: 'POST', path: '/crm/objects/2026-03/contacts/batch/read', answer: batchRead },
        {
          method: 'GET',
          path: '/crm/properties/2026-03/contacts',
          answer: () => ({
            body: {
              results: definitions.map(({ name, type, fieldType = 'text' }) => ({
                name,
                type,
                fieldType,
                label: name,
                description: '',
                groupName: 'contactinformation',
                options: [],
              })),
            },
          }),
        },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    token,
    tokenWithoutScopes,
    oauth,
    oauthCredentials,
    contacts: () => sorted(false),
    create: (properties: Record<string, string | null> = {}) => {
      last += 1;
      const time = now();
      const id = String(last);
      const contact: HubSpotContact = {
        id,
        createdAt: time,
        updatedAt: time,
        archived: false,
        properties: { createdate: time, lastmodifieddate: time, hs_object_id: id, ...properties },
      };
      contacts.set(id, contact);
      return contact;
    },
    update: (id: string, properties: Record<string, string | null>) => {
      const contact = contacts.get(id);
      if (contact !== undefined) put(contact, properties);
    },
    archive: (id: string) => {
      const contact = contacts.get(id);
      if (contact !== undefined)
        contacts.set(id, { ...contact, archived: true, archivedAt: now() });
    },
    erase: (id: string) => {
      contacts.delete(id);
    },
    merge: (winner: string, loser: string) => {
      const contact = contacts.get(winner);
      contacts.delete(loser);
      if (contact === undefined) return;
      const before = contact.properties['hs_merged_object_ids'];
      put(contact, { hs_merged_object_ids: before ? `${before};${loser}` : loser });
    },
    define: (definition: Definition) => {
      definitions = [...definitions, definition];
    },
  });
}
