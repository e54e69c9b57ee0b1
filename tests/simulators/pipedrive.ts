import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

export interface PipedrivePerson {
  readonly id: number;
  readonly name: string;
  readonly emails: readonly {
    readonly value: string;
    readonly primary: boolean;
    readonly label: string;
  }[];
  readonly update_time: string;
  /** Chosen options by their ids. */
  readonly custom_fields: Readonly<Record<string, Json>>;
  readonly [field: string]: Json;
}
interface Field {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly options: readonly { readonly id: number; readonly label: string }[];
}

/** A Pipedrive company, by the second version of the API. */
export interface PipedriveSimulator extends Simulator {
  create(email: string, fields?: Readonly<Record<string, Json>>): PipedrivePerson;
  update(id: number, fields: Readonly<Record<string, Json>>): void;
  remove(id: number): void;
  /** Answers the field's code. */
  define(name: string, type: string, options?: readonly string[]): string;
  persons(): readonly PipedrivePerson[];
  /** Pages of this many, however many were asked for. */
  limitPages(persons: number): void;
  losePlaces(): void;
  readonly token: string;
  readonly tokenWithoutScope: string;
  readonly oauth: TokenEndpoint;
  readonly oauthCredentials: Readonly<Record<string, string>>;
}

const failure = (status: number, error: string): Answer => ({
  status,
  body: {
    success: false,
    error,
    error_info: 'Please check developers.pipedrive.com for more information about Pipedrive API.',
    data: null,
    additional_data: null,
  },
});

export async function startPipedrive(clock: Clock = createClock()): Promise<PipedriveSimulator> {
  const persons = new Map<number, PipedrivePerson>();
  const fields: Field[] = [{ code: 'name', name: 'Name', type: 'varchar', options: [] }];
  let last = 6_550;
  let most = 500;
  let generation = 1;
  const token = 'pipedrive-canary-7d20';
  const tokenWithoutScope = 'pipedrive-canary-noscope';
  const oauthCredentials = {
    clientId: 'pipedrive-client',
    clientSecret: 'pipedrive-secret-canary',
    refreshToken: 'pipedrive-refresh-canary',
  };
  const oauth = tokenEndpoint({
    ...oauthCredentials,
    clock,
    path: '/oauth/token',
    rotates: true,
    lifetimeSeconds: 3599,
    answer: { api_domain: 'https://acme.pipedrive.com' },
  });
  const now = (): string =>
    new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString().replace('.000Z', 'Z');

  /** One page behind the place; null for a place that is not known. */
  function page<Item>(
    sorted: readonly Item[],
    keyOf: (item: Item) => string,
    query: URLSearchParams,
  ): { readonly items: readonly Item[]; readonly next: string | null } | null {
    const given = query.get('cursor');
    const [known, after = ''] =
      given === null ? [String(generation)] : Buffer.from(given, 'base64url').toString().split('|');
    if (known !== String(generation)) return null;
    const rest = sorted.filter((item) => keyOf(item) > after);
    const items = rest.slice(0, Math.min(most, Number(query.get('limit') ?? 100)));
    const end = items.at(-1);
    const next =
      end !== undefined && rest.length > items.length
        ? Buffer.from(`${generation}|${keyOf(end)}`).toString('base64url')
        : null;
    return { items, next };
  }

  const labelled = (person: PipedrivePerson): Json => ({
    ...person,
    custom_fields: Object.fromEntries(
      Object.entries(person.custom_fields).map(([code, value]) => {
        const options = fields.find((field) => field.code === code)?.options ?? [];
        const option = (id: Json): Json =>
          options.find((each) => each.id === id) as unknown as Json;
        if (options.length === 0 || value === null) return [code, value as Json];
        return [code, Array.isArray(value) ? (value as Json[]).map(option) : option(value as Json)];
      }),
    ) as unknown as Json,
  });

  function list({ query }: SimulatedRequest): Answer {
    if (Number(query.get('limit') ?? 100) > 500) return failure(400, 'limit must be at most 500');
    const [since, until] = ['updated_since', 'updated_until'].map((name) => {
      const given = query.get(name);
      return given === null ? null : Date.parse(given);
    });
    if (Number.isNaN(since) || Number.isNaN(until)) return failure(400, 'Invalid time');
    const field = query.get('sort_by') ?? 'id';
    const keyOf = (person: PipedrivePerson): string =>
      `${field === 'id' ? '' : String(person[field])} ${String(person.id).padStart(12, '0')}`;
    const sorted = [...persons.values()]
      .filter(({ update_time }) => {
        const time = Date.parse(update_time);
        return (since == null || time >= since) && (until == null || time < until);
      })
      .sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
    const found = page(sorted, keyOf, query);
    if (found === null) return failure(400, 'Invalid cursor');
    const isLabelled = query.get('include_option_labels') === 'true';
    return {
      body: {
        success: true,
        data: found.items.map((person) =>
          isLabelled ? labelled(person) : (person as unknown as Json),
        ),
        additional_data: { next_cursor: found.next },
      },
    };
  }

  function listFields({ query }: SimulatedRequest): Answer {
    const numbered = fields.map((field, index) => ({ ...field, key: String(index + 1000) }));
    const found = page(numbered, ({ key }) => key, query);
    if (found === null) return failure(400, 'Invalid cursor');
    return {
      body: {
        success: true,
        data: found.items.map(({ code, name, type, options }) => ({
          field_name: name,
          field_code: code,
          field_type: type,
          options: options.length === 0 ? null : (options as unknown as Json),
          subfields: null,
          is_custom_field: code.length === 40,
          is_optional_response_field: false,
        })),
        additional_data: { next_cursor: found.next },
      },
    };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://api.pipedrive.com', 'https://oauth.pipedrive.com'],
      check: openApiCheck('specs/pipedrive_v2.trim.json', '/api/v2'),
      // Null where there is none, as the description itself says in words.
      knownFlaws: [
        /^answer\/additional_data\/next_cursor: must be string$/,
        /\/(org_id|picture_id): must be integer$/,
      ],
      throttled: (wait) => ({
        ...failure(429, 'API rate limit exceeded'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        const sent = headers.get('x-api-token');
        if (sent === token || oauth.accepts(headers.get('authorization'))) return null;
        return sent === tokenWithoutScope
          ? failure(403, 'Scope and URL mismatch')
          : failure(401, 'unauthorized access');
      },
      routes: [
        oauth.route,
        { method: 'GET', path: '/api/v2/persons', answer: list },
        { method: 'GET', path: '/api/v2/personFields', answer: listFields },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    token,
    tokenWithoutScope,
    oauth,
    oauthCredentials,
    persons: () => [...persons.values()],
    create: (email: string, given: Readonly<Record<string, Json>> = {}) => {
      last += 1;
      const person = {
        id: last,
        name: `Person ${last}`,
        first_name: 'Person',
        last_name: String(last),
        owner_id: 12_121_177,
        org_id: null,
        add_time: now(),
        update_time: now(),
        emails: [{ value: email, primary: true, label: 'work' }],
        phones: [],
        is_deleted: false,
        visible_to: 3,
        label_ids: [],
        picture_id: null,
        custom_fields: {},
        ...given,
      } as unknown as PipedrivePerson;
      persons.set(last, person);
      return person;
    },
    update: (id: number, given: Readonly<Record<string, Json>>) => {
      const person = persons.get(id);
      if (person !== undefined)
        persons.set(id, { ...person, ...given, update_time: now() } as PipedrivePerson);
    },
    remove: (id: number) => {
      persons.delete(id);
    },
    define: (name: string, type: string, options: readonly string[] = []) => {
      const code = `${fields.length.toString(16).padStart(8, '0')}${'ab'.repeat(16)}`;
      fields.push({
        code,
        name,
        type,
        options: options.map((label, id) => ({ id: id + 1, label })),
      });
      return code;
    },
    limitPages: (size: number) => {
      most = size;
    },
    losePlaces: () => {
      generation += 1;
    },
  });
}
