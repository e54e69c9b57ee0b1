import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type CodeEndpoint, codeEndpoint } from './codeEndpoint.ts';
import { emptyContact } from './intercomContact.ts';
import { type ApiCheck, openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';

export interface IntercomContact {
  readonly id: string;
  readonly email: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly custom_attributes: Readonly<Record<string, Json>>;
  readonly [field: string]: Json;
}

/** An Intercom workspace. Its search goes by days of its own time zone, and finds new contacts minutes late. */
export interface IntercomSimulator extends Simulator {
  create(fields?: Readonly<Record<string, Json>>): IntercomContact;
  update(id: string, fields: Readonly<Record<string, Json>>): void;
  remove(id: string): void;
  define(name: string, dataType: string): void;
  contacts(): readonly IntercomContact[];
  moveTo(timeZone: string): void;
  /** Pages of this many, however many were asked for. */
  limitPages(contacts: number): void;
  losePlaces(): void;
  readonly token: string;
  readonly tokenWithoutPermission: string;
  /** Of an app; people agree at `codes`. */
  readonly app: { readonly clientId: string; readonly clientSecret: string };
  readonly codes: CodeEndpoint;
}

const mostPerPage = 150;
const creationDelaySeconds = 180;

const failure = (status: number, code: string, message: string): Answer => ({
  status,
  body: {
    type: 'error.list',
    request_id: '002huiplp85aumdd696g',
    errors: [{ code, message }],
  },
});

/** The parameters of the list's pages stand in the guide on pagination, not in the description. */
function check(): ApiCheck | null {
  const described = openApiCheck('specs/intercom_2.15.trim.json');
  return described === null
    ? null
    : {
        ...described,
        request: (request) =>
          described
            .request(request)
            .filter((each) => !/^unknown parameter (per_page|starting_after)$/.test(each)),
      };
}

interface Search {
  readonly query: { readonly field: string; readonly operator: string; readonly value: number };
  readonly pagination: { readonly per_page: number; readonly starting_after?: string };
  readonly sort?: { readonly field: string; readonly order: string };
}

export async function startIntercom(clock: Clock = createClock()): Promise<IntercomSimulator> {
  const contacts = new Map<string, IntercomContact>();
  const attributes: { name: string; dataType: string }[] = [];
  let last = 0x600e_1ac6;
  let most = mostPerPage;
  let generation = 1;
  let day = dayIn('UTC');
  const token = 'dG9rOmNhbmFyeQ==intercom';
  const tokenWithoutPermission = 'dG9rOmNhbmFyeQ==restricted';
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);

  /** One page behind the contact that the place names, in the given order. */
  function page(
    sorted: readonly IntercomContact[],
    keyOf: (contact: IntercomContact) => string,
    perPage: number,
    startingAfter: string | null,
  ): Answer {
    if (perPage > mostPerPage)
      return failure(400, 'parameter_invalid', `per_page must be at most ${mostPerPage}`);
    const place = startingAfter === null ? null : Buffer.from(startingAfter, 'base64').toString();
    const [known, after = ''] = place === null ? [String(generation)] : place.split('|');
    if (known !== String(generation))
      return failure(400, 'parameter_invalid', 'starting_after is invalid');
    const rest = sorted.filter((contact) => place === null || keyOf(contact) > after);
    const shown = rest.slice(0, Math.min(most, perPage));
    const end = shown.at(-1);
    return {
      body: {
        type: 'list',
        data: shown as unknown as Json,
        total_count: sorted.length,
        pages: {
          type: 'pages',
          page: 1,
          per_page: perPage,
          total_pages: Math.ceil(sorted.length / perPage),
          ...(end !== undefined && rest.length > shown.length
            ? {
                next: {
                  per_page: perPage,
                  starting_after: Buffer.from(`${generation}|${keyOf(end)}`).toString('base64'),
                },
              }
            : {}),
        },
      },
    };
  }

  const byId = (contact: IntercomContact): string => contact.id;
  const byUpdate = (contact: IntercomContact): string =>
    `${String(contact.updated_at).padStart(12, '0')} ${contact.id}`;
  const sortedBy = (
    found: readonly IntercomContact[],
    keyOf: (contact: IntercomContact) => string,
  ): readonly IntercomContact[] =>
    [...found].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));

  function search({ body }: SimulatedRequest): Answer {
    const { query, pagination, sort } = body as unknown as Search;
    if (query.field !== 'updated_at' || !['>', '<', '='].includes(query.operator))
      return failure(400, 'invalid_operator', `${query.operator} is not supported on Date fields`);
    const wanted = day(query.value);
    const found = [...contacts.values()].filter((contact) => {
      if (contact.created_at > seconds() - creationDelaySeconds) return false;
      const actual = day(contact.updated_at);
      switch (query.operator) {
        case '>':
          return actual > wanted;
        case '<':
          return actual < wanted;
        default:
          return actual === wanted;
      }
    });
    const keyOf =
      sort?.field === 'updated_at' && sort.order === 'ascending'
        ? byUpdate
        : (contact: IntercomContact) => [...contact.id].reverse().join('');
    return page(
      sortedBy(found, keyOf),
      keyOf,
      pagination.per_page,
      pagination.starting_after ?? null,
    );
  }

  const app = { clientId: 'intercom-app', clientSecret: 'canary-intercom-secret-52aa' };
  const codes = codeEndpoint({
    ...app,
    authorizeUrl: 'https://app.intercom.com/oauth',
    tokens: { token_type: 'Bearer', token, access_token: token },
  });
  const simulator = await startSimulator(
    {
      origins: ['https://api.intercom.io', 'https://api.eu.intercom.io'],
      check: check(),
      // Leads without an address have null, which the description leaves out.
      knownFlaws: [/^answer\/data\/\d+\/email: must be string$/],
      throttled: (wait) => ({
        ...failure(429, 'rate_limit_exceeded', 'The rate limit for the App has been exceeded'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        const sent = headers.get('authorization');
        if (headers.get('intercom-version') !== '2.15')
          return failure(400, 'intercom_version_invalid', 'The requested version is not known');
        if (sent === `Bearer ${token}`) return null;
        return sent === `Bearer ${tokenWithoutPermission}`
          ? failure(403, 'forbidden', 'The app does not have permission to do this')
          : failure(401, 'unauthorized', 'Access Token Invalid');
      },
      routes: [
        {
          method: 'POST',
          path: '/auth/eagle/token',
          open: true,
          undescribed: true,
          answer: codes.answer,
        },
        {
          method: 'GET',
          path: '/contacts',
          answer: ({ query }) =>
            page(
              sortedBy([...contacts.values()], byId),
              byId,
              Number(query.get('per_page') ?? 50),
              query.get('starting_after'),
            ),
        },
        { method: 'POST', path: '/contacts/search', answer: search },
        {
          method: 'GET',
          path: '/data_attributes',
          answer: () => ({
            body: {
              type: 'list',
              data: [
                { name: 'email', dataType: 'string', custom: false },
                ...attributes.map((each) => ({ ...each, custom: true })),
              ].map(({ name, dataType, custom }) => ({
                type: 'data_attribute',
                name,
                full_name: custom ? `custom_attributes.${name}` : name,
                label: name,
                description: '',
                data_type: dataType,
                api_writable: true,
                ui_writable: true,
                custom,
                archived: false,
                model: 'contact',
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
    tokenWithoutPermission,
    app,
    codes,
    contacts: () => [...contacts.values()],
    create: (fields: Readonly<Record<string, Json>> = {}) => {
      last += 1;
      const id = `${last.toString(16)}0fb22447d2976537`;
      const empty = (name: string): Json => ({
        type: 'list',
        data: [],
        url: `/contacts/${id}/${name}`,
        total_count: 0,
        has_more: false,
      });
      const contact = {
        type: 'contact',
        id,
        ...emptyContact,
        created_at: seconds(),
        updated_at: seconds(),
        custom_attributes: {},
        tags: empty('tags'),
        notes: empty('notes'),
        companies: empty('companies'),
        ...fields,
      } as unknown as IntercomContact;
      contacts.set(id, contact);
      return contact;
    },
    update: (id: string, fields: Readonly<Record<string, Json>>) => {
      const contact = contacts.get(id);
      if (contact !== undefined)
        contacts.set(id, { ...contact, ...fields, updated_at: seconds() } as IntercomContact);
    },
    remove: (id: string) => {
      contacts.delete(id);
    },
    define: (name: string, dataType: string) => {
      attributes.push({ name, dataType });
    },
    moveTo: (timeZone: string) => {
      day = dayIn(timeZone);
    },
    limitPages: (size: number) => {
      most = size;
    },
    losePlaces: () => {
      generation += 1;
    },
  });
}

/** The calendar day of a time there, `2026-05-01`. */
function dayIn(timeZone: string): (epochSeconds: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone });
  return (epochSeconds) => format.format(epochSeconds * 1000);
}
