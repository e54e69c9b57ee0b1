import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { matches, parseSoql, type Soql } from './soql.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

export type Contact = { readonly [field: string]: Json } & {
  readonly Id: string;
  readonly SystemModstamp: string;
};
export interface SalesforceField {
  readonly name: string;
  readonly type: string;
  readonly precision?: number;
  readonly scale?: number;
  readonly calculated?: boolean;
}

/** An organisation with contacts, some in its recycle bin. */
export interface SalesforceSimulator extends Simulator {
  create(fields?: Readonly<Record<string, Json>>): Contact;
  update(id: string, fields: Readonly<Record<string, Json>>): void;
  /** Into the recycle bin. */
  remove(id: string): void;
  /** Out of the recycle bin for good. */
  empty(id: string): void;
  merge(winner: string, loser: string): void;
  /** Gives a contact an older stamp, as a long transaction does. */
  backdate(id: string, stamp: string): void;
  define(field: SalesforceField): void;
  contacts(): readonly Contact[];
  fields(): readonly SalesforceField[];
  /** Uses up requests of the day. */
  use(requests: number): void;
  /** Answers no more than so many contacts at once, as for wide ones. */
  limitBatches(contacts: number): void;
  forbid(what: 'contacts' | null): void;
  readonly oauth: TokenEndpoint;
  readonly credentials: Readonly<Record<string, string>>;
}

const dailyRequests = 15_000;

const failure = (status: number, errorCode: string, message: string): Answer => ({
  status,
  body: [{ errorCode, message }],
});

export interface SalesforceOptions {
  readonly clock?: Clock;
  readonly publicKey?: string;
}

export async function startSalesforce({
  clock = createClock(),
  publicKey,
}: SalesforceOptions = {}): Promise<SalesforceSimulator> {
  const contacts = new Map<string, Contact>();
  let fields: readonly SalesforceField[] = standardFields;
  let count = 0;
  let used = 896;
  let mostAtOnce = 2000;
  let forbidden: 'contacts' | null = null;
  const credentials = {
    clientId: 'sf-consumer-key',
    clientSecret: 'sf-secret-canary',
    refreshToken: '5Aep861-canary-refresh',
  };
  const oauth = tokenEndpoint({
    ...credentials,
    clock,
    path: '/services/oauth2/token',
    rotates: true,
    lifetimeSeconds: 7200,
    tellsLifetime: false,
    answer: { instance_url: 'https://acme.my.salesforce.com', id: 'https://login/id' },
    audience: 'https://login.salesforce.com',
    ...(publicKey === undefined ? {} : { publicKey }),
  });
  /** Whole seconds, as Salesforce keeps them. */
  const stamp = (): string =>
    `${new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString().slice(0, -1)}+0000`;
  const sorted = (): readonly Contact[] => [...contacts.values()];

  const shown = (contact: Contact, names: readonly string[]): Json => ({
    attributes: { type: 'Contact', url: `/services/data/v66.0/sobjects/Contact/${contact.Id}` },
    ...Object.fromEntries(names.map((name) => [name, contact[name] ?? null])),
  });

  function query({ query: parameters }: SimulatedRequest, all: boolean): Answer {
    const text = parameters.get('q') ?? '';
    if (encodeURIComponent(text).length > 16_000)
      return failure(414, 'URI_TOO_LONG', 'the address is too long');
    if (forbidden === 'contacts')
      return failure(400, 'INVALID_TYPE', "sObject type 'Contact' is not supported.");
    let soql: Soql;
    try {
      soql = parseSoql(text);
    } catch (error) {
      return failure(400, 'MALFORMED_QUERY', String(error));
    }
    const known = new Set(fields.map(({ name }) => name));
    const unknown = soql.fields.find((name) => !known.has(name));
    if (unknown !== undefined)
      return failure(400, 'INVALID_FIELD', `No such column '${unknown}' on entity 'Contact'.`);
    const found = sorted()
      .filter((contact) => (all || contact['IsDeleted'] === false) && matches(soql, contact))
      .sort((left, right) => {
        for (const name of soql.order) {
          const [a, b] = [String(left[name]), String(right[name])];
          if (a !== b) return a < b ? -1 : 1;
        }
        return 0;
      })
      .slice(0, soql.limit);
    const page = found.slice(0, mostAtOnce);
    return {
      headers: { 'sforce-limit-info': `api-usage=${used}/${dailyRequests}` },
      body: {
        totalSize: found.length,
        done: page.length === found.length,
        ...(page.length === found.length
          ? {}
          : { nextRecordsUrl: '/services/data/v66.0/query/01gD0000002HU6KIAW-2000' }),
        records: page.map((contact) => shown(contact, soql.fields)),
      },
    };
  }

  const put = (contact: Contact, more: Readonly<Record<string, Json>>): void => {
    contacts.set(contact.Id, { ...contact, ...more, SystemModstamp: stamp() });
  };
  const change = (id: string, more: Readonly<Record<string, Json>>): void => {
    const contact = contacts.get(id);
    if (contact !== undefined) put(contact, more);
  };

  const simulator = await startSimulator(
    {
      origins: ['https://login.salesforce.com', 'https://acme.my.salesforce.com'],
      check: openApiCheck('specs/handwritten/salesforce.oas.json'),
      throttled: (wait) => ({
        ...failure(429, 'TOO_MANY_REQUESTS', 'Slow down.'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        used += 1;
        if (!oauth.accepts(headers.get('authorization')))
          return failure(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
        return used > dailyRequests
          ? failure(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
          : null;
      },
      routes: [
        oauth.route,
        {
          method: 'GET',
          path: '/services/data/{version}/query',
          answer: (request) => query(request, false),
        },
        {
          method: 'GET',
          path: '/services/data/{version}/queryAll',
          answer: (request) => query(request, true),
        },
        {
          method: 'GET',
          path: '/services/data/{version}/sobjects/Contact/describe',
          answer: () => ({
            body: {
              name: 'Contact',
              queryable: true,
              fields: fields.map(({ precision = 0, scale = 0, calculated = false, ...field }) => ({
                ...field,
                label: field.name,
                precision,
                scale,
                calculated,
                compoundFieldName: null,
              })),
            },
          }),
        },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    oauth,
    credentials,
    fields: () => fields,
    contacts: () => sorted().filter((contact) => contact['IsDeleted'] === false),
    create: (more: Readonly<Record<string, Json>> = {}) => {
      count += 1;
      const time = stamp();
      const contact = {
        Id: `003${((count * 2_654_435_761) % 4_294_967_291).toString(36).padStart(8, '0')}AAA${String(count).padStart(4, '0')}`.slice(
          0,
          18,
        ),
        IsDeleted: false,
        MasterRecordId: null,
        LastName: `Contact ${count}`,
        CreatedDate: time,
        ...more,
        SystemModstamp: time,
      };
      contacts.set(contact.Id, contact);
      return contact;
    },
    update: change,
    remove: (id: string) => change(id, { IsDeleted: true }),
    empty: (id: string) => {
      contacts.delete(id);
    },
    merge: (winner: string, loser: string) => {
      change(loser, { IsDeleted: true, MasterRecordId: winner });
      change(winner, {});
    },
    backdate: (id: string, time: string) => {
      const contact = contacts.get(id);
      if (contact !== undefined) contacts.set(id, { ...contact, SystemModstamp: time });
    },
    define: (field: SalesforceField) => {
      fields = [...fields, field];
    },
    use: (requests: number) => {
      used = requests;
    },
    limitBatches: (most: number) => {
      mostAtOnce = most;
    },
    forbid: (what: 'contacts' | null) => {
      forbidden = what;
    },
  });
}

const standardFields: readonly SalesforceField[] = [
  { name: 'Id', type: 'id' },
  { name: 'IsDeleted', type: 'boolean' },
  { name: 'MasterRecordId', type: 'reference' },
  { name: 'LastName', type: 'string' },
  { name: 'FirstName', type: 'string' },
  { name: 'Email', type: 'email' },
  { name: 'MailingAddress', type: 'address' },
  { name: 'Birthdate', type: 'date' },
  { name: 'CreatedDate', type: 'datetime' },
  { name: 'SystemModstamp', type: 'datetime' },
];
